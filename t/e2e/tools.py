"""Small things every test file uses: patience, polling, sample bytes, and the folder as the disk sees it."""
import os
import random
import select
import socket
import struct
import time
from pathlib import Path

PATIENCE = float(os.environ.get("DRAY_PATIENCE", "1"))    # sanitizer builds and busy machines: a larger number
WAIT = 20 * PATIENCE                                      # how long anything that should happen "at once" may take
SLOW_FILES = 2                                            # on the disk of the fixture `slow`


def until(condition, what, seconds=WAIT):
    """Poll until condition() is true, and return what it returned."""
    end = time.monotonic() + seconds
    while True:
        got = condition()
        if got:
            return got
        assert time.monotonic() < end, f"still not so after {seconds:.0f} s: {what}"
        time.sleep(0.02)


def blob(size, seed=1):
    """Bytes that look random but are the same in every run."""
    return random.Random(seed).randbytes(size)


def names(folder):
    """Every name in a folder on disk, hidden ones too, as bytes. (Of a store in memory: those that it shows, see remote.py.)"""
    if hasattr(folder, "names"):
        return folder.names()
    return set(os.listdir(os.fsencode(folder)))


def no_leftovers(folder):
    """Nothing hidden (temporary files of uploads) stays behind."""
    if hasattr(folder, "names"):
        return                                                # what a store in memory hides, unit tests count
    hidden = [os.path.join(at, n) for at, dirs, files in os.walk(folder) for n in dirs + files if n.startswith(".")]
    assert not hidden, f"left behind: {hidden}"


def reset(sock):
    """Close a TCP connection with RST rather than FIN."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def ready(stream, seconds, events=select.POLLIN):
    """Of these events, those that come within so many seconds. Not select(2): this process may have more than 1024 descriptors."""
    poll = select.poll()
    poll.register(stream, events)
    return sum(what for _, what in poll.poll(1000 * seconds))


def as_bytes(text):
    return text if isinstance(text, bytes) else os.fsencode(text)


def make(folder, name, data=b"", mtime=None):
    """Put a file on the server's disk, behind the server's back. (Into a store in memory: as any client.)"""
    if hasattr(folder, "names"):
        remote = folder / name
        remote.write_bytes(data)
        if mtime is not None:
            remote.utime(mtime)
        return remote
    path = os.path.join(os.fsencode(folder), as_bytes(name))
    with open(path, "wb") as f:
        f.write(data)
    if mtime is not None:
        os.utime(path, (mtime, mtime))
    return Path(os.fsdecode(path))


def make_many(folder, names):
    """Empty files, behind the server's back; on a disk one file under all these names, which is cheaper."""
    first, *others = names
    path = make(folder, first)
    for name in others:
        if hasattr(folder, "names"):
            make(folder, name)
        else:
            os.link(path, folder / name)


BLOCK = 200
BLOCKS = range(12000, 31000, BLOCK)                       # below those that the kernel gives out
mine, given = [], 0                                       # mine: the first port, and the socket whose name says so; so many given


def own_block():
    """The first port of a block that is this process's as long as it lives: other test workers' are elsewhere."""
    if not mine:
        for first in BLOCKS:
            claim = socket.socket(socket.AF_UNIX)
            try:
                claim.bind(f"\0dray-test-ports-{first}")
            except OSError:
                claim.close()
                continue
            mine.extend((first, claim))
            break
    assert mine, "more test workers than blocks of ports"
    return mine[0]


def free_range(count):
    """So many ports in a row that nobody has, and that nobody gets who asks the kernel for any."""
    global given
    low = own_block()
    for _ in range(BLOCK):
        given = given if given + count <= BLOCK else 0
        first, given = low + given, given + count
        sockets = [socket.socket() for _ in range(count)]
        try:
            for number, sock in enumerate(sockets):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                sock.bind(("0.0.0.0", first + number))
            return first
        except OSError:
            continue
        finally:
            for sock in sockets:
                sock.close()
    raise AssertionError("no free ports")
