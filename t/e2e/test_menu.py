"""The menu client, `dray open`: from a pipe, in a real terminal, and against servers that lie (fakeserver.py)."""
import os
import re
import signal
import socket
import subprocess
import time

import pexpect
import pytest

from fakeserver import Fake
from server import DRAY, PASSWORD, environment
from tools import PATIENCE, WAIT, blob, make, names, no_leftovers, until

BIG = blob(3_000_000)
ODD = ["two words.txt", "文件.txt", 'quo"te\'.txt', " leads.txt", "trails.txt ", "n" * 255, "back\\slash", "-dash",
       '"both"']
NOT_FOUND, REFUSED, LOCAL, INCOMPLETE, INTERRUPTED = 5, 6, 7, 9, 130
COMPLAINT = re.compile(r"Sanitizer|runtime error:|CHECK|stack smashing|buffer overflow")


def quoted(name):
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def session_environment(**more):
    env = environment(LC_ALL="C.UTF-8", TZ="UTC", TERM="xterm")
    env.pop("NO_COLOR", None)
    return env | more


class Menu:
    """Runs the client in a folder of its own."""

    def __init__(self, folder):
        self.dir = folder / "here"
        self.env = session_environment(XDG_STATE_HOME=str(folder / "state"))
        self.dir.mkdir()

    def start(self, *words):
        return subprocess.Popen([DRAY, "open", *words], cwd=self.dir, env=self.env, stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, *words, lines=(), code=0):
        with self.start(*words) as child:
            out, err = child.communicate("".join(line + "\n" for line in lines).encode("utf-8", "surrogateescape"),
                                         timeout=60 * PATIENCE)
        self.out, self.err = out.decode(), err.decode()
        print(self.out + self.err)
        assert not COMPLAINT.search(self.err)
        assert "\x1b" not in self.out + self.err
        assert child.returncode == code, f"exit code {child.returncode}"
        return self.out

    def read(self, name):
        return (self.dir / name).read_bytes()

    def write(self, name, data):
        (self.dir / name).write_bytes(data)

    def forget_parts(self):
        """What is kept to be continued: a hidden name each."""
        for name in names(self.dir):
            if name.startswith(b".") and name.endswith(b".part"):
                os.unlink(os.path.join(os.fsencode(self.dir), name))

    def terminal(self, *words, width=80):
        child = pexpect.spawn(DRAY, ["open", *words], cwd=str(self.dir), env=self.env, encoding="utf-8", use_poll=True,
                              timeout=WAIT, dimensions=(24, width))
        child.delaybeforesend = None
        return child


@pytest.fixture
def menu(tmp_path):
    one = Menu(tmp_path)
    yield one
    no_leftovers(one.dir)


@pytest.fixture
def here(site):
    """The address of this test's folder, as bob."""
    return site.server.url(site.path.replace(" ", "%20"), "bob")


@pytest.fixture
def fake():
    running = []

    def start(kind=Fake, **traits):
        running.append(type("Trick", (kind,), traits)())
        return running[-1]

    yield start
    for one in running:
        one.stop()


@pytest.fixture
def typed(menu, fake):
    """A terminal session on a fake server, at its first prompt."""
    children = []

    def start(one=None, **more):
        child = menu.terminal((one or fake()).address, **more)
        children.append(child)
        child.expect("dray:/> ")
        return child

    yield start
    for child in children:
        child.close(force=True)


def bye(child, code=0):
    child.expect(pexpect.EOF)
    child.close()
    assert not COMPLAINT.search(child.before or "")
    assert (child.exitstatus, child.signalstatus) == (code, None)


# -- from a pipe, on every model

