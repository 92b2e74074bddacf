"""Attacks, each beside a friendly client whose small transfers go on meanwhile. What other files hold already is not tried again here:
docs/TRUST.md names all of it."""
import contextlib
import functools
import json
import os
import re
import select
import socket
import ssl
import statistics
import subprocess
import threading
import time

import psutil
import pytest

from ftpraw import OPEN, Closed, Raw, ls, mlsd, nlst, receive_all
from ftptls import TLS12, Tls, context
from pace import beside
from server import ACCOUNTS, PASSWORD
from test_paths import SECRET, outside, swapping                # noqa: F401: outside is a fixture
from tools import PATIENCE, WAIT, blob, free_range, make, ready, reset, until

SMALL = blob(2000)
ENDED = (Closed, ConnectionResetError, BrokenPipeError)


@contextlib.contextmanager
def bystander(one):
    """Uploads and downloads small files all the time; not one may fail, and some must have begun and ended meanwhile."""
    done, trouble, rounds = threading.Event(), [], [0]

    def run():
        try:
            client = one.raw("bob")
            while not done.is_set():
                client.put("STOR /bystander", SMALL)
                assert client.get("RETR /bystander") == SMALL
                rounds[0] += 1
                time.sleep(0.005)
            client.expect(221, "QUIT")
            client.close()
        except BaseException as error:
            trouble.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        until(lambda: rounds[0] or trouble, "the bystander is served before")
        yield
        least = rounds[0] + 2
        until(lambda: rounds[0] >= least or trouble, "the bystander is served while the attack goes on")
    finally:
        done.set()
        thread.join()
    assert not trouble, f"the bystander was hurt: {trouble[0]!r}"


def cpu(one):
    return one.sum_of(lambda process: sum(process.cpu_times()[:2]))


def idle(one, seconds=1):
    """The server does next to nothing for a while."""
    before = cpu(one)
    time.sleep(seconds)
    used = cpu(one) - before
    assert used < 0.2 * seconds * PATIENCE, f"{used:.2f} s of processor time in {seconds} s"


def descriptors(one):
    total = 0
    for process in one.processes():
        with contextlib.suppress(psutil.NoSuchProcess):
            total += process.num_fds()
    return total


def transfer(client, line, upload=b"x"):
    """The line with a data connection, whatever it is for and however it ends; what came over it."""
    data = client.epsv()()
    reply, got = client.cmd(line), b""
    if reply.code in OPEN:
        with contextlib.suppress(OSError):
            if line.split()[0] in ("STOR", "APPE", "STOU"):
                data.sendall(upload)
            else:
                got = receive_all(data)
        data.close()
        reply = client.reply()
    data.close()
    return reply, got


# ---------------------------------------------------------------- every command that takes a path

# What is said with a path, for each command that HELP says takes one. {0}: a folder, {1}: a file.
WITH_PATH = {
    "STAT": ["STAT {0}", "STAT {1}"], "SITE CHMOD": ["SITE CHMOD 777 {1}", "SITE CHMOD 777 {0}"], "SITE UTIME": ["SITE UTIME 20300101000000 {1}"],
    "SITE PARTIAL": ["SITE PARTIAL {1}"], "CWD": ["CWD {0}"], "XCWD": ["XCWD {0}"], "RETR": ["RETR {1}"], "STOR": ["STOR {1}", "STOR {0}/new"],
    "STOU": ["STOU {1}", "STOU {0}"], "APPE": ["APPE {1}", "APPE {0}/new"], "LIST": ["LIST {0}", "LIST {1}", "LIST {0}/s*", "LIST -la {0}"],
    "NLST": ["NLST {0}", "NLST {0}/*"], "MLSD": ["MLSD {0}"], "MLST": ["MLST {0}", "MLST {1}"], "SIZE": ["SIZE {1}"], "MDTM": ["MDTM {1}"],
    "MFMT": ["MFMT 20300101000000 {1}"], "MFF": ["MFF Modify=20300101000000;UNIX.mode=777; {1}"], "HASH": ["HASH {1}"], "XCRC": ["XCRC {1}"],
    "XMD5": ['XMD5 "{1}" 0 5'], "XSHA1": ["XSHA1 {1}"], "XSHA256": ["XSHA256 {1}"], "XSHA512": ["XSHA512 {1}"], "AVBL": ["AVBL {0}"],
    "MKD": ["MKD {0}/made"], "XMKD": ["XMKD {0}/made"], "RMD": ["RMD {0}/sub", "RMD {0}"], "XRMD": ["XRMD {0}/sub"],
    "DELE": ["DELE {1}"], "RNFR": ["RNFR {1}", "RNFR {0}"], "RNTO": ["RNTO {1}", "RNTO {0}/moved"],
}
TRANSFERS = ("RETR", "STOR", "STOU", "APPE", "LIST", "NLST", "MLSD")


