"""The client's verbs against an honest server: ls get put cat rm mv mkdir find, their exit codes, and --json. The client does not see
on what a session runs, so one model is enough."""
import os
import stat
import subprocess

import pexpect
import pytest

from client import CONNECT, LOCAL, LOGIN, NOT_FOUND, REFUSED, USAGE, Client
from server import DRAY, PASSWORD
from tools import WAIT, blob, make, names, no_leftovers

pytestmark = pytest.mark.needs("epoll", "disk")
ODD = ["two words.txt", "文件.txt", "quo\"te'.txt", " leads.txt", "trails.txt ", "n" * 255, "back\\slash", "-dash", "#1%20", "a;type=i"]
WHEN = 1577934245


@pytest.fixture
def client(tmp_path):
    one = Client(tmp_path)
    yield one
    no_leftovers(one.dir)


@pytest.fixture
def url(site):
    """url("name"): the address of something in this test's folder, as bob."""
    return lambda name="": site.server.url(f"{site.path}/{name}".replace(" ", "%20"), "bob")


def tree(folder):
    return {str(p.relative_to(folder)): p.read_bytes() if p.is_file() else None for p in folder.rglob("*")}


def test_get_one_file(site, client, url):
    make(site.dir, "a.txt", b"one\n", mtime=WHEN)
    out = client.run("get", url("a.txt"))
    assert client.read("a.txt") == b"one\n" and "a.txt: 4 B in" in out
    assert int((client.dir / "a.txt").stat().st_mtime) == WHEN


def test_a_name_that_is_taken_stays(site, client, url):
    make(site.dir, "a.txt", b"one\n")
    client.write("a.txt", b"mine")
    client.run("get", url("a.txt"), code=LOCAL)
    assert client.read("a.txt") == b"mine" and "-f replaces it" in client.err
    client.run("get", "-f", url("a.txt"))
    assert client.read("a.txt") == b"one\n"


def test_odd_names(site, client):
    for name in ODD:
        make(site.dir, name, name.encode())
    quote = {c: f"%{ord(c):02x}" for c in '%#;" \\'}
    site_url = site.server.url(site.path.replace(" ", "%20"), "bob")
    client.run("get", *[site_url + "/" + "".join(quote.get(c, c) for c in name) for name in ODD])
    assert tree(client.dir) == {name: name.encode() for name in ODD}
    client.run("put", "./-dash", *[n for n in ODD if n != "-dash"], site_url + "/new/", code=NOT_FOUND)
    client.run("mkdir", site_url + "/new")
    client.run("put", "./-dash", *[n for n in ODD if n != "-dash"], site_url + "/new/")
    assert names(site.dir / "new") == {n.encode() for n in ODD}


def test_folders_both_ways(site, client, url):
    for n in range(60):
        client.write(f"t/{n % 5}/{n}.bin", blob(n * 500, n))
    (client.dir / "t" / "empty").mkdir()
    os.utime(client.dir / "t" / "3" / "13.bin", (WHEN, WHEN))
    client.run("put", "-r", "t", url())
    assert tree(client.dir / "t") == tree(site.dir / "t")
    assert int((site.dir / "t" / "3" / "13.bin").stat().st_mtime) == WHEN
    client.run("get", "-r", "-o", "back/deep", url("t"))
    assert tree(client.dir / "back" / "deep" / "t") == tree(client.dir / "t")
    assert int((client.dir / "back/deep/t/3/13.bin").stat().st_mtime) == WHEN
    no_leftovers(site.dir)


def test_a_folder_wants_r(site, client, url):
    (site.dir / "sub").mkdir()
    make(site.dir / "sub", "a", b"1")
    client.write("t/a", b"2")
    client.run("get", url("sub"), code=REFUSED)
    client.run("rm", url("sub"), code=REFUSED)
    client.run("put", "t", url(), code=USAGE)
    assert names(client.dir) == {b"t"} and (site.dir / "sub" / "a").read_bytes() == b"1"
    assert client.err.count("-r") == 1