def test_list_get_put(site, menu, here):
    make(site.dir, "a.txt", b"one\n", mtime=1577934245)
    make(site.dir, "big", BIG)
    make(site.dir, ".hidden", b"")
    (site.dir / "sub").mkdir()
    menu.write("up.bin", BIG[::-1])
    out = menu.run(here, lines=["1", "G a.txt", "2 big", "put up.bin", "C sub", "3 up.bin", "cd ..", "L", "Q", "dance"])
    assert re.search(r"Folders\n +\S+ \S+ +sub/\nFiles\n +4 B  2020-01-02 03:04  a.txt\n"
                     r" +2.9 MiB  \S+ \S+  big\n2 files", out)
    assert ".hidden" not in out
    assert menu.read("a.txt") == b"one\n" and menu.read("big") == BIG
    assert (site.dir / "up.bin").read_bytes() == (site.dir / "sub" / "up.bin").read_bytes() == BIG[::-1]
    assert re.search(r"up.bin: 2.9 MiB in .*/s\)", out)
    no_leftovers(site.dir / "sub")


def test_odd_names(site, menu, here):
    for name in ODD:
        make(site.dir, name, name.encode())
    menu.run(here, lines=["get " + (quoted(name) if name != name.strip() or name[0] == '"' else name) for name in ODD])
    assert names(menu.dir) == {name.encode() for name in ODD}
    for name in ODD:
        assert menu.read(name) == name.encode()
        (site.dir / name).unlink()
    menu.run(here, lines=["put " + quoted(name) for name in ODD])
    for name in ODD:
        assert (site.dir / name).read_bytes() == name.encode()


@pytest.mark.parametrize("flags", [[], ["--active"]], ids=["passive", "active"])
@pytest.mark.parametrize("ipv6", [False, True], ids=["ipv4", "ipv6"])
def test_roads(site, menu, flags, ipv6):
    make(site.dir, "a.txt", BIG)
    menu.write("b.txt", BIG)
    where = site.server.url(site.path.replace(" ", "%20"), "bob", ipv6)
    menu.run(*flags, where, lines=["list", "get a.txt", "put b.txt"])
    assert menu.read("a.txt") == BIG == (site.dir / "b.txt").read_bytes()


def test_an_interrupted_upload_leaves_nothing(site, menu, here):
    with open(menu.dir / "huge", "wb") as f:
        f.truncate(1 << 40)
    with menu.start(here) as child:
        child.stdin.write(b"put huge\nlist\n")
        child.stdin.flush()
        until(lambda: b"150" in child.stdout.readline(), "the upload begins")
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=WAIT)
    assert child.returncode == INTERRUPTED and b"stopped" in err
    until(lambda: names(site.dir) == set(), "the server keeps nothing")


# -- exit codes; the rest runs against servers that the test plays

OUTCOMES = {
    "done": (["list", "get a.txt"], 0),
    "unknown choice": (["dance"], 2),
    "no name": (["get"], 2),
    "a name that is none": (["get .."], 2),
    "not found": (["get nope"], NOT_FOUND),
    "refused": (["get secret"], REFUSED),
    "local file missing": (["put nope"], LOCAL),
    "local folder": (["put ."], LOCAL),
    "the first failure counts": (["get nope", "put nope", "get a.txt", "quit", "dance"], NOT_FOUND),
}


class Denying(Fake):
    files = {**Fake.files, "secret": b"s"}

    def retr(self, name):
        return self.say("550 Permission denied") if name == "secret" else super().retr(name)


@pytest.mark.parametrize("lines, code", OUTCOMES.values(), ids=OUTCOMES)
def test_exit_codes(menu, fake, lines, code):
    menu.run(fake(Denying).address, lines=lines, code=code)
    assert ("get a.txt" in lines) == os.path.exists(menu.dir / "a.txt")


def test_cannot_connect_and_usage(menu, fake):
    one = fake()
    one.stop()
    menu.run(one.address, code=3)
    assert "cannot connect" in menu.err
    menu.run("no.such.host.invalid", code=3)
    for words in (["--dance"], ["a", "b"], ["http://127.0.0.1/"], ["127.0.0.1:0"], ["127.0.0.1:99999"], ["a%b@"]):
        menu.run(*words, code=2)
    assert "--password-file" in menu.run("--help")


