"""The client's verbs against the servers that others use: in the clear, over TLS (with the session reuse that vsftpd and ProFTPD
demand) and over IPv6. What a test wants is what dray's own server gives; where a server lacks something, `LACKS` says so."""
import contextlib
import glob
import json
import os
import select
import shutil
import signal
import socket
import socketserver
import threading

import pytest

from client import LOGIN, NOT_FOUND, REFUSED, Client, certificate
from peers import PEERS
from tools import WAIT, blob, names, until

pytestmark = pytest.mark.needs("root", "lean")                # the servers become somebody; the client is tried with sanitizers elsewhere
WHEN = 1577934245
ODD = ["two words.txt", "文件.txt", "quo\"te'.txt", "-dash", "[a]b*c?.txt", "back\\slash", "#1%20", "a;type=i", ".hidden", "ü"]
LACKS = {"inetutils": {"mtime", "tls"}, "pure-ftpd": {"\\"}}
ALL = [f"{name}{how}" for name in PEERS for how in ("", "-tls", "-v6") if how != "-tls" or "tls" not in LACKS.get(name, ())]

APART = [pytest.param(name, marks=pytest.mark.xdist_group(f"{name}-apart")) for name in PEERS]


@pytest.fixture(scope="module")
def pem(tmp_path_factory):
    return certificate(tmp_path_factory.mktemp("pem"))


@pytest.fixture(scope="module")
def start(pem):
    """start("vsftpd-tls", most=2): a server of this name."""
    running = []

    def one(which, **more):
        name, _, how = which.rpartition("-") if which.endswith(("-tls", "-v6")) else (which, "", "")
        running.append(PEERS[name]("::1" if how == "v6" else "127.0.0.1", pem if how == "tls" else None, **more))
        running[-1].lacks = LACKS.get(name, set())
        return running[-1]

    yield one
    for peer in running:
        peer.stop()


@pytest.fixture(scope="module", params=[pytest.param(which, marks=pytest.mark.xdist_group(which)) for which in ALL])
def peer(request, start):
    return start(request.param)


@pytest.fixture
def client(tmp_path):
    one = Client(tmp_path)
    one.run_plainly = one.run
    one.run = lambda verb, *words, **more: one.run_plainly(verb, "--insecure", *words, **more)
    return one


def odd(peer):
    return [name for name in ODD if not peer.lacks & set(name)]


def tree(folder):
    return {str(p.relative_to(folder)): p.read_bytes() if p.is_file() else None for p in folder.rglob("*")}


def times(folder):
    return {str(p.relative_to(folder)): int(p.stat().st_mtime) for p in folder.rglob("*") if p.is_file()}


def test_listings(peer, client):
    for n, name in enumerate(odd(peer)):
        peer.make(f"odd/{name}", name.encode(), mtime=WHEN + n)
    peer.make("odd/sub/inner", b"")
    client.run("ls", "-a", peer.url("odd"))
    assert set(client.out.splitlines()) == set(odd(peer)) | {"sub/"}
    client.run("ls", "-l", peer.url("odd"))
    line = next(line for line in client.out.splitlines() if line.endswith("two words.txt"))
    assert "13" in line.split() and "2020-01-02" in line
    found = [json.loads(line) for line in client.run("ls", "-a", "--json", peer.url("odd")).splitlines()]
    entries = {one["name"]: one for one in found if one["event"] == "entry"}
    assert set(entries) == set(odd(peer)) | {"sub"} and entries["文件.txt"]["size"] == 10 and entries["sub"]["type"] == "folder"
    client.run("find", "--type", "f", peer.url("odd"))
    assert {line.rpartition("/")[2] for line in client.out.splitlines()} == set(odd(peer)) | {"inner"}