def test_patterns_match_at_the_server(site, client, url):
    for name in ("a1.txt", "a2.txt", "b1.txt", ".a3.txt", "a[1].txt"):
        make(site.dir, name, name.encode())
    for name in ("x1", "x2", "y"):
        (site.dir / name).mkdir()
        make(site.dir / name, "in.txt", name.encode())
    client.run("get", url("a*.txt"), "-o", "one")
    assert names(client.dir / "one") == {b"a1.txt", b"a2.txt", b"a[1].txt"}
    assert sorted(client.run("ls", url("x[12]/*")).split()) == ["in.txt", "in.txt"]
    client.run("get", url("nothing*"), code=NOT_FOUND)
    assert "nothing matches" in client.err
    client.run("get", "--literal", url("a[1].txt"), "-o", "two")
    assert names(client.dir / "two") == {b"a[1].txt"}
    client.run("rm", url("?1.txt"))
    assert names(site.dir) == {b"a2.txt", b".a3.txt", b"a[1].txt", b"x1", b"x2", b"y"}


def test_put_under_another_name_and_into_folders(site, client, url):
    (site.dir / "sub").mkdir()
    client.write("a.txt", b"one\n")
    client.run("put", "a.txt", url("b.txt"))
    client.run("put", "a.txt", url("sub"))
    client.run("put", "a.txt", url())
    assert tree(site.dir) == {"b.txt": b"one\n", "a.txt": b"one\n", "sub": None, "sub/a.txt": b"one\n"}


def test_ls(site, client, url):
    make(site.dir, "a.txt", b"one\n", mtime=WHEN)
    make(site.dir, "b.txt", b"")
    (site.dir / "sub").mkdir()
    assert client.run("ls", url()) == "sub/\na.txt\nb.txt\n"
    assert "-              4  2020-01-02 03:04  a.txt\n" in client.run("ls", "-l", url())
    assert client.run("ls", url("a.txt")) == "a.txt\n"
    first, *_ = client.events("ls", url("a.txt"))
    assert first == {"event": "entry", "folder": site.path, "name": "a.txt", "type": "file", "size": 4, "mtime": "2020-01-02T03:04:05Z"}
    client.run("ls", url("nope"), code=NOT_FOUND)


def test_cat(site, client, url):
    make(site.dir, "a", blob(300_000))
    make(site.dir, "b", b"two\n")
    client.run("cat", url("a"), url("b"))
    assert client.raw == blob(300_000) + b"two\n"
    client.run("cat", url("nope"), code=NOT_FOUND)
    assert client.raw == b""


def test_mv_mkdir_rm(site, client, url):
    make(site.dir, "a", b"1")
    make(site.dir, "b", b"2")
    client.run("mv", url("a"), url("b"), code=REFUSED)
    assert tree(site.dir) == {"a": b"1", "b": b"2"}
    client.run("mkdir", url("x/y"), code=NOT_FOUND)
    client.run("mkdir", "-p", url("x/y"))
    client.run("mkdir", "-p", url("x/y"))
    client.run("mv", url("a"), f"{site.path}/x")
    client.run("mv", "-f", url("b"), f"{site.path}/x/a")
    assert tree(site.dir) == {"x": None, "x/y": None, "x/a": b"2"}
    client.run("rm", "-r", url("x"))
    assert tree(site.dir) == {}
    client.run("rm", url("x"), code=NOT_FOUND)


def test_find(site, client, url):
    (site.dir / "sub").mkdir()
    make(site.dir, "big.iso", blob(5000), mtime=WHEN)
    make(site.dir / "sub", "small.txt", b"1")
    def found(*words):
        return {line.removeprefix(site.path) for line in client.run("find", *words, url()).splitlines()}
    assert found() == {"/big.iso", "/sub", "/sub/small.txt"}
    assert found("--name", "*.txt") == {"/sub/small.txt"}
    assert found("--type", "d") == {"/sub"}
    assert found("--size", "+4K") == {"/big.iso"} and found("--size", "-1") == {"/sub/small.txt"} and found("--size", "5000") == {"/big.iso"}
    assert found("--newer", "2020-01-02", "--type", "f") == {"/big.iso", "/sub/small.txt"}
    assert found("--newer", "2020-01-02 03:05", "--type", "f") == {"/sub/small.txt"}


