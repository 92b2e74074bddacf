"""dray doctor: what it finds in a server that is well, in servers with a planted fault each, in one that others use; and that a hostile
one neither holds it up nor reaches the terminal."""
import datetime
import signal
import time

import pytest

from client import CONNECT, INTERRUPTED, LOGIN, Client, Site, TlsSite, certificate
from peers import Vsftpd
from test_client_hostile import fake  # noqa: F401  (a fixture)
from tools import PATIENCE, blob, make, names, until

FAULTY = 11
CHECKS = ["addresses", "login", "tls", "data-tls", "tls-reuse", "epsv", "pasv", "ports", "active", "names", "listing", "upload", "clock",
          "download", "size", "resume", "checksum", "times", "broken-upload", "idle"]


@pytest.fixture
def client(tmp_path):
    return Client(tmp_path)


def examine(client, url, *options, code=0):
    """The finding of each check."""
    found = client.events("doctor", *options, url, code=code)
    checks = {one["check"]: one for one in found if one["event"] == "check"}
    assert found[-1]["event"] == "end" and found[-1]["bad"] == sum(one["verdict"] == "bad" for one in checks.values())
    return checks


def but(checks, *verdicts):
    return {name for name, one in checks.items() if one["verdict"] not in verdicts}


class Well(Site):
    """Answers all that is asked, without TLS, with one session at a time."""
    files = {"x": blob(200_000), "small": b"1"}
    features = ("MLST type*;size*;modify*;", "SIZE", "MDTM", "MFMT", "REST STREAM", "UTF8")
    days = 0

    def now(self):
        return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=self.days)).strftime("%Y%m%d%H%M%S")

    def __init__(self):
        self.made = set()
        super().__init__()

    def facts_of(self, name):
        return f"type=file;size={len(self.files[name])};modify={self.mtimes.get(name, self.now())};"

    def mlsd(self, path):
        inside = path.strip("/") + "/" if path.strip("/") else ""
        lines = [f"type=dir;modify={self.stamp}; {d[len(inside):]}" for d in self.made if d.startswith(inside) and d != inside[:-1]]
        lines += [f"{self.facts_of(n)} {n[len(inside):]}" for n in self.files if n.startswith(inside) and "/" not in n[len(inside):]]
        self.send([(line + "\r\n").encode("utf-8", "surrogateescape") for line in lines])

    def mkd(self, path):
        self.made.add(path.strip("/"))
        self.say(f'257 "{path}"')

    def rmd(self, path):
        self.made.discard(path.strip("/"))
        self.say("250 gone")

    def mdtm(self, path):
        self.say(f"213 {self.mtimes.get(path.strip('/'), self.now())}" if path.strip("/") in self.files else "550 no such file")

    def size(self, path):
        self.say(f"213 {len(self.files[path.strip('/')])}" if path.strip("/") in self.files else "550 no such file")

    def noop(self, _):
        self.say("200 here")


def test_one_that_is_well(client, fake):
    one = fake(Well)
    checks = examine(client, f"{one.address}/")
    assert list(checks) == CHECKS and but(checks, "ok", "skipped") - {"ports"} == {"tls", "checksum", "active"}
    assert all("fix" in c for c in checks.values() if c["verdict"] == "warn")
    assert not one.made and not any(h.split()[0] in ("STOR", "MKD", "DELE", "RMD", "MFMT") for h in one.heard)
    client.run("doctor", f"{one.address}/")
    assert "ok    resume" in client.out and "-> switch it on" in client.out and "bad" in client.out.splitlines()[-1]


def test_what_writes_cleans_up(client, fake):
    one = fake(Well)
    checks = examine(client, f"{one.address}/", "--write")
    assert not but(checks, "ok", "warn", "skipped") and {checks[c]["verdict"] for c in ("upload", "clock", "times", "names")} == {"ok"}
    assert not one.made and set(one.files) == {"x", "small"}


def test_ctrl_c_leaves_nothing_either(client, fake):
    class Slow(Well):
        def noop(self, _):
            time.sleep(2)
            self.say("200 here")

    one = fake(Slow)
    child = client.start("doctor", "--write", f"{one.address}/")
    until(lambda: "NOOP" in one.heard, "the last check runs")
    child.send_signal(signal.SIGINT)
    client.finish(child, INTERRUPTED)
    assert not one.made and set(one.files) == {"x", "small"}


FAULTS = {
    "pasv": (dict(pasv_host="10,1,2,3"), "10.1.2.3"),
    "epsv": (dict(has_epsv=False), "500"),
    "size": (dict(size=lambda self, _: self.say("213 7")), "SIZE says 7 bytes, and 200000 came"),
    "resume": (dict(begin_at=lambda self: 0), "is not what the file has there"),
    "names": (dict(features=("MLST type*;size*;modify*;", "SIZE")), "guess"),
    "clock": (dict(days=1), "from the future"),
    "listing": (dict(mlsd=lambda self, _: self.say("502 no"), list=lambda self, _: self.send(b"")), "it is refused"),
    "idle": (dict(noop=lambda self, _: self.say("500 what?")), "500"),
    "download": (dict(retr=lambda self, _: self.say("550 no")), "550"),
}


@pytest.mark.parametrize("check", FAULTS)
def test_a_planted_fault_is_found(client, fake, check):
    traits, words = FAULTS[check]
    bad = check not in ("epsv", "names", "idle")
    checks = examine(client, f"{fake(Well, **traits).address}/", code=FAULTY if bad else 0)
    assert checks[check]["verdict"] == ("bad" if bad else "warn") and words in checks[check]["found"]
    assert but(checks, "ok", "skipped") <= {check, "tls", "checksum", "active", "ports"}


