"""dray sync and dray verify URL: one folder becomes like the other, whichever is the server's; what must stay stays, whatever a server
lists. The client does not see on what a session runs, so one model is enough."""
import os
import signal
import subprocess
import time

import pytest

from client import INCOMPLETE, INTERRUPTED, LOCAL, NOT_FOUND, REFUSED, UNVERIFIED, USAGE, Client, Site, fake  # noqa: F401 (a fixture)
from server import DRAY
from tools import PATIENCE, blob, make, names, until

pytestmark = pytest.mark.needs("epoll", "disk")
WHEN = 1577934245
ODD = ["two words", "ü 文件", "-dash", "#1%20", " leads", "trails ", "back\\slash", "quo\"te'", "n" * 255]


@pytest.fixture
def client(tmp_path):
    return Client(tmp_path)


@pytest.fixture
def url(site):
    return lambda name="": site.server.url(f"{site.path}/{name}", "bob")


def ftp(one, path="/"):
    return f"ftp://{one.address}{path}"


def tree(folder, times=False):
    """What is below a folder: content, links, and times when asked."""
    def value(path):
        if path.is_symlink():
            return "-> " + os.readlink(path)
        what = path.read_bytes() if path.is_file() else None
        return (what, path.lstat().st_mtime_ns) if times else what
    return {str(p.relative_to(folder)): value(p) for p in folder.rglob("*")}


def fill(folder, *, seed=0, when=WHEN):
    """A few folders, an empty one, odd names; times of long ago."""
    for n in range(12):
        path = folder / f"d{n % 3}" / "in" / f"f{n}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(blob(n * 700, n + seed))
    for name in ODD:
        (folder / name).write_bytes(os.fsencode(name))
    (folder / "empty").mkdir()
    for path in folder.rglob("*"):
        if path.is_file():
            os.utime(path, (when, when))


def end_of(events):
    return {key: events[-1].get(key) for key in ("done", "skipped", "deleted", "failed")}


def ways(client, site, url):
    """Both directions: source on disk, destination on disk, and the words of the command."""
    here = client.dir / "here"
    here.mkdir()
    return {"up": (here, site.dir, ("here/", url())), "down": (site.dir, here, (url(), "here"))}


@pytest.fixture(params=["up", "down"])
def way(request, client, site, url):
    return ways(client, site, url)[request.param]


# -- what moves

def test_the_content_of_one_becomes_that_of_the_other(client, way):
    source, dest, words = way
    fill(source)
    (dest / "stays").write_bytes(b"mine")
    events = client.events("sync", *words)
    assert tree(dest) == tree(source) | {"stays": b"mine"}
    assert end_of(events) == {"done": 12 + len(ODD), "skipped": 0, "deleted": 0, "failed": 0}
    assert {int(p.stat().st_mtime) for p in dest.rglob("f*") if p.is_file()} == {WHEN}
    before = tree(dest, times=True)
    events = client.events("sync", *words)
    assert end_of(events) == {"done": 0, "skipped": 12 + len(ODD), "deleted": 0, "failed": 0} and events[-1]["bytes"] == 0
    assert tree(dest, times=True) == before


def test_a_destination_that_is_missing_is_made(client, site, url):
    client.write("here/a", b"1")
    client.run("sync", "here", url("x/y/z/"))
    client.run("sync", url("x"), "new/deep")
    assert tree(site.dir / "x") == tree(client.dir / "new" / "deep") == {"y": None, "y/z": None, "y/z/a": b"1"}


def test_what_changed_moves(client, way):
    source, dest, words = way
    fill(source)
    client.run("sync", *words)
    (source / "-dash").write_bytes(b"longer than it was")
    (source / "d1/in/f4").write_bytes(blob(4 * 700, 99))
    os.utime(source / "two words")
    done = {e["path"].rpartition("/")[2] for e in client.events("sync", *words) if e["event"] == "done"}
    assert done == {"-dash", "f4", "two words"} and tree(dest) == tree(source)


def test_newer_files_are_replaced_unless_update(client, way):
    source, dest, words = way
    (source / "a").write_bytes(b"old")
    (dest / "a").write_bytes(b"new!")
    os.utime(source / "a", (WHEN, WHEN))
    assert end_of(client.events("sync", "--update", *words))["done"] == 0 and (dest / "a").read_bytes() == b"new!"
    client.run("sync", *words)
    assert (dest / "a").read_bytes() == b"old"


