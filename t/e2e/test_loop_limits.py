"""Event loops at the end of what they were given: no descriptors left, no io_uring allowed."""
import ctypes
import errno
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
    for process in one.processes():
        psutil.Process(process.pid).rlimit(psutil.RLIMIT_NOFILE, (40, 40))
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


def forbid_io_uring():
    """What containers do: a seccomp filter of four instructions answers io_uring_setup (425 everywhere) with EPERM."""
    code = struct.pack("HBBI" * 4, 0x20, 0, 0, 0, 0x15, 0, 1, 425, 0x06, 0, 0, 0x00050000 | errno.EPERM, 0x06, 0, 0, 0x7FFF0000)
    filter_ = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HxxxxxxP", 4, ctypes.addressof(filter_))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, ctypes.c_char_p(program), 0, 0) == 0


def test_io_uring_forbidden_is_said_and_epoll_serves_all_the_same(tmp_path):
    line = [DRAY, "serve", tmp_path, "--ftp", "0", "--bind", "127.0.0.1", "--model"]
    run = subprocess.run([*line, "uring"], text=True, capture_output=True, timeout=WAIT, check=False, preexec_fn=forbid_io_uring)
    assert run.returncode == 1 and "uring" in run.stderr and "--model epoll" in run.stderr, run.stderr
    with subprocess.Popen([*line, "epoll"], text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          preexec_fn=forbid_io_uring) as epoll:
        assert until(lambda: "ftp://" in epoll.stdout.readline(), "epoll serves")
        epoll.terminate()