def commands(client):
    """{command: its syntax}, as HELP says."""
    found = {}
    for word in " ".join(client.expect(214, "HELP").middle).split():
        if re.fullmatch("[A-Z][A-Z0-9]+", word):
            reply = client.cmd(f"HELP {word}")
            if reply.code == 214 and word != "SITE":
                found[word] = re.match(rf"214 {word} (.*?):", reply.text)[1]
    for line in client.expect(214, "HELP SITE").middle:
        found["SITE " + line.split()[0]] = line
    return found


def test_no_command_with_a_path_is_forgotten(site):
    found = commands(site.raw())
    assert len(found) > 50
    assert {verb for verb, syntax in found.items() if re.search("path|folder", syntax)} == set(WITH_PATH)


def say_all(client, folder, secret, inside=False):
    """Every line of the table; nothing of what is outside may come back. inside: the folder may be one of ours."""
    home = client.expect(257, "PWD").text.split('"')[1]
    for line in (line.format(folder, secret) for lines in WITH_PATH.values() for line in lines):
        verb = line.split()[0]
        if verb == "RNTO":
            client.put("STOR own", b"own")
            client.expect(350, "RNFR own")
        reply, got = transfer(client, line) if verb in TRANSFERS else (client.cmd(line), b"")
        assert SECRET not in got and b"secret outside" not in got, line
        assert not re.search(r"(?i)size=18\b|^213 18$|20200102030405", reply.text), line
        if reply.code == 350:
            client.cmd("RNTO stolen")
        if reply.code == 250 and verb in ("CWD", "XCWD"):
            assert inside and SECRET not in transfer(client, "RETR secret")[1], line
        client.expect(250, f"CWD {home}")


@pytest.mark.needs("typical", "disk")
@pytest.mark.parametrize("way", ["dots", "absolute", "link", "absolute link", "link of links"])
def test_no_command_leads_out(site, outside, way):               # noqa: F811
    os.symlink(f"../../{outside.name}", site.dir / "link")
    os.symlink(outside, site.dir / "absolute link")
    os.symlink("link", site.dir / "link of links")
    folder = {"dots": f"../../{outside.name}", "absolute": outside}.get(way, f"{site.path}/{way}")
    with bystander(site.server):
        say_all(site.raw(), folder, f"{folder}/secret")


@pytest.mark.needs("typical", "disk")
def test_no_command_leads_out_while_names_are_swapped(site, outside):    # noqa: F811
    (site.dir / "door").mkdir()
    os.symlink(outside, site.dir / "other")
    with bystander(site.server), swapping(site.dir / "door", site.dir / "other"):
        client, end = site.raw(), time.monotonic() + 0.7
        while time.monotonic() < end:
            say_all(client, "door", "door/secret", inside=True)


@pytest.mark.needs("loop", "typical")
def test_a_folder_of_the_kernel(server):
    """Files that have no size and never end, or do something when written: nothing comes out, nothing goes in, nothing hangs."""
    one = server(f"/proc/{os.getpid()}", *ACCOUNTS)
    client = one.raw("bob")
    for name in "status", "mem", "environ", "clear_refs":
        reply, got = transfer(client, f"RETR {name}")
        assert got == b"" and reply.code in (226, 451, 550), reply.text
    for name in "fd/0", "root/etc/passwd", "exe":
        assert transfer(client, f"RETR {name}")[0].code == 550
    for line in "STOR comm", "APPE oom_score_adj", "STOR new", "STOR clear_refs":
        assert transfer(client, line, b"1")[0].code >= 450, line
    client.get("LIST")
    client.expect(200, "NOOP")


# ---------------------------------------------------------------- the data connection

