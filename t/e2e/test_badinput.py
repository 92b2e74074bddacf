"""Clients that are broken, slow, silent or hostile."""
import contextlib
import select
import socket
import time

import pytest

from ftpraw import OPEN, Closed
from server import ACCOUNTS
from tools import PATIENCE, WAIT, blob, make, names, ready, until

MIB = 1 << 20


# ---------------------------------------------------------------- lines

@pytest.mark.parametrize("size", [8300, 9000, 100_000, 3 * MIB])
def test_a_line_too_long_is_one_500_and_the_session_goes_on(site, size):
    client = site.raw()
    client.send(b"STOR " + b"x" * size + b"\r\nPWD\r\n")
    client.expect(500)
    client.expect(257)
    assert names(site.dir) == set()


def test_a_line_without_end_takes_no_memory(site):
    client = site.raw()
    before = site.server.rss_at_rest()
    for _ in range(32):
        client.sock.sendall(b"x" * MIB)
    assert site.server.rss() < before + 8 * MIB * PATIENCE
    client.send(b"\r\nPWD\r\n")
    client.expect(500)
    client.expect(257)


def test_nonsense_bytes_do_no_harm(site):
    for nonsense in blob(200_000, 5).replace(b"\xff", b"\xfe"), b"\xff" * 10_000 + b"\0" * 10_000 + b"\r\n" * 5:
        client = site.server.raw()
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):         # the server has heard enough before all is sent
            client.sock.sendall(nonsense)
        client.close()
    site.raw().expect(200, "NOOP")


def test_half_a_line_and_gone(site):
    client = site.raw()
    client.send(b"DELE f")
    make(site.dir, "f", b"x")
    client.close()
    site.raw().expect(200, "NOOP")
    assert names(site.dir) == {b"f"}, "a line without its end is no command"


@pytest.mark.needs("at_once")
def test_a_million_noops_without_reading_while_another_is_served(site):
    """The flood waits in the kernel; memory stays flat; the other client notices nothing; then each NOOP has its answer."""
    content = blob(2 * MIB)
    make(site.dir, "f", content)
    other, flood = site.raw(), site.raw()
    assert other.get("RETR f") == content           # what a transfer needs is no growth
    other.put("STOR g", content)
    before = site.server.rss_at_rest()
    total, sent, got = 6_000_000, 0, 0
    flood.sock.setblocking(False)
    block = b"NOOP\r\n" * 10_000
    end = time.monotonic() + 2
    while sent < total and time.monotonic() < end:
        if ready(flood.sock, 0.1, select.POLLOUT):
            sent += flood.sock.send(block[sent % 6:][:min(len(block) - 6, total - sent)])
    for n in range(3):
        assert other.get("RETR f") == content
        other.put(f"STOR g{n}", content)
    assert site.server.rss() < before + 16 * MIB * PATIENCE
    tail = b""
    while got < 1_000_000:
        now = ready(flood.sock, WAIT, select.POLLIN | (select.POLLOUT if sent < total else 0))
        assert now, f"{got} answers, and no more"
        if now & select.POLLOUT:
            sent += flood.sock.send(block[sent % 6:][:min(len(block) - 6, total - sent)])
        if now & ~select.POLLOUT:
            part = flood.sock.recv(1 << 18)
            assert part, "the flood was cut off"
            lines = (tail + part).split(b"\r\n")
            tail = lines.pop()
            assert all(line.startswith(b"200 ") for line in lines)
            got += len(lines)
    assert (got, tail) == (1_000_000, b"")
    assert site.server.rss() < before + 16 * MIB * PATIENCE
    other.expect(200, "NOOP")


@pytest.mark.needs("at_once")
def test_a_client_that_reads_no_data_stops_nobody(site):
    make(site.dir, "big", blob(MIB) * 32)
    lazy = [site.raw() for _ in range(3)]
    for client in lazy:
        client.epsv()
        client.expect(OPEN, "RETR big")
    other = site.raw()
    other.put("STOR f", b"x")
    assert other.get("RETR f") == b"x"


def test_a_reply_that_nobody_reads_and_a_hang_up(site):
    client = site.raw()
    client.send(b"HELP\r\nFEAT\r\n" * 200)
    client.close()
    site.raw().expect(200, "NOOP")


# ---------------------------------------------------------------- who is asked to leave

def test_ten_bad_commands_before_login_and_out(site):
    client = site.server.raw()
    codes = []
    while not codes or codes[-1] != 421:
        assert len(codes) <= 10, codes
        codes.append(client.cmd("XYZZY").code)
    assert len(codes) >= 5, "a few mistakes are forgiven"
    assert client.is_closed() == []


def test_bad_commands_after_login_are_forgiven(site):
    client = site.raw()
    for _ in range(30):
        client.expect((500, 502), "XYZZY")
    client.expect(200, "NOOP")


@pytest.mark.parametrize("request_line", ["GET / HTTP/1.1", "POST /upload HTTP/1.0", "HEAD / HTTP/1.1", "OPTIONS * HTTP/1.1", "PUT /f HTTP/1.1",
                                          "CONNECT example.org:443 HTTP/1.1", "get / http/1.1"])
def test_http_is_told_goodbye(site, request_line):
    """A browser can be tricked into posting commands to this port."""
    make(site.server.root, "precious", b"x")
    client = site.server.raw()
    client.send(f"{request_line}\r\nHost: x\r\nContent-Length: 60\r\n\r\nUSER bob\r\nPASS secret\r\nDELE precious\r\nQUIT\r\n".encode())
    assert [r.code for r in client.is_closed()] == [421]
    assert b"precious" in names(site.server.root)


