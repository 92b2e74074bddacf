"""`dray status`: what a server is doing, seen from another process; exact on every model, whoever is killed."""
import json
import os
import re
import stat
import subprocess
import sys

import pytest

from ftpraw import OPEN, receive_all
from server import ACCOUNTS, DRAY, environment
from tools import WAIT, blob, make, until

NONE = 3                                                    # exit code: no server runs


@pytest.fixture
def runtime(tmp_path):
    """A runtime folder of this test's own, so that no other server is met."""
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def watched(server, runtime, tmp_path):
    """watched(*flags): a server whose board is in `runtime`."""
    def start(*flags, **env):
        root = tmp_path / "root"
        root.mkdir(exist_ok=True)
        return server(root, *flags, *ACCOUNTS, env={"XDG_RUNTIME_DIR": str(runtime), **env})
    return start


def ask(runtime, *words):
    """`dray status` run to its end: (exit code, stdout, stderr)."""
    done = subprocess.run([DRAY, "status", *map(str, words)], env=environment(XDG_RUNTIME_DIR=str(runtime)), timeout=WAIT,
                          capture_output=True, check=False)
    assert b"Sanitizer" not in done.stderr and b"runtime error" not in done.stderr, done.stderr
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def status(runtime, one):
    """What one server says as JSON."""
    code, out, err = ask(runtime, "--json", one.proc.pid)
    assert (code, err, out.count("\n")) == (0, "", 1)
    told = json.loads(out)
    assert told["pid"] == one.proc.pid
    return told


def session(runtime, one, **wanted):
    """Wait for a session that fits, and give what is said of it."""
    def find():
        return next((s for s in status(runtime, one)["sessions"] if wanted.items() <= s.items()), None)
    return until(find, f"a session with {wanted}")


def board(runtime, one):
    return runtime / "dray" / f"{one.proc.pid}.board"


# ---------------------------------------------------------------- what is said

def test_a_server_tells_about_itself(watched, runtime):
    one = watched("--max-sessions", "12")
    told = status(runtime, one)
    assert (told["folder"], told["model"], told["seats"], told["sessions"]) == (str(one.root), one.model, 12, [])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", told["since"])
    assert set(told["totals"].values()) == {0}
    code, out, err = ask(runtime, one.proc.pid)
    assert (code, err) == (0, "")
    assert f"dray {one.proc.pid} serves {one.root}\n" in out and "0 of 12 sessions" in out


def test_a_session_from_hello_to_goodbye(watched, runtime):
    one = watched()
    content = blob(1 << 20) * 16
    make(one.root, "f", content)
    client = one.raw()
    host, port = client.sock.getsockname()[:2]
    me = session(runtime, one, doing="connected")
    assert (me["address"], me["port"], me["account"]) == (host, port, None)
    assert me["pid"] in [p.pid for p in one.processes()]
    client.login("bob")
    assert session(runtime, one, doing="idle", account="bob")["port"] == port

    data = client.epsv()()
    client.expect(OPEN, "RETR f")
    got = data.recv(100000, 0x100)                          # MSG_WAITALL
    me = until(lambda: (s := session(runtime, one, doing="sending"))["bytes"] >= len(got) and s, "what came is counted: each step behind it")
    assert (me["account"], me["path"], me["size"], me["port"]) == ("bob", "/f", len(content), port)
    assert 100000 <= me["bytes"] < len(content) and me["rate"] > 0
    code, out, _ = ask(runtime, one.proc.pid)
    assert code == 0 and re.search(rf"^  127\.0\.0\.1:{port} +bob +sending +\S+ \S+ of 16 MiB +\S+ \S+/s +/f$", out, re.M), out
    got += receive_all(data)
    client.expect(226)
    assert got == content
    assert "path" not in session(runtime, one, doing="idle")

    data = client.epsv()()
    client.expect(OPEN, "STOR sub")
    data.sendall(content[:300000])
    me = until(lambda: (s := session(runtime, one, doing="receiving"))["bytes"] == 300000 and s, "300,000 bytes have come")
    assert (me["path"], me["size"]) == ("/sub", None)
    data.close()
    client.expect(226)
    client.expect(220, "REIN")
    session(runtime, one, doing="connected", account=None)
    client.expect(221, "QUIT")
    client.close()
    until(lambda: not status(runtime, one)["sessions"], "the session is gone")


def test_an_ipv6_session(watched, runtime):
    one = watched()
    client = one.raw("rita", ipv6=True)
    me = session(runtime, one, account="rita")
    assert (me["address"], me["port"]) == ("::1", client.sock.getsockname()[1])
    assert f"[::1]:{me['port']} " in ask(runtime, one.proc.pid)[1]