def test_login(menu, fake, tmp_path):
    class Strict(Fake):
        def password(self, word):
            self.say("230 in" if word == PASSWORD else "530 go away")

    one = fake(Strict)
    (tmp_path / "word").write_text(PASSWORD + "\n")
    menu.run("-u", "bob", "--password-file", str(tmp_path / "word"), one.address, lines=["list"])
    assert "USER bob" in one.heard
    menu.run(f"ftp://bob:{PASSWORD}@{one.address}/", lines=["list"])
    menu.run(f"ftp://bob:wrong@{one.address}/", lines=["list"], code=4)
    assert "go away (530)" in menu.err
    menu.run("-u", "bob", one.address, lines=["list"], code=2)
    menu.run("--password-file", str(tmp_path / "none"), one.address, code=LOCAL)


def test_a_full_server_greets_with_421(menu, fake):
    menu.run(fake(greeting="421 too many here").address, code=3)
    assert "too many here" in menu.err


def test_the_password_is_not_in_the_process_list(menu, fake):
    with menu.start(f"ftp://bob:{PASSWORD}@{fake().address}/") as child:
        until(lambda: b"Logged in" in child.stdout.readline(), "the login")
        with open(f"/proc/{child.pid}/cmdline", "rb") as f:
            assert PASSWORD.encode() not in f.read()
        child.communicate(b"quit\n", timeout=WAIT)


def test_existing_files_are_kept(menu, fake):
    one = fake()
    menu.write("a.txt", b"mine")
    menu.run(one.address, lines=["get a.txt"], code=LOCAL)
    assert menu.read("a.txt") == b"mine" and "RETR a.txt" not in one.heard
    menu.run("--force", one.address, lines=["get a.txt"])
    assert menu.read("a.txt") == b"one\n"


def test_a_file_that_appears_meanwhile_is_kept(menu, fake):
    class Racing(Fake):
        def retr(self, name):
            menu.write(name, b"mine")
            super().retr(name)

    menu.run(fake(Racing).address, lines=["get a.txt"], code=LOCAL)
    assert menu.read("a.txt") == b"mine"


def test_a_link_in_the_way_is_not_followed(menu, fake, tmp_path):
    (tmp_path / "elsewhere").write_bytes(b"mine")
    (menu.dir / "a.txt").symlink_to(tmp_path / "elsewhere")
    menu.run(fake().address, lines=["get a.txt"], code=LOCAL)
    menu.run("-f", fake().address, lines=["get a.txt"])
    assert (tmp_path / "elsewhere").read_bytes() == b"mine" and menu.read("a.txt") == b"one\n"


def test_a_name_is_asked_for_on_the_next_line(menu, fake):
    menu.write("b.txt", b"two\n")
    one = fake()
    menu.run(one.address, lines=["G", "a.txt", "3", "b.txt", "", "  Q"])
    assert menu.read("a.txt") == b"one\n" and one.stored == {"b.txt": b"two\n"}


def test_the_leaf_decides_where_it_lands(menu, fake):
    one = fake(files={"/etc/../x/evil": b"data", "sub/../..": b"data"})
    menu.run(one.address, lines=["get /etc/../x/evil", "get sub/../.."], code=2)
    assert names(menu.dir) == {b"evil"} and menu.read("evil") == b"data"


def test_lines_that_are_too_long_or_hold_nul(menu, fake):
    menu.run(fake().address, lines=["get " + "x" * 100_000, "get a\0b", "get a.txt"], code=2)
    assert menu.read("a.txt") == b"one\n"


def test_a_folder_without_mlsd(menu, fake):
    class Old(Fake):
        features = ()

        def feat(self, _):
            self.say("502 no")

        def list(self, _):
            self.send(b"total 2\r\n-rw-r--r-- 1 me us 1234 Jan  2  2020 my file\r\n"
                      b"drwxr-xr-x 2 me us 0 Jan  2  2020 dir\r\n"
                      b"lrwxrwxrwx 1 me us 1 Jan  2  2020 link -> x\r\n")

    for kind in (Old, type("Pretending", (Old,), {"feat": Fake.feat, "features": Fake.features, "mlsd": Fake.unknown})):
        out = menu.run(fake(kind).address, lines=["list"])
        assert re.search(r"2020-01-02 00:00  dir/\nFiles\n +1.2 KiB  2020-01-02 00:00  my file\n1 file", out)
        assert "link" not in out


