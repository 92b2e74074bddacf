"""How the client saves time, against servers that do not bear it: commands that go ahead of their answers (tried first, and noted
where they are lost), and one file over several connections. Whatever the server does, the content is right or the failure is told."""
import copy
import os
import re
import select
import signal
import socket
import threading
import zlib

import pytest

from client import INCOMPLETE, INTERRUPTED, NOT_FOUND, REFUSED, UNVERIFIED, Client, Site, fake  # noqa: F401 (a fixture)
from tools import WAIT, blob, names, until

BIG = blob(4 << 20)


@pytest.fixture
def client(tmp_path):
    return Client(tmp_path)


# -- commands ahead of their answers

class Batches(Site):
    """Sees what comes in one go, and answers a batch in a way of its own."""
    def session(self):
        self.offset = 0
        self.say(self.greeting)
        while batch := self.control.recv(4096).decode().splitlines():
            self.batches.append([line.split()[0] for line in batch])
            if self.answer(batch) == "close":
                return

    def __init__(self):
        self.batches = []
        super().__init__()

    def answer(self, batch):
        for line in batch:
            verb, _, argument = line.partition(" ")
            self.heard.append(line)
            if getattr(self, self.methods.get(verb, verb.lower()), self.unknown)(argument) == "close":
                return "close"
        return None


class Drops(Batches):
    """Reads one command, and throws away what came with it."""
    def answer(self, batch):
        return super().answer(batch[:1])


class Turns(Batches):
    """Answers the last command first."""
    def answer(self, batch):
        return super().answer(batch[::-1])


class Leaves(Batches):
    """Takes whoever does not wait for an attacker."""
    def answer(self, batch):
        return "close" if batch[1:] else super().answer(batch)


class Glues(Batches):
    """All answers of a batch in one piece."""
    said = None

    def say(self, *lines):
        if self.said is None:
            super().say(*lines)
        else:
            self.said += lines

    def answer(self, batch):
        if len(batch) == 1:
            return super().answer(batch)
        self.said = []
        super().answer(batch)
        said, self.said = self.said, None
        self.say(*said)
        return None


@pytest.mark.parametrize("kind", [Batches, Glues])
def test_a_server_that_keeps_what_comes_early(client, fake, kind):
    one = fake(kind)
    client.write("a", b"content")
    client.run("put", "-v", "a", f"{one.address}/")
    assert one.files["a"] == b"content" and "early" not in client.err
    assert ["FEAT", "PWD"] in one.batches and ["OPTS", "TYPE"] in one.batches and ["RNFR", "RNTO"] in one.batches
    assert not (client.home / "dray/one_by_one").exists()


@pytest.mark.parametrize("kind", [Drops, Turns, Leaves])
def test_a_server_that_does_not_is_asked_one_by_one(client, fake, kind):
    one = fake(kind)
    client.write("a", b"content")
    client.run("put", "a", f"{one.address}/")
    assert one.files["a"] == b"content" and one.mtimes["a"]
    assert "does not keep commands that come early" in client.err
    assert sum(len(batch) > 1 for batch in one.batches) == 1
    assert re.match(rf"{re.escape(one.address)} \d+\n$", (client.home / "dray/one_by_one").read_text())

    one.batches.clear()                                       # it is known the next time, from the first word
    client.run("get", f"{one.address}/x")
    assert client.read("x") == b"one\n" and "early" not in client.err
    assert all(len(batch) == 1 for batch in one.batches)


def test_what_was_noted_is_tried_again_some_day(client, fake):
    one = fake(Batches)
    (client.home / "dray").mkdir()
    (client.home / "dray/one_by_one").write_text(f"{one.address} 20000\nnonsense\n{one.address}\n{one.address} 20001\n")
    client.run("get", f"{one.address}/x")
    assert ["FEAT", "PWD"] in one.batches


