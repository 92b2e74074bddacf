"""The client's verbs against servers that lie (fakeserver.py, client.py), and against lines that break: each trick has its clear
error, its exit code, and leaves no file that claims to be whole."""
import contextlib
import hashlib
import os
import re
import signal
import socket
import threading
import time
import zlib

import pytest

from client import CONNECT, INCOMPLETE, INTERRUPTED, LOCAL, LOGIN, NOT_FOUND, REFUSED, UNVERIFIED, USAGE, Client, Site, TlsSite, fake  # noqa: F401 (a fixture)
from tools import PATIENCE, WAIT, blob, names, ready, until

DATA = blob(300_000)
BIG = blob(3_000_000)


@pytest.fixture
def client(tmp_path):
    return Client(tmp_path)


# -- downloads

class Cut(Site):
    def retr(self, path):
        self.send(self.files[path.strip("/")][self.begin_at():][:1000])


class CutWithoutAWord(Site):
    def retr(self, _):
        with self.data() as connection:
            self.say("150 here it comes")
            connection.sendall(DATA[:1000])
        return "close"


class More(Site):
    def retr(self, path):
        self.send(self.files[path.strip("/")] + b"and more")


class Endless(Site):
    def retr(self, _):
        def for_ever():
            while True:
                yield b"x" * 65536
        try:
            self.send(for_ever())
        except OSError:
            self.say("426 cut")


class FailsAtTheEnd(Site):
    def retr(self, path):
        self.send(self.files[path.strip("/")], last="451 the disk broke")


class NoRestAtAll(Site):
    """Says 350 and begins at 0 all the same."""
    def rest(self, _):
        self.say("350 of course")


LIES = {
    "data cut, 226 all the same": (Cut, INCOMPLETE, "not whole: 1000 bytes arrived, 300000 were announced"),
    "data cut without a word": (CutWithoutAWord, INCOMPLETE, "the server closed it"),
    "more than announced": (More, INCOMPLETE, "more came than the 300000 bytes"),
    "endless": (Endless, INCOMPLETE, "more came than"),
    "451 behind the data": (FailsAtTheEnd, REFUSED, "the disk broke (451)"),
}


@pytest.mark.parametrize("kind, code, says", LIES.values(), ids=LIES)
def test_a_download_is_whole_or_not_there(client, fake, kind, code, says):
    one = fake(kind, files={"x": DATA})
    client.run("get", "--retries", "0", f"{one.address}/x", code=code)
    assert says in client.err and names(client.dir) - client.parts() == set()


def test_what_is_useless_is_not_kept(client, fake):
    client.run("get", "--retries", "0", f"{fake(More, files={'x': DATA}).address}/x", code=INCOMPLETE)
    assert names(client.dir) == set()


def test_done_before_the_data_ends(client, fake):
    class Hasty(Site):
        def retr(self, path):
            with self.data() as connection:
                self.say("150 here it comes", "226 done")
                time.sleep(0.2)
                connection.sendall(self.files[path.strip("/")])

    client.run("get", f"{fake(Hasty, files={'x': DATA}).address}/x")
    assert client.read("x") == DATA


class Breaks(Site):
    """The line breaks twice in mid-file, then it does not."""
    times = 2
    asked = ()

    def rest(self, offset):
        self.asked += (int(offset),)
        super().rest(offset)

    def retr(self, path):
        if not self.times:
            return super().retr(path)
        self.times -= 1
        at = self.begin_at()
        with self.data() as connection:
            self.say("150 here it comes")
            connection.sendall(self.files[path.strip("/")][at:at + 100_000])
        return "close"


def test_a_broken_download_goes_on_by_itself(client, fake):
    one = fake(Breaks, files={"x": DATA})
    events = client.events("get", "--retries", "2", f"{one.address}/x")
    assert client.read("x") == DATA and names(client.dir) == {b"x"} and one.asked == (100_000, 200_000)
    notes = [e["message"] for e in events if e["event"] == "note"]
    assert sum("once more in" in n for n in notes) == 2 and sum("proven by size and time only" in n for n in notes) == 2
    assert events[-1]["bytes"] == len(DATA) and events[-2]["from"] == 200_000 and events[-2]["verified"] == "size"