# -- servers that lie or break: no file that claims to be whole, a clear exit code, and a session that goes on if it can

DATA = blob(100_000)


class Cut(Fake):
    def retr(self, _):
        self.send(DATA[:50_000])


class More(Fake):
    def retr(self, _):
        self.send(DATA + b"x")


class Endless(Fake):
    def retr(self, _):
        try:
            self.send((DATA for _ in range(100_000)))
        except OSError:
            self.say("426 cut")


class FailsAtTheEnd(Fake):
    def retr(self, _):
        self.send(DATA, last="451 the disk broke")


class NoLastWord(Fake):
    def retr(self, _):
        with self.data() as connection:
            self.say("150 here it comes")
            connection.sendall(DATA)
        return "close"


class GoesAway(Fake):
    def retr(self, _):
        self.say("421 maintenance")
        return "close"


class Refuses(Fake):
    """Says so in mid-transfer, and keeps the data connection open."""
    def retr(self, _):
        self.stalled = self.data()
        self.say("150 here it comes")
        self.stalled.sendall(DATA[:1000])
        time.sleep(0.2)
        self.say("451 I changed my mind")


class WrongAnnouncement(Fake):
    def mlst(self, name):
        self.say("250-facts", f" type=file; {name}", "250 end")

    def size(self, _):
        self.say("500 what?")

    def retr(self, _):
        self.send(DATA[:500], first=f"150 opening x ({len(DATA)} bytes)")


LIES = {
    "data cut short": (Cut, INCOMPLETE, True, 1),
    "more than announced": (More, INCOMPLETE, True, 0),
    "endless data": (Endless, INCOMPLETE, True, 0),
    "451 after the data": (FailsAtTheEnd, REFUSED, True, 0),
    "no last word": (NoLastWord, INCOMPLETE, False, 1),
    "421": (GoesAway, INCOMPLETE, False, 0),
    "refusal in mid-transfer": (Refuses, REFUSED, True, 0),
    "150 announced more": (WrongAnnouncement, INCOMPLETE, True, 1),
}


@pytest.mark.parametrize("kind, code, goes_on, kept", LIES.values(), ids=LIES)
def test_a_download_is_whole_or_not_there(menu, fake, kind, code, goes_on, kept):
    one = fake(kind, files={"x": DATA})
    begun = time.monotonic()
    out = menu.run("--retries", "0", one.address, lines=["get x", "list"], code=code)
    assert len(names(menu.dir)) == kept and b"x" not in names(menu.dir)
    menu.forget_parts()
    assert ("1 file" in out) == goes_on
    assert time.monotonic() - begun < 15 * PATIENCE
    if kind is GoesAway:
        assert "maintenance" in menu.err


def test_done_before_the_data_ends(menu, fake):
    class Hasty(Fake):
        def retr(self, name):
            with self.data() as connection:
                self.say("150 here it comes")
                time.sleep(0.2)
                self.say("226 done")
                time.sleep(0.2)
                connection.sendall(self.files[name])

    menu.run(fake(Hasty, files={"x": DATA}).address, lines=["get x", "list"])
    assert menu.read("x") == DATA


@pytest.mark.parametrize("last, code", [("226 stored", INCOMPLETE), ("552 no room", REFUSED), ("426 cut", INCOMPLETE)])
def test_an_upload_that_the_server_did_not_keep(menu, fake, last, code):
    class Forgetful(Fake):
        def stor(self, name):
            with self.data() as connection:
                self.say("150 go on")
                while connection.recv(1 << 16):
                    pass
            self.files = {**self.files, name: b"short"}
            self.say(last)

    menu.write("x", DATA)
    one = fake(Forgetful)
    out = menu.run("--retries", "0", one.address, lines=["put x", "list"], code=code)
    assert "x: " not in out and "x" not in one.files          # under a temporary name, if at all
    assert ("2 files" in out) == any(re.fullmatch(r"x\.[0-9a-f]{16}\.part", n) for n in one.files) == (code == INCOMPLETE)


