"""How the client comes to its data connections when a server refuses a way, or a firewall between closes one: EPSV, PASV, and the
server connecting to it; that what was learnt holds for all that follows; and that nobody else is let in."""
import socket
import subprocess

import pytest

from client import INCOMPLETE, Client, Site, TlsSite, certificate
from server import DRAY
from test_client_hostile import fake  # noqa: F401  (a fixture)
from tools import blob

FILES = {f"f{n}": blob(n * 1000, n) for n in range(5)}


def dead_port(owner):
    """A port that nobody listens on, nor will while its owner is there."""
    owner.dead = (*owner.dead, socket.socket())
    owner.dead[-1].bind(("127.0.0.1", 0))
    return owner.dead[-1].getsockname()[1]


class Ways(Site):
    """epsv, pasv, active: "works", "dead" (nobody listens there, or it cannot connect), "refused", "silent" (no answer comes)."""
    files, dead = FILES, ()
    ways = {"epsv": "works", "pasv": "works", "active": "works"}

    def port_of(self, way):
        if self.ways[way] == "dead":
            return dead_port(self)
        if self.ways[way] == "silent":
            self.deaf = socket.create_server(("127.0.0.1", 0), backlog=0)
            self.full = [socket.socket() for _ in range(3)]
            for sock in self.full:
                sock.setblocking(False)
                sock.connect_ex(self.deaf.getsockname())
            return self.deaf.getsockname()[1]
        return self.listen()

    def epsv(self, _):
        self.to = None
        self.say("522 no" if self.ways["epsv"] == "refused" else f"229 here (|||{self.port_of('epsv')}|)")

    def pasv(self, _):
        self.to = None
        port = self.port_of("pasv") if self.ways["pasv"] != "refused" else 0
        self.say(f"227 here (127,0,0,1,{port // 256},{port % 256})" if port else "502 no")

    def port(self, argument):
        numbers = [int(n) for n in argument.split(",")]
        self.to = ".".join(map(str, numbers[:4])), numbers[4] * 256 + numbers[5]
        self.say("500 no" if self.ways["active"] == "refused" else "200 fine")

    def data(self):
        return socket.create_connection(self.to, 20) if self.to else super().data()

    def send(self, *words, **more):
        if self.to and self.ways["active"] == "dead":
            return self.say("425 cannot connect")
        return super().send(*words, **more)


class Tls(TlsSite, Ways):
    pass


@pytest.fixture
def client(tmp_path):
    return Client(tmp_path)


def asked(one):
    return [h.split()[0] for h in one.heard if h.split()[0] in ("EPSV", "PASV", "PORT")]


def fetch_all(client, one, *options):
    client.run("get", "-j", "1", "-o", "to", *options, *[f"{one.address}/{name}" for name in FILES])
    assert {p.name: p.read_bytes() for p in (client.dir / "to").iterdir()} == FILES


@pytest.mark.parametrize("ways, options, first, then", [
    ({}, [], ["EPSV"], "EPSV"),
    ({"epsv": "refused"}, [], ["EPSV", "PASV"], "PASV"),
    ({"epsv": "dead"}, [], ["EPSV", "PASV"], "PASV"),
    ({"epsv": "silent"}, ["--timeout", "3"], ["EPSV", "PASV"], "PASV"),
    ({"epsv": "dead", "pasv": "dead"}, [], ["EPSV", "PASV", "PORT"], "PORT"),
    ({"epsv": "refused", "pasv": "refused"}, [], ["EPSV", "PASV", "PORT"], "PORT"),
    ({}, ["--active"], ["PORT"], "PORT"),
    ({"active": "refused"}, ["--active"], ["PORT", "EPSV"], "EPSV"),
    ({"active": "dead"}, ["--active"], ["PORT", "EPSV"], "EPSV"),
    ({"epsv": "dead", "active": "dead"}, ["--active"], ["PORT", "EPSV", "PASV"], "PASV"),
])
def test_the_next_way_is_taken_and_kept(client, fake, ways, options, first, then):
    one = fake(Ways, ways={**Ways.ways, **ways})
    fetch_all(client, one, *options)
    assert asked(one) == first + [then] * (len(FILES) - 1)


def test_what_one_connection_learnt_the_others_know(client, fake):
    one = fake(Ways, ways={**Ways.ways, "epsv": "dead"})
    client.run("get", "-r", "-j", "4", "-o", "to", f"{one.address}/")
    assert asked(one).count("EPSV") == 1


def test_no_way_at_all_is_told(client, fake):
    for ways, options in (({"epsv": "dead", "pasv": "dead"}, ["--passive"]), ({"epsv": "dead", "pasv": "dead", "active": "dead"}, []),
                          ({"epsv": "dead", "pasv": "dead", "active": "refused"}, [])):
        one = fake(Ways, ways={**Ways.ways, **ways})
        client.run("get", "--retries", "0", *options, f"{one.address}/f1", code=INCOMPLETE)
        assert "f1: " in client.err and not (client.dir / "f1").exists()
        assert ("PORT" in asked(one)) == (not options)


def test_tls_goes_along(client, fake, tmp_path):
    one = fake(Tls, pem=certificate(tmp_path), ways={**Ways.ways, "epsv": "dead", "pasv": "refused"})
    fetch_all(client, one, "--insecure", "--tls", "require")
    assert asked(one)[-1] == "PORT" and len(one.reused) == len(FILES)


def test_the_menu_too(client, fake):
    one = fake(Ways, ways={**Ways.ways, "epsv": "refused", "pasv": "dead"})
    done = subprocess.run([DRAY, "open", one.address], input=b"list\nget f1\nquit\n", cwd=client.dir, env=client.env, capture_output=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    assert client.read("f1") == FILES["f1"] and asked(one) == ["EPSV", "PASV", "PORT", "PORT"]