def test_another_run_goes_on(client, fake):
    one = fake(Breaks, files={"x": DATA}, times=1)
    client.run("get", "--retries", "0", f"{one.address}/x", code=INCOMPLETE)
    assert len(client.parts()) == 1
    client.run("get", "-c", f"{one.address}/x")
    assert client.read("x") == DATA and names(client.dir) == {b"x"} and one.asked == (100_000,)
    assert "continued at byte 100000" in client.err


def test_a_source_that_changed_starts_over(client, fake):
    one = fake(Breaks, files={"x": DATA}, times=1)
    client.run("get", "--retries", "0", f"{one.address}/x", code=INCOMPLETE)
    one.files["x"] = DATA[::-1] + b"!"
    client.run("get", "-c", f"{one.address}/x")
    assert client.read("x") == DATA[::-1] + b"!" and names(client.dir) == {b"x"} and one.asked == ()
    assert "the source has changed since: starting over" in client.err


@pytest.mark.parametrize("what", [["-r", "/"], ["/*"]], ids=["a folder", "a pattern"])
def test_a_folder_is_looked_through_once_for_what_was_left(client, fake, what):
    """For each of its files would be quadratic. What comes after the look belongs to somebody else, and stays."""
    class Plants(Site):
        def retr(self, path):
            if not client.parts() & {b".z.0123456789abcdef.part"}:
                client.write(".z.0123456789abcdef.part", b"another's")
            super().retr(path)

    one = fake(Plants, files={n: DATA[:9] for n in "xyz"})
    client.write(".y.0123456789abcdef.part", b"old")
    client.run("get", "-c", "-j", "1", *what[:-1], one.address + what[-1])
    assert names(client.dir) == {b"x", b"y", b"z", b".z.0123456789abcdef.part"}
    assert client.err.count("the source has changed since") == 1


class Hashing(Breaks):
    features = (*Site.features, "RANG STREAM", "HASH SHA-256*;MD5")
    wrong = False

    def rang(self, argument):
        self.range = tuple(map(int, argument.split()))
        self.say("350 of these")

    def hash(self, path):
        data, name = self.files[path.strip("/")], path.strip("/")
        first, last = getattr(self, "range", (0, len(data) - 1))
        self.range = (0, len(data) - 1)
        digest = hashlib.sha256(data[first:last + 1] + (b"!" if self.wrong else b"")).hexdigest()
        self.say(f"213 SHA-256 {first}-{last} {digest} {name}")


def test_the_beginning_is_proven_by_hash(client, fake):
    one = fake(Hashing, files={"x": DATA}, times=1)
    client.run("get", "--retries", "0", f"{one.address}/x", code=INCOMPLETE)
    events = client.events("get", "-c", f"{one.address}/x")
    assert client.read("x") == DATA and one.asked == (100_000,)
    assert [e["message"] for e in events if e["event"] == "note"] == ["continued at byte 100000, proven by SHA-256"]
    assert [e["verified"] for e in events if e["event"] == "done"] == ["SHA-256"]


def test_a_beginning_that_is_none_goes(client, fake):
    one = fake(Hashing, files={"x": DATA}, times=1)
    client.run("get", "--retries", "0", f"{one.address}/x", code=INCOMPLETE)
    part = client.dir / client.parts().pop().decode()
    part.write_bytes(b"#" + part.read_bytes()[1:])
    client.run("get", "-c", f"{one.address}/x")
    assert client.read("x") == DATA and one.asked == () and "is not the beginning of the file: starting over" in client.err


def test_content_that_differs_is_refused(client, fake):
    one = fake(Hashing, files={"x": DATA}, times=0, wrong=True)
    client.run("get", f"{one.address}/x", code=UNVERIFIED)
    assert "the checksums differ" in client.err and names(client.dir) == set()
    client.run("get", "--verify", "never", f"{one.address}/x")
    assert client.read("x") == DATA


def test_verify_always_wants_a_checksum(client, fake):
    client.run("get", "--verify", "always", f"{fake().address}/x", code=UNVERIFIED)
    assert names(client.dir) == set()