def test_checksum_looks_at_content_only(client, way):
    source, dest, words = way
    for name in "ab":
        (source / name).write_bytes(b"same")
        (dest / name).write_bytes(b"same" if name == "a" else b"diff")
        os.utime(source / name, (WHEN, WHEN))
    os.utime(dest / "b", (WHEN, WHEN))
    (dest / "a").touch()
    events = client.events("sync", "--checksum", *words)
    assert end_of(events) | {"deleted": 0} == {"done": 1, "skipped": 1, "deleted": 0, "failed": 0}
    assert (dest / "b").read_bytes() == b"same"


def test_an_account_that_cannot_set_times_sends_nothing_twice(client, site):
    fill(client.dir / "here")
    where = site.server.url(f"{site.path}/", "ann")
    client.run("sync", "here", where)
    assert end_of(client.events("sync", "here", where)) == {"done": 0, "skipped": 12 + len(ODD), "deleted": 0, "failed": 0}


# -- deletion

def test_delete(client, way):
    source, dest, words = way
    fill(source)
    fill(dest, seed=5, when=WHEN - 5)
    (dest / "old/deep").mkdir(parents=True)
    (dest / "old/deep/x").write_bytes(b"1")
    (dest / ".hidden").write_bytes(b"2")
    (dest / "d1/in/extra").write_bytes(b"3")
    events = client.events("sync", "--delete", *words)
    gone = {(e.get("path") or e["local"]).rpartition("/")[2] for e in events if e.get("verb") == "delete"}
    assert tree(dest) == tree(source) | {".hidden": b"2"}     # the server hides such names: nobody knows
    assert gone == {"old", "deep", "x", "extra"} and end_of(events)["deleted"] == 4


def test_deletion_goes_deep(client, way):
    _, dest, words = way
    (dest / "old" / "/".join("n" * 55)).mkdir(parents=True)
    assert end_of(client.events("sync", "--delete", *words))["deleted"] == 56 and tree(dest) == {}