def test_json_tells_all(site, client, url):
    make(site.dir, "a", blob(1000))
    events = client.events("get", url("a"), url("nope"), code=NOT_FOUND)
    done = [e for e in events if e["event"] == "done"]
    assert len(done) == 1 and done[0] | {"seconds": 0} == {
        "event": "done", "verb": "get", "path": f"{site.path}/a", "local": "a", "size": 1000, "from": 0, "bytes": 1000, "seconds": 0,
        "verified": "CRC32"}
    failed = [e for e in events if e["event"] == "failed"]
    assert len(failed) == 1 and failed[0]["outcome"] == "not-found" and failed[0]["code"] == 5 and failed[0]["reply"] == 550
    assert events[-1] | {"seconds": 0} == {"event": "end", "outcome": "not-found", "code": 5, "done": 1, "skipped": 0, "failed": 1,
                                           "bytes": 1000, "seconds": 0}


def test_continue_leaves_alone_what_is_whole(site, client, url):
    for n in range(5):
        make(site.dir, f"f{n}", blob(1000, n), mtime=WHEN)
    client.run("get", "-r", url(), "-o", "t")
    end = client.events("get", "-r", "-c", url(), "-o", "t")[-1]
    where = client.dir / "t" / site.name
    assert (end["done"], end["skipped"], end["bytes"]) == (0, 5, 0) and len(names(where)) == 5
    client.run("mkdir", url("up"))
    client.run("put", "-r", str(where), url("up"))
    end = client.events("put", "-r", "-c", str(where), url("up"))[-1]
    assert (end["done"], end["skipped"], end["bytes"]) == (0, 5, 0)


def test_where_the_password_comes_from(site, client, tmp_path):
    host, port = site.server.address()
    address = f"{host}:{port}{site.path}/a"
    make(site.dir, "a", b"1")
    client.run("cat", f"nobody:wrong@{address}", code=LOGIN)
    client.run("cat", "-u", "bob", address, code=USAGE)
    assert "--password-file" in client.err
    (tmp_path / "pw").write_text(PASSWORD + "\n")
    assert client.run("cat", "-u", "bob", "--password-file", tmp_path / "pw", address) == "1"
    netrc = client.home / ".netrc"
    netrc.write_text(f"machine {host} login bob password {PASSWORD}\n")
    netrc.chmod(0o644)
    client.run("cat", "-u", "bob", address, code=USAGE)
    assert "others can read it" in client.err
    netrc.chmod(stat.S_IRUSR)
    debug = client.start("cat", "--debug", address)
    assert client.finish(debug, 0) == "1"
    assert "> USER bob" in client.err and PASSWORD not in client.err and "> PASS ****" in client.err
    client.env["DRAY_PASSWORD"] = "wrong"
    client.run("cat", "-u", "bob", address, code=LOGIN)


def test_the_password_is_asked_for_and_not_shown(site, client):
    host, port = site.server.address()
    make(site.dir, "a", b"content of a")
    child = pexpect.spawn(DRAY, ["cat", f"bob@{host}:{port}{site.path}/a"], cwd=str(client.dir), env=client.env, encoding="utf-8",
                          use_poll=True, timeout=WAIT)
    child.expect("Password at 127.0.0.1: ")
    child.sendline(PASSWORD)
    child.expect("content of a")
    assert PASSWORD not in child.before
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_bars_on_a_terminal(site, client, url):
    for n in range(200):
        make(site.dir, f"f{n:03}", blob(100_000, n))
    child = pexpect.spawn(DRAY, ["get", "-r", url(), "-o", "t"], cwd=str(client.dir), env=client.env, encoding="utf-8", use_poll=True,
                          timeout=WAIT, dimensions=(24, 80))
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert "200 done: 19 MiB in" in child.before and "get /" not in child.before