def test_rest_that_is_ignored(client, fake):
    class Ignores(Breaks, NoRestAtAll):
        def rest(self, _):
            self.say("350 of course")

        def begin_at(self):
            return 0

    one = fake(Ignores, files={"x": DATA}, times=1)
    client.run("get", "--retries", "0", f"{one.address}/x", code=INCOMPLETE)
    client.run("get", "-c", "--retries", "0", f"{one.address}/x", code=INCOMPLETE)
    assert "more came than" in client.err and names(client.dir) == set()
    client.run("get", "-c", f"{one.address}/x")
    assert client.read("x") == DATA


def test_rest_that_is_refused(client, fake):
    class Unable(Breaks):
        def rest(self, _):
            self.say("502 what?")

    one = fake(Unable, files={"x": DATA}, times=1)
    client.run("get", "--retries", "1", f"{one.address}/x")
    assert client.read("x") == DATA and "cannot begin in the middle" in client.err


def test_pasv_names_another_host(client, fake):
    one = fake(has_epsv=False, pasv_host="192,0,2,1")
    client.run("get", f"{one.address}/x")
    assert client.read("x") == b"one\n"


# -- what is asked ahead of its time

class LikeDray(Site):
    """Bears questions behind a running transfer, and says so as dray does."""
    features = ("MLST type*;size*;modify*;X.partial*;", "SIZE", "REST STREAM", "XCRC", "UTF8")
    refused = short = None

    def xcrc(self, path):
        name = path.strip("/")
        self.say(f"250 {zlib.crc32(self.files[name]):08X}" if name in self.files else "550 no such file")

    def retr(self, path):
        name = path.strip("/")
        if name == self.refused:
            self.data().close()
            self.say("550 not today")
        elif name == self.short:
            self.send(self.files[name][:10])
        else:
            super().retr(path)


def test_the_next_question_goes_with_the_transfer(client, fake):
    one = fake(LikeDray, files={n: blob(1000, ord(n)) for n in "xyz"})
    client.run("get", "-v", "-j", "1", f"{one.address}/[xyz]")
    assert all(client.read(n) == one.files[n] for n in "xyz") and client.out.count("CRC32 agrees") == 3
    begin = one.heard.index("RETR /x")
    assert one.heard[begin:-1] == ["RETR /x", "XCRC /x", "EPSV", "RETR /y", "XCRC /y", "EPSV", "RETR /z", "XCRC /z"]
    client.run("put", "-j", "1", "x", "y", f"{one.address}/new/")
    assert one.files["new/x"] == one.files["x"] and "STOR /new/x" in one.heard and "XCRC /new/y" in one.heard


@pytest.mark.parametrize("trick, code", [("refused", NOT_FOUND), ("short", INCOMPLETE)])
def test_a_failure_in_between_leaves_the_session_in_step(client, fake, trick, code):
    one = fake(LikeDray, files={n: blob(1000, ord(n)) for n in "wxyz"}, **{trick: "x"})
    client.run("get", "-v", "-j", "1", "--retries", "0", f"{one.address}/[wxyz]", code=code)
    assert all(client.read(n) == one.files[n] for n in "wyz") and names(client.dir) - client.parts() == {b"w", b"y", b"z"}
    assert client.out.count("CRC32 agrees") == 3 and one.heard.count("USER anonymous") == 1
    assert ("not today (550)" if trick == "refused" else "10 bytes arrived") in client.err


def test_others_are_asked_one_by_one(client, fake):
    class Strict(TlsSite):                                    # it reads no more than it has to
        early = False

        def send(self, payload, first="150 opening", last="226 done"):
            def watched():
                yield payload if isinstance(payload, bytes) else b"".join(payload)
                self.early |= bool(self.unread or ready(self.control, 0.05))
            super().send(watched(), first, last)

    one = fake(Strict, features=(*LikeDray.features[1:], "MLST type*;size*;modify*;"), files={"x": DATA, "y": DATA})
    client.run("get", "-j", "1", f"{one.address}/x", f"{one.address}/y")
    assert not one.early and client.read("x") == client.read("y") == DATA


# -- names