def test_a_trial_that_no_server_answers_is_no_note(client, fake):
    class Gone(Batches):
        def feat(self, _):
            return "close"

    one = fake(Gone)
    client.run("get", "--retries", "0", f"{one.address}/x", code=INCOMPLETE)
    assert not (client.home / "dray/one_by_one").exists()


def test_the_next_port_goes_with_the_time(client, fake):
    one = fake(Batches)
    for name in "abc":
        client.write(name, name.encode() * 9)
    client.run("put", "-j", "1", "a", "b", "c", f"{one.address}/")
    assert all(one.files[n] == n.encode() * 9 and one.mtimes[n] for n in "abc")
    assert ["MFMT", "EPSV"] in one.batches
    assert not any("STOR" in batch and len(batch) > 1 for batch in one.batches)


@pytest.mark.parametrize("says", ["550 not that time", "500 what?", "213 fine"])
def test_a_time_that_is_refused_leaves_the_session_in_step(client, fake, says):
    class Timeless(Batches):
        def mfmt(self, _):
            self.say(says)

    one = fake(Timeless)
    for name in "abc":
        client.write(name, name.encode() * 1000)
    client.run("put", "-j", "1", "a", "b", "c", f"{one.address}/")
    assert all(one.files[n] == n.encode() * 1000 for n in "abc") and one.heard.count("USER anonymous") == 1


def test_a_renaming_that_is_refused_tells_the_first_reason(client, fake):
    class Rigid(Batches):
        def rnfr(self, _):
            self.say("550 not this one")

    one = fake(Rigid)
    client.run("mv", f"{one.address}/x", "/y", code=NOT_FOUND)
    assert ["RNFR", "RNTO"] in one.batches and "not this one (550)" in client.err


def test_a_small_upload_to_dray_may_be_refused_late(client, fake):
    class Full(Site):
        features = ("MLST type*;size*;modify*;X.partial*;", "SIZE", "REST STREAM", "UTF8")

        def stor(self, path):
            if path.endswith("b"):
                self.data().close()
                return self.say("552 no room")
            return super().stor(path)

    one = fake(Full)
    for name in "abc":
        client.write(name, name.encode() * 5000)
    client.run("put", "-j", "1", "a", "b", "c", f"{one.address}/", code=REFUSED)
    assert one.files["a"] == b"a" * 5000 and one.files["c"] == b"c" * 5000 and "b" not in one.files
    assert "no room (552)" in client.err and one.heard.count("USER anonymous") == 1


# -- one file over several connections

class Crowd(Site):
    """Several sessions at once, each with a thread, and a copy of this that shares the lists."""
    most, open = 99, 0
    lock = threading.Lock()

    def _accept(self):
        while not self.over.is_set():
            try:
                control, _ = self.listener.accept()
            except socket.timeout:
                continue
            threading.Thread(target=self.one, args=(control,), daemon=True).start()

    def one(self, control):
        kind, session = type(self), copy.copy(self)
        session.control, session.passive = control, None
        control.settimeout(WAIT)
        with self.lock:
            kind.open += 1
        with control:
            try:
                if kind.open > self.most:
                    session.say("421 too many of you")
                else:
                    session.session()
            except OSError:
                pass
        if session.passive:
            session.passive.close()
        with self.lock:
            kind.open -= 1

    def began(self):
        return [int(line.split()[1]) for line in self.heard if line.startswith("REST")]


class Ranged(Crowd):
    features = (*Site.features, "RANG STREAM")

    def rang(self, argument):
        self.part = [int(n) for n in argument.split()]
        self.say("350 these")

    def retr(self, path):
        first, last = self.part
        self.send(self.files[path.strip("/")][first:last + 1])


class Deaf(Crowd):
    """Says 350 and begins at 0 all the same."""
    def begin_at(self):
        return 0


class Proud(Crowd):
    def rest(self, _):
        self.say("502 not here")


class Shifts(Crowd):
    """Begins somewhere else: the length is right for none but the last."""
    def begin_at(self):
        offset = super().begin_at()
        return offset - 7 if offset else 0


