"""--durable: 226 is said when the content, and then the name, is on the disk. Shown by the order of the system calls, and by
disks that are slow or broken just there; without it nothing is synced at all."""
import re
import time

import pytest

from ftpraw import OPEN
from server import ACCOUNTS
from test_resume import LARGE, SMALL, cut
from tools import until

pytestmark = pytest.mark.needs("lean")                       # a leak sanitizer cannot work below another tracer

CALLS = "fsync,fdatasync,sync_file_range,sync,syncfs,linkat,renameat,renameat2,sendto,sendmsg"
LINE = re.compile(r"^(\d+) +(?:<\.\.\. )?(\w+)(?:\(| resumed>)(.*)$")
SLOW = 0.5                                                   # seconds


class Traced:
    """A server whose system calls are written down."""

    def __init__(self, start, root, log, *flags, inject=()):
        self.root, self.log = root, log
        root.mkdir(exist_ok=True)
        words = [word for what in inject for word in ("-e", f"inject={what}")]
        self.server = start(root, *ACCOUNTS, *flags,
                            through=("strace", "-D", "-f", "-y", "-s", "64", "-e", f"trace={CALLS}", *words, "-o", str(log)))

    def calls(self):
        """[name, arguments and result, line where it began, line where it ended], in the order of their ends."""
        self.server.stop()
        until(lambda: re.search(rf"^{self.server.proc.pid} +\+\+\+ exited", self.log.read_text(), re.M), "the tracer is done")
        begun, done = {}, []
        for n, line in enumerate(self.log.read_text().splitlines()):
            match = LINE.match(line)
            if not match:
                continue
            pid, name, rest = match.groups()
            if "resumed>" in line.split("(")[0]:
                first, at = begun.pop((pid, name))
                done.append((name, first + rest, at, n))
            elif rest.endswith("<unfinished ...>"):
                begun[pid, name] = rest, n
            else:
                done.append((name, rest, n, n))
        return done


@pytest.fixture
def traced(server, tmp_path):
    def start(*flags, **more):
        return Traced(server, tmp_path / "root", tmp_path / "calls", *flags, **more)
    return start


def is_sync(call):
    return "sync" in call[0]


def names_it(call, leaf):
    return call[0] in ("linkat", "renameat", "renameat2") and re.search(rf'"{leaf}"(, \w+)?\) += 0$', call[1])


def store(client):
    client.put("STOR file", SMALL)


def overwrite(client):
    client.put("STOR old", SMALL)
    return "old"


def append(client):
    client.put("APPE old", SMALL[:1000])
    return "old"


def store_large(client):
    client.put("STOR file", LARGE)


def go_on(client):
    cut(client, "STOR file", SMALL[:100_000])
    client.expect(350, "REST 100000")
    client.put("STOR file", SMALL[100_000:])


WAYS = [store, overwrite, append, store_large, go_on]


@pytest.mark.parametrize("way", WAYS, ids=lambda f: f.__name__)
def test_the_content_then_the_name_then_226(traced, way):
    one = traced("--durable")
    (one.root / "old").write_bytes(b"old")
    leaf = way(one.server.raw("bob")) or "file"
    calls = one.calls()
    name = next(call for call in calls if names_it(call, leaf))
    syncs = [call for call in calls if is_sync(call) and call[1].endswith("= 0")]
    content = [call for call in syncs if not call[1].split(">")[0].endswith("/root") and call[3] < name[2]]
    folder = [call for call in syncs if call[1].split(">")[0].endswith("/root") and call[2] > name[3]]
    assert content, "the content was not synced before it got its name"
    assert folder, "the folder was not synced after it"
    stored = [call for call in calls if call[0].startswith("send") and '"226 Stored' in call[1]]
    assert all(call[2] > folder[0][3] for call in stored), "226 was said before the name was on the disk"
    assert stored or one.server.model == "uring", "no 226 was seen"           # there the kernel sends it from the ring


@pytest.mark.parametrize("way", WAYS, ids=lambda f: f.__name__)
def test_without_it_nothing_is_synced(traced, way):
    one = traced()
    (one.root / "old").write_bytes(b"old")
    leaf = way(one.server.raw("bob")) or "file"
    calls = one.calls()
    assert any(names_it(call, leaf) for call in calls)
    assert not [call for call in calls if is_sync(call)]


def test_226_waits_for_the_disk(traced):
    one = traced("--durable", inject=[f"fsync,fdatasync:delay_exit={int(SLOW * 1e6)}"])
    client = one.server.raw("bob")
    data = client.epsv()()
    client.expect(OPEN, "STOR file")
    data.sendall(SMALL)
    begin = time.monotonic()
    data.close()
    until((one.root / "file").exists, "the name is there")
    assert time.monotonic() - begin >= SLOW                  # not before the content
    client.expect(226)
    assert time.monotonic() - begin >= 2 * SLOW
    assert (one.root / "file").read_bytes() == SMALL


@pytest.mark.needs("at_once")
def test_who_waits_for_the_disk_holds_up_nobody_of_another_name(traced):
    """The content is synced before it is the upload's turn: two versions of one name wait side by side."""
    one = traced("--durable", inject=[f"fsync,fdatasync:delay_exit={int(SLOW * 1e6)}"])
    clients = [one.server.raw("bob") for _ in range(6)]
    ready = []
    for client in clients:
        ready.append(client.epsv()())
        client.expect(OPEN, "STOR file")
        ready[-1].sendall(SMALL)
    processes = one.server.processes()
    for process in processes:
        process.suspend()
    for data in ready:
        data.close()
    for process in processes:                                # all the ends are there at once, however slow this one was
        process.resume()
    for client in clients:
        client.expect(226)
    assert (one.root / "file").read_bytes() == SMALL
    syncs = [call for call in one.calls() if is_sync(call) and not call[1].split(">")[0].endswith("/root")]
    assert len(syncs) == len(clients) and any(a[2] < b[2] < a[3] for a in syncs for b in syncs), "each waited for all the others"


def test_a_disk_that_breaks_at_the_content_leaves_the_old_file(traced):
    one = traced("--durable", inject=["fsync,fdatasync:error=EIO:when=1"])
    (one.root / "old").write_bytes(b"old")
    client = one.server.raw("bob")
    data = client.epsv()()
    client.expect(OPEN, "STOR old")
    data.sendall(SMALL)
    data.close()
    client.expect((451, 550))
    assert (one.root / "old").read_bytes() == b"old" == client.get("RETR old")
    for _ in range(100):                                     # strace counts for each thread, and another may take the next one
        data = client.epsv()()
        client.expect(OPEN, "STOR old")
        data.sendall(SMALL)
        data.close()
        if client.reply().code == 226:
            break
    assert (one.root / "old").read_bytes() == SMALL