def test_wrong_words(client):
    for words in (["get"], ["put", "x"], ["mv", "h/a"], ["ls", "http://h/"], ["get", "-j", "0", "h/a"], ["get", "--verify", "x", "h/a"],
                  ["find", "--size", "x", "h"], ["find", "--newer", "x", "h"], ["cat", "--json", "h/a"], ["mv", "h/a", "ftp://g/b"]):
        client.run(*words, code=USAGE)
        assert client.err
    for word in ("-z", "--no\x1b[2J", "--output"):
        for verb in ("ls", "open", "doctor", "bench"):
            client.run(verb, word, code=USAGE)
            assert client.err == f"dray: there is no option {word} (dray {verb} --help)\n".replace("\x1b", "?")
    client.run("get", "h/a", "--to", code=USAGE)
    assert client.err == "dray: behind --to a value is missing (dray get --help)\n"
    client.run("get", "h/a", "-o", code=USAGE)
    assert client.err == "dray: behind -o a value is missing (dray get --help)\n"
    client.run("get", "127.0.0.1:1/a", code=CONNECT)
    client.run("get", "no-such-host.invalid/a", code=CONNECT)


def run_to(client, site, out, *words):
    """The exit code, and what is complained of, where the standard output goes there."""
    done = subprocess.run([DRAY, *words], cwd=client.dir, env=client.env, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE,
                          timeout=WAIT, check=False)
    return done.returncode, done.stderr


@pytest.mark.parametrize("verb", ["ls", "find", "ls --json", "cat"])
def test_what_cannot_be_printed_is_a_failure(site, client, url, verb):
    make(site.dir, "a", b"text")
    words = [*verb.split(), "--insecure", url("a" if verb == "cat" else "")]
    with open("/dev/full", "wb") as full:
        code, said = run_to(client, site, full, *words)
        assert code == LOCAL and b"standard output" in said
    reader, writer = os.pipe()
    os.close(reader)                                          # had enough, as head(1) has
    with open(writer, "wb") as pipe:
        code, said = run_to(client, site, pipe, *words)
        assert code == 0 and b"standard output" not in said


def test_nothing_is_printed_into_a_connection(site, client, url):
    """Without a standard output the connection would be in its place."""
    make(site.dir, "NOOP", b"text")
    done = subprocess.run(["sh", "-c", '"$@" >&-', "sh", DRAY, "ls", "--insecure", url()], env=client.env, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=WAIT, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert client.run("ls", "--insecure", url()) == "NOOP\n"


def test_more_workers_than_the_server_wants(server, client, tmp_path):
    one = server(None, "--max-per-address", "2")
    for n in range(40):
        make(one.root, f"f{n}", blob(1000, n))
    client.run("get", "-r", "-j", "8", one.url(), "-o", "t")
    assert tree(client.dir / "t") == tree(one.root)


def test_a_server_that_serves_one_at_a_time(client, tmp_path):
    from server import Server
    (tmp_path / "root").mkdir()
    one = Server(tmp_path / "root", model="iterative", work=tmp_path)
    try:
        for n in range(40):
            make(one.root, f"f{n}", blob(1000, n))
        client.run("get", "-r", "-j", "8", one.url(), "-o", "t")
        assert tree(client.dir / "t") == tree(one.root)
    finally:
        one.stop()


def test_help(client):
    for verb in "ls get put sync verify cat rm mv mkdir find".split():
        out = client.run(verb, "--help", *["ftp://h"][:verb == "verify"])
        assert f"Usage: dray {verb} " in out and "--json" in out and max(map(len, out.splitlines())) <= 125
    assert subprocess.run([DRAY, "--help"], capture_output=True, check=True, text=True).stdout.count("dray get")
