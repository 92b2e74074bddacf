"""A disk that takes seconds for each call holds up those who use it, and nobody else.

The shared folder holds a folder that is a slow disk (t/slowfs, by FUSE). One worker: an event loop that waited for the disk
would hold up all of its sessions."""
import hashlib

import pytest

from ftpraw import OPEN, ls, mlsd, nlst, receive_all
from pace import Busy, Pace, beside, download, noop
from server import ACCOUNTS
from tools import PATIENCE, SLOW_FILES as FILES, blob, make

SLOW = 1                                                     # seconds that a call takes
LIMIT = 0.010                                                # p99 of the others
NEVER = SLOW / 2                                             # nobody else waits this long, not once
READERS = 6                                                  # more than a loop has threads for its disks
CROWD = 2000                                                 # files beside it: some batches of a listing
LEAST = 4 * SLOW                                             # seconds: each that waits has come to it more than once

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
    "read": ([], {"read": SLOW}, fetch),
    "checksum": ([], {"read": SLOW}, checksum),
    "open": ([], {"open": SLOW}, fetch),
    "getattr": ([], {"getattr": SLOW}, look),
    "readdir": ([], {"readdir": SLOW}, listing),
    "write": ([], {"write": SLOW}, send),
    "close": ([], {"close": SLOW}, fetch),
    "close written": ([], {"close": SLOW}, send),
    "open, names known": (["--names"], {"open": SLOW}, fetch),
    "getattr, names known": (["--names"], {"getattr": SLOW}, look),
    "getattr of a mount": (["--names"], {"getattr": SLOW}, crowd),
}


@pytest.mark.parametrize("call", CASES)
def test_a_slow_disk_holds_up_nobody_else(server, slow, call):
    flags, delays, work = CASES[call]
    root = slow(*flags, **delays)
    hot = blob(100_000, 99)
    make(root, "hot", hot)
    if work is crowd:
        for n in range(CROWD):
            make(root, f"n{n}")
    one = server(root, "--workers", "1", *ACCOUNTS)
    talker, reader = one.raw("bob"), one.raw("bob")
    assert reader.get("RETR hot") == hot
    waiting = Busy(one, work, READERS)
    talk, read = Pace(noop(talker)), Pace(download(reader, "hot", hot))
    try:
        beside(lambda: talk.measure(LIMIT, least=LEAST), lambda: read.measure(LIMIT, least=LEAST))
    finally:
        waiting.stop()
    print("rounds on the slow disk", waiting.rounds)
    talk.holds(LIMIT, NEVER * PATIENCE)
    read.holds(LIMIT, NEVER * PATIENCE)


def test_others_may_come_and_work_on_the_fast_disk(server, slow):
    """Not only what is cached: a log-in, an upload, a folder made and removed, a file deleted, all without the slow disk's seconds."""
    one = server(slow(read=SLOW), "--workers", "1", *ACCOUNTS)
    waiting = Busy(one, fetch, READERS)
    content = blob(300_000)

    def visit():
        client = one.raw("bob")
        client.put("STOR up", content)
        assert client.get("RETR up") == content
        for line, code in ("MKD d", 257), ("RMD d", 250), ("DELE up", 250), ("QUIT", 221):
            client.expect(code, line)
        client.close()

    pace = Pace(visit)
    try:
        pace.measure(LIMIT, rounds=1, count=3, least=LEAST)
    finally:
        waiting.stop()
    print("log-ins with uploads", pace)
    assert pace.longest < NEVER * PATIENCE, f"somebody else's work was waited for: {pace}"
