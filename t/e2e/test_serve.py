"""The front door: the command line, what is printed, how it ends, who may do what, and the log."""
import json
import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import pexpect
import psutil
import pytest

from ftpraw import OPEN, receive_all
from server import ACCOUNTS, DRAY, environment, alive
from tools import WAIT, blob, free_range, make, no_leftovers, until


def run(*words, env=None, cwd=None, user=None):
    """`dray` run to its end: (exit code, stdout, stderr)."""
    who = {} if user is None else dict(user=user, group=user, extra_groups=[])
    done = subprocess.run([DRAY, *map(str, words)], env=environment(**(env or {})), cwd=cwd, timeout=WAIT, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, **who)
    print(words, done)
    assert "Sanitizer" not in done.stderr and "runtime error" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def refused(*words, naming=(), **more):
    """Exit code 2 and one clear message on stderr that names what is wrong."""
    code, _, err = run(*words, **more)
    assert code == 2 and err.strip()
    for word in naming:
        assert str(word) in err, f"{word!r} is not named in {err!r}"
    return err


HERE = ("--ftp", "0", "--bind", "127.0.0.1")


# ---------------------------------------------------------------- what is refused

def test_a_folder_that_is_missing(tmp_path):
    refused("serve", tmp_path / "nothing", *HERE, naming=["nothing"])


def test_a_folder_that_is_a_file(tmp_path):
    refused("serve", make(tmp_path, "plain", b"x"), *HERE, naming=["plain"])


def test_a_folder_that_cannot_be_read(tmp_path):
    """As root every folder can be read, so then the server is run as somebody else."""
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o000)
    refused("serve", folder, *HERE, naming=["locked"], user=65534 if os.geteuid() == 0 else None)


@pytest.mark.parametrize("words, naming", [
    (["--no-such-flag"], ["no-such-flag"]), (["--ftp", "70000"], ["70000"]), (["--ftp", "ftp"], ["ftp"]), (["--ftp", "-1"], ["-1"]), (["--ftp"], ["ftp"]),
    (["--bind", "no.such.address.invalid"], ["no.such.address.invalid"]), (["--bind", "192.0.2.1"], ["192.0.2.1"]), (["--model", "magic"], ["magic"]),
    (["--workers", "-3"], ["-3"]), (["--workers", "many"], ["many"]), (["--max-sessions", "x"], ["x"]), (["--passive", "9000-8000"], ["9000-8000"]),
    (["--passive", "9000"], ["9000"]), (["--passive", "100000-100001"], ["100000"]), (["--log-format", "xml"], ["xml"]), (["--account", "bob"], ["account"]),
    (["--account", "bob:secret:everything"], ["bob", "read, add or write"]), (["--account", ":secret"], ["account"]), (["--idle-timeout", "soon"], ["soon"]),
    (["--log", "/no/such/folder/log"], ["/no/such/folder/log"]), (["one", "two"], ["two"]), (["--quiet=3"], ["quiet"]),
    (["--ftp", "off", "--http", "off"], ["--ftp off", "--http off", "leave one of them out"]), (["--ftp", "off", "--passive", "5000-5001"], ["--passive", "--ftp off"]),
    (["--ftp", "off", "--passive-address", "192.0.2.1"], ["--passive-address", "--ftp off"]), (["--ftp", "off", "--tls-data", "require"], ["--tls-data", "--ftp off"]),
    (["--ftp", "2999", "--http", "2999"], ["--ftp and --http"]), (["--no\x1b[2J"], ["--no?[2J"]),
], ids=lambda v: " ".join(map(str, v)))
def test_flags_and_values_that_make_no_sense(tmp_path, words, naming):
    refused("serve", tmp_path, *(HERE[2:] if "--ftp" in words else HERE[:2] if "--bind" in words else HERE), *words, naming=naming)


def test_a_password_is_not_repeated_in_an_error(tmp_path):
    assert "hushhush" not in refused("serve", tmp_path, *HERE, "--account", "bob:hushhush:everything")


