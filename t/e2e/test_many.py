"""Crowds: thousands of clients at the door at once, and thousands that sit idle."""
import re
import resource
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tools import PATIENCE, blob, make, names, no_leftovers, until

CROWD = 2000 if PATIENCE == 1 else 200      # a sanitized build shows mistakes in a smaller crowd, too
IDLE = 10_000 if PATIENCE == 1 else 500
AT_ONCE = 48                                # talking at the same moment; all are connected


@pytest.fixture(autouse=True)
def descriptors():
    """Client and server need one for each session: as many as may be."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield before[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


class Talk:
    """One client's conversation over a socket that is connected already."""
    def __init__(self, sock):
        self.sock = sock
        sock.settimeout(120 * PATIENCE)
        self.lines = sock.makefile("rb")

    def hear(self, code):
        while True:
            line = self.lines.readline()
            assert line, f"closed, instead of {code}"
            if line[3:4] == b" ":
                assert int(line[:3]) == code, line
                return line.decode()

    def say(self, line, code):
        self.sock.sendall(line.encode() + b"\r\n")
        return self.hear(code)

    def login(self):
        self.hear(220)
        self.say("USER bob", 331)
        self.say("PASS secret", 230)
        self.say("TYPE I", 200)

    def data(self):
        port = int(re.search(r"\|\|\|(\d+)\|", self.say("EPSV", 229))[1])
        return socket.create_connection(("127.0.0.1", port), timeout=120 * PATIENCE)

    def put(self, name, content):
        with self.data() as data:
            self.say(f"STOR {name}", 150)
            data.sendall(content)
        self.hear(226)

    def get(self, name):
        with self.data() as data:
            self.say(f"RETR {name}", 150)
            got = b"".join(iter(lambda: data.recv(1 << 16), b""))
        self.hear(226)
        return got

    def quit(self):
        self.say("QUIT", 221)
        self.lines.close()
        self.sock.close()


def knock(port, count):
    """So many connections, none of which has waited for the one before to be served."""
    return [socket.create_connection(("127.0.0.1", port), timeout=60 * PATIENCE) for _ in range(count)]


@pytest.mark.needs("crowds")
def test_two_thousand_at_once_and_every_byte_compared(server, tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    common = blob(20_000, 7)
    make(root, "common", common)
    one = server(root, "--account", "bob:secret:write", "--max-sessions", "4000", "--max-per-address", "0",
                 "--login-timeout", "3600")             # all are at the door when the first one logs in
    socks = knock(one.port, CROWD)

    def visit(n):
        talk, own = Talk(socks[n]), blob(1000 + n, n)
        talk.login()
        talk.put(f"own {n}", own)
        assert talk.get("common") == common
        assert talk.get(f"own {n}") == own
        talk.quit()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(visit, range(CROWD)))
    assert len(names(root)) == CROWD + 1
    no_leftovers(root)


def memory(one):
    """KiB that the server's processes have for themselves, page tables included."""
    total = 0
    for process in one.processes():
        with open(f"/proc/{process.pid}/smaps_rollup", encoding="ascii") as rollup:
            total += int(re.search(r"^Pss:\s+(\d+)", rollup.read(), re.M)[1])
        with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
            total += int(re.search(r"^VmPTE:\s+(\d+)", status.read(), re.M)[1])
    return total


def settled(one, before, count, most):
    """KiB for each of so many, as soon as they are no more than that: a busy machine takes its time."""
    said = []
    until(lambda: said.append((memory(one) - before) / count) or PATIENCE > 1 or said[-1] <= most, f"{most} KiB each: {said}")
    return said[-1]


@pytest.mark.needs("loop", "lean")
def test_an_idle_session_costs_a_page_then_less(server, tmp_path, descriptors):
    count = min(IDLE, descriptors - 500)
    one = server(None, "--account", "bob:secret:write", "--max-sessions", "20000", "--max-per-address", "0", "--idle-timeout", "3600",
                 "--login-timeout", "3600", "--workers", "2")
    for _ in range(2):                      # what a first session costs once is no session's
        talk = Talk(knock(one.port, 1)[0])
        talk.login()
        talk.quit()
    before = memory(one)
    talks = []
    for sock in knock(one.port, count):
        talks.append(Talk(sock))
        talks[-1].login()
    soon = settled(one, before, count, 4.5)
    later = settled(one, before, count, 1.5)                 # when they sleep deep
    print(f"{count} idle sessions: {soon:.2f} KiB each, then {later:.2f} KiB")
    for talk in talks[::100]:
        assert '"/"' in talk.say("PWD", 257)
    talks[-1].put("f", b"awake")
    assert talks[0].get("f") == b"awake"
    for talk in talks:
        talk.quit()
    settled(one, before, count, 2)


@pytest.mark.needs("loop", "lean")
def test_an_http_connection_that_is_kept_costs_what_an_idle_session_costs(server, descriptors):
    count = min(IDLE, descriptors - 500)
    one = server(None, "--http", "0", "--max-sessions", "20000", "--max-per-address", "0", "--idle-timeout", "0", "--workers", "2")
    make(one.root, "a", b"x" * 5000)
    port = int(re.search(r"http://127\.0\.0\.1:(\d+)/", one.stdout)[1])

    def fetch(sock):
        sock.sendall(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
        got = b""
        while not got.endswith(b"x" * 5000):
            part = sock.recv(1 << 16)
            assert part, f"closed after {len(got)} bytes"
            got += part
    for sock in knock(port, 40):            # what a worker's first session costs once is no session's
        fetch(sock)
        sock.close()
    before = memory(one)
    socks, end = [], time.monotonic() + 20  # as many as there is time for: none is kept longer than a minute
    while len(socks) < count and (len(socks) < 500 or time.monotonic() < end):
        socks += knock(port, 1)
        fetch(socks[-1])
    count = len(socks)
    print(f"{count} kept connections: {settled(one, before, count, 1.55):.2f} KiB each")
    for sock in socks[::100]:
        fetch(sock)
    for sock in socks:
        sock.close()