def test_an_upload_that_is_cut_off(menu, fake):
    class Full(Fake):
        def stor(self, _):
            with self.data() as connection:
                self.say("150 go on")
                connection.recv(1000)
            self.say("552 the disk is full")

    menu.write("x", DATA * 100)
    out = menu.run(fake(Full).address, lines=["put x", "list"], code=REFUSED)
    assert "the disk is full (552)" in menu.err and "1 file" in out


def test_pasv_names_another_host(menu, fake):
    one = fake(has_epsv=False, pasv_host="192,0,2,1")
    menu.run(one.address, lines=["get a.txt", "list"])
    assert menu.read("a.txt") == b"one\n" and one.heard.count("EPSV") == 1


def test_active_transfers_take_only_the_server(menu, fake):
    class Active(Fake):
        def port(self, argument):
            numbers = argument.split(",")
            self.to = ".".join(numbers[:4]), int(numbers[4]) * 256 + int(numbers[5])
            self.say("200 fine")

        def data(self):
            with socket.create_connection(self.to, source_address=("127.0.0.2", 0)) as stranger:
                stranger.sendall(b"evil")
                time.sleep(0.1)
            return socket.create_connection(self.to, source_address=("127.0.0.1", 0))

    class Unable(Active):
        def retr(self, _):
            self.say("150 in a moment")
            time.sleep(0.1)
            self.say("425 cannot reach you")

    menu.run("--active", fake(Active).address, lines=["get a.txt"])
    assert menu.read("a.txt") == b"one\n"
    os.unlink(menu.dir / "a.txt")
    begun = time.monotonic()
    menu.run("--active", "--retries", "0", fake(Unable).address, lines=["get a.txt", "help"], code=INCOMPLETE)
    assert "cannot reach you (425)" in menu.err and time.monotonic() - begun < 10 * PATIENCE


def test_terminal_controls_do_not_pass(menu, fake):
    class Painter(Fake):
        greeting = "220 \x1b[31mred\x1b]0;title\x07 \u202egnp"

        def facts(self):
            yield "type=file;size=1; \x1b[2Jclear\r\n".encode()
            yield "type=file;size=1; ../../etc/passwd\r\ntype=file;size=1; ..\r\ntype=dir; a/b\r\n".encode()
            yield b"type=file;size=1; \xff\xfe latin\r\ntype=file;size=7; fine\r\nnonsense\r\n"
            yield b"type=file;size=1; " + b"y" * 300 + b"\r\n" + b"type=file;size=1; " + b"z" * 20_000 + b"\r\n"

        def retr(self, _):
            self.say("550-\x1b[2J", "550 no \x9b31m \x07such")

    out = menu.run(fake(Painter).address, lines=["list", "get x"], code=NOT_FOUND)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", out + menu.err)
    assert re.search(r"7 B +fine\n +1 B +\?\? latin\n2 files \(8 B\), 0 folders\n5 more lines left out", out)


def test_endless_replies_are_bounded(menu, fake):
    class Chatty(Fake):
        def session(self):
            while True:
                self.say(*["220-" + "x" * 500] * 100)

    begun = time.monotonic()
    menu.run(fake(Chatty).address, code=3)
    assert time.monotonic() - begun < 20 * PATIENCE


def test_an_endless_listing_is_cut(menu, fake):
    class Endless(Fake):
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

    out = menu.run(fake(Endless).address, lines=["list", "get a.txt"])
    assert "200000 files" in out and "The listing is longer than this client keeps" in out
    assert menu.read("a.txt") == b"one\n"


