"""Limits of bandwidth: shared by sessions, in whatever process or thread each runs; and what goes on while a session holds back.

How exact they are, and how fair, a unit test says on a clock of its own (t/unit/test_pace.c). Here a busy machine may be slow, so
it is mostly "not faster than", and "not much slower" with patience."""
import io
import threading
import time

import pytest

from ftpraw import OPEN, receive_all
from ftptls import Tls
from server import ACCOUNTS
from test_resume import moved
from tools import PATIENCE, blob, make, until

MIB = 1 << 20
SECONDS = 2.5
TRIES = 4


def fetch(one, user, name, ends, got, n, gate):
    """Reads from when the gate opens until its end; got[n] says how much came."""
    client = one.raw(user)
    data = client.epsv()()
    gate.wait()
    client.expect(OPEN, f"RETR {name}")
    while (left := ends[0] - time.monotonic()) > 0:
        data.settimeout(max(left, 0.01))
        try:
            got[n] += len(data.recv(1 << 16))
        except TimeoutError:
            break
    data.close()


def fetch_together(one, users, seconds=SECONDS):
    """Bytes that each of these sessions got in the same few seconds."""
    got, ends = [0] * len(users), []                         # the same end for all, however late one may run
    gate = threading.Barrier(len(users), lambda: ends.append(time.monotonic() + seconds))
    threads = [threading.Thread(target=fetch, args=(one, user, "big", ends, got, n, gate)) for n, user in enumerate(users)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


@pytest.fixture
def limited(server, tmp_path):
    def start(*flags):
        root = tmp_path / "root"
        root.mkdir()
        make(root, "big", bytes(64 * MIB))
        return server(root, *ACCOUNTS, "--workers", "4", *flags)
    return start


def judge(one, users, limits, fair=0):
    """Each limit, of so many of the sessions: never more than 5 % over it (and a piece of it for each session, and what the sockets hold);
    and not much less either, which a busy machine has some tries for; as with what the slowest has of the fair share."""
    for _ in range(TRIES):
        got = fetch_together(one, users)
        one.release()
        print(got)
        much = min(got) >= fair * sum(got) / len(got)
        for count, rate in limits:
            total, got = sum(got[:count]), got[count:]
            assert total < 1.05 * rate * (SECONDS + 0.1) + count * rate / 64 + 65536, f"{total / rate / SECONDS:.3f} times the limit"
            much = much and total > rate * SECONDS * (0.8 if PATIENCE == 1 else 0.3)
        if much:
            return
    raise AssertionError(f"{total / rate / SECONDS:.3f} times the limit, or not fair")


@pytest.mark.needs("at_once")
def test_sessions_share_the_servers_limit(limited):
    one = limited("--rate", "4M")
    judge(one, ["bob", "ann", "rita", "anonymous"], [(4, 4 * MIB)], fair=0.5)


@pytest.mark.needs("at_once")
def test_sessions_of_an_account_share_its_limit(limited):
    one = limited("--rate-account", "2M", "--rate-account", "bob=1M")
    judge(one, ["bob", "bob", "ann", "rita"], [(2, MIB), (1, 2 * MIB), (1, 2 * MIB)])


def test_a_session_has_its_own_limit(limited):
    one = limited("--rate-session", "1M/2M")
    judge(one, ["bob"], [(1, MIB)])
    client = one.raw("bob")
    begin = time.monotonic()
    client.put("STOR up", bytes(4 * MIB))
    took = time.monotonic() - begin                          # until the 226
    assert 1.85 < took < 8 * PATIENCE, took


def test_every_way_of_moving_is_limited(limited):
    """Text, listings, and files that sendfile cannot send go by other ways; a rate smaller than any step works."""
    one = limited("--rate-session", "40K", "--hidden")
    make(one.root, "text", b"line\n" * 10000)                # 60,000 bytes as text
    (one.root / "many").mkdir()
    for n in range(300):
        make(one.root / "many", f"{n:03}" + "x" * 197)
    client = one.raw("bob")
    for command, kind, size in (("RETR text", "A", 60000), ("MLSD many", "I", 60000), ("STOR up", "A", 60000)):
        client.expect(200, f"TYPE {kind}")
        begin = time.monotonic()
        if command.startswith("STOR"):
            client.put(command, b"four\r\n" * 10000)
        else:
            got = client.get(command)
            assert len(got) >= size
            size = len(got)
        took = time.monotonic() - begin
        assert took > 0.9 * (size - 3000) / 40960, f"{command}: {size} bytes in {took:.2f} s"


def test_a_thousand_bytes_a_second(limited):
    one = limited("--rate-session", "1000")
    make(one.root, "small", blob(3000))
    client = one.raw("bob")
    begin = time.monotonic()
    assert client.get("RETR small") == blob(3000)
    assert time.monotonic() - begin > 2


def test_small_files_pay_for_their_bytes_only(limited):
    """A piece that a transfer took and did not need is given back: it lasts longer than anything is waited for."""
    client = limited("--rate-session", "2").raw("bob")       # 128 s a piece
    for _ in range(3):
        data = client.epsv()()
        client.expect(OPEN, "STOR up")
        data.sendall(b"y")
        until(lambda: moved(client) == 1, "it has come")
        client.expect(426, "ABOR")
        client.expect(226)
        data.close()


def test_abor_is_heard_while_a_session_holds_back(limited):
    """And NOOP; the queue in front of the session is longer than anything is waited for."""
    one = limited("--rate-session", "1")                    # 256 s a piece
    client = one.raw("bob")
    data = client.epsv()()
    client.expect(OPEN, "RETR big")
    assert data.recv(1)
    client.expect(200, "NOOP")
    client.expect(426, "ABOR")
    client.expect(226)
    data.close()
    client.expect(200, "NOOP")


def test_our_own_limit_is_no_stall(limited):
    """A piece takes longer than the connection may stand still."""
    one = limited("--rate-session", "100", "--data-timeout", "2")
    make(one.root, "small", blob(700))
    client = one.raw("bob")
    assert client.get("RETR small") == blob(700)
    client.put("STOR up", blob(700))
    assert (one.root / "up").read_bytes() == blob(700)


@pytest.mark.needs("lean")
def test_holding_back_costs_no_processor_time(limited):
    one = limited("--rate-session", "200K")
    client = one.raw("bob")
    data = client.epsv()()
    client.expect(OPEN, "RETR big")
    time.sleep(0.5)
    process = one.process_of(client)
    before = sum(process.cpu_times()[:2])
    time.sleep(2)
    assert sum(process.cpu_times()[:2]) - before < 0.5
    data.close()


@pytest.mark.needs("own_process")
def test_a_killed_session_does_not_slow_the_others(limited):
    one = limited("--rate", "2M")
    victims = [one.raw("bob") for _ in range(3)]
    for client in victims:
        data = client.epsv()()
        client.expect(OPEN, "RETR big")
        assert data.recv(1)
    for client in victims:
        one.process_of(client).kill()
    judge(one, ["ann"], [(1, 2 * MIB)])


@pytest.mark.parametrize("flags", [("--rate", "fast"), ("--rate-session", "1M/"), ("--rate-account", "=1M"), ("--rate-account", "bob=")])
def test_what_is_no_rate_is_refused(tmp_path, flags):
    from test_serve import run
    code, _, err = run("serve", str(tmp_path), *flags)
    assert code == 2 and flags[0] in err and "bytes a second" in err


def test_an_upload_is_whole_and_honest_under_a_limit(limited):
    one = limited("--rate-session", "2M")
    content = blob(3 * MIB)
    ftp = one.ftp("bob")
    ftp.storbinary("STOR up", io.BytesIO(content))
    assert (one.root / "up").read_bytes() == content


def test_a_session_ends_but_not_its_transfer(limited):
    """Data counts as activity, whatever the limit of idleness; a whole session has a limit of its own."""
    one = limited("--rate-session", "100K", "--idle-timeout", "2", "--session-timeout", "3")
    make(one.root, "f", blob(450 << 10))
    client = one.raw("bob")
    assert client.get("RETR f") == blob(450 << 10)           # four seconds and a half
    replies = client.is_closed()
    assert [r.code for r in replies] == [421] and "session" in replies[0].text


def test_what_a_limit_lets_go_over_tls_waits_for_nothing(limited):
    """Little waits for company on a data connection over TLS, but not for the next piece that a limit allows."""
    client = Tls(limited("--rate-session", "512"))
    ready = client.epsv()
    client.expect(OPEN, "RETR big")
    with client.wrap(ready()) as data:
        data.settimeout(20 * PATIENCE)
        got = len(data.recv(1 << 16))
        assert 0 < got < 8192, got
        client.sock.close()