def test_names_lead_nowhere_and_paint_nothing(client, fake):
    class Painter(Site):
        greeting = "220 \x1b[31mred\x1b]0;title\x07 \u202egnp"
        folders = ("", "d")

        def facts(self):
            for name in ("../../escape", "/etc/passwd", "..", ".", "a/b", "\x1b[2Jclear", "new\u0085line", "nul\0byte"):
                yield f"type=file;size=4; {name}\r\n".encode()
                yield f"type=dir; {name}\r\n".encode()
            yield b"type=file;size=4; -rf\r\ntype=file;size=4; fine\r\ntype=file;size=4; \xff latin\r\n"

        def retr(self, _):
            self.send(b"one\n")

    one = fake(Painter)
    client.run("get", "-r", f"{one.address}/d", "-o", "t", code=REFUSED)
    assert "names left out" in client.err
    assert names(client.dir / "t" / "d") == {b"-rf", b"fine", b"\xff latin"} and names(client.dir) == {b"t"}
    assert sorted(os.listdir(client.dir.parent)) == ["here", "home"]
    out = client.run("ls", f"{one.address}/d", code=REFUSED)
    out += client.run("find", "--debug", f"{one.address}/d", code=REFUSED)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", out + client.err)


def test_folders_without_end(client, fake):
    class Maze(Site):
        def mlst(self, path):
            self.say("250-facts", f" type=dir; {path}", "250 end")

        def facts(self):
            yield b"type=dir; again\r\n"

    one = fake(Maze)
    for verb in (["get", "-r"], ["find"], ["rm", "-r"]):
        client.run(*verb, f"{one.address}/d", code=REFUSED)
        assert "without end" in client.err
    client.run("ls", f"{one.address}/" + "*/" * 20)
    client.run("ls", f"{one.address}/" + "*/" * 400 + "x", code=USAGE)


def test_an_endless_listing_is_cut(client, fake):
    class EndlessList(Site):
        def facts(self):
            number = 0
            while True:
                yield b"".join(b"type=file;size=1; %d\r\n" % n for n in range(number, number + 1000))
                number += 1000

        def mlsd(self, _):
            try:
                self.send(self.facts())
            except OSError:
                self.say("426 cut")

    client.run("ls", f"{fake(EndlessList).address}/", code=REFUSED)
    assert client.out.count("\n") == 200_000 and "too long to be read to its end" in client.err


def test_endless_replies_are_bounded(client, fake):
    class Chatty(Site):
        def session(self):
            while True:
                self.say(*["220-" + "x" * 500] * 100)

    client.run("ls", f"{fake(Chatty).address}/", code=CONNECT)


# -- uploads

TEMP = r"/%s\.[0-9a-f]{16}\.part"                             # the name of an upload until it is whole


def test_an_upload_has_its_name_when_it_is_whole(client, fake):
    class Watching(Site):
        def stor(self, path):
            self.seen = path
            super().stor(path)

    one = fake(Watching)
    os.utime(client.write("a", DATA), (1577934245, 1577934245))
    client.run("put", "-v", "a", f"{one.address}/")
    assert one.files["a"] == DATA and re.fullmatch(TEMP % "a", one.seen) and set(one.files) == {"x", "a"} and one.mtimes["a"] == "20200102030405"
    assert "size agrees" in client.out


def test_a_server_that_does_not_rename(client, fake):
    class Rigid(Site):
        def rnfr(self, _):
            self.say("502 no")

        def dele(self, path):
            if path.endswith(".part"):
                return super().dele(path)
            self.say("550 no")

    one = fake(Rigid)
    client.write("a", DATA)
    client.run("put", "a", f"{one.address}/")
    assert one.files["a"] == DATA and set(one.files) == {"x", "a"} and "does not rename" in client.err


def test_a_server_that_takes_no_temporary_name(client, fake):
    class Strict(Site):
        def stor(self, path):
            if path.endswith(".part"):
                self.say("553 no such names here")
            else:
                super().stor(path)

    one = fake(Strict)
    client.write("a", DATA)
    client.run("put", "a", f"{one.address}/")
    assert one.files["a"] == DATA and "takes no temporary name" in client.err


def test_a_server_that_does_not_rename_over(client, fake):
    class Careful(Site):
        def rnto(self, path):
            if path.strip("/") in self.files:
                self.say("550 it exists")
            else:
                super().rnto(path)

    one = fake(Careful)
    client.write("x", DATA)
    client.run("put", "x", f"{one.address}/")
    assert one.files == {"x": DATA}