class Restarting(Fake):
    """Has REST, and breaks the connection off after some bytes as often as `cuts` says."""
    files, cuts, at = {"x": DATA}, 0, 0
    features = (*Fake.features, "REST STREAM")

    def cwd(self, folder):
        self.folder = folder
        super().cwd(folder)

    def rest(self, offset):
        self.at = int(offset)
        self.say("350 from there")

    def retr(self, name):
        at, self.at = self.at, 0
        if not self.cuts:
            return self.send(self.files[name][at:])
        self.cuts -= 1
        with self.data() as connection:
            self.say("150 here it comes")
            connection.sendall(self.files[name][at:at + 30_000])
        return "close"


def test_after_sigterm_a_download_can_be_continued(menu, fake):
    class Slow(Restarting):
        def retr(self, name):
            if self.at:
                return super().retr(name)
            self.send(drip())

    one = fake(Slow)
    with menu.start(one.address) as child:
        child.stdin.write(b"get x\n")
        child.stdin.flush()
        until(lambda: any(b".part" in n for n in names(menu.dir)), "the download begins")
        until(lambda: max(os.path.getsize(menu.dir / os.fsdecode(n)) for n in names(menu.dir)) > 0, "some of it is here")
        child.send_signal(signal.SIGTERM)
        assert child.wait(WAIT) == INTERRUPTED
    assert [n.endswith(b".part") for n in names(menu.dir)] == [True]
    out = menu.run(one.address, lines=["get x"])
    assert re.search(r"x: .*, continued at .*, size agrees", out) and menu.read("x") == DATA


def test_a_connection_that_is_cut_is_made_anew_and_the_download_goes_on(menu, fake):
    one = fake(Restarting, cuts=1)
    out = menu.run(one.address, lines=["cd /", "get x", "list"])
    assert "once more in 1 s (1 of 3)" in out and re.search(r"\nx: .*, continued at 29 KiB, size agrees\n", out)
    assert menu.read("x") == DATA and "1 file" in out
    assert one.heard.count("USER anonymous") == 2 and one.heard.count("CWD /") == 2 and "REST 30000" in one.heard
    assert os.stat(menu.dir / "x").st_mtime == 1767323045     # the server's


def test_a_connection_that_cannot_be_made_anew_ends_the_menu(menu, fake):
    class Once(Restarting):
        cuts = 1

        def session(self):
            super().session()
            self.listener.close()
            self.over.set()

    out = menu.run("--retries", "1", fake(Once).address, lines=["get x", "list"], code=3)
    assert "cannot connect" in menu.err and "1 file" not in out
    menu.forget_parts()


@pytest.mark.needs("epoll")
def test_both_ways_are_verified_where_the_server_computes_checksums(site, menu, here):
    make(site.dir, "a.txt", b"one\n", mtime=1577934245)
    menu.write("b.txt", b"two\n")
    os.utime(menu.dir / "b.txt", (1577934245, 1577934245))
    out = menu.run(here, lines=["get a.txt", "put b.txt", "put b.txt"])
    assert re.search(r"a.txt: 4 B in .*, CRC32 agrees\n", out) and re.search(r"b.txt: 4 B in .*, CRC32 agrees\n", out)
    assert os.stat(menu.dir / "a.txt").st_mtime == 1577934245 and "b.txt: is there already" in out


# -- in a terminal

def drip():
    """DATA in little pieces, some seconds long."""
    for at in range(0, len(DATA), 1000):
        time.sleep(0.05)
        yield DATA[at:at + 1000]


class Dripping(Fake):
    files = {"x": DATA, "文件.txt": b"wen\n", "two words": b"2\n"}

    def retr(self, name):
        if name != "x":
            return super().retr(name)
        try:
            self.send(drip())
        except OSError:
            self.cut()

    def cut(self):
        self.say("426 cut")