def test_deletion_here_stays_inside(client, site, url, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_bytes(b"1")
    make(site.dir, "a", b"1")
    (site.dir / "sub").mkdir()
    make(site.dir / "sub", "in", b"2")
    here = client.dir / "here"
    (here / "old").mkdir(parents=True)
    for link in (here / "link", here / "old" / "link", here / "sub"):
        link.symlink_to(outside)
    (here / "a").symlink_to(outside / "precious")
    client.run("sync", url(), "here", code=LOCAL)             # sub is a link here, a folder there
    assert "something else has this name" in client.err and tree(outside) == {"precious": b"1"}
    client.run("sync", "--delete", url(), "here")
    assert {n: v for n, v in tree(here).items() if n != "a"} == {"sub": None, "sub/in": b"2"} and (here / "a").read_bytes() == b"1"
    assert tree(outside) == {"precious": b"1"}


def test_another_kind_is_in_the_way(client, way):
    source, dest, words = way
    (source / "f").write_bytes(b"file")
    (source / "d").mkdir()
    (source / "d/x").write_bytes(b"x")
    (dest / "d").write_bytes(b"file")
    (dest / "f/in").mkdir(parents=True)
    (dest / "f/in/y").write_bytes(b"y")
    before = tree(dest)
    client.run("sync", *words, code=REFUSED if words[0] == "here/" else LOCAL)
    assert client.err.count("--delete removes it") == 2 and tree(dest) == before
    client.run("sync", "--delete", "--exclude", "y", *words, code=REFUSED if words[0] == "here/" else LOCAL)
    assert "holds what is left out" in client.err and (dest / "f/in/y").read_bytes() == b"y"
    client.run("sync", "--delete", *words)
    assert tree(dest) == tree(source)


def test_patterns(client, way):
    source, dest, words = way
    for name in ("a.txt", "a.log", "b.log", "sub/c.log", "sub/keep.log", "skip/d.txt", "sub/skip"):
        (source / name).parent.mkdir(exist_ok=True)
        (source / name).write_bytes(name.encode())
    for name in ("z.log", "old/z.log", "old/z.txt", "skip/e"):
        (dest / name).parent.mkdir(exist_ok=True)
        (dest / name).write_bytes(b"dest")
    client.run("sync", "--delete", "--include", "/sub/keep.log", "--include", "b.*", "--exclude", "*.log", "--exclude", "skip/", *words)
    assert {n for n, what in tree(dest).items() if what is not None} == {
        "a.txt", "b.log", "sub/keep.log", "sub/skip", "z.log", "old/z.log", "skip/e"}


# -- a dry run

def test_a_dry_run_tells_the_same_and_changes_nothing(client, way):
    source, dest, words = way
    fill(source)
    fill(dest, seed=3)
    (source / "only/here").mkdir(parents=True)
    (source / "only/here/x").write_bytes(b"1")
    (source / "kind").write_bytes(b"1")
    (dest / "kind/x").mkdir(parents=True)
    (dest / "extra/x").mkdir(parents=True)
    (source / "d0/in/f3").write_bytes(b"other")
    before = tree(source, times=True), tree(dest, times=True)
    would = client.events("sync", "--dry-run", "--delete", *words)
    assert (tree(source, times=True), tree(dest, times=True)) == before
    did = client.events("sync", "--delete", *words)

    def deeds(events, what):
        return sorted((e["verb"], e.get("path", ""), e.get("local", "")) for e in events if e["event"] == what)

    assert deeds(would, "would") == deeds(did, "done") and len(deeds(would, "would")) > 8
    assert {k: v for k, v in would[-1].items() if k != "seconds"} == {k: v for k, v in did[-1].items() if k != "seconds"}
    missing = ("here", words[1] + "no/such/place") if words[0] == "here/" else (words[0], "no/such/place")
    client.run("sync", "--dry-run", *missing)
    assert not (dest / "no").exists() and names(client.dir) == {b"here"}


# -- links

def test_links_here_end(client, site, url):
    client.write("here/a", b"1")
    (client.dir / "here/loop").symlink_to(".")
    (client.dir / "here/up").symlink_to("..")
    (client.dir / "here/dangling").symlink_to("nowhere")
    (client.dir / "here/to-a").symlink_to("a")
    client.run("verify", "--exclude", "*a", url(), "here")
    assert client.err.count("left out") == 3
    make(site.dir, "loop", b"stays: it is not known what should be here")
    client.run("sync", "--delete", "here", url())
    assert {n: v for n, v in tree(site.dir).items() if n != "loop"} == {"a": b"1", "to-a": b"1"}
    assert client.err.count("left out") == 3 and (site.dir / "loop").exists()


# -- interruptions

@pytest.mark.parametrize("how, code", [(signal.SIGINT, INTERRUPTED), (signal.SIGKILL, -signal.SIGKILL)])
def test_an_interrupted_run_is_continued(client, way, how, code):
    source, dest, words = way
    (source / "big").write_bytes(blob(3_000_000))
    os.utime(source / "big", (WHEN, WHEN))
    (source / "small").write_bytes(b"1")
    child = client.start("sync", "--limit-rate", "200K", *words)               # a quarter of a minute: it is interrupted, however late
    until(lambda: (dest / "small").exists(), "the small file has come")
    time.sleep(1)
    child.send_signal(how)
    client.finish(child, code)
    assert "big" not in {n for n, v in tree(dest).items() if v is not None}
    events = client.events("sync", "--delete", *words)
    assert tree(dest) == tree(source) and 0 < events[-1]["bytes"] < 3_000_000


# -- bandwidth

@pytest.mark.parametrize("verb", ["sync", "get", "put"])
def test_limit_rate_holds_for_all_together(client, site, url, verb):
    for n in range(4):
        make(site.dir, f"f{n}", blob(150_000, n))
        client.write(f"up/f{n}", blob(150_000, n))
    words = {"sync": (url(), "to"), "get": ("-r", url(), "-o", "to"), "put": ("-r", "up", url())}[verb]
    began = time.monotonic()
    client.run(verb, "--limit-rate", "300K", *words)
    took = time.monotonic() - began
    assert 1.2 < took < 8 * PATIENCE                          # two seconds, but for the first pieces
    client.run(verb, "--limit-rate", "1", *words, code=USAGE)


# -- many

@pytest.mark.needs("lean")
def test_a_large_folder_needs_memory_for_its_names_only(client, fake):
    """A job for each of these names at once would be 35 MiB more."""
    class Large(Lists):
        def facts(self):
            for at in range(0, 150_000, 1000):
                yield b"".join(b"type=file;size=1;modify=20260102030405; %0100d\r\n" % n for n in range(at, at + 1000))

    # what the kernel counts for a process begins with what its parent had: hence one between, which is small
    measure = "import os, resource, sys; rc = os.spawnv(os.P_WAIT, sys.argv[1], sys.argv[1:]); " \
              "print(rc, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    done = subprocess.run(["/usr/bin/python3", "-S", "-c", measure, DRAY, "sync", "-q", "--dry-run", ftp(fake(Large)), "here"],
                          cwd=client.dir, env=client.env, capture_output=True, check=False, timeout=60 * PATIENCE)
    code, used = map(int, done.stdout.split())
    assert code == 0 and not done.stderr and used < 56 << 10, f"{used} KiB"