def test_many_sessions_at_once(watched, runtime, model):
    if model == "iterative":
        return                                              # it has one
    one = watched()
    clients = [one.raw(user) for user in ("bob", "ann", "rita", "anonymous", "bob")]
    told = status(runtime, one)
    assert sorted(s["account"] for s in told["sessions"]) == ["ann", "anonymous", "bob", "bob", "rita"]
    assert {s["port"] for s in told["sessions"]} == {c.sock.getsockname()[1] for c in clients}
    assert "Sessions now: 5 of" in clients[0].expect(211, "STAT").text


def test_totals_add_up(watched, runtime, model):
    one = watched("--max-sessions", "3")
    content = blob(70001)
    make(one.root, "f", content)
    listed = 0
    for n in range(7):
        client = one.raw("bob")
        for k in range(3):
            assert client.get("RETR f") == content
            client.put(f"STOR up{n}{k}", content[k:])
        listed += len(client.get("NLST")) + len(client.get("MLSD"))
        client.refused("RETR nothing")                      # never began: no transfer
        client.refused("NLST nothing")
        client.expect(226, "ABOR")                          # forgets what EPSV arranged
        client.expect(425, "RETR f")                        # began, and had no data connection
        client.expect(221, "QUIT")
        client.close()
        until(lambda: not status(runtime, one)["sessions"], "the session is gone")
    client = one.raw()
    client.expect(331, "USER bob")
    client.expect(530, "PASS wrong")
    refused = 0
    if model != "iterative":
        crowd = [one.raw(), one.raw(), one.raw(greet=False), one.raw(greet=False)]
        assert [c.is_closed()[0].code for c in crowd[2:]] == [421, 421]
        refused = 2
    assert status(runtime, one)["totals"] == {
        "connections": 10 if refused else 8, "refused": refused, "lost": 0, "logins": 7, "failed_logins": 1, "downloads": 21,
        "uploads": 21, "listings": 14, "checksums": 0, "failures": 7, "bytes_sent": 21 * len(content) + listed,
        "bytes_received": 7 * sum(len(content) - k for k in range(3)), "bytes_hashed": 0}


def test_what_breaks_off_is_a_failure(watched, runtime):
    one = watched()
    make(one.root, "f", blob(1 << 20) * 16)
    client = one.raw("bob")
    data = client.epsv()()
    client.expect(OPEN, "RETR f")
    assert data.recv(1000)
    client.expect((426, 226), "ABOR")
    data.close()
    session(runtime, one, doing="idle")
    totals = status(runtime, one)["totals"]
    assert (totals["downloads"], totals["failures"]) == (0, 1) and totals["bytes_sent"] >= 1000


# ---------------------------------------------------------------- deaths

@pytest.mark.needs("own_process")
def test_exact_after_kill_9_of_a_worker(watched, runtime):
    one = watched("--workers", "4")
    make(one.root, "f", b"x" * 5000)
    for n in range(1, 6):
        victim, witness = one.raw("bob"), one.raw("ann")
        assert len(victim.get("RETR f")) == 5000
        data = victim.epsv()()
        victim.expect(OPEN, "STOR half")
        data.sendall(b"y" * 1000)
        until(lambda: session(runtime, one, account="bob", doing="receiving")["bytes"] == 1000, "1000 bytes have come")
        one.process_of(victim).kill()
        victim.is_closed()
        until(lambda: [s["account"] for s in status(runtime, one)["sessions"]] == ["ann"], "the dead session is gone")
        assert len(witness.get("RETR f")) == 5000
        victim.close()
        witness.expect(221, "QUIT")
        witness.close()
        until(lambda: not status(runtime, one)["sessions"], "the other one, too")
        totals = status(runtime, one)["totals"]
        assert (totals["connections"], totals["lost"], totals["logins"], totals["downloads"], totals["uploads"],
                totals["bytes_sent"], totals["bytes_received"]) == (2 * n, n, 2 * n, 2 * n, 0, 10000 * n, 1000 * n)


@pytest.mark.needs("workers")
def test_a_killed_worker_takes_its_own_sessions_only(watched, runtime):
    one = watched("--workers", "3", "--max-per-address", "6")
    clients = [one.raw("bob") for _ in range(3 if one.model == "prefork" else 6)]
    before = status(runtime, one)["sessions"]
    victim = one.process_of(clients[0])
    gone = [s["port"] for s in before if s["pid"] == victim.pid]
    assert gone and victim.pid != one.proc.pid
    victim.kill()
    others = {s["port"] for s in before} - set(gone)          # each of the dead is counted, then gives its seat back
    until(lambda: {s["port"] for s in status(runtime, one)["sessions"]} == others, "the seats of the dead are free")
    assert status(runtime, one)["totals"]["lost"] == len(gone)
    for client in clients:
        if client.sock.getsockname()[1] not in gone:
            client.expect(200, "NOOP")