BOUNCES = ["PORT 127,0,0,2,{0}", "PORT 0,0,0,0,{0}", "PORT 255,255,255,255,{0}", "PORT 224,0,0,1,{0}", "PORT 127,0,0,257,{0}",
           "PORT 127,0,0,-1,{0}", "EPRT |1|127.0.0.2|{1}|", "EPRT |1|0.0.0.0|{1}|", "EPRT |1|2130706434|{1}|", "EPRT |1|0177.0.0.2|{1}|",
           "EPRT |2|::1|{1}|", "EPRT |2|::ffff:127.0.0.2|{1}|", "EPRT |1|localhost|{1}|", "PORT 127,0,0,1,0,21", "PORT 127,0,0,1,3,255",
           "EPRT |1|127.0.0.1|1023|", "EPRT |1|127.0.0.1|65557|", "EPRT |1|127.0.0.1|-1|", "PORT 127,0,0,1,256,21"]


@pytest.mark.needs("typical")
def test_nobody_else_is_connected_to(site):
    """RFC 2577: neither another host nor a port of the system."""
    client = site.raw()
    with bystander(site.server), socket.socket() as victim:
        victim.bind(("127.0.0.2", 0))
        victim.listen()
        port = victim.getsockname()[1]
        for line in BOUNCES:
            client.expect((501, 504, 522), line.format(f"{port >> 8},{port & 255}", port))
            client.expect(425, "LIST")
        assert not ready(victim, 0.1), "somebody else was connected to"


@pytest.mark.needs("typical")
def test_a_thief_gets_nothing_over_tls_either(site):
    make(site.dir, "f", SMALL)
    client = Tls(site.server)
    client.expect(250, f"CWD {site.path}")
    with bystander(site.server):
        for line in "RETR f", "STOR g":
            port = client.epsv_port()
            thief = client.connect(port, source="127.0.0.2")
            with contextlib.suppress(OSError):
                thief.sendall(b"\x16\x03\x01\x02\x00")
            client.send(line.encode() + b"\r\n")
            own = client.connect(port)
            client.expect(OPEN)
            with client.wrap(own) as sock:
                if line.startswith("RETR"):
                    assert receive_all(sock) == SMALL
                else:
                    sock.sendall(SMALL)
                    sock.unwrap()
            client.expect(226)
            with contextlib.suppress(ConnectionResetError):
                assert thief.recv(1) == b""


@pytest.mark.parametrize("flags", [(), ("--passive", "31000-31999")], ids=["any", "range"])
@pytest.mark.needs("typical")
def test_passive_ports_cannot_be_guessed(server, flags):
    """Who sees some ports does not know the next: they do not count upwards, and they spread."""
    client = server(None, *flags).raw("anonymous")
    ports = [client.epsv_port() for _ in range(80)]
    steps = [b - a for a, b in zip(ports, ports[1:])]
    commonest = max(steps.count(step) for step in set(steps))
    near = sum(abs(step) <= 4 for step in steps)
    assert commonest < 8 and near < 12, f"one can guess: {ports}"
    assert statistics.pstdev(ports) > (150 if flags else 1000), f"they lie close together: {ports}"


# ---------------------------------------------------------------- nothing left: ports, descriptors

@pytest.mark.needs("typical", "lean")
def test_all_passive_ports_taken(server):
    first = free_range(4)
    one = server(None, *ACCOUNTS, "--passive", f"{first}-{first + 3}")
    holders = [one.raw("bob") for _ in range(4)]
    ports = [holder.epsv_port() for holder in holders]
    assert len(set(ports)) == 4
    late = one.raw("bob")
    begin = time.monotonic()
    late.expect(425, "EPSV")
    assert time.monotonic() - begin < WAIT
    idle(one)
    reset(holders[0].sock)
    holders[1].close()
    for _ in range(3):
        late.put("STOR f", SMALL)
        assert late.get("RETR f") == SMALL