def test_get(peer, client):
    for n, name in enumerate(odd(peer)):
        peer.make(f"down/{name}", blob(n * 1000, n), mtime=WHEN + n)
    for n in range(12):
        peer.make(f"down/deep/er/{n}.bin", blob(n * 30_000, n), mtime=WHEN + 7 * n)
    client.run("get", peer.url("down/two words.txt"))
    assert client.read("two words.txt") == blob(0) and int((client.dir / "two words.txt").stat().st_mtime) == WHEN
    client.run("get", "-r", "-o", "to", peer.url("down"))
    assert tree(client.dir / "to" / "down") == tree(peer.root / "down")
    assert times(client.dir / "to" / "down") == times(peer.root / "down")
    client.run("get", "-c", "-v", "-r", "-o", "to", peer.url("down"))
    assert client.err.count("is here already") == len(odd(peer)) + 12
    client.run("get", "--active", "-j", "1", "-r", "-o", "active", peer.url("down/deep"))
    assert tree(client.dir / "active" / "deep") == tree(peer.root / "down" / "deep")
    assert client.run("cat", peer.url("down/deep/er/1.bin")) and client.raw == blob(30_000, 1)


def test_put(peer, client):
    for n, name in enumerate(odd(peer)):
        os.utime(client.write(f"up/{name}", blob(n * 1000, n)), (WHEN + n, WHEN + n))
    for n in range(40):
        client.write(f"up/many/{n % 4}/{n}", blob(n * 100, n))
    (client.dir / "up" / "empty folder").mkdir()
    client.write("one", b"1\n")
    client.run("put", "one", peer.url())
    client.run("put", "-r", "-j", "4", "up", peer.url())
    assert tree(peer.root / "up") == tree(client.dir / "up") and (peer.root / "one").read_bytes() == b"1\n"
    if "mtime" not in peer.lacks:
        assert times(peer.root / "up") == times(client.dir / "up")
        client.run("put", "-c", "-v", "-r", "up", peer.url())
        assert client.err.count("is there already") == len(odd(peer)) + 40
    client.write("one", b"another\n")
    client.run("put", "one", peer.url())
    assert (peer.root / "one").read_bytes() == b"another\n"
    client.run("put", "one", peer.url("up/new name"))
    assert (peer.root / "up" / "new name").read_bytes() == b"another\n"


def test_changes(peer, client):
    client.run("mkdir", "-p", peer.url("x/y/z w"))
    assert (peer.root / "x/y/z w").is_dir()
    client.run("mkdir", "-p", peer.url("x/y"))
    peer.make("x/a", b"a")
    peer.make("x/b", b"b")
    client.run("mv", peer.url("x/a"), "x/y/")
    client.run("mv", peer.url("x/y/a"), "x/b", code=REFUSED)
    assert (peer.root / "x/b").read_bytes() == b"b"
    client.run("mv", "-f", peer.url("x/y/a"), "x/b")
    assert (peer.root / "x/b").read_bytes() == b"a" and not (peer.root / "x/y/a").exists()
    client.run("rm", peer.url("x"), code=REFUSED)
    client.run("rm", peer.url("x/b"))
    for name in odd(peer):
        peer.make(f"x/{name}", b"")
    client.run("rm", "-r", peer.url("x"))
    assert not (peer.root / "x").exists()


def test_exit_codes(peer, client):
    (peer.root / "locked").mkdir(exist_ok=True)               # root's
    client.write("a", b"a")
    for verb in ("ls", "get", "cat", "rm"):
        client.run(verb, peer.url("there/is none"), code=NOT_FOUND)
    client.run("mkdir", peer.url("locked/sub"), code=REFUSED)
    client.run("put", "a", peer.url("locked/"), code=REFUSED)
    assert names(peer.root / "locked") == set()
    if not peer.pem:                                          # they let one wait before they say so
        client.run("ls", peer.url(password="wrong"), code=LOGIN)


def cut(client, *words, seen):
    """Runs a verb, so slowly that it takes longer than anything is waited for, and kills it when seen() says that a part is done."""
    child = client.start(*words, "--limit-rate", int((100 << 20) / WAIT))
    until(seen, "a part of the work is done")
    child.kill()
    child.communicate()
    assert child.returncode == -signal.SIGKILL


