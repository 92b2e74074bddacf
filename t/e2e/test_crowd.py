"""Many clients at the same time, limits that count exactly, and the deaths of processes."""
import io
import subprocess
import threading

import psutil
import pytest

from ftpraw import OPEN, Closed, receive_all
from server import ACCOUNTS, alive, established, links
from tools import WAIT, blob, make, names, no_leftovers, reset, until

CROWD = 12


def all_at_once(work, count=CROWD):
    """work(n) in count threads that start together; failures are raised here."""
    failures, gate = [], threading.Barrier(count)

    def run(n):
        try:
            gate.wait(WAIT)
            work(n)
        except BaseException as problem:
            failures.append((n, problem))

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0][1]


def test_a_crowd_up_and_down_with_every_byte_compared(site):
    """Each client is a run of its own, from greeting to goodbye; on an iterative server they queue and all succeed."""
    common = blob(700_001, 99)
    make(site.dir, "common", common)

    def visit(n):
        own = blob(400_000 + n * 1000, n)
        ftp = site.ftp("ann" if n % 2 else "bob", ipv6=n % 3 == 0)
        ftp.storbinary(f"STOR own {n}", io.BytesIO(own))
        for name, expected in ("common", common), (f"own {n}", own), ("common", common):
            got = io.BytesIO()
            ftp.retrbinary(f"RETR {name}", got.write)
            assert got.getvalue() == expected
        assert f"own {n}" in ftp.nlst()
        ftp.quit()

    all_at_once(visit)
    assert len(names(site.dir)) == CROWD + 1
    no_leftovers(site.dir)


@pytest.mark.needs("at_once")
def test_transfers_run_at_the_same_time(site):
    """Twelve downloads and uploads, all certainly begun before the first one ends."""
    content = blob(1 << 20) * 12
    make(site.dir, "f", content)
    running = []
    for n in range(CROWD):
        client = site.raw()
        data = client.epsv()()
        client.expect(OPEN, f"STOR up{n}" if n % 2 else "RETR f")
        running.append((n, client, data))

    def finish(n):
        _, client, data = running[n]
        if n % 2:
            data.sendall(content[n:])
            data.close()
        else:
            assert receive_all(data) == content
        client.expect(226)

    all_at_once(finish)
    for n in range(1, CROWD, 2):
        assert (site.dir / f"up{n}").read_bytes() == content[n:]


def descriptors(one):
    total = 0
    for process in one.processes():
        try:
            total += process.num_fds()
        except psutil.NoSuchProcess:
            pass
    return total


def test_nothing_is_left_of_sessions_that_ended(site):
    """No descriptor, no process, no zombie: whether they said goodbye or not, and after transfers, failed ones too."""
    one = site.server
    make(site.dir, "f", b"x")

    def visit(polite):
        client = site.raw()
        client.get("RETR f")
        client.put("STOR g", b"y")
        client.refused("RETR nothing")
        client.epsv_port()
        if polite:
            client.expect(221, "QUIT")
        client.close()

    visit(True)
    one.release()
    before = quiet(one)
    for n in range(20):
        visit(n % 2)
    until(lambda: len(one.processes()) <= before[0] and descriptors(one) <= before[1] + 2,
          f"as many processes and descriptors as before {before}: now {len(one.processes())}, {descriptors(one)}")
    assert not one.zombies()


def quiet(one):
    """(processes, descriptors) when nobody is connected."""
    until(lambda: not established().keys() & {link for process in one.processes() for link in links(process)}, "the last session has ended")
    return len(one.processes()), descriptors(one)


# ---------------------------------------------------------------- deaths

