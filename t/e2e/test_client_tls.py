"""TLS in the client: what is encrypted, whom it believes, and what it refuses (exit code 8)."""
import re
import subprocess

import pytest

from client import INCOMPLETE, TLS, USAGE, Client, Site, TlsSite, certificate
from test_client_hostile import fake  # noqa: F401  (a fixture)
from server import DRAY
from tools import blob, free_range, make, names

epoll = pytest.mark.needs("epoll", "disk")
DATA = blob(300_000)


@pytest.fixture
def client(tmp_path):
    return Client(tmp_path)


@pytest.fixture(scope="module")
def pems(tmp_path_factory):
    """one and two: self-signed. ca, and good and elsewhere: signed by it, for 127.0.0.1 and for another host."""
    folder = tmp_path_factory.mktemp("pems")
    made = {name: certificate(folder, name) for name in ("one", "two", "ca")}
    made["good"] = certificate(folder, "good", issuer=made["ca"])
    made["elsewhere"] = certificate(folder, "elsewhere", host="files.example", issuer=made["ca"])
    return made


def tree(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@epoll
def test_all_is_encrypted_where_it_is_offered(server, client):
    one = server(None, "--writable", "--tls", "require", "--tls-data", "require,strict-close")
    for n in range(30):
        make(one.root, f"f{n}", blob(n * 1000, n))
    client.run("get", "-r", one.url(), "-o", "t")
    assert client.err.count("seen for the first time") == 1 and tree(client.dir / "t") == tree(one.root)
    make(client.dir, "big", blob(3_000_000))
    client.run("put", "-v", "big", one.url())
    assert (one.root / "big").read_bytes() == blob(3_000_000) and "seen for the first time" not in client.err
    client.run("ls", "--tls", "off", one.url(), code=4)
    assert "TLS" in client.err


@epoll
def test_ftps_from_the_first_byte(server, client, tmp_path):
    port = free_range(1)
    one = server(None, "--ftps", str(port))
    make(one.root, "a", DATA)
    client.run("get", f"ftps://127.0.0.1:{port}/a")
    assert client.read("a") == DATA
    menu = client.start("open", f"ftps://127.0.0.1:{port}")
    client.finish(menu, 0)
    assert "Logged in as anonymous" in client.out


@epoll
def test_the_menu_too(server, client):
    one = server(None, "--writable", "--tls", "require", "--tls-data", "require")
    make(one.root, "a", DATA)
    (client.dir / "lines").write_text("list\nget a\nput lines\nquit\n")
    with open(client.dir / "lines", "rb") as lines:
        done = subprocess.run([DRAY, "open", one.url()], stdin=lines, cwd=client.dir, env=client.env, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert client.read("a") == DATA and (one.root / "lines").exists() and b"seen for the first time" in done.stdout


def test_a_certificate_that_changes_is_refused(client, fake, pems):
    one = fake(TlsSite, pem=pems["one"])
    client.run("ls", f"{one.address}/")
    seen = re.search(r"SHA-256 ([0-9A-F:]{95})", client.err)[1]
    client.run("ls", f"{one.address}/")
    one.pem = pems["two"]
    client.run("ls", f"{one.address}/", code=TLS)
    other = re.search(r"It is SHA-256 ([0-9A-F:]{95}), and was ([0-9A-F:]{95})", client.err)
    assert "ITS CERTIFICATE HAS CHANGED" in client.err and other[2] == seen and not any(h.startswith("USER") for h in one.heard[-3:])
    client.run("ls", "--insecure", f"{one.address}/")
    client.run("ls", f"{one.address}/", code=TLS)
    client.run("ls", "--pin", seen, f"{one.address}/", code=TLS)
    client.run("ls", "--pin", other[1], f"{one.address}/")
    client.run("ls", f"{one.address}/")
    client.run("ls", "--pin", "AB:CD", f"{one.address}/", code=USAGE)


def test_who_vouches_for_it(client, fake, pems):
    one = fake(TlsSite, pem=pems["good"])
    client.run("ls", f"{one.address}/", code=TLS)
    assert "not to be trusted" in client.err and "--cacert" in client.err
    client.run("ls", "--cacert", pems["ca"], f"{one.address}/")
    assert client.err == ""
    one.pem = pems["elsewhere"]
    client.run("ls", "--cacert", pems["ca"], f"{one.address}/", code=TLS)
    assert "mismatch" in client.err
    one.pem = pems["one"]
    client.run("ls", "--cacert", pems["ca"], f"{one.address}/", code=TLS)
    client.run("ls", "--cacert", "/nonexistent", f"{one.address}/", code=TLS)


def test_tls_that_is_stripped(client, fake):
    one = fake(Site)
    client.run("ls", "--tls", "require", f"{one.address}/", code=TLS)
    assert "offers no TLS" in client.err and not any(h.startswith("USER") for h in one.heard)
    client.run("ls", f"{one.address}/")


def test_a_handshake_that_fails(client, fake, pems):
    class Broken(TlsSite):
        def auth(self, _):
            self.say("234 go on", "no TLS at all")

    one = fake(Broken, pem=pems["one"])
    client.run("ls", f"{one.address}/", code=TLS)
    assert "TLS failed" in client.err and not any(h.startswith("USER") for h in one.heard)


def test_what_was_said_before_tls_is_thrown_away(client, fake, pems):
    class Injected(TlsSite):
        def auth(self, _):
            self.say("234 go on", "230 you are in already")
            self.control = self.secure.wrap_socket(self.control, server_side=True)

    one = fake(Injected, pem=pems["one"])
    client.run("get", f"{one.address}/x")
    assert client.read("x") == b"one\n" and one.heard[:3] == ["AUTH TLS", "USER anonymous", "PASS anonymous@"]


def test_data_in_the_clear(client, fake, pems):
    one = fake(TlsSite, pem=pems["one"], says_prot="536 not here")
    client.run("get", "--tls", "require", f"{one.address}/x", code=TLS)
    assert "PROT P refused" in client.err and names(client.dir) == set()
    client.run("get", f"{one.address}/x")
    assert client.read("x") == b"one\n" and client.err.count("files in the clear") == 1


def test_ftps_wants_data_encrypted(client, fake, pems):
    one = fake(TlsSite, pem=pems["one"], implicit=True, says_prot="536 not here")
    client.run("get", f"ftps://{one.address}/x", code=TLS)
    assert "PROT P refused" in client.err and names(client.dir) == set()


def test_data_resumes_the_session(client, fake, pems):
    one = fake(TlsSite, pem=pems["one"], files={"x": DATA, "y": DATA})
    client.run("get", "-j", "1", f"{one.address}/x", f"{one.address}/y")
    assert client.read("x") == client.read("y") == DATA and one.reused == [True, True]


def test_data_from_somebody_else(client, fake, pems):
    one = fake(TlsSite, pem=pems["one"], data_pem=pems["two"])
    client.run("get", f"{one.address}/x", code=TLS)
    assert names(client.dir) == set()


def test_data_that_ends_without_close_notify(client, fake, pems):
    class Sizeless(TlsSite):
        features = ("UTF8",)

        def mlst(self, _):
            self.say("500 what?")

        def size(self, _):
            self.say("500 what?")

        def cwd(self, path):
            self.say("250 in" if path == "/" else "550 no folder")

    client.run("get", f"{fake(TlsSite, pem=pems['one'], closes_well=False).address}/x")
    assert client.read("x") == b"one\n"
    client.run("cat", f"{fake(TlsSite, pem=pems['one'], closes_well=False).address}/x")
    assert client.out == "one\n"
    one = fake(Sizeless, pem=pems["one"], closes_well=False)
    client.run("get", "-f", "--retries", "0", f"{one.address}/x", code=INCOMPLETE)
    assert "without TLS being told" in client.err and client.read("x") == b"one\n"
    client.run("cat", "--retries", "0", f"{one.address}/x", code=INCOMPLETE)
    one.closes_well = True
    client.run("get", "-f", f"{one.address}/x")