class Slides(Crowd):
    """The same, and each is as long as it should be."""
    def retr(self, path):
        offset, content = self.begin_at(), self.files[path.strip("/")]
        self.send(content[offset - 7:-7] if offset else content)


class CutsOne(Crowd):
    """One segment breaks off once."""
    cut = True

    def send(self, payload, first="150 opening", last="226 done"):
        if isinstance(payload, bytes) and len(payload) < len(BIG) and type(self).cut:
            type(self).cut = False
            return super().send(payload[:200_000], first, "426 broken")
        return super().send(payload, first, last)


@pytest.mark.parametrize("kind, traits", [(Crowd, {}), (Ranged, {}), (CutsOne, {}), (Crowd, {"most": 1}), (Crowd, {"most": 2})])
def test_segments_make_the_whole(client, fake, kind, traits):
    one = fake(kind, files={"big": BIG}, **traits)
    client.run("get", "-v", "--segments", "4", f"{one.address}/big")
    assert client.read("big") == BIG and "size agrees" in client.out
    assert names(client.dir) == {b"big"}
    assert len({*one.began()} if kind is not Ranged else [x for x in one.heard if x.startswith("RANG")]) >= 3


class Quick(Ranged, Batches):
    """Keeps what comes early, as dray does."""
    features = ("MLST type*;size*;modify*;X.partial*;", "SIZE", "REST STREAM", "UTF8", "RANG STREAM")


class Together:
    """Nobody gets data before all have logged in: else the first one may have it all."""
    logins, word = 3, "PASS"

    def retr(self, path):
        until(lambda: sum(line.startswith(self.word) for line in self.heard) >= self.logins, "all have logged in")
        super().retr(path)


class Waits(Together, Quick):
    """Greets a helper when it has spoken."""
    def session(self):
        if "PASS secret" in self.heard:
            assert select.select([self.control], [], [], WAIT)[0]
        super().session()


@pytest.mark.parametrize("kind, ranges", [(Waits, 3), (type("Tried", (Together, Ranged, Batches), {}), 0)])
def test_helpers_log_in_and_begin_in_one_go(client, fake, kind, ranges):
    one = fake(kind, files={"big": BIG})
    client.run("get", "--tls", "off", "--segments", "3", f"bob:secret@{one.address}/big")
    assert client.read("big") == BIG and one.heard.count("PASS secret") == 3
    assert one.batches.count(["USER", "PASS", "OPTS", "TYPE", "EPSV"]) == 2
    assert sum(batch[:2] == ["RANG", "RETR"] for batch in one.batches) == ranges


@pytest.mark.parametrize("most", [1, 2])
def test_helpers_that_are_not_let_in_leave_it_to_the_others(client, fake, most):
    one = fake(Quick, files={"big": BIG}, most=most)
    client.run("get", "--segments", "4", f"{one.address}/big")
    assert client.read("big") == BIG and not client.err


def test_who_is_not_let_in_again_leaves_it_to_the_others(client, fake):
    """Who has the file loses its connection, and its place is gone until the one that helps, and has begun, takes the rest."""
    class Closes(Ranged):
        refused = 0

        def say(self, *lines):
            type(self).refused += lines[0].startswith("421")
            if lines[0].startswith("421") and self.refused == 2:
                self.go.set()
                until(lambda: self.heard.count("RETR /big") > 2, "the rest is asked for")
            super().say(*lines)

        def retr(self, path):
            if self.part[0]:
                type(self).most += self.go.is_set()
                self.go.wait(WAIT)
                return super().retr(path)
            until(lambda: self.heard.count(f"RETR {path}") > 1, "the other one")
            type(self).most = 1
            self.send(BIG[:200_000], last="426 broken")
            return "close"

    one = fake(Closes, files={"big": BIG}, go=threading.Event())
    client.run("get", "-v", "-j", "2", "--segments", "2", f"{one.address}/big")
    assert client.read("big") == BIG and "once more" not in client.err + client.out


