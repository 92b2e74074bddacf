"""A disk that takes seconds for each call holds up those who use it, and nobody else.

The shared folder holds a folder that is a slow disk (t/slowfs, by FUSE). One worker: an event loop that waited for the disk
would hold up all of its sessions."""
import os
import subprocess
import threading
from pathlib import Path

import pytest

from ftpraw import OPEN, ls, mlsd, nlst, receive_all
from pace import Pace, beside, download, noop
from server import ACCOUNTS
from tools import PATIENCE, WAIT, blob, make, until

SLOWFS = Path(os.environ.get("SLOWFS") or Path(__file__).resolve().parents[2] / "build" / "t" / "slowfs" / "slowfs")
SLOW = 1                                                     # seconds that a call takes
LIMIT = 0.010                                                # p99 of the others
NEVER = SLOW / 2                                             # nobody else waits this long, not once
READERS = 6                                                  # more than a loop has threads for its disks
FILES = 2                                                    # on the slow disk
CROWD = 2000                                                 # files beside it: some batches of a listing
LEAST = 4 * SLOW                                             # seconds: each that waits has come to it more than once

pytestmark = pytest.mark.needs("loop", "lean")                # elsewhere the kernel keeps sessions apart


def is_mounted(folder):
    return any(line.split()[4] == os.fspath(folder) for line in Path("/proc/self/mountinfo").read_text().splitlines())


@pytest.fixture
def slow(tmp_path):
    """slow("--names", read=3): tmp_path/root/slow shows the files of tmp_path/disk, and each read takes three seconds. Gives the root."""
    assert os.path.exists("/dev/fuse"), "no /dev/fuse here: the slow disk cannot be tested (a container needs --device /dev/fuse)"
    assert os.access(SLOWFS, os.X_OK), f"no {SLOWFS}: build it with `tools/build tests`, or name it with SLOWFS=..."
    disk, mount = tmp_path / "disk", tmp_path / "root" / "slow"
    disk.mkdir()
    mount.mkdir(parents=True)
    for n in range(FILES):
        make(disk, f"f{n}", blob(20_000, n))
    running = []

    def start(*flags, **seconds):
        delays = [*flags] + [word for call, s in seconds.items() for word in (f"--{call}", str(s))]
        fuse = subprocess.Popen([SLOWFS, disk, mount, *delays], stderr=subprocess.PIPE)
        running.append(fuse)
        until(lambda: is_mounted(mount) or fuse.poll() is not None, "the slow disk is mounted")
        assert fuse.poll() is None, f"the slow disk cannot be mounted: {fuse.stderr.read().decode()}"
        return tmp_path / "root"

    yield start
    for fuse in running:
        subprocess.run(["fusermount3", "-uz", mount], stderr=subprocess.DEVNULL, check=False)
        fuse.kill()
        fuse.wait()
        fuse.stderr.close()


class Slow:
    """Sessions that each wait for the slow disk, in threads, until stop()."""

    def __init__(self, one, work, count=READERS):
        self.begun, self.over, self.problems = threading.Barrier(count + 1), threading.Event(), []
        self.rounds = [0] * count
        self.threads = [threading.Thread(target=self.run, args=(one.raw("bob", timeout=10 * WAIT), work, n)) for n in range(count)]
        for thread in self.threads:
            thread.start()
        self.begun.wait(WAIT)

    def run(self, client, work, n):
        try:
            self.begun.wait(WAIT)
            while not self.over.is_set():
                work(client, n)
                self.rounds[n] += 1
        except BaseException as problem:
            self.problems.append(problem)

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join()
        if self.problems:
            raise self.problems[0]
        assert min(self.rounds) >= 1, f"not all have been served: {self.rounds}"


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


# what is slow, and what the sessions do that wait for it
CASES = {
    "read": ([], {"read": SLOW}, fetch),
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
    waiting = Slow(one, work)
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
    waiting = Slow(one, fetch)
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