def test_a_busy_port_is_named_and_so_is_its_owner(tmp_path):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        err = refused("serve", tmp_path, "--bind", "127.0.0.1", "--ftp", port, naming=[port])
        assert str(os.getpid()) in err or "python" in err, "this very process holds it, which can be known"


def test_without_ftp_the_port_for_browsers_must_be_free(tmp_path):
    with socket.socket() as busy:
        until(lambda: bound(busy), "nobody else's test has the default port")
        refused("serve", tmp_path, "--bind", "127.0.0.77", "--ftp", "off", naming=["8080", "--http PORT"])


def bound(busy):
    try:
        busy.bind(("127.0.0.77", 8080))
    except OSError:
        return False
    busy.listen()
    return True


def test_unknown_subcommand(tmp_path):
    refused("frobnicate", naming=["frobnicate"])


@pytest.mark.parametrize("words", [["--help"], ["serve", "--help"], ["help", "serve"]])
def test_help_names_every_flag(words):
    code, out, _ = run(*words)
    assert code == 0 and "serve" in out
    if "serve" in words:
        for flag in ("ftp bind passive model workers max-sessions max-per-address account no-anonymous read-only writable hidden log log-format quiet "
                     "idle-timeout login-timeout data-timeout drain-timeout").split():
            assert f"--{flag}" in out


# ---------------------------------------------------------------- what is printed

def test_urls_are_printed_and_lead_here(server):
    one = server(None)
    assert set(one.addresses) == {"127.0.0.1", "::1"}
    one.raw("anonymous")
    one.raw("anonymous", ipv6=True) if one.model != "iterative" else None