@pytest.mark.parametrize("last, code", [("226 stored", INCOMPLETE), ("552 no room", REFUSED), ("426 cut", INCOMPLETE)])
def test_an_upload_that_the_server_did_not_keep(client, fake, last, code):
    class Forgetful(Site):
        def stor(self, path):
            super_say, self.say = self.say, lambda *_: None
            try:
                with self.data() as connection:
                    super_say("150 go on")
                    while connection.recv(1 << 16):
                        pass
            finally:
                del self.say
            self.files[path.strip("/")] = b"short"
            self.say(last)

    one = fake(Forgetful)
    client.write("a", DATA)
    client.run("put", "--retries", "0", "a", f"{one.address}/", code=code)
    assert "a" not in one.files


class Fragile(Site):
    """The first upload breaks off at byte 100000."""
    times = 1

    def stor(self, path):
        if not self.times:
            return super().stor(path)
        self.times -= 1
        connection = self.data()
        self.say("150 go on")
        came = b""
        while len(came) < 100_000:
            came += connection.recv(100_000 - len(came))
        self.files[path.strip("/")] = came
        connection.close()
        return "close"


def test_an_upload_goes_on_where_it_broke(client, fake):
    one = fake(Fragile)
    client.write("a", BIG)
    client.run("put", "a", f"{one.address}/")
    assert one.files["a"] == BIG and "continued at byte 100000" in client.err
    assert any(re.fullmatch("APPE " + TEMP % "a", h) for h in one.heard)


def test_a_part_of_somebody_is_left_alone(client, fake):
    """It is no beginning of ours, and nobody's place; ours is found by the next run, by its own name."""
    theirs = BIG[:200_000]
    one = fake(Fragile, files={"a.part": theirs, "dir/x.part": theirs}, folders=("", "dir"), stamp="20300102030405")
    client.write("a", BIG)
    client.run("put", "--retries", "0", "a", f"{one.address}/", code=INCOMPLETE)
    mine, = set(one.files) - {"a.part", "dir/x.part"}
    assert re.fullmatch(TEMP % "a", "/" + mine) and one.files["a.part"] == theirs
    client.run("put", "-c", "a", f"{one.address}/")
    assert "continued at byte 100000" in client.err and f"APPE /{mine}" in one.heard
    client.write("x", DATA)
    client.run("put", "x", f"{one.address}/dir/")
    assert one.files == {"a": BIG, "a.part": theirs, "dir/x": DATA, "dir/x.part": theirs}


def test_two_names_of_which_one_is_the_others_part(client, fake):
    one = fake(files={})
    client.write("x.part", b"first")
    client.write("x", b"second")
    client.run("put", "-j", "1", "x.part", "x", f"{one.address}/")
    assert one.files == {"x.part": b"first", "x": b"second"}


def test_rest_is_said_directly_before_the_transfer(client, fake):
    class Forgets(Site):
        """As BSD's servers: any other command takes REST back."""
        files = {"a": BIG}
        times = 1

        def epsv(self, _):
            self.offset = 0
            super().epsv(_)

        def retr(self, path):
            if not self.times:
                return super().retr(path)
            self.times -= 1
            with self.data() as connection:
                self.say("150 go on")
                connection.sendall(BIG[:100_000])
            return "close"

    one = fake(Forgets)
    client.run("get", f"{one.address}/a")
    assert client.read("a") == BIG and "continued at byte 100000" in client.err and "starting over" not in client.err
    assert one.heard.count("RETR /a") == 2


class Speechless(Site):
    """Its control connection ends before the data comes, as behind a router that forgets who says nothing."""
    files = {"a": BIG}
    sends = len(BIG)

    def retr(self, path):
        if self.heard.count(f"RETR {path}") > 1:
            return super().retr(path)
        with self.data() as connection:
            self.say("150 go on")
            self.control.shutdown(socket.SHUT_RDWR)
            connection.settimeout(0.3)
            with contextlib.suppress(socket.timeout, OSError):
                connection.recv(1)                            # time to give up in
            connection.settimeout(WAIT)
            connection.sendall(BIG[:self.sends])
        return "close"