def test_the_menu_is_shown_and_all_spellings_work(menu, fake):
    child = menu.terminal(fake().address)
    child.expect("1  L  list.*2  G  get NAME.*3  P  put FILE.*4  C  cd FOLDER.*5  H  help.*0  Q  quit")
    for word in ("1", "L", "l", "list", "LS"):
        child.expect("dray:/> ")
        child.sendline(word)
        child.expect("1 file ")
    for word in ("5", "h", "help"):
        child.expect("dray:/> ")
        child.sendline(word)
        child.expect("0  Q  quit")
    child.expect("dray:/> ")
    child.sendline("0")
    child.expect("Goodbye")
    bye(child)


def test_editing_history_and_unicode(typed, menu, fake):
    child = typed(fake(Dripping))
    child.sendline("get 文件")
    child.expect("no such file")
    child.expect("dray:/> ")
    child.send("\x1b[A.txt\r")                                # the line before, and more of it
    child.expect("文件.txt: 4 B in")
    child.expect("dray:/> ")
    child.send("get twX\x7fo wordé\x7fs\r")
    child.expect("two words: 2 B in")
    child.expect("dray:/> ")
    child.send("\x04")
    bye(child)
    assert menu.read("文件.txt") == b"wen\n" and menu.read("two words") == b"2\n"


@pytest.mark.needs("lean")                                   # a leak sanitizer cannot work below another tracer
def test_who_is_asked_may_answer_at_once(menu, fake, tmp_path):
    """The editor has the terminal when its prompt appears: of what is typed before, a Ctrl-D would be a character like others."""
    log = tmp_path / "calls"
    child = pexpect.spawn("strace", ["-o", str(log), "-e", "trace=write,ioctl", DRAY, "open", fake().address], cwd=str(menu.dir), env=menu.env,
                          encoding="utf-8", use_poll=True, timeout=WAIT)
    for key in "list\r", "\x04":
        child.expect("dray:/> ")
        child.send(key)
    bye(child)
    prompts, cooked = 0, True
    for line in log.read_text().splitlines():
        if "TCSETS" in line:
            cooked = "ICANON" in line
        if "dray:/> " in line:
            prompts += 1
            assert not cooked
    assert prompts == 2


def test_completion(typed, menu, fake):
    menu.write("local one", b"1\n")
    menu.write("local two", b"2\n")
    os.mkdir(menu.dir / "deep")
    menu.write("deep/in.txt", b"3\n")
    one = fake(Dripping)
    child = typed(one)
    child.send("get tw\t\r")                                  # a remote name with a blank
    child.expect("two words: 2 B in")
    child.expect("dray:/> ")
    child.send("G 文\t\r")
    child.expect("文件.txt: 4 B in")
    child.expect("dray:/> ")
    child.send("P loc\t\t")                                   # two local names: what they share, then the list of them
    child.expect("local one.*local two")
    child.send("tw\t\r")
    child.expect("local two: 2 B in")
    child.expect("dray:/> ")
    child.send("P de\tin\t\r")
    child.expect("in.txt: 2 B in")
    child.expect("dray:/> ")
    child.send("get\r")                                       # the question completes as well
    child.expect("File to download: ")
    child.send("in\t\r")
    child.expect("in.txt: 2 B in")
    child.expect("dray:/> ")
    child.sendline("q")
    bye(child)
    assert one.stored == {"local two": b"2\n", "in.txt": b"3\n"} and menu.read("in.txt") == b"3\n"


def test_a_person_is_asked_before_replacing(typed, menu):
    menu.write("a.txt", b"mine")
    child = typed()
    for answer, then in (("", "Kept"), ("n", "Kept"), ("\x03", "Kept"), ("y", "4 B in")):
        child.sendline("get a.txt")
        child.expect(r"Replace it\? \[y/N\] ")
        assert menu.read("a.txt") == b"mine"
        child.send(answer if answer == "\x03" else answer + "\r")
        child.expect(then)
        child.expect("dray:/> ")
    assert menu.read("a.txt") == b"one\n"
    child.sendline("get nope")
    child.expect("no such file")
    child.expect("dray:/> ")
    child.sendline("quit")
    bye(child)                                                # 0: the person has seen the failure