def test_without_bind_every_interface_has_its_url(tmp_path):
    """Loopback is enough for the test; the addresses are only read."""
    process = subprocess.Popen([DRAY, "serve", str(tmp_path), "--ftp", "0"], env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        printed = ""
        mine = [a.address for addresses in psutil.net_if_addrs().values() for a in addresses if a.family == socket.AF_INET]
        while not all(f"ftp://{address}:" in printed for address in mine):
            line = process.stdout.readline()
            assert line, f"of {mine} not all in {printed!r}"
            printed += line
    finally:
        process.terminate()
        assert process.wait(WAIT) == 0


@pytest.mark.needs("epoll")                              # the doors are opened before there is a model
@pytest.mark.parametrize("flags, said", [((), "where the client asks for it (https)"), (("--tls", "require-login"), "Passwords and files travel encrypted."),
                                         (("--tls", "off"), "travel unencrypted")])
def test_without_ftp_only_browsers_are_served(server, tmp_path, flags, said):
    one = server(None, "--ftp", "off", "--http", "0", *flags, env={"XDG_RUNTIME_DIR": str(tmp_path)})
    assert until(lambda: "Ctrl-C" in one.stdout, "all is said") and "ftp://" not in one.stdout and "AUTH" not in one.stdout and said in one.stdout
    listening = {c.laddr.port for process in one.processes() for c in process.connections("tcp") if c.status == psutil.CONN_LISTEN}
    assert listening == {one.port}
    scheme = "http" if "off" in flags or not flags else "https"
    curl = ["curl", "-sSk", "--max-time", "20", f"{scheme}://127.0.0.1:{one.port}/f"]
    assert subprocess.run([*curl, "-T", "-"], input=b"here", check=True).returncode == 0
    assert subprocess.run(curl, capture_output=True, check=True).stdout == b"here"
    code, out, _ = run("status", env={"XDG_RUNTIME_DIR": str(tmp_path)})
    assert code == 0 and str(one.proc.pid) in out


def scanned(lines, tmp_path):
    """What a camera reads: the half blocks, drawn four dots to a module."""
    rows = [row for line in lines for row in ([c in "▀█" for c in line], [c in "▄█" for c in line])]
    dots = [[0 if dark else 255 for dark in row for _ in range(4)] for row in rows for _ in range(4)]
    (tmp_path / "qr.pgm").write_bytes(b"P5 %d %d 255\n" % (len(dots[0]), len(dots)) + bytes(dot for row in dots for dot in row))
    return subprocess.run(["zbarimg", "-q", "--raw", tmp_path / "qr.pgm"], capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("flags", [["--bind", "127.0.0.1"], ["--bind", "127.0.0.1", "--qr", "yes"], [], ["--qr", "no"]])
def test_a_phone_scans_the_address_from_the_terminal(tmp_path, flags):
    """On a terminal, where others can reach it: with a machine that has no other address than loopback, never."""
    process = pexpect.spawn(DRAY, ["serve", "--ftp", "0", "--http", "0", *flags, str(tmp_path)], env=environment(TERM="xterm"), encoding="utf-8",
                            timeout=WAIT, dimensions=(60, 80))
    process.expect("Ctrl-C ends")
    said = process.before
    process.sendintr()
    process.expect(pexpect.EOF)
    process.close()
    others = [a.address for name, all in psutil.net_if_addrs().items() for a in all if a.family == socket.AF_INET and not a.address.startswith(("127.", "169.254."))]
    code = re.findall(r"\x1b\[38;5;16m\x1b\[48;5;231m([ ▀▄█]+)\x1b\[0m\r\n", said)
    if "no" in flags or (not others if not flags else "yes" not in flags):
        assert code == []
        return
    assert len({len(line) for line in code}) == 1 and len(code[0]) <= 80
    assert all(set(line[:4] + line[-4:]) == {" "} for line in code) and set(code[0] + code[1]) == {" "}
    url = scanned(code, tmp_path)
    assert url in said.split() and re.match(r"http://([0-9.]+):", url)[1] in (["127.0.0.1"] if flags else others)


@pytest.mark.parametrize("flags, may, may_not", [
    ((), ["list", "download", "upload"], ["delete", "overwrite"]), (("--read-only",), ["list", "download"], ["upload", "delete"]),
    (("--writable",), ["list", "download", "upload", "overwrite", "rename", "delete"], []),
    (("--no-anonymous", "--account", "bob:hushhush:write"), ["strangers", "nothing", "bob", "delete"], ["hushhush", "anyone"])])
def test_it_says_in_words_what_a_stranger_may_do(server, flags, may, may_not):
    one = server(None, *flags)
    words = " ".join(one.output[3:]).lower()                # after the addresses
    assert all(word in words for word in may) and not any(word in words for word in may_not)


def test_quiet_prints_the_addresses_and_logs_nothing(server):
    one = server(None, "--quiet", *ACCOUNTS)
    one.raw("bob").expect(221, "QUIT")
    assert one.stderr == ""
    assert len([line for line in one.output if "ftp://" not in line]) <= 1, "at most a heading beside the addresses"


def test_the_password_is_not_in_the_process_list(server):
    """Neither form, in no process of the server, as soon as it listens."""
    one = server(None, "--account", "bob:hushhush:write", "--account=eve:hushhush")
    for process in one.processes():
        assert b"hushhush" not in Path(f"/proc/{process.pid}/cmdline").read_bytes()
    one.raw().login("bob", "hushhush")
    one.release()
    one.raw().login("eve", "hushhush")


def test_environment_variables_are_flags(server):
    one = server(None, env={"DRAY_READ_ONLY": "1", "DRAY_ACCOUNT": "bob:secret:write", "DRAY_MAX_SESSIONS": "100"})
    one.raw("anonymous").refused("STOR f", (550, 553))
    one.release()
    one.raw("bob").put("STOR f", b"x")


def test_a_flag_beats_the_environment(server):
    one = server(None, env={"DRAY_MODEL": "magic", "DRAY_FTP": "1"})
    one.raw("anonymous")


def test_a_bad_environment_variable_is_named(tmp_path):
    refused("serve", tmp_path, *HERE, env={"DRAY_IDLE_TIMEOUT": "soon"}, naming=["DRAY_IDLE_TIMEOUT", "soon"])


def test_the_current_folder_is_served_by_default(tmp_path):
    make(tmp_path, "f", b"here")
    process = subprocess.Popen([DRAY, "serve", *HERE], env=environment(), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        port = 0
        while not port:
            line = process.stdout.readline()
            assert line
            found = re.search(r"ftp://127\.0\.0\.1:(\d+)/", line)
            port = found and found[1]
        got = subprocess.run(["curl", "-sS", "--max-time", "20", f"ftp://127.0.0.1:{port}/f"], capture_output=True)
        assert got.stdout == b"here"
    finally:
        process.terminate()
        assert process.wait(WAIT) == 0


def test_passive_ports_are_taken_from_the_range(server):
    first = free_range(3)
    one = server(None, "--passive", f"{first}-{first + 2}")
    client = one.raw("anonymous")
    for _ in range(10):
        assert first <= client.epsv_port() <= first + 2
        assert first <= client.pasv_port() <= first + 2
    client.get("LIST")


# ---------------------------------------------------------------- how it ends

@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("direction", ["download", "upload"])
def test_ctrl_c_lets_a_running_transfer_finish(server, tmp_path, signum, direction):
    root = tmp_path / "root"
    root.mkdir()
    content = blob(1 << 20) * 24
    make(root, "f", content)
    one = server(root, *ACCOUNTS)
    client = one.raw("bob")
    data = client.epsv()()
    client.expect(OPEN, "RETR f" if direction == "download" else "STOR up")
    if direction == "upload":
        data.sendall(content[:1000])
    else:
        head = data.recv(1000)
    one.proc.send_signal(signum)
    until(lambda: not listening(one), "new connections are refused")
    assert one.proc.poll() is None, "it waits for the transfer"
    if direction == "download":
        assert head + receive_all(data) == content
    else:
        data.sendall(content[1000:])
        data.close()
    client.expect(226)
    assert one.proc.wait(WAIT) == 0
    if direction == "upload":
        assert (root / "up").read_bytes() == content
    no_leftovers(root)


def listening(one):
    """A newcomer connects and is not told goodbye (to be left waiting is no refusal)."""
    try:
        with socket.create_connection(one.address(), 5) as newcomer:
            newcomer.settimeout(0.5)
            return newcomer.recv(3) not in (b"", b"421")
    except (ConnectionRefusedError, ConnectionResetError):
        return False
    except TimeoutError:
        return True


def test_idle_sessions_do_not_keep_it_alive(server):
    one = server(None, *ACCOUNTS, "--drain-timeout", str(int(10 * WAIT)))
    client = one.raw("bob")
    one.proc.send_signal(signal.SIGINT)
    assert [r.code for r in client.is_closed()] in ([421], [])
    assert one.proc.wait(WAIT) == 0


def test_a_second_ctrl_c_ends_at_once(server, tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    make(root, "f", blob(1 << 20) * 24)
    one = server(root, *ACCOUNTS, "--drain-timeout", str(int(10 * WAIT)))
    client = one.raw("bob")
    client.epsv()
    client.expect(OPEN, "RETR f")
    family = one.processes()
    one.proc.send_signal(signal.SIGINT)
    until(lambda: not listening(one), "the first Ctrl-C is heard")
    assert one.proc.poll() is None
    one.proc.send_signal(signal.SIGINT)
    one.proc.wait(WAIT)                                      # the drain would last longer
    until(lambda: not [p for p in family if alive(p)], "all its processes end")


def test_the_drain_is_bounded(server, tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    make(root, "f", blob(1 << 20) * 24)
    one = server(root, *ACCOUNTS, "--drain-timeout", "2")
    client = one.raw("bob")
    client.epsv()
    client.expect(OPEN, "RETR f")
    one.proc.send_signal(signal.SIGTERM)
    assert one.proc.wait(WAIT) is not None


def test_sighup_costs_nothing(server):
    """It kills Pure-FTPd and pyftpdlib."""
    one = server(None, *ACCOUNTS)
    client = one.raw("bob")
    one.proc.send_signal(signal.SIGHUP)
    for _ in range(10):
        client.expect(200, "NOOP")
        time.sleep(0.02)


def test_the_port_can_be_taken_again_at_once(server, tmp_path):
    door = "--bind", "127.0.0.1", "--ftp", str(free_range(1))        # not one of the kernel's, which somebody else may be given in between
    first = server(None, *door, *ACCOUNTS)
    client = first.raw("bob")
    client.get("LIST")
    client.expect(221, "QUIT")
    first.stop()
    second = server(None, *door, *ACCOUNTS)
    second.raw("bob")


# ---------------------------------------------------------------- who may do what

ACTIONS = {
    "list": (lambda c: c.get("LIST"), "read"), "download": (lambda c: c.get("RETR old"), "read"), "size": (lambda c: c.expect(213, "SIZE old"), "read"),
    "upload a new name": (lambda c: c.put("STOR new", b"x"), "add"), "append to a new name": (lambda c: c.put("APPE new", b"x"), "add"),
    "upload a unique name": (lambda c: c.put("STOU", b"x"), "add"), "make a folder": (lambda c: c.expect(257, "MKD new"), "add"),
    "overwrite": (lambda c: c.put("STOR old", b"x"), "write"), "append": (lambda c: c.put("APPE old", b"x"), "write"),
    "resume an upload": (lambda c: (c.expect(350, "REST 1"), c.put("STOR old", b"x")), "write"), "delete": (lambda c: c.expect(250, "DELE old"), "write"),
    "remove a folder": (lambda c: c.expect(250, "RMD empty"), "write"), "rename": (lambda c: (c.expect(350, "RNFR old"), c.expect(250, "RNTO new")), "write"),
    "rename a folder": (lambda c: (c.expect(350, "RNFR empty"), c.expect(250, "RNTO new")), "write"),
    "rename over": (lambda c: (c.expect(350, "RNFR other"), c.expect(250, "RNTO old")), "write"),
    "set a time": (lambda c: c.expect(213, "MFMT 20200101000000 old"), "write"), "set facts": (lambda c: c.expect(213, "MFF Modify=20200101000000; old"), "write"),
    "chmod": (lambda c: c.expect((200, 250), "SITE CHMOD 600 old"), "write"), "utime": (lambda c: c.expect((200, 213, 250), "SITE UTIME 20200101000000 old"), "write"),
}
LEVEL = {"read": 0, "add": 1, "write": 2}


@pytest.mark.parametrize("user, level", [("rita", "read"), ("ann", "add"), ("bob", "write"), ("anonymous", "add")])
@pytest.mark.parametrize("action", ACTIONS)
def test_rights(site, user, level, action):
    """read: list, download. add: upload new names, make folders. write: overwrite, append, rename, delete, change."""
    do, needed = ACTIONS[action]
    make(site.dir, "old", b"old content", 1_600_000_000)
    make(site.dir, "other", b"other", 1_600_000_000)
    (site.dir / "empty").mkdir()
    before = state(site.dir)
    client = site.raw(user)
    if LEVEL[level] >= LEVEL[needed]:
        do(client)
        return
    with pytest.raises(AssertionError, match=r"(?s)55[03] .*, not "):
        do(client)
    assert state(site.dir) == before
    client.expect(200, "NOOP")
    site.server.release()


def state(folder):
    return {p.name: (p.stat().st_mode, p.stat().st_mtime, p.read_bytes() if p.is_file() else b"") for p in folder.iterdir()}


def test_anonymous_may_set_the_time_of_nothing(site):
    """MFMT after put is what lftp does; without the right the upload still stands."""
    client = site.raw("anonymous")
    client.put("STOR mine", b"x")
    client.cmd("MFMT 20200101000000 mine")
    assert (site.dir / "mine").read_bytes() == b"x"


@pytest.mark.parametrize("flag, may", [("--read-only", "read"), ("--writable", "write"), ("--drop", "drop")])
def test_what_strangers_may_do_can_be_changed(server, tmp_path, flag, may):
    root = tmp_path / "root"
    root.mkdir()
    make(root, "old", b"x")
    client = server(root, flag).raw("anonymous")
    if may == "drop":
        client.put("STOR old", b"y")
        assert client.get("LIST") == b"" and (root / "old (2)").read_bytes() == b"y"
        client.refused("RETR old", 550)
        client.expect(550, "DELE old")
        return
    assert client.get("RETR old") == b"x"
    if may == "write":
        client.put("STOR old", b"y")
        client.expect(250, "DELE old")
    else:
        client.refused("STOR new", (550, 553))
        client.expect((550, 553), "MKD new")
        client.expect((550, 553), "DELE old")


def test_no_anonymous(server):
    one = server(None, "--no-anonymous", *ACCOUNTS)
    client = one.raw()
    if client.expect((331, 530), "USER anonymous").code == 331:
        client.expect(530, "PASS guest@")
    client.expect(530, "PWD")
    client.login("bob").expect(257, "PWD")


def test_an_account_without_rights_named_can_log_in_and_read(server, tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    make(root, "f", b"x")
    one = server(root, "--account", "zoe:secret")
    assert one.raw("zoe").get("RETR f") == b"x"


def test_a_password_may_hold_odd_characters(server):
    one = server(None, "--account", "bob:pa ss wörd%~\\\"'")
    one.raw().login("bob", "pa ss wörd%~\\\"'")


# ---------------------------------------------------------------- the log

def visit(one):
    client = one.raw()
    client.expect(331, "USER bob")
    client.expect(530, "PASS wrongsecret")
    client.login("bob")
    client.put("STOR a b", b"12345")
    client.get("RETR a b")
    client.cmd(b"RETR evil\x1b[31m\xe4")
    client.expect(250, "DELE a b")
    client.expect(221, "QUIT")
    client.close()


def test_log_of_json_lines(server, tmp_path):
    log = tmp_path / "log"
    one = server(None, *ACCOUNTS, "--log", log, "--log-format", "json")
    visit(one)
    def complete():
        return log.exists() and log.read_bytes().count(b"a b") >= 3 and log.read_bytes().endswith(b"\n")
    until(complete, "the visit is in the log")
    events = [json.loads(line) for line in log.read_bytes().decode().splitlines()]
    assert all(isinstance(event, dict) for event in events)
    assert any("127.0.0.1" in json.dumps(event) for event in events)
    assert any("bob" in event.values() for event in events)
    assert "secret" not in log.read_text(), "passwords are not logged"


def test_log_of_text_lines(server, tmp_path):
    log = tmp_path / "log"
    one = server(None, *ACCOUNTS, "--log", log)
    visit(one)
    until(lambda: log.exists() and log.read_bytes().count(b"a b") >= 3, "the visit is in the log")
    text = log.read_bytes()
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", text), "no client can write control characters into the log"
    assert b"secret" not in text


def test_the_log_is_appended_to(server, tmp_path):
    log = make(tmp_path, "log", b"earlier\n")
    one = server(None, *ACCOUNTS, "--log", log)
    visit(one)
    until(lambda: len(log.read_bytes()) > 8, "something is logged")
    assert log.read_bytes().startswith(b"earlier\n")


@pytest.mark.needs("at_once")
def test_log_lines_of_many_sessions_stay_whole(server, tmp_path):
    log = tmp_path / "log"
    one = server(None, *ACCOUNTS, "--log", log, "--log-format", "json")
    clients = [one.raw("bob") for _ in range(8)]
    for n in range(20):
        for who, client in enumerate(clients):
            client.send(b"MKD %d-%d-%s\r\n" % (who, n, b"n" * 150))
    for client in clients:
        for _ in range(20):
            client.expect(257)
    one.stop()                                               # the last line may be on its way
    events = [json.loads(line) for line in log.read_bytes().decode().splitlines()]
    assert len([event for event in events if event["event"] == "made"]) == 8 * 20