def test_a_login_that_must_go_step_by_step(client, fake):
    class Steps(Together, Quick):
        logins = 2

        def answer(self, batch):
            return "close" if batch[0].startswith("USER") and batch[1:] else super().answer(batch)

    one = fake(Steps, files={"big": BIG})
    client.run("get", "--segments", "2", f"{one.address}/big")
    assert client.read("big") == BIG and not client.err
    assert [batch for batch in one.batches if "PASS" in batch].count(["PASS"]) == 2


def test_a_range_that_is_refused_after_all(client, fake):
    class Liar(Quick):
        def rang(self, argument):
            self.say("501 not these")

        def retr(self, path):
            Crowd.retr(self, path)

    one = fake(Liar, files={"big": BIG})
    client.run("get", "--segments", "3", f"{one.address}/big")
    assert client.read("big") == BIG and one.began()


class OneIsSlow(Ranged):
    """The first half ends when the second has begun, and that does not before a part of it is asked for by somebody else."""
    def begun(self):
        return [int(line.split()[1]) for line in self.heard if line.startswith("RANG")]

    def retr(self, path):
        first, last = self.part
        content = self.files[path.strip("/")][first:last + 1]

        def slowly():
            yield content[:300_000]
            least = 2 if not first else 3 if first < 17 << 20 else 0
            until(lambda: len(self.begun()) >= least, "somebody else has begun")
            yield content[300_000:]
        self.send(slowly())


@pytest.mark.parametrize("summed", [False, True])
def test_who_is_done_takes_half_of_what_is_late(client, fake, summed):
    class One(OneIsSlow):
        features = OneIsSlow.features + (("XCRC",) if summed else ())

        def xcrc(self, path):
            self.say(f"250 {zlib.crc32(self.files[path.strip('/')]):08X}")

    content = blob(24 << 20)
    one = fake(One, files={"big": content})
    client.run("get", "-v", "--segments", "2", f"{one.address}/big")
    assert client.read("big") == content and names(client.dir) == {b"big"} and not client.err
    assert len(one.begun()) >= 3 and one.begun()[2] > 17 << 20
    assert ("CRC32 agrees" if summed else "size agrees") in client.out


class Summed(Ranged):
    """Says what CRC32 the whole has; some say another one."""
    features = (*Ranged.features, "XCRC")
    wrong = 0

    def xcrc(self, path):
        self.say(f"250 {zlib.crc32(self.files[path.strip('/')]) ^ self.wrong:08X}")


@pytest.mark.parametrize("wrong", [0, 1])
@pytest.mark.parametrize("cut", [False, True])
def test_checksums_of_segments_make_that_of_the_whole(client, fake, cut, wrong):
    class One(Summed, CutsOne):
        pass

    one = fake(One, files={"big": BIG[:-12345]}, cut=cut, wrong=wrong)
    client.run("get", "-v", "--segments", "3", f"{one.address}/big", code=UNVERIFIED if wrong else 0)
    assert "checksums differ" in client.err if wrong else client.read("big") == BIG[:-12345] and "CRC32 agrees" in client.out


def test_a_beginning_and_segments_have_one_checksum(client, fake):
    class Breaks(Summed):
        def retr(self, path):
            def part():
                yield BIG[:300_000]
                until(lambda: any((client.dir / os.fsdecode(n)).stat().st_size == 300_000 for n in client.parts()), "what came")
            if self.go:
                return super().retr(path)
            return self.send(part(), last="426 broken")

    one = fake(Breaks, files={"big": BIG}, go=False)
    client.run("get", "--segments", "1", "--retries", "0", f"{one.address}/big", code=INCOMPLETE)
    type(one).go = True
    client.run("get", "-c", "-v", "--segments", "3", f"{one.address}/big")
    assert "continued at byte 300000" in client.err and client.read("big") == BIG and "CRC32 agrees" in client.out