def test_bar_and_interruption(typed, menu, fake):
    one = fake(Dripping)
    child = typed(one)
    child.sendline("get x")
    child.expect(r"\rx +\d+% \[=*> *\] +[\d.]+ K?i?B  [\d.]+ KiB/s  0:\d\d left")
    assert [n for n in names(menu.dir) if n.endswith(b".part")]
    child.sendintr()
    child.expect("get x: stopped")
    child.expect("dray:/> ")
    assert "ABOR" in one.heard and [n.endswith(b".part") for n in names(menu.dir)] == [True]
    menu.forget_parts()
    child.sendline("get two words")                           # the session goes on
    child.expect("two words: 2 B in")
    child.expect("dray:/> ")
    child.send("some words")
    child.sendintr()
    child.expect("Ctrl-C again")
    child.expect("dray:/> ")
    child.sendline("list")                                    # the line was cleared, and this one counts anew
    child.expect("3 files")
    child.expect("dray:/> ")
    child.sendintr()
    child.expect("Ctrl-C again")
    child.sendintr()
    bye(child, INTERRUPTED)


class Careless(Dripping):
    """Throws away what comes together with ABOR, as Pure-FTPd may."""
    def cut(self):
        time.sleep(0.3)                                       # whatever follows ABOR without being asked for is here by then
        self.heard.append(self.control.recv(4096))
        self.say("426 cut", "226 aborted")


def test_after_an_interruption_the_session_goes_on(typed, menu, fake):
    one = fake(Careless)
    child = typed(one)
    child.sendline("get x")
    child.expect("KiB/s")
    child.sendintr()
    child.expect("get x: stopped")
    child.expect("dray:/> ")
    child.sendline("get two words")
    child.expect("two words: 2 B in")
    assert b"ABOR\r\n" in one.heard and [word for word in one.heard if str(word).startswith("USER")] == ["USER anonymous"]
    menu.forget_parts()
    child.sendline("quit")
    bye(child)



def test_the_server_goes_away(typed, fake):
    child = typed(fake(GoesAway, files={"x": DATA}))
    child.sendline("get x")
    child.expect("the server ended the connection: maintenance")
    bye(child, INCOMPLETE)


def test_ctrl_c_ends_the_waiting_for_another_try(typed, menu, fake):
    child = typed(fake(Restarting, cuts=99))
    child.sendline("get x")
    child.expect(r"once more in 2 s \(2 of 3\)")
    child.sendintr()
    bye(child, INCOMPLETE)                                    # the connection is gone, and with it the menu
    assert [n.endswith(b".part") for n in names(menu.dir)] == [True]
    menu.forget_parts()


def test_the_password_is_asked_for_and_not_shown(menu, fake):
    one = fake()
    child = menu.terminal("-u", "bob", one.address)
    child.expect("Password: ")
    child.sendline("s3cret word")
    child.expect("Logged in as bob")
    assert "s3cret" not in child.before
    child.expect("dray:/> ")
    child.sendline("q")
    bye(child)
    assert "PASS s3cret word" in one.heard


@pytest.mark.parametrize("setting", [{}, {"NO_COLOR": "1"}], ids=["colour", "no colour"])
@pytest.mark.parametrize("quiet", [[], ["--quiet"]], ids=["", "quiet"])
def test_no_color_and_quiet(menu, fake, setting, quiet):
    child = pexpect.spawn(DRAY, ["open", *quiet, fake(Dripping).address], cwd=str(menu.dir), encoding="utf-8", use_poll=True,
                          timeout=WAIT, env=session_environment(**setting))
    child.expect("dray:/> ")
    child.sendline("get x")
    child.expect("x: 98 KiB in")
    assert ("server:" in child.before) == ("% [" in child.before) == (not quiet)
    child.expect("dray:/> ")
    child.sendline("dance")
    child.expect("there is no choice")
    assert ("\x1b[31m" in child.before) == (not setting)
    child.expect("dray:/> ")
    child.sendline("q")
    bye(child)
