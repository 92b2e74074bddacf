"""A disk that takes seconds for each call holds up those who use it, and nobody else.

The shared folder holds a folder that is a slow disk (t/slowfs, by FUSE): it holds calls until the others have been served. One
worker: an event loop that waited for the disk would never serve them."""
import contextlib
import hashlib

import pytest

from ftpraw import OPEN, ls, mlsd, nlst, receive_all
from pace import Busy, download, noop
from server import ACCOUNTS
from tools import SLOW_FILES as FILES, blob, make

READERS = 6                                                  # more than a loop has threads for its disks
CROWD = 2000                                                 # files beside it: some batches of a listing
TIMES = 12                                                   # that calls are held: each that waits comes to it more than once

pytestmark = pytest.mark.needs("loop", "lean")                # elsewhere the kernel keeps sessions apart


def fetch(client, n):
    n %= FILES
    data = client.epsv()()
    client.expect(OPEN, f"RETR slow/f{n}")
    assert receive_all(data) == blob(20_000, n)
    client.expect(226)
    data.close()


def send(client, n):
    client.put(f"STOR slow/up{n}", blob(20_000, n))
    client.expect(250, f"DELE slow/up{n}")


def look(client, n):
    if n % 2:
        assert client.cmd(f"SIZE slow/f{n % FILES}").text.endswith(" 20000")
    else:
        client.expect(250, f"MLST slow/f{n % FILES}")


def listing(client, n):
    how, form = (("LIST slow", ls), ("MLSD slow", mlsd), ("NLST slow", nlst))[n % 3]
    assert len(form(client.get(how))) == FILES


def crowd(client, n):
    """A big folder, known by heart, and the mount point somewhere in it."""
    assert len(mlsd(client.get("MLSD"))) == CROWD + 2         # slow, hot


def checksum(client, n):
    """Of a file that has no such sum noted, for nothing is noted there: the disk keeps no attributes."""
    assert client.cmd(f"XSHA256 slow/f{n % FILES}").text == "250 " + hashlib.sha256(blob(20_000, n % FILES)).hexdigest().upper()


# what is slow, and what the sessions do that wait for it
CASES = {
    "read": ([], "read", fetch),
    "checksum": ([], "read", checksum),
    "open": ([], "open", fetch),
    "getattr": ([], "getattr", look),
    "readdir": ([], "readdir", listing),
    "write": ([], "write", send),
    "close": ([], "close", fetch),
    "close written": ([], "close", send),
    "open, names known": (["--names"], "open", fetch),
    "getattr, names known": (["--names"], "getattr", look),
    "getattr of a mount": (["--names"], "getattr", crowd),
}


@contextlib.contextmanager
def beside(one, disk, work):
    """Gives the times at which calls of those who do that work are held; lets them go afterwards."""
    waiting = Busy(one, work, READERS)

    def times():
        for _ in range(TIMES):
            held = disk.holds()
            yield held
            disk.let_go(held)

    try:
        yield times()
    finally:
        disk.be_quick()
        waiting.stop()
        print("rounds on the slow disk", waiting.rounds)


@pytest.mark.parametrize("call", CASES)
def test_a_slow_disk_holds_up_nobody_else(server, slow, call):
    flags, slowly, work = CASES[call]
    disk = slow(*flags, **{slowly: "held"})
    hot = blob(100_000, 99)
    make(disk.root, "hot", hot)
    if work is crowd:
        for n in range(CROWD):
            make(disk.root, f"n{n}")
    one = server(disk.root, "--workers", "1", *ACCOUNTS)
    talker, reader = one.raw("bob"), one.raw("bob")
    assert reader.get("RETR hot") == hot
    talk, read = noop(talker), download(reader, "hot", hot)
    with beside(one, disk, work) as times:
        for _ in times:
            for _ in range(5):
                talk()
                read()


def test_others_may_come_and_work_on_the_fast_disk(server, slow):
    """Not only what is cached: a log-in, an upload, a folder made and removed, a file deleted, all while the slow disk holds calls."""
    disk = slow(read="held")
    one = server(disk.root, "--workers", "1", *ACCOUNTS)
    content = blob(300_000)
    with beside(one, disk, fetch) as times:
        for _ in times:
            client = one.raw("bob")
            client.put("STOR up", content)
            assert client.get("RETR up") == content
            for line, code in ("MKD d", 257), ("RMD d", 250), ("DELE up", 250), ("QUIT", 221):
                client.expect(code, line)
            client.close()