def held(path):
    """Has any process this file open?"""
    for link in glob.iglob("/proc/[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            if os.path.samestat(os.stat(link), path.stat()):
                return True
    return False


def big(path, size=200 << 20):
    """A large file that takes no room: every piece of it is another one."""
    with open(path, "wb") as f:
        for at in range(0, size, 7 << 20):
            f.seek(at)
            f.write(b"%d" % at)
        f.truncate(size)


def same(one, two):
    return os.path.getsize(one) == os.path.getsize(two) and not os.system(f"cmp -s {one} {two}")


@pytest.mark.parametrize("which", APART)
def test_what_broke_off_goes_on(start, client, which):
    peer = start(which)
    big(peer.make("big", b""))
    # a loaded computer may be as slow to answer as one far away, to which a big file goes in segments: that is another test's
    cut(client, "get", "--segments", "1", peer.url("big"), seen=lambda: any(p.stat().st_size > 1 << 20 for p in client.dir.glob(".*.part")))
    client.run("get", "-c", peer.url("big"))
    assert "continued at byte" in client.err and same(peer.root / "big", client.dir / "big")
    (peer.root / "big").unlink()
    cut(client, "put", "big", peer.url(), seen=lambda: any(p.stat().st_size > 1 << 20 for p in peer.root.glob("big.*.part")))
    until(lambda: not any(map(held, peer.root.glob("big.*.part"))), "the server has noticed")  # it takes what was on its way, and then it is at its end
    client.run("put", "-c", "big", peer.url())
    assert "continued at byte" in client.err and same(peer.root / "big", client.dir / "big")
    assert names(peer.root) == {b"big"}


@pytest.fixture
def door():
    """door(peer): another port of it, and how many control connections had asked for a piece and were still open, at most, as a list
    of one. Data goes past it. Who asks for a second piece waits until another has asked for one: a quick client has them all before a
    slow server lets its helpers in."""
    with contextlib.ExitStack() as end:
        def one(peer):
            asking, most = set(), [0]

            class Through(socketserver.BaseRequestHandler):
                def handle(self):
                    with socket.create_connection((peer.host, peer.port)) as inner:
                        words, ways = bytearray(), {self.request: inner, inner: self.request}
                        while True:
                            for side in select.select(list(ways), [], [])[0]:
                                data = side.recv(4096)
                                if not data:
                                    return
                                words.extend(data if side is self.request else b"")
                                if b"RETR" in words:
                                    asking.add(self)
                                    most[0] = max(most[0], len(asking))
                                if words.count(b"RETR") > 1:
                                    until(lambda: most[0] > 1, "another asks for a piece")
                                ways[side].sendall(data)

                def finish(self):
                    asking.discard(self)

            server = end.enter_context(socketserver.ThreadingTCPServer((peer.host, 0), Through))
            server.daemon_threads, server.handle_error = True, lambda *_: None
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            end.callback(server.shutdown)
            return server.server_address[1], most
        yield one


@pytest.mark.parametrize("which", APART)
def test_segments(start, client, door, which):
    """Helpers log in in one go: none of these servers minds."""
    peer = start(which)
    big(peer.make("big", b""), 60 << 20)
    port, most = door(peer)
    client.run("get", "-v", "--segments", "4", peer.url("big").replace(f":{peer.port}/", f":{port}/"))
    assert same(peer.root / "big", client.dir / "big") and "one by one" not in client.err
    assert most[0] > 1


@pytest.mark.parametrize("which", APART)
def test_a_server_that_bears_few(start, client, which):
    peer = start(which, most=2)
    for n in range(30):
        client.write(f"up/{n}", blob(n * 1000, n))
    client.run("put", "-r", "-j", "8", "up", peer.url())
    assert tree(peer.root / "up") == tree(client.dir / "up")
    peer = start(which, most=2)                              # the first one may not know yet that its clients have left
    shutil.copytree(client.dir / "up", peer.root / "up")
    client.run("get", "-r", "-j", "8", "-o", "to", peer.url("up"))
    assert tree(client.dir / "to" / "up") == tree(client.dir / "up")