def test_more_files_than_may_wait(client, site, url):
    for n in range(700):
        client.write(f"many/{n}", b"%d" % n)
    client.run("sync", "-q", "many", url("many"))
    client.run("sync", "-q", url("many"), "back")
    assert tree(client.dir / "back") == tree(client.dir / "many") == tree(site.dir / "many")


# -- JSON and words

def test_json(client, site, url):
    make(site.dir, "a", b"1234", mtime=WHEN)
    client.write("here/old", b"1")
    events = client.events("sync", "--delete", url(), "here")
    assert {"event": "done", "verb": "delete", "local": "here/old"} in events
    assert [e["local"] for e in events if e["event"] == "done" and e["verb"] == "get"] == ["here/a"]
    assert events[-1] | {"seconds": 0} == {"event": "end", "outcome": "done", "code": 0, "done": 1, "skipped": 0, "failed": 0, "deleted": 1,
                                           "bytes": 4, "seconds": 0}
    (client.dir / "empty").mkdir()
    assert {"event": "would", "verb": "delete", "path": f"{site.path}/a"} in client.events("sync", "--dry-run", "--delete", "empty", url())
    client.run("sync", url(), "here")
    assert "0 transferred (0 B), 1 the same, 0 deleted, 0 failed" in client.err


def test_wrong_words(client, site, url):
    client.write("a", b"1")
    for words in (("a", "b"), (url(), url()), ("", url()), ("--checksum", "--verify", "never", ".", url()), ("--exclude", "", ".", url()),
                  ("a", url()), ("--limit-rate", "x", ".", url()), (".",)):
        client.run("sync", *words, code=USAGE)
        assert client.err
    make(site.dir, "f", b"1")
    client.run("sync", url("f"), "x", code=USAGE)
    client.run("sync", url("nope"), "x", code=NOT_FOUND)
    client.run("sync", "nope", url(), code=LOCAL)
    assert names(client.dir) == {b"a"} and names(site.dir) == {b"f"}


# -- servers that lie, and old ones

class Lists(Site):
    """Lists these lines for the root, and nothing elsewhere."""
    lines = ()

    def facts(self):
        for line in self.lines:
            yield os.fsencode(f"{line}\r\n")


def file_line(name, size=4):
    return f"type=file;size={size};modify=20260102030405; {name}"


@pytest.mark.parametrize("bad", ["a/b", "../x", "x\x01y", "/etc/passwd", "", "x" * 300])
def test_a_listing_with_a_bad_name_deletes_nothing(client, fake, bad):
    one = fake(Lists, lines=(file_line("x"), file_line(bad)), files={"x": b"one\n"})
    client.write("here/mine", b"1")
    client.run("sync", "--delete", ftp(one), "here", code=REFUSED)
    assert tree(client.dir) == {"here": None, "here/mine": b"1", "here/x": b"one\n"} and "nothing was deleted" in client.err