@pytest.mark.needs("typical", "lean")
def test_all_descriptors_taken(server):
    """Knocked at by more than it has descriptors for, it waits, and serves again when they are free."""
    one = server(None, *ACCOUNTS, "--workers", "1", "--max-per-address", "0")
    before = one.raw("bob")
    before.put("STOR f", SMALL)
    for process in one.processes():
        process.rlimit(psutil.RLIMIT_NOFILE, (process.num_fds() + 6,) * 2)
    crowd = [socket.create_connection(one.address(), timeout=WAIT) for _ in range(40)]
    time.sleep(0.3)
    idle(one)
    before.expect(200, "NOOP")
    for sock in crowd[::2]:
        reset(sock)
    for sock in crowd[1::2]:
        sock.close()
    assert until(lambda: served(one), "it serves again") == SMALL
    assert transfer(before, "RETR f")[1] == SMALL


def served(one):
    try:
        with Raw(one.address()) as client:
            return client.login("bob").get("RETR f")
    except (AssertionError, OSError, Closed):
        return None


# ---------------------------------------------------------------- slow and many

@pytest.fixture
def hasty(server):
    return server(None, *ACCOUNTS, "--login-timeout", "3", "--idle-timeout", "4", "--data-timeout", "3", "--max-per-address", "0")


@pytest.mark.needs("typical")
def test_slow_loris(hasty):
    """Byte by byte: a command, a TLS handshake, a data handshake, a listing that is not read, replies that are not read."""
    with bystander(hasty):
        slow, hello = [], client_hello()
        for n in range(20):
            slow.append(Raw(hasty.address()))
            if n < 10:
                slow[n].expect(234, "AUTH TLS")
        data = Tls(hasty)
        late = data.epsv()()
        data.expect(OPEN, "LIST")
        dripping, bytes_of_hello = set(slow), iter(range(len(hello)))

        def drip():
            """One more byte by each; true when nobody wants any more."""
            at = next(bytes_of_hello)
            with contextlib.suppress(OSError):
                late.sendall(hello[at:at + 1])
            for n, client in enumerate(slow):
                try:
                    client.sock.sendall(hello[at:at + 1] if n < 10 else b"N")
                except OSError:
                    dripping.discard(client)
            time.sleep(0.1)
            return not dripping and ready(data.sock, 0)
        until(drip, "they are asked to leave, though they say something all the time")
        data.expect(425)
        for client in slow:
            assert ended(client.sock), "still there"
            client.close()


def client_hello():
    out = ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        context().wrap_bio(ssl.MemoryBIO(), out).do_handshake()
    return out.read()


def ended(sock):
    """The server has hung up, or does so in time; whatever it still said is read away."""
    sock.settimeout(WAIT)
    with contextlib.suppress(ConnectionResetError, BrokenPipeError):
        while sock.recv(65536):
            pass
    return True


@pytest.mark.needs("typical")
@pytest.mark.parametrize("tls", [False, True], ids=["clear", "tls"])
def test_replies_that_nobody_reads(hasty, tls):
    """Commands without end whose answers are left lying: the session ends when nothing moves for too long."""
    with bystander(hasty):
        client = Tls(hasty, protect=False) if tls else hasty.raw("bob")
        client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        begin = time.monotonic()
        with pytest.raises((ConnectionResetError, BrokenPipeError, ssl.SSLError)):
            while time.monotonic() - begin < WAIT:
                if ready(client.sock, 0.2, select.POLLOUT):
                    client.sock.send(b"HELP\r\n" * 200)
        assert time.monotonic() - begin > 1


@pytest.mark.needs("typical")
def test_floods(site):
    """Connections that come and go, commands that fail by the thousand, lines without end."""
    one = site.server
    with bystander(one):
        for n in range(200):
            with socket.create_connection(one.address(), timeout=WAIT) as sock:
                if n % 3 == 0:
                    sock.sendall(b"USER x\r\nPASS")
                elif n % 3 == 1:
                    reset(sock)
        client = site.raw()
        client.send(b"FOO bar\r\n" * 3000)
        for _ in range(3000):
            client.expect(500)
        endless = [one.raw("bob") for _ in range(3)]
        for _ in range(50):
            for sock in endless:
                sock.sock.sendall(b"A" * 20000)
        for sock in endless:
            sock.send(b"\r\nNOOP\r\n")
            sock.expect(500)
            sock.expect(200)