@pytest.mark.parametrize("sends", [100_000, len(BIG)], ids=["some", "all"])
def test_what_comes_without_a_control_connection_is_kept(client, fake, sends):
    one = fake(Speechless, sends=sends)
    client.run("get", f"{one.address}/a")
    assert client.read("a") == BIG and f"continued at byte {sends}" in client.err
    assert one.heard.count("RETR /a") == (1 if sends == len(BIG) else 2)


def test_what_comes_without_a_control_connection_is_shown_and_compared(client, fake):
    """All of it is out, but nobody has said that it was all; a comparison is made again."""
    one = fake(Speechless, files={"a": DATA}, sends=len(DATA))
    with client.start("cat", f"{one.address}/a") as child:
        out, err = child.communicate(timeout=WAIT)
    assert out == BIG[:len(DATA)] == DATA and child.returncode == INCOMPLETE and b"the connection is lost" in err
    assert one.heard.count("RETR /a") == 1
    one = fake(Speechless, files={"a": DATA}, sends=len(DATA))
    client.write("here/a", DATA)
    client.run("verify", "--download", f"ftp://{one.address}/", "here")
    assert one.heard.count("RETR /a") == 2


def test_an_upload_that_cannot_go_on_starts_over(client, fake):
    client.write("a", BIG)
    refuses = fake(Fragile, appe=lambda self, _: self.say("550 no appending"))
    client.run("put", "a", f"{refuses.address}/")
    assert refuses.files == {"x": b"one\n", "a": BIG} and "does not append: starting over" in client.err
    lies = fake(Fragile, appe=Fragile.stor)                   # it writes from the beginning
    client.run("put", "a", f"{lies.address}/")
    assert lies.files == {"x": b"one\n", "a": BIG} and len([h for h in lies.heard if h.startswith("APPE ")]) == 1


class Lister(Site):
    """No MLSD; and `-a` is a name here."""
    features = ("SIZE", "MDTM", "UTF8")
    says_nothing = False

    def list(self, path):
        if path.startswith("-a"):
            return self.send([]) if self.says_nothing else self.say("550 no such file")
        return self.send([f"-rw-r--r-- 1 a a {len(data)} Jan  2 03:04 {name}\r\n".encode() for name, data in self.files.items()])

    def cwd(self, path):
        self.say("250 there" if path == "/" else "550 no such folder")

    def mdtm(self, path):
        self.say(f"213 {self.stamp}" if path.strip("/") in self.files else "550 no such file")


@pytest.mark.parametrize("says_nothing", [False, True])
def test_a_listing_without_hidden_names_is_better_than_none(client, fake, says_nothing):
    one = fake(Lister, says_nothing=says_nothing, files={"x": b"one\n", "y": b"two\n"})
    client.run("ls", f"{one.address}/", f"{one.address}/")
    assert client.out.splitlines() == ["x", "y"] * 2
    assert [h for h in one.heard if h.startswith("LIST")] == ["LIST -a /", "LIST /", "LIST /"]


def test_a_file_has_the_time_that_mdtm_tells(client, fake):
    one = fake(Lister)
    client.run("get", "-r", "-o", "to", f"{one.address}/")
    assert int((client.dir / "to" / "x").stat().st_mtime) == 1767323045
    client.write("z", b"3")
    client.write("w", b"3")
    client.run("put", "z", "w", f"{one.address}/")
    assert len([h for h in one.heard if re.match(r"MDTM \d{14} /", h)]) == 1 and one.files["w"] == b"3"


# -- a server that is full

class Crowded(Site):
    """Has no place for those who come first, and says so at the greeting or at the login."""
    without, at_login, words = 1, False, "421 Too many users are here."
    came = 0

    def session(self):
        self.came += 1
        if self.came <= self.without and not self.at_login:
            return self.say(self.words)
        return super().session()

    def password(self, _):
        self.say(self.words if self.came <= self.without else "230 in")


AT_LOGIN = {"at_login": True, "words": "530 Sorry, the maximum number of clients are already connected."}


@pytest.mark.parametrize("traits", [{}, AT_LOGIN], ids=["greeting", "login"])
def test_a_place_at_a_full_server_is_waited_for(client, fake, traits):
    one = fake(Crowded, files={"x": DATA}, **traits)
    notes = [e["message"] for e in client.events("get", f"{one.address}/x") if e["event"] == "note"]
    assert client.read("x") == DATA and one.came == 2
    assert len(notes) == 1 and notes[0].endswith("; waiting for a free place there, once more in 1 s (1 of 3)")