@pytest.mark.parametrize("kind", [Deaf, Proud, Shifts, Slides])
def test_a_server_that_begins_elsewhere(client, fake, kind):
    one = fake(kind, files={"big": BIG})
    client.run("get", "-v", "--segments", "4", f"{one.address}/big")
    assert client.read("big") == BIG and names(client.dir) == {b"big"}
    assert "does not begin in the middle" in client.err + client.out


def test_small_and_sizeless_files_have_no_segments(client, fake):
    class Sizeless(Crowd):
        features = ("UTF8",)

        def mlst(self, _):
            self.say("502 no")

        def size(self, _):
            self.say("502 no")

        def mdtm(self, _):
            self.say("502 no")

        def cwd(self, _):
            self.say("550 no")

    one = fake(Sizeless, files={"big": BIG})
    client.run("get", "--segments", "4", f"{one.address}/big")
    assert client.read("big") == BIG and not one.began()
    two = fake(Crowd, files={"small": BIG[:1_500_000]})
    client.run("get", "--segments", "4", f"{two.address}/small")
    assert client.read("small") == BIG[:1_500_000] and not two.began()


def written(path):
    """Bytes that are there: not holes, nor room that is only reserved."""
    fd, at, count = os.open(path, os.O_RDONLY), 0, 0
    try:
        while True:
            at = os.lseek(fd, at, os.SEEK_DATA)
            end = os.lseek(fd, at, os.SEEK_HOLE)
            at, count = end, count + end - at
    except OSError:                                          # ENXIO: only a hole is left
        return count
    finally:
        os.close(fd)


def test_a_segment_that_never_comes_leaves_a_beginning(client, fake):
    class Half(Crowd):
        def send(self, payload, first="150 opening", last="226 done"):
            if isinstance(payload, bytes) and len(payload) < len(BIG) * 3 // 5:
                until(lambda: any(written(client.dir / os.fsdecode(n)) for n in client.parts()), "something of the first half has come")
                return super().send(payload[:1000], first, "426 broken")
            return super().send(payload, first, last)

    one = fake(Half, files={"big": BIG})
    client.run("get", "--segments", "2", "--retries", "0", f"{one.address}/big", code=INCOMPLETE)
    part, = client.parts()
    kept = (client.dir / os.fsdecode(part)).read_bytes()
    assert BIG.startswith(kept) and len(kept) < len(BIG)
    two = fake(Crowd, files={"big": BIG})                     # another server has another name for it: nothing is mixed
    client.run("get", "-c", f"{two.address}/big")
    assert client.read("big") == BIG


def test_a_file_that_changes_meanwhile(client, fake):
    class Changes(Crowd):
        """When the second half is there and the first under way."""
        begun = changed = False

        def retr(self, path):
            offset, content = self.begin_at(), self.files["big"]

            def half():
                type(self).begun = True
                yield content[:1000]
                until(lambda: self.changed, "the file has changed")
                yield content[1000:]

            if not offset or self.changed:
                return self.send(content[offset:] if self.changed else half())
            with self.data() as connection:
                self.say("150 opening")
                connection.sendall(content[offset:])
            until(lambda: self.begun, "the first half is under way")
            self.files["big"], type(self).stamp = BIG[::-1], "20260202030405"
            type(self).changed = True
            self.say("226 done")

    one = fake(Changes, files={"big": BIG})
    client.run("get", "--segments", "2", f"{one.address}/big")
    assert client.read("big") == BIG[::-1] and "changed" in client.err
    assert names(client.dir) == {b"big"}


def beginning(path):
    """Bytes in front of the first hole, a page that has begun counted whole. An empty file has no hole, not even at its end."""
    with open(path, "rb") as file:
        return os.lseek(file.fileno(), 0, os.SEEK_HOLE) if os.fstat(file.fileno()).st_size else 0