def test_hidden_names_go_where_the_server_lists_such(client, fake):
    client.write("here/.mine", b"1")
    client.run("sync", "--delete", ftp(fake(Lists, lines=(file_line("x"),), files={"x": b"one\n"})), "here")
    assert tree(client.dir / "here") == {"x": b"one\n", ".mine": b"1"} and "those that are here stay" in client.err
    client.run("sync", "--delete", ftp(fake(Lists, lines=(file_line(".x"),), files={".x": b"one\n"})), "here")
    assert tree(client.dir / "here") == {".x": b"one\n"}


def test_a_name_that_comes_twice_deletes_nothing(client, fake):
    one = fake(Lists, lines=(file_line("x"), "type=dir; x"), files={"x": b"one\n"}, folders=("", "x"))
    client.write("here/mine", b"1")
    client.run("sync", "--delete", ftp(one), "here", code=REFUSED)
    assert (client.dir / "here/mine").exists()


def test_a_listing_that_fails_deletes_nothing(client, fake):
    class Breaks(Lists):
        lines = (file_line("x"),)

        def mlsd(self, path):
            self.send(self.facts(), last="451 the disk broke")

    one = fake(Breaks, files={"x": b"one\n"})
    client.write("here/mine", b"1")
    client.run("sync", "--delete", "--retries", "0", ftp(one), "here", code=REFUSED)
    assert tree(client.dir / "here") == {"mine": b"1"}


def test_folders_without_end(client, fake):
    class Deep(Lists):
        lines = ("type=dir; d",)

        def mlst(self, path):
            self.say("250-facts", f" type=dir; {path}", "250 end")

    client.run("sync", ftp(fake(Deep)), "here", code=REFUSED)
    assert "without end" in client.err
    client.write("up/a", b"1")
    client.run("sync", "--delete", "up", ftp(fake(Deep)), code=REFUSED)
    assert "without end" in client.err


class Old(Site):
    """No MLST, no MFMT: LIST with its minutes, and MDTM. Hidden names are not listed."""
    features = ("SIZE", "MDTM", "REST STREAM")
    shown = "Jan  2 03:04"

    def mlst(self, _):
        self.say("502 not here")

    mlsd = mfmt = mlst

    def list(self, _):
        self.send([f"-rw-r--r-- 1 u g {len(data)} {self.shown} {name}\r\n".encode()
                   for name, data in self.files.items() if not name.startswith(".")])

    def size(self, path):
        super().size(path.strip("/"))

    def mdtm(self, path):
        self.say(f"213 {self.stamp}" if path.strip("/") in self.files else "550 no such file")

    def cwd(self, path):
        self.say("250 there" if path.strip("/") in self.folders else "550 no such folder")


def test_an_old_server_is_asked_for_times(client, fake):
    one = fake(Old, files={"x": b"one\n", "y": b"two\n"})
    client.write("here/.mine", b"1")
    client.run("sync", "--delete", ftp(one), "here")
    assert tree(client.dir / "here") == {"x": b"one\n", "y": b"two\n", ".mine": b"1"} and "begin with a dot" in client.err
    assert int((client.dir / "here/x").stat().st_mtime) == 1767323045
    assert end_of(client.events("sync", ftp(one), "here"))["skipped"] == 2


def test_an_old_server_that_keeps_no_times(client, fake):
    one = fake(Old, files={}, stamp="20300102030405")
    client.write("here/x", b"one\n")
    client.write("here/.h", b"two\n")
    client.run("sync", "here", ftp(one))
    assert one.files == {"x": b"one\n", ".h": b"two\n"}
    assert end_of(client.events("sync", "here", ftp(one)))["skipped"] == 2
    client.run("sync", "here", ftp(one))
    assert client.err.count("keeps no times") == 1
    client.run("sync", "--checksum", "here", ftp(one), code=UNVERIFIED)
    assert "computes no checksum" in client.err


def test_the_line_breaks_and_is_mended(client, fake):
    class Breaks(Lists):
        lines = (file_line("x", 300_000),)
        times = 1

        def retr(self, path):
            if type(self).times:
                type(self).times -= 1
                with self.data() as connection:
                    self.say("150 here it comes")
                    connection.sendall(self.files["x"][:200_000])
                return "close"
            return super().retr(path)

    one = fake(Breaks, files={"x": blob(300_000)})
    client.run("sync", "--retries", "0", ftp(one), "here", code=INCOMPLETE)
    assert names(client.dir / "here") and b"x" not in names(client.dir / "here")
    client.run("sync", "--delete", "--retries", "0", ftp(one), "here")
    assert tree(client.dir / "here") == {"x": blob(300_000)} and "REST 200000" in one.heard