@pytest.mark.needs("typical")
def test_guesses_by_many_at_once(server):
    """Each waits for its answer, nobody else does."""
    one = server(None, *ACCOUNTS, "--max-per-address", "0", "--ban-after", "0", "--workers", "1")
    answered = []

    def hear(client):
        client.expect(530)
        answered.append(time.monotonic())

    with bystander(one):
        guessers = [one.raw() for _ in range(20)]
        for client in guessers:
            client.expect(331, "USER bob")
        begin = time.monotonic()
        for client in guessers:
            client.send(b"PASS wrong\r\n")
        beside(*(functools.partial(hear, client) for client in guessers))
    assert answered[0] - begin > 0.9
    assert min(b - a for a, b in zip(answered, answered[1:])) < 0.5, "one after the other"


@pytest.mark.needs("loop", "typical", "lean")
def test_a_name_that_exists_costs_what_one_costs_that_does_not(server):
    """Otherwise guessers would learn who is here. By processor time: the answer itself is delayed."""
    one = server(None, *ACCOUNTS, "--max-per-address", "0", "--ban-after", "0", "--workers", "1")

    def cost(name):
        clients = [one.raw() for _ in range(15)]
        for client in clients:
            assert client.expect(331, f"USER {name}").text == "331 Password, please."
        before = cpu(one)
        for client in clients:
            client.send(b"PASS wrong\r\n")
        said = {client.expect(530).text for client in clients}
        used = cpu(one) - before
        for client in clients:
            client.close()
        return used, said

    pairs = [(cost("bob"), cost("nobody")) for _ in range(2)]
    known, unknown = (min(pair[n][0] for pair in pairs) for n in (0, 1))
    assert abs(known - unknown) < max(0.5 * max(known, unknown), 0.1), f"{known:.2f} s and {unknown:.2f} s"
    assert len(set().union(*(said for pair in pairs for _, said in pair))) == 1


# ---------------------------------------------------------------- ends

@pytest.mark.needs("typical")
def test_half_closed(site):
    """Who has said all he has to say still gets his answers, and the content; who sends and closes only one side, too."""
    make(site.dir, "f", SMALL)
    client = site.raw()
    client.send(b"NOOP\r\nPWD\r\nSIZE f\r\nNO")
    client.sock.shutdown(socket.SHUT_WR)
    assert [reply.code for reply in client.is_closed()] == [200, 257, 213]
    client = site.raw()
    data = client.epsv()()
    data.shutdown(socket.SHUT_WR)
    client.expect(OPEN, "RETR f")
    assert receive_all(data) == SMALL
    client.expect(226)
    data = client.epsv()()
    client.expect(OPEN, "STOR g")
    data.sendall(SMALL)
    data.shutdown(socket.SHUT_WR)
    assert data.recv(1) == b""
    client.expect(226)
    assert client.get("RETR g") == SMALL


STEPS = [[], ["USER bob"], ["USER bob", f"PASS {PASSWORD}"], ["AUTH TLS"], ["USER bob", f"PASS {PASSWORD}", "EPSV"], ["RETR big"], ["STOR new"],
         ["LIST"], ["XSHA512 big"], ["PORT", "LIST"], ["RETR big", "data"], ["STOR new", "data"], ["tls"], ["tls", "hello"], ["tls", "half"]]