def test_a_clock_that_is_off_by_a_day(client, fake):
    checks = examine(client, f"{fake(Well, days=-1).address}/", "--write", code=FAULTY)
    assert "seconds off" in checks["clock"]["found"] and "NTP" in checks["clock"]["fix"]


def test_an_upload_that_leaves_a_piece(client, fake):
    class Leaves(Well):
        def stor(self, path):
            if not path.endswith("broken"):
                return super().stor(path)
            with self.data() as connection:
                self.say("150 go on")
                self.files[path.strip("/")] = connection.recv(1000)
            self.say("426 broken off")

    one = fake(Leaves)
    checks = examine(client, f"{one.address}/", "--write")
    assert "leaves a piece" in checks["broken-upload"]["found"] and not one.made and set(one.files) == {"x", "small"}


class TlsWell(TlsSite, Well):
    pass


def test_tls_refused_on_data(client, fake, tmp_path):
    one = fake(TlsWell, pem=certificate(tmp_path, days=90), says_prot="534 no")
    checks = examine(client, f"{one.address}/", code=FAULTY)
    assert checks["data-tls"]["verdict"] == "bad" and "PROT P is refused" in checks["data-tls"]["found"]
    two = fake(TlsWell, pem=certificate(tmp_path, days=5))
    checks = examine(client, f"{two.address}/", "--insecure")
    assert "the certificate expires in" in checks["tls"]["found"] and checks["tls-reuse"]["verdict"] == "ok"


def test_what_keeps_it_out(client, fake):
    examine(client, f"{fake(Well, password=lambda self, _: self.say('530 no')).address}/", code=LOGIN)
    examine(client, "127.0.0.1:1", code=CONNECT)
    client.run("doctor", code=2)
    assert "one URL" in client.err


def test_the_dialogue_is_shown_without_the_password(client, fake):
    one = fake(Well)
    url = f"ftp://bob:secret@{one.address}/"
    client.run("doctor", "--debug", url)
    assert "< 502 not here\n> USER bob\n< 331 password\n> PASS ****\n< 230 in\n" in client.err and "secret" not in client.err + client.out
    assert "> QUIT\n" in client.err and ">" not in {line[:1] for line in client.out.splitlines()}
    said = [e for e in client.events("doctor", "--debug", url) if e["event"] == "dialogue"]
    assert {"event": "dialogue", "sent": "PASS ****"} in said and {"event": "dialogue", "heard": "230 in"} in said
    assert b"secret" not in client.raw
    assert not [e for e in client.events("doctor", url) if e["event"] == "dialogue"]


def test_a_hostile_server_neither_holds_up_nor_paints(client, fake):
    def silent(self, _):
        time.sleep(3)

    one = fake(Well, epsv=silent, pasv=silent, noop=silent, mlst=silent)
    began = time.monotonic()
    examine(client, f"{one.address}/", "--timeout", "1", code=FAULTY)
    assert time.monotonic() - began < 40 * PATIENCE

    def drip(self, _):
        def lines():
            while True:
                yield b"type=file;size=1;modify=20260102030405; x\r\n"
                time.sleep(0.3)
        self.send(lines())

    began = time.monotonic()
    examine(client, f"{fake(Well, mlsd=drip).address}/", "--timeout", "1", code=FAULTY)
    assert time.monotonic() - began < 40 * PATIENCE

    def endless(self, _):
        def lines():
            while True:
                yield b"type=file;size=1;modify=20260102030405; \x1b[31mred\x07\r\n" * 100
        self.send(lines())

    two = fake(Well, mlsd=endless, noop=lambda self, _: self.say("500 \x1b[31mred\x07\x9b"), epsv=lambda self, _: self.say("500 \x1b]0;x\x07"))
    client.run("doctor", f"{two.address}/", "--timeout", "2", code=FAULTY)
    assert "\x1b" not in client.out and "\x07" not in client.out


@pytest.mark.needs("epoll", "disk")
def test_dray_itself(server, client):
    one = server(None, "--writable", "--ban-after", "0")
    make(one.root, "a", blob(100_000))
    for options in (["--tls", "off"], ["--insecure"]):
        checks = examine(client, one.url(), "--write", *options)
        assert but(checks, "ok", "skipped") <= {"tls", "ports"} and checks["broken-upload"]["verdict"] == "ok"
        assert checks["checksum"]["verdict"] == "ok" and names(one.root) - {b".dray-partials"} == {b"a"}


@pytest.mark.needs("epoll", "lean")
def test_a_stranger_to_dray_may_set_no_time(server, client):
    """Which is no fault of its clock: other commands go ahead of the answer to this one, here it is heard."""
    one = server(None, "--ban-after", "0")
    checks = examine(client, one.url("/"), "--write")
    assert checks["times"]["verdict"] == "warn" and "the right write" in checks["times"]["fix"]


@pytest.mark.needs("root", "lean")
def test_a_server_that_others_use(client, tmp_path):
    peer = Vsftpd(pem=certificate(tmp_path, days=90))
    try:
        checks = examine(client, peer.url(), "--write", "--insecure")
        assert "must resume" in checks["tls-reuse"]["found"] and "no MLSD" in checks["listing"]["found"]
        assert not but(checks, "ok", "warn") and names(peer.root) == set()
    finally:
        peer.stop()