def test_a_server_that_is_gone_in_the_middle(client, fake):
    """What waits fails, each with its sentence; the folder that was being walked goes on without a connection."""
    class Gone(Lists):
        lines = [file_line(n, 4) for n in range(1000, 1700)]

        def mlst(self, path):
            self.say("250-facts", f" type=dir; {path}", "250 end")

        def retr(self, _):
            self.greeting = "421 gone for today"
            return "close"

    client.run("sync", "-j", "1", "--retries", "0", ftp(fake(Gone)), "here", code=INCOMPLETE)
    assert "0 transferred (0 B), 0 the same, 0 deleted, 700 failed" in client.err and names(client.dir / "here") == set()


def test_an_upload_that_is_on_its_way_is_not_deleted(client, fake):
    """Not what is called so by somebody else, nor what broke off of a file that is not here any more."""
    kept = {"a.0123456789abcdef.part", "l" * 200 + ".0123456789abcdef.part"}
    one = fake(Site, files=dict.fromkeys({"a.part", "gone.0123456789abcdef.part", *kept}, b"x"))
    client.write("here/a", b"one\n")
    client.run("sync", "--delete", "here", ftp(one))
    assert set(one.files) == {"a", *kept}


def test_a_hidden_folder_of_an_old_server(client, fake):
    one = fake(Old, files={}, folders=("", ".d"), stamp="20300102030405")
    client.write("here/.d/x", b"one\n")
    client.run("sync", "here", ftp(one))
    assert one.files == {".d/x": b"one\n"} and "MKD /.d" not in one.heard


# -- verify

def test_verify(client, site, url):
    fill(site.dir)
    client.run("sync", url(), "here")
    events = client.events("verify", url(), "here")
    assert events[-1]["done"] == 12 + len(ODD) and {e["verified"] for e in events if e["event"] == "done"} == {"CRC32"}
    changed = client.dir / "here" / "d1/in/f4"
    changed.write_bytes(blob(4 * 700, 77))
    os.utime(changed, (WHEN, WHEN))
    before = tree(client.dir, times=True), tree(site.dir, times=True)
    for more in ((), ("--download",)):
        client.run("verify", *more, url(), "here", code=UNVERIFIED)
        assert client.err.count("differs: the content") == 1 and "/d1/in/f4" in client.err
    assert (tree(client.dir, times=True), tree(site.dir, times=True)) == before
    client.run("verify", url("d1/in/f4"), "here/d1/in", code=UNVERIFIED)
    client.run("verify", url("d1/in"), "here/d1/in/f7")
    client.run("verify", "--exclude", "f4", url(), "here")


def test_verify_names_what_is_missing(client, site, url):
    make(site.dir, "there", b"1")
    (site.dir / "folder").mkdir()
    client.write("here", b"1")
    client.write("both", b"1")
    make(site.dir, "both", b"1")
    client.run("verify", "--exclude", "home/", url(), code=NOT_FOUND)
    assert "/there: is at the server, and not here" in client.err and "/here: is here, and not at the server" in client.err
    assert "folder is at the server, and not here" in client.err
    (client.dir / "folder").write_bytes(b"")
    client.run("verify", url("both"))
    client.run("verify", url("nope"), code=NOT_FOUND)


def test_verify_without_checksums(client, fake):
    one = fake(Lists, lines=(file_line("x"), file_line("y")), files={"x": b"one\n", "y": b"two\n"})
    client.run("sync", ftp(one), "here")
    client.run("verify", ftp(one), "here")
    assert client.err.count("computes no checksum") == 1
    client.write("here/x", b"eno\n")
    os.utime(client.dir / "here/x", (1767323045, 1767323045))
    client.run("verify", ftp(one), "here")
    client.run("verify", "--download", ftp(one), "here", code=UNVERIFIED)
    assert client.err.count("differs") == 1
    os.utime(client.dir / "here/x")
    client.run("verify", ftp(one), "here", code=UNVERIFIED)
    assert "cannot tell" in client.err