def test_a_killed_server_is_not_shown_and_swept(watched, runtime):
    dead = watched()
    left = board(runtime, dead)
    assert left.exists()
    dead.kill()
    assert left.exists()
    code, out, err = ask(runtime, dead.proc.pid)
    assert (code, out) == (NONE, "") and "no server" in err
    watched().stop()
    assert not left.exists()


# ---------------------------------------------------------------- the file

def test_the_file_is_private_and_removed(watched, runtime):
    one = watched()
    path = board(runtime, one)
    about = path.stat()
    assert stat.S_IMODE(about.st_mode) == 0o600 and about.st_uid == os.getuid()
    assert stat.S_IMODE((runtime / "dray").stat().st_mode) == 0o700
    assert os.listdir(runtime / "dray") == [path.name]
    one.stop()
    assert os.listdir(runtime / "dray") == []


def test_garbage_beside_it_is_ignored(watched, runtime):
    one = watched()
    whole = board(runtime, one).read_bytes()
    mine = os.getpid()                                      # lives, but serves nothing: a file that says so is forged or stale
    whole = whole[:24] + mine.to_bytes(4, sys.byteorder) + whole[28:]
    for name, content in {f"{mine}.board": whole, "1.board": b"", "2.board": whole[:100], "x.board": b"?", "-1.board": whole,
                          "99999999999.board": whole, "board": whole, "3.new": whole}.items():
        (runtime / "dray" / name).write_bytes(content)
    (runtime / "dray" / "4.board").mkdir()
    (runtime / "dray" / "5.board").symlink_to(board(runtime, one))
    code, out, err = ask(runtime, "--json", mine)
    assert (code, out) == (NONE, "") and "no server" in err
    pids = [json.loads(line)["pid"] for line in ask(runtime, "--json")[1].splitlines()]
    assert one.proc.pid in pids and not {mine, 1, 2, 5} & set(pids)


def test_a_server_without_a_place_for_it_serves_all_the_same(watched, runtime):
    (runtime / "dray").mkdir()
    (runtime / "dray").chmod(0o777)
    one = watched("--log-format", "json")
    assert [json.loads(line)["event"] for line in one.stderr.splitlines()] == ["no-status"]
    one.raw("bob").expect(211, "STAT")
    assert ask(runtime, one.proc.pid)[0] == NONE
    assert os.listdir(runtime / "dray") == []


# ---------------------------------------------------------------- names

def test_names_of_clients_are_harmless(watched, runtime):
    one = watched()
    content = blob(1 << 20) * 16
    for name in ("\x1b[31mred\x1b[0m", 'quo"te\\', "forge\u202egnp.exe", "\udcff\udc80bytes", "ä" * 110):
        make(one.root, name, content)
        client = one.raw("bob")
        data = client.epsv()()
        client.expect(OPEN, "RETR " + name)
        assert data.recv(1)
        path = session(runtime, one, doing="sending")["path"]
        if name.isprintable() and len(name) < 100:
            assert path == "/" + name
        out = ask(runtime, one.proc.pid)[1]
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffd]", out), repr(out)
        assert "sending" in out
        if len(name) > 100:
            assert re.search(r"/s +\.\.\.ä{60,64}$", out, re.M) and path == "ä" * len(path)
        receive_all(data)
        client.expect(226)
        client.expect(221, "QUIT")
        client.close()
        until(lambda: not status(runtime, one)["sessions"], "the session is gone")


# ---------------------------------------------------------------- the command

@pytest.mark.parametrize("words, code, said", [
    (["--help"], 0, "--watch"), (["--wrong"], 2, "--wrong"), (["0"], 2, "process id"), (["12", "13"], 2, "13"), (["1"], NONE, "no server"),
    (["--json", "1"], NONE, "no server"), (["--watch", "1"], NONE, "no server")])
def test_usage(tmp_path, words, code, said):
    got, out, err = ask(tmp_path, *words)
    assert got == code and said in out + err and bool(err) == bool(code)


def test_watch_goes_on_until_the_server_ends(watched, runtime):
    one = watched()
    seen = subprocess.Popen([DRAY, "status", "--json", "--watch", str(one.proc.pid)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                            env=environment(XDG_RUNTIME_DIR=str(runtime)), text=True)
    try:
        assert [json.loads(seen.stdout.readline())["pid"] for _ in range(2)] == [one.proc.pid] * 2
        one.stop()
        assert seen.wait(WAIT) == NONE
    finally:
        seen.kill()
        seen.stdout.close()
