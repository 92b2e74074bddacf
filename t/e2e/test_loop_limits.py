"""Event loops at the end of what they were given: no descriptors left, no io_uring allowed."""
import ctypes
import errno
import platform
import re
import socket
import struct
import subprocess
import time

import psutil
import pytest

from server import DRAY
from tools import PATIENCE, WAIT, until


def seconds_used(one):
    return sum(sum(p.cpu_times()[:2]) for p in one.processes())


@pytest.mark.needs("loop")
def test_without_descriptors_it_waits_and_does_not_spin(server):
    one = server(None, "--account", "bob:secret:write", "--workers", "1", "--max-per-address", "0")
    psutil.Process(one.proc.pid).rlimit(psutil.RLIMIT_NOFILE, (40, 40))      # first: a worker that is still to come inherits it
    for process in one.processes()[1:]:
        process.rlimit(psutil.RLIMIT_NOFILE, (40, 40))
    socks = [socket.create_connection(("127.0.0.1", one.port), timeout=WAIT) for _ in range(60)]
    served = [sock for sock in socks[:10] if sock.recv(100).startswith(b"220")]
    assert len(served) == 10
    before = seconds_used(one)
    time.sleep(2)
    assert seconds_used(one) - before < 0.3 * PATIENCE
    for sock in served:
        sock.close()
    last = socks[-1]                        # in the queue all the time: now its turn comes, one after the other
    for sock in socks[10:-1]:
        sock.close()
    last.settimeout(WAIT)
    assert last.recv(100).startswith(b"220")
    last.close()


def refuse(code, *checks):
    """A seccomp filter for the calling process: answers with this error when all the words of a call are as in (offset, value)."""
    words = []
    for n, (at, value) in enumerate(checks):
        words += [(0x20, 0, 0, at), (0x15, 0, 2 * (len(checks) - n) - 1, value)]
    words += [(0x06, 0, 0, 0x00050000 | code), (0x06, 0, 0, 0x7FFF0000)]
    packed = b"".join(struct.pack("HBBI", *word) for word in words)
    filter_ = ctypes.create_string_buffer(packed, len(packed))
    program = struct.pack("HxxxxxxP", len(words), ctypes.addressof(filter_))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, ctypes.c_char_p(program), 0, 0) == 0


def forbid_io_uring():
    """What containers do: io_uring_setup (425 everywhere) is answered with EPERM."""
    refuse(errno.EPERM, (0, 425))


def forbid_markers():
    """A kernel before 6.13: madvise does not know MADV_GUARD_INSTALL (102, the low half of its third argument)."""
    refuse(errno.EINVAL, (0, {"x86_64": 28, "aarch64": 233}[platform.machine()]), (32, 102))


def test_io_uring_forbidden_is_said_and_epoll_serves_all_the_same(tmp_path):
    line = [DRAY, "serve", tmp_path, "--ftp", "0", "--bind", "127.0.0.1", "--model"]
    run = subprocess.run([*line, "uring"], text=True, capture_output=True, timeout=WAIT, check=False, preexec_fn=forbid_io_uring)
    assert run.returncode == 1 and "uring" in run.stderr and "--model epoll" in run.stderr, run.stderr
    with subprocess.Popen([*line, "epoll"], text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          preexec_fn=forbid_io_uring) as epoll:
        assert until(lambda: "ftp://" in epoll.stdout.readline(), "epoll serves")
        epoll.terminate()


@pytest.mark.needs("loop")
@pytest.mark.parametrize("workers", [1, 3])
def test_a_weaker_guard_of_stacks_is_logged_once(tmp_path, model, workers):
    log = tmp_path / "log"
    line = [DRAY, "serve", tmp_path, "--ftp", "0", "--bind", "127.0.0.1", "--model", model, "--log", log, "--workers", str(workers)]
    with subprocess.Popen(line, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, preexec_fn=forbid_markers) as old:
        url = until(lambda: re.search(r"ftp://127.0.0.1:(\d+)/", old.stdout.readline()), "it serves")
        with socket.create_connection(("127.0.0.1", int(url.group(1))), timeout=WAIT) as sock:
            assert sock.recv(100).startswith(b"220")
        old.terminate()
    said = [text for text in log.read_text().splitlines() if " old-kernel " in text]
    assert len(said) == 1 and "mprotect" in said[0], log.read_text()


@pytest.mark.needs("loop")
def test_nothing_is_said_of_a_guard_as_it_should_be(server, tmp_path):
    log = tmp_path / "log"
    one = server(None, "--log", log)
    one.raw().expect(221, "QUIT")
    kernel = tuple(int(n) for n in re.findall(r"\d+", platform.release())[:2])
    assert ("old-kernel" in log.read_text()) == (kernel < (6, 13))