def step(one, words):
    """A session as far as these words, then a reset."""
    client = Raw(one.address(), greet=bool(words))
    if words[:1] == ["tls"]:
        client.expect(234, "AUTH TLS")
        hello = client_hello()
        client.send(hello[:len(hello) // (1 if "hello" in words else 3)] if words[1:] else b"")
    elif words and words[0].split()[0] in ("RETR", "STOR", "LIST", "XSHA512", "PORT"):
        client.login("bob")
        ready = client.port() if words[0] == "PORT" else client.epsv()
        client.send(as_line(words[-1] if words[0] == "PORT" else words[0]))
        if "data" in words:
            client.expect(OPEN)
            reset(ready())
    else:
        for word in words:
            client.cmd(word)
    reset(client.sock)
    client.file.close()
    for sock in client.data:
        sock.close()


def as_line(words):
    return words.encode() + b"\r\n"


@pytest.mark.needs("typical", "disk")
def test_resets_at_every_step(server, tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    make(root, "big", blob(1 << 20) * 8)
    one = server(root, *ACCOUNTS, "--max-per-address", "0")
    with bystander(one):
        for words in STEPS:
            step(one, words)                                     # what is kept for the next is there now
        processes, fds = len(one.processes()), descriptors(one)
        for _ in range(3):
            for words in STEPS:
                step(one, words)
        for _ in range(50):                                      # and some that nobody had accepted yet
            sock = socket.socket()
            sock.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                sock.connect(one.address())
            reset(sock)
        until(lambda: descriptors(one) <= fds + 4 and len(one.processes()) <= processes, "nothing is left of them")
    assert sorted(name for name in os.listdir(root) if not name.startswith(".")) == ["big", "bystander"]


@pytest.mark.parametrize("line", ["NLST *.txt", "LIST *.txt", "HASH big.txt"])
@pytest.mark.needs("disk")
def test_commands_that_come_meanwhile_are_not_mistaken_for_the_running_one(site, line):
    """They are received where that one stood, which had been read in place: it then listed, or told, what stood in freed memory."""
    make(site.dir, "other", b"x")
    with open(make(site.dir, "big.txt"), "r+b") as big:
        big.truncate(64 << 20)
    client = site.raw()
    port = client.epsv_port()
    client.send(as_line(line))
    time.sleep(0.02)
    for size in 3000, 40, 1500:
        client.send(b"PWD\r\n" * (size // 5))
        time.sleep(0.02)
    if line.startswith("HASH"):
        assert client.expect(213).text.endswith(" big.txt")
    else:
        data = client.connect(port)
        client.expect(OPEN)
        assert receive_all(data).rstrip().endswith(b"big.txt")
        client.expect(226)
    for _ in range(600 + 8 + 300):
        client.expect(257)


# ---------------------------------------------------------------- words

NASTY = ["\r\n226 forged\r\n.txt", "\n2026-01-01T00:00:00Z login user=root", "\x1b]0;title\x07\x1b[2J", 'a"b" 257 "c', "type=dir;size=0; x", "%n%s%x%p%200d",
         "\udcff\udcf4\udcff\udcf2ABOR", "\u202egnp.exe", "../..", "a\x00b", "-la", "; rm -rf /", "\u0085\u2028next", " lead", "trail ", "x" * 255]


@pytest.mark.needs("typical", "disk")
def test_names_forge_nothing(site):
    """In listings, facts and replies: as many entries as there are, and each on its own line."""
    made = 0
    for name in NASTY:
        with contextlib.suppress(OSError, ValueError):
            if "/" not in name:
                make(site.dir, os.fsencode(name), SMALL)
                made += 1
    assert made >= 13
    client = site.raw()
    with bystander(site.server):
        listed, facts, plain = ls(client.get("LIST")), mlsd(client.get("MLSD")), nlst(client.get("NLST"))
        assert len(listed) == len(facts) == made
        assert set(plain) == {name for name in map(os.fsencode, NASTY) if name in facts and not re.search(rb"[\x00-\x1f]", name)}
        assert {entry["size"] for entry in facts.values()} == {"2000"} and {entry["type"] for entry in facts.values()} == {"file"}
        for line in "STAT .", "MLST", "STAT":
            client.cmd(line)                                     # ftpraw looks at every line
        for name in NASTY:
            for verb in "SIZE", "MKD", "CWD", "RNFR", "HASH", "SITE CHMOD 600", "RMD", "STAT", "HELP", "OPTS", "SITE", "USER", "LANG", "CLNT", "HOST":
                client.send(verb.encode() + b" " + os.fsencode(name).replace(b"\n", b"\0").replace(b"\xff", b"\xff\xff") + b"\r\n")
                client.reply()
            if client.cmd("NOOP").code != 200:                   # USER logs out
                client.expect(230)
            client.login("bob")
            client.expect(250, f"CWD {site.path}")


@pytest.mark.needs("typical")
@pytest.mark.parametrize("form", ["text", "json"])
def test_format_strings_and_forged_lines_in_the_log(server, tmp_path, form):
    """Percent signs in every argument of every command are bytes like others, and an event is one line."""
    log = tmp_path / "log"
    one = server(None, *ACCOUNTS, "--log", log, "--log-format", form)
    client = one.raw("bob")
    verbs = list(commands(client))
    with bystander(one):
        for verb in verbs:
            if verb in ("QUIT", "REIN", "USER", "AUTH", "PASS", "PASV"):         # the last: what follows would wait for data
                continue
            for nasty in "%n%n%s%s%x%p%.9999d", '%s" x=y\x1b[2J':
                client.send(f"{verb} {nasty}\r\n".encode())
                if client.reply().code in OPEN:
                    client.reply()
        client.put("STOR %n%s%n", SMALL)
        assert client.get("RETR %n%s%n") == SMALL
        guessers = [one.raw() for _ in range(3)]
        for guesser, user in zip(guessers, ("%n%s%n", 'x" user=root\x1b]0;', "\udcff\udcff root")):
            guesser.send(b"USER " + os.fsencode(user) + b"\r\nPASS %n%s%n\r\n")
        for guesser in guessers:
            guesser.expect(331)
            guesser.expect(530)
    written = log.read_bytes()                                   # once: who has left is still to be written down
    lines = written.splitlines()
    assert len(lines) == written.count(b"\n") and not any(re.search(rb"[\x00-\x1f\x7f]", line) for line in lines)
    events = [json.loads(line)["event"] if form == "json" else line.split()[1].decode() for line in lines]
    assert set(events) <= {"start", "connect", "login", "login-failed", "end", "stored", "sent", "stopping", "deleted", "made", "renamed", "removed",
                           "listen", "warning", "tls"} and events.count("login-failed") == 3, set(events)
    assert any(b"%n%s%n" in line for line in lines)


@pytest.mark.needs("typical")
def test_the_wrong_protocol(server):
    """Plain FTP where TLS is spoken, TLS where FTP is, HTTP at both."""
    ftps = free_range(1)
    one = server(None, *ACCOUNTS, "--ftps", ftps)
    hello = client_hello()
    with bystander(one):
        for port, words in ((ftps, b"USER bob\r\nPASS secret\r\n"), (ftps, b"GET / HTTP/1.1\r\n\r\n"), (one.port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
                            (ftps, b"\r\n" * 100), (ftps, b"\x16\x03\x01\x00\x01\x01")):
            with socket.create_connection(("127.0.0.1", port), timeout=WAIT) as sock:
                sock.sendall(words)
                sock.shutdown(socket.SHUT_WR)
                said = receive_until_reset(sock)
                assert b"331" not in said and b"230" not in said and b"HTTP/1" not in said
        with socket.create_connection(one.address(), timeout=WAIT) as sock:
            sock.sendall(hello + b"\r\n")
            sock.shutdown(socket.SHUT_WR)
            assert receive_until_reset(sock).startswith(b"220 ")
        assert Tls(one, implicit=ftps).retrieve("RETR /bystander") == SMALL


def receive_until_reset(sock):
    got = b""
    with contextlib.suppress(ConnectionResetError):
        while part := sock.recv(65536):
            got += part
    return got


@pytest.mark.needs("typical")
def test_renegotiation_is_refused(site):
    """TLS 1.2 only; each would be a handshake at the server's cost."""
    host, port = site.server.address()
    with bystander(site.server), subprocess.Popen(
            ["openssl", "s_client", "-connect", f"{host}:{port}", "-starttls", "ftp", "-tls1_2"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0) as client:
        said = read_until(client.stdout, b"220 dray")
        client.stdin.write(b"R\n")
        said += read_until(client.stdout, b"no renegotiation")
        assert b"RENEGOTIATING" in said
        client.kill()


def read_until(pipe, word):
    got, end = b"", time.monotonic() + WAIT
    while word not in got:
        assert ready(pipe, max(0, end - time.monotonic())), got[-1000:]
        part = pipe.read(65536)
        assert part, f"ended without {word}: {got[-1000:]}"
        got += part
    return got


@pytest.mark.needs("typical")
def test_handshakes_that_are_left_half_done(site):
    hello = client_hello()
    with bystander(site.server):
        clients = [site.server.raw() for _ in range(60)]
        for client in clients:
            client.send(b"AUTH TLS\r\n")
        for n, client in enumerate(clients):
            client.expect(234)
            client.send(hello if n % 2 else hello[:n * 3])
        for n, client in enumerate(clients):
            if n % 2:
                assert client.sock.recv(1) == b"\x16"
            reset(client.sock) if n % 3 else client.sock.close()
    client = Tls(site.server, TLS12)
    assert client.retrieve("RETR /bystander") == SMALL