@pytest.mark.parametrize("traits, more, code", [
    ({}, ["--retries", "0"], CONNECT), (AT_LOGIN, ["--retries", "0"], LOGIN), ({"at_login": True}, ["--retries", "0"], INCOMPLETE),
    ({"words": "421 Too many wrong passwords came from your address."}, [], CONNECT),
    ({"at_login": True, "words": "530 Too many failed logins."}, [], LOGIN)],
    ids=["no retries", "no retries at the login", "ended at the login", "banned", "guesses"])
def test_a_refusal_that_is_not_waited_out(client, fake, traits, more, code):
    one = fake(Crowded, without=99, **traits)
    client.run("get", *more, f"{one.address}/x", code=code)
    assert one.came == 1 and "the server" in client.err and "once more" not in client.err


def test_ctrl_c_ends_the_waiting_for_a_place(client, fake):
    one = fake(Crowded, without=99)
    child = client.start("ls", "--retries", "99", one.address)
    until(lambda: b"waiting for a free place" in child.stderr.readline(), "it waits")
    child.send_signal(signal.SIGINT)
    client.finish(child, INTERRUPTED)


# -- the end of it

def test_ctrl_c_keeps_what_can_be_continued(client, fake):
    class Slow(Site):
        def retr(self, path):
            def drip():
                for at in range(self.begin_at(), len(DATA), 1000):
                    time.sleep(0.05)
                    yield DATA[at:at + 1000]
            if self.slow:
                return self.send(drip())
            super().retr(path)

    one = fake(Slow, files={"x": DATA}, slow=True)
    child = client.start("get", f"{one.address}/x")
    until(lambda: any((client.dir / n.decode()).stat().st_size for n in client.parts()), "some bytes are here")
    child.send_signal(signal.SIGINT)
    client.finish(child, INTERRUPTED)
    assert len(client.parts()) == 1 and names(client.dir) == client.parts()
    one.slow = False
    client.run("get", "-c", f"{one.address}/x")
    assert client.read("x") == DATA and names(client.dir) == {b"x"}


def test_two_fetch_the_same_to_the_same_place(client, fake):
    gate = threading.Event()

    class Waits(Site):
        def retr(self, path):
            gate.wait(WAIT)
            super().retr(path)

    one, other = fake(Waits, files={"x": DATA}), None
    child = client.start("get", f"{one.address}/x")
    until(client.parts, "the first one has begun")
    # the same source by another way would be another one; what is compared here is the lock on the temporary file
    second = client.start("get", f"{one.address}/x")
    time.sleep(0.1)
    gate.set()
    client.finish(child, 0)
    client.finish(second, LOCAL)
    assert client.read("x") == DATA and names(client.dir) == {b"x"} and other is None


def test_a_full_disk_is_told(client, fake):
    client.dir.chmod(0o500)
    try:
        if os.access(client.dir, os.W_OK):                    # root: nothing is forbidden to it
            (client.dir / "t").write_bytes(b"")
            client.run("get", "-o", "t", f"{fake().address}/x", code=LOCAL)
        else:
            client.run("get", f"{fake().address}/x", code=LOCAL)
    finally:
        client.dir.chmod(0o700)
    assert "(on this computer)" in client.err


def test_the_first_failure_is_the_exit_code(client, fake):
    one = fake(Cut, files={"x": DATA, "y": b"1"})
    client.run("get", "-j", "1", "--retries", "0", f"{one.address}/nope", f"{one.address}/x", f"{one.address}/y", code=NOT_FOUND)
    assert client.read("y") == b"1"


def test_a_stalled_server_is_given_up(client, fake):
    class Stalls(Site):
        def retr(self, _):
            self.stalled = self.data()
            self.say("150 here it comes")
            self.stalled.sendall(DATA[:1000])

    begun = time.monotonic()
    client.run("get", "--timeout", "1", "--retries", "0", f"{fake(Stalls, files={'x': DATA}).address}/x", code=INCOMPLETE)
    assert time.monotonic() - begun < 25 * PATIENCE