def test_http_request_is_not_echoed(site):
    client = site.server.raw()
    client.send(b"GET /<script>alert(1)</script> HTTP/1.1\r\n\r\n")
    assert not any("script" in r.text for r in client.is_closed())


def test_tls_hello_is_survived(site):
    client = site.server.raw(greet=False)
    client.sock.sendall(bytes.fromhex("1603010200010001fc0303") + blob(500))
    client.close()
    site.raw().expect(200, "NOOP")


def test_ten_wrong_passwords_and_out(server):
    one = server(None, *ACCOUNTS, "--ban-after", "0")
    client = one.raw(timeout=60 * PATIENCE)
    wrong = 0
    while True:
        reply = client.cmd("USER bob")
        if reply.code == 421:
            break
        assert reply.code == 331
        reply = client.cmd(f"PASS wrong{wrong}")
        wrong += 1
        if reply.code == 421:
            break
        assert reply.code == 530 and wrong <= 10, f"{wrong} wrong passwords and still here"
    assert 3 <= wrong <= 10
    assert client.is_closed() == []


# ---------------------------------------------------------------- silence

@pytest.fixture
def hasty(server, tmp_path):
    """A server with short time limits."""
    def start(*flags):
        root = tmp_path / "root"
        root.mkdir()
        make(root, "f", b"x")
        make(root, "big", blob(MIB) * 32)
        return server(root, *ACCOUNTS, *flags)
    return start


def closed_in_time(begin, least=1):
    """begin() is a session; the server says 421, or nothing, and closes; not at once, and not late."""
    start = time.monotonic()                                 # before it: the server's clock runs from then on, or a little later
    replies = begin().is_closed()
    assert time.monotonic() - start > least, "closed too early"
    assert [r.code for r in replies] in ([], [421]), replies


def test_silence_before_login_is_ended(hasty):
    one = hasty("--login-timeout", "2")
    closed_in_time(one.raw)

    def half():
        client = one.raw()
        client.expect(331, "USER bob")
        return client
    closed_in_time(half)


def test_dripping_is_no_way_to_stay(hasty):
    """Bytes now and then, or harmless commands, do not make a login."""
    one = hasty("--login-timeout", "2")
    client = one.raw()
    end = time.monotonic() + WAIT
    try:
        while time.monotonic() < end:
            client.send(b"NOOP\r\nN")
            if ready(client.sock, 0.2):
                assert client.reply().code != 421
            client.send(b"OOP\r\n")
    except (Closed, AssertionError, ConnectionResetError, BrokenPipeError):
        pass
    assert time.monotonic() < end, "still connected"


def test_a_logged_in_client_may_be_silent_longer(hasty):
    one = hasty("--login-timeout", "2")
    client = one.raw("bob")
    assert not ready(client.sock, 3)
    client.expect(200, "NOOP")


def test_idle_sessions_are_ended(hasty):
    one = hasty("--idle-timeout", "2")
    closed_in_time(lambda: one.raw("bob"))


def test_a_session_with_a_running_transfer_is_not_idle(hasty):
    one = hasty("--idle-timeout", "2")
    client = one.raw("bob")
    data = client.epsv()()
    client.expect(OPEN, "STOR slow")
    for _ in range(16):
        data.sendall(b"x")
        assert not ready(client.sock, 0.25), "ended in the middle of a transfer"
    data.close()
    client.expect(226)
    assert (one.root / "slow").read_bytes() == b"x" * 16


@pytest.mark.parametrize("line", ["RETR f", "STOR new", "LIST"])
def test_a_client_that_never_connects_gets_425(hasty, line):
    one = hasty("--data-timeout", "2")
    client = one.raw("bob")
    client.pasv_port()
    if client.expect((150, 425), line).code == 150:
        client.expect(425)
    client.expect(200, "NOOP")
    assert client.get("RETR f") == b"x"
    assert b"new" not in names(one.root)


def test_abor_is_heard_while_waiting_for_the_data_connection(hasty):
    client = hasty("--data-timeout", "60").raw("bob")
    client.pasv_port()
    client.send(b"RETR f\r\n")
    time.sleep(0.2)                                 # most likely the server is waiting now; right either way
    start = time.monotonic()
    client.send(b"ABOR\r\n")
    codes = [client.reply().code]
    while codes[-1] not in (225, 226):
        codes.append(client.reply().code)
    assert codes in ([150, 426, 226], [426, 226], [150, 425, 226], [425, 226], [150, 425, 225], [425, 225])
    assert time.monotonic() - start < WAIT
    assert client.get("RETR f") == b"x"


@pytest.mark.parametrize("line", ["RETR big", "STOR new"])
def test_a_stalled_transfer_is_ended(hasty, line):
    one = hasty("--data-timeout", "2")
    client = one.raw("bob")
    client.epsv()
    client.expect(OPEN, line)
    client.expect((421, 425, 426, 451))
    assert b"new" not in names(one.root)


def test_the_data_port_of_a_lost_session_is_closed(site):
    client = site.raw()
    port = client.pasv_port()
    client.close()

    def refused():
        try:
            socket.create_connection(("127.0.0.1", port), 5).close()
        except ConnectionRefusedError:
            return True
        except ConnectionResetError:                # closed in the middle of this: not yet, or only just
            pass
    until(refused, "the passive port is closed")
