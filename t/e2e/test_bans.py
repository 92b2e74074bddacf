"""Who guesses passwords is slowed, then banned: his address, and nobody else's; the operator sees it and can lift it."""
import re
import subprocess
import threading
import time

import pytest

from conftest import TRAITS
from server import DRAY, environment
from test_status import ask, runtime, status, watched       # noqa: F401 (fixtures)
from tools import ready, until


def guess(one, source, name, count=1):
    """Wrong passwords, each over a connection of its own, at the same time; the codes of the answers."""
    codes = []

    def once(n):
        with one.raw(source=source) as client:
            client.expect(331, f"USER {name}{n if name == 'name' else ''}")
            codes.append(client.cmd("PASS wrong").code)

    threads = [threading.Thread(target=once, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return codes


@pytest.fixture
def guarded(watched):
    return lambda *flags: watched("--ban-after", "3", "--workers", "4", *flags)


@pytest.mark.needs("at_once")
def test_an_address_that_guesses_is_banned(guarded, runtime):
    one = guarded()
    witness = one.raw("bob", source="127.0.0.2")
    begin = time.monotonic()
    assert sorted(guess(one, "127.0.0.3", "name", 3)) == [421, 530, 530]        # three names count together
    for _ in range(3):
        refused = one.raw(source="127.0.0.3", greet=False).is_closed()
        assert [r.code for r in refused] == [421] and "wrong passwords" in refused[0].text
    one.raw("bob", source="127.0.0.2").expect(200, "NOOP")                      # another address
    witness.expect(200, "NOOP")
    bans = [b for b in status(runtime, one)["bans"] if b.get("address")]
    assert [(b["address"], b["bans"], b["refused"]) for b in bans] == [("127.0.0.3", 1, 3)]
    assert 599 - (time.monotonic() - begin) <= bans[0]["seconds_left"] <= 600
    assert re.search(r"^  127\.0\.0\.3 .* banned for", ask(runtime, one.proc.pid)[1], re.M)
    assert len(re.findall(r" ban peer=127\.0\.0\.3 failures=3 seconds=600", one.stderr)) == 1
    assert "refused" not in one.stderr


@pytest.mark.needs("at_once")
def test_unban(guarded, runtime):
    def unban(*words):
        return subprocess.run([DRAY, "unban", *map(str, words)], env=environment(XDG_RUNTIME_DIR=str(runtime)), check=False,
                              capture_output=True).returncode
    one = guarded()
    guess(one, "127.0.0.3", "bob", 3)
    assert [r.code for r in one.raw(source="127.0.0.3", greet=False).is_closed()] == [421]
    assert unban("127.0.0.9", one.proc.pid) == 1
    assert unban() == 2 and unban("--what") == 2 and unban("bob", "x") == 2
    assert unban("127.0.0.3", one.proc.pid) == 0
    one.raw("bob", source="127.0.0.3")
    assert [b["account"] for b in status(runtime, one)["bans"]] == ["bob"]
    assert unban("bob", one.proc.pid) == 0 and status(runtime, one)["bans"] == []
    assert guess(one, "127.0.0.4", "ann") == [530] and len(status(runtime, one)["bans"]) == 2
    assert unban("--all", one.proc.pid) == 0 and status(runtime, one)["bans"] == []
    assert unban("--all", one.proc.pid) == 1


def test_a_good_login_forgives_but_not_an_anonymous_one(guarded, runtime):
    one = guarded()
    for user, left in (("anonymous", 1), ("bob", 0)):
        client = one.raw()
        client.expect(331, "USER bob")
        if left:
            client.expect(530, "PASS wrong")
        client.login(user)
        assert [b["failures"] for b in status(runtime, one)["bans"] if b.get("address")] == [left]
        client.close()


@pytest.mark.needs("at_once")
def test_a_name_that_is_guessed_from_many_addresses_is_slow_for_all(watched, model):
    alone = ("--workers", "1") if "loop" in TRAITS[model] else ()     # who waits must not hold up the loop
    one = watched("--ban-after", "100", *alone)
    for n in range(8):
        assert guess(one, f"127.0.0.{10 + n}", "bob") == [530]

    def overtaken():                                        # again, where two seconds are not enough for another to come in
        owner = one.raw(source="127.0.0.99")
        owner.expect(331, "USER bob")
        begin = time.monotonic()
        owner.send(b"PASS secret\r\n")
        one.raw("ann", source="127.0.0.99")
        before = not ready(owner.sock, 0)
        owner.expect(230)                                   # the owner gets in all the same
        assert time.monotonic() - begin > 1.9
        return before
    until(overtaken, "who came later, by another name, is in before")


@pytest.mark.needs("at_once")
def test_a_ban_ends(watched):
    one = watched("--ban-after", "2", "--ban-time", "3")

    def refused():                                          # again, where it was over already: the next one is longer
        guess(one, "127.0.0.3", "bob", 2)
        return one.raw(source="127.0.0.3", greet=False).reply().code == 421
    until(refused, "he is banned")
    until(lambda: one.raw(source="127.0.0.3", greet=False).reply().code == 220, "the ban is over")
    one.raw(source="127.0.0.3")
    assert len(re.findall(r" ban-over peer=127\.0\.0\.3 refused=\d+", one.stderr)) == 1, "it is said once"