def test_a_kill_leaves_nothing_that_is_taken_for_a_beginning(client, fake):
    class Stalls(Crowd):
        def send(self, payload, first="150 opening", last="226 done"):
            def slowly():
                yield payload[:300_000]
                if not type(self).go.wait(WAIT):
                    return
                yield payload[300_000:]
            super().send(slowly() if len(payload) > 1000 else payload, first, last)

    one = fake(Stalls, files={"big": BIG}, go=threading.Event())
    child = client.start("get", "--segments", "4", f"{one.address}/big")
    until(lambda: any(written(client.dir / os.fsdecode(n)) > 700_000 for n in client.parts()), "segments")
    part, = client.parts()
    assert (client.dir / os.fsdecode(part)).stat().st_size == len(BIG) + 4
    child.send_signal(signal.SIGKILL)
    child.communicate()
    one.go.set()
    client.run("get", "-c", "--segments", "4", f"{one.address}/big")
    assert client.read("big") == BIG and "longer than the file" in client.err and names(client.dir) == {b"big"}


HALF = 8 << 20


@pytest.mark.parametrize("sums, joined, least, most", [
    ("none", False, 3_900_000, 5_000_000), ("none", True, HALF, HALF), ("right", False, 3_900_000, 5_000_000),
    ("right", True, HALF + 3_900_000, HALF + 5_000_000), ("wrong", True, 0, 0)])
def test_what_a_kill_leaves_of_segments_goes_on(client, fake, sums, joined, least, most):
    """Up to the first hole; without a checksum of a part no further than the first segment went. That somebody has read it all
    meanwhile, as who makes a backup does, makes no hole a beginning."""
    content = blob(2 * HALF)

    class Stalls(Ranged):
        features = Ranged.features + (() if sums == "none" else ("HASH CRC32*", "XCRC"))

        def retr(self, path):
            first, last = self.part
            stop = first + (HALF if joined and first == 0 else 5_000_000)

            def slowly():
                yield content[first:min(stop, last + 1)]
                type(self).go.wait(WAIT)
                yield content[stop:last + 1]
            self.send(slowly())

        def hash(self, path):
            last = self.part[1]
            self.say(f"213 CRC32 0-{last} {zlib.crc32(content[:last + 1]) ^ (sums == 'wrong'):08x} {path}")

        def xcrc(self, _):
            self.say(f"250 {zlib.crc32(content):08X}")

    one = fake(Stalls, files={"big": content}, go=threading.Event())
    child = client.start("get", "--segments", "2", f"{one.address}/big")
    until(lambda: any(written(client.dir / os.fsdecode(n)) >= (HALF if joined else 5_000_000) + 4_990_000 for n in client.parts()), "segments")
    part, = client.parts()                                    # pages were counted: a few bytes may be missing
    came = HALF if joined else 5_000_000
    until(lambda: (client.dir / os.fsdecode(part)).read_bytes()[:came] == content[:came], "all of the first one")
    child.send_signal(signal.SIGKILL)
    child.communicate()
    one.go.set()
    client.run("get", "-c", "--segments", "2", f"{one.address}/big")
    assert client.read("big") == content and names(client.dir) == {b"big"}
    at = re.search(r"continued at byte (\d+)", client.err)
    assert least <= int(at[1] if at else 0) <= most


def test_ctrl_c_ends_all_segments(client, fake):
    class Stalls(Crowd):
        def send(self, payload, first="150 opening", last="226 done"):
            def slowly():
                yield payload[:300_000]
                type(self).go.wait(WAIT)
            super().send(slowly(), first, last)

    one = fake(Stalls, files={"big": BIG}, go=threading.Event())
    child = client.start("get", "--segments", "4", f"{one.address}/big")
    until(lambda: any(beginning(client.dir / os.fsdecode(n)) >= 300_000 for n in client.parts()), "the first segment")
    until(lambda: any(written(client.dir / os.fsdecode(n)) > 700_000 for n in client.parts()), "others")
    child.send_signal(signal.SIGINT)
    client.finish(child, INTERRUPTED)
    one.go.set()
    part, = client.parts()
    kept = (client.dir / os.fsdecode(part)).read_bytes()
    assert BIG.startswith(kept) and len(kept) >= 290_000