@pytest.mark.needs("own_process")
def test_a_killed_session_harms_no_other(server, tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    content = blob(1 << 20) * 24
    make(root, "f", content)
    one = server(root, "--workers", "4", *ACCOUNTS)
    victim, witness = one.raw("bob"), one.raw("bob")
    data = witness.epsv()()
    witness.expect(OPEN, "RETR f")
    part = data.recv(1000)
    process = one.process_of(victim)
    assert process.pid != one.proc.pid and process.pid != one.process_of(witness).pid
    process.kill()
    victim.is_closed()
    assert part + receive_all(data) == content
    witness.expect(226)
    newcomer = one.raw("bob")
    assert newcomer.get("RETR f") == content
    until(lambda: not alive(process) and not one.zombies(), "the dead child is reaped")
    one.release()
    if one.model == "prefork":
        until(lambda: len(one.processes()) == 1 + 4, "the worker is replaced")


@pytest.mark.needs("workers")
def test_all_workers_killed_are_all_replaced(server):
    one = server(None, "--workers", "3", *ACCOUNTS)
    workers = until(lambda: len(one.processes()) >= 4 and one.processes()[1:], "the workers are there")
    for worker in workers:
        worker.kill()
    until(lambda: len([p for p in one.processes()[1:] if alive(p) and p.pid not in {w.pid for w in workers}]) == len(workers), "new workers")
    one.raw("bob").expect(200, "NOOP")


@pytest.mark.needs("workers", "root", "lean")
def test_a_worker_is_replaced_as_soon_as_there_is_a_process_for_it(server):
    one = server("", "--memory", "1M", "--workers", "2", user=54321)
    workers = until(lambda: len(one.processes()) == 3 and one.processes()[1:], "the workers are there")

    def allow(processes):                                     # to this user, who has no others
        subprocess.run(["prlimit", "--pid", str(one.proc.pid), f"--nproc={processes}:"], check=True, user=54321, group=54321, extra_groups=[])

    allow(0)
    workers[0].kill()
    until(lambda: "no-worker" in one.stderr, "there is none for it")
    allow(100)
    until(lambda: len([p for p in one.processes() if alive(p)]) == 3, "now there is")


# ---------------------------------------------------------------- limits

def told_421(one, source=None):
    """A connection that must be refused: 421 and closed."""
    client = one.raw(source=source, greet=False)
    replies = client.is_closed()
    assert [r.code for r in replies] == [421], replies


def seat_is_free(one, source=None):
    """Connect until there is a greeting; what comes before must be 421."""
    def attempt():
        client = one.raw(source=source, greet=False)
        try:
            code = client.reply().code
        except (Closed, ConnectionResetError):
            return None
        assert code in (220, 421)
        return client if code == 220 else client.close()
    return until(attempt, "the seat is free again")


@pytest.mark.needs("at_once")
def test_max_sessions_is_exact(server):
    one = server(None, "--max-sessions", "5", *ACCOUNTS)
    greeted, refused, lock = [], [], threading.Lock()

    def visit(n):
        client = one.raw(greet=False)
        code = client.reply().code
        with lock:
            (greeted if code == 220 else refused).append(client)
        assert code in (220, 421)

    all_at_once(visit, 14)
    assert (len(greeted), len(refused)) == (5, 9)
    for client in refused:
        assert client.is_closed() == []
    for client in greeted:
        client.login("bob").expect(200, "NOOP")
    told_421(one)


@pytest.mark.needs("at_once")
@pytest.mark.parametrize("goodbye", ["QUIT", "close", "reset"])
def test_a_seat_is_free_after_a_disconnect(server, goodbye):
    one = server(None, "--max-sessions", "2", *ACCOUNTS)
    for _ in range(3):
        seats = [seat_is_free(one), seat_is_free(one)]
        told_421(one)
        for client in seats:
            if goodbye == "QUIT":
                client.expect(221, "QUIT")
            elif goodbye == "reset":
                client.file.close()
                reset(client.sock)
            client.close()


@pytest.mark.needs("at_once")
def test_max_per_address_counts_each_address(server):
    one = server(None, "--max-per-address", "2", *ACCOUNTS)
    seats = [one.raw("bob"), one.raw("bob")]
    told_421(one)
    others = [one.raw("bob", source="127.0.0.2"), one.raw("bob", source="127.0.0.2")]
    told_421(one, source="127.0.0.2")
    one.raw("bob", source="127.0.0.3").expect(200, "NOOP")
    one.raw("bob", ipv6=True).expect(200, "NOOP")
    seats[0].close()
    seat_is_free(one)
    told_421(one)
    for client in others + seats[1:]:
        client.expect(200, "NOOP")


@pytest.mark.needs("own_process")
@pytest.mark.parametrize("limit", ["--max-sessions", "--max-per-address"])
def test_a_seat_is_free_after_kill_9_of_its_process(server, limit):
    one = server(None, limit, "2", *ACCOUNTS)
    for _ in range(4):
        seats = [seat_is_free(one), seat_is_free(one)]
        told_421(one)
        for client in seats:
            one.process_of(client).kill()
            client.is_closed()


def test_zero_is_no_limit(site):
    """The shared server runs with --max-sessions 0 and --max-per-address 0."""
    for _ in range(30):
        with site.raw() as client:
            client.expect(200, "NOOP")


@pytest.mark.needs("at_once")
def test_max_per_account_counts_each_account(server):
    one = server(None, "--max-per-account", "2", *ACCOUNTS)
    first, second = one.raw("bob"), one.raw("bob")
    third = one.raw()
    third.expect(331, "USER bob")
    refusal = third.expect(421, "PASS secret")
    assert "Too many" in refusal.text and third.is_closed() == []
    one.raw("ann"), one.raw("anonymous")                     # others have their own share
    first.expect(220, "REIN")                                # logs out
    again = one.raw("bob")
    second.expect(331, "USER ann")                           # so does this
    second.expect(230, "PASS secret")
    one.raw("bob")
    again.expect(221, "QUIT")
    again.close()
    until(lambda: logs_in(one, "bob"), "the seat of the one that left is free")


def logs_in(one, user):
    client = one.raw()
    client.expect(331, f"USER {user}")
    return client.cmd("PASS secret").code == 230


@pytest.mark.needs("at_once")
def test_max_per_account_is_exact_when_all_come_at_once(server):
    one = server(None, "--max-per-account", "5", *ACCOUNTS)
    codes = []
    clients = [one.raw() for _ in range(CROWD)]
    for client in clients:
        client.expect(331, "USER bob")
    all_at_once(lambda n: codes.append(clients[n].cmd("PASS secret").code))
    assert sorted(codes) == [230] * 5 + [421] * (CROWD - 5)


@pytest.mark.needs("own_process")
def test_a_killed_session_gives_its_accounts_place_back(server):
    one = server(None, "--max-per-account", "1", *ACCOUNTS)
    victim = one.raw("bob")
    assert not logs_in(one, "bob")
    one.process_of(victim).kill()
    until(lambda: logs_in(one, "bob"), "the dead one's place is free")
