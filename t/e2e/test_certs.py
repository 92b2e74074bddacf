"""Certificates: read again when their files change, chosen by the name that is asked for, and shown by clients, on every model."""
import os
import re
import ssl
import subprocess
import time

import pytest

from ftptls import TLS12, TLS13, Tls, context
from server import ACCOUNTS
from tools import until

VERSIONS = pytest.mark.parametrize("version", [TLS12, TLS13], ids=["1.2", "1.3"])


def openssl(*line):
    subprocess.run(["openssl", *map(str, line)], check=True, capture_output=True)


class Maker:
    """Certificates of a CA of its own, or self-signed: NAME.pem holds certificate and key."""

    def __init__(self, folder):
        self.folder = folder

    def make(self, name, cn=None, san=None, ca=None, more=()):
        key, cert, pem = (self.folder / f"{name}.{end}" for end in ("key", "crt", "pem"))
        signer = ["-CA", self.folder / f"{ca}.crt", "-CAkey", self.folder / f"{ca}.key"] if ca else []
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cert,
                "-subj", f"/CN={cn or name}", "-days", "2", *signer, *(["-addext", f"subjectAltName={san}"] if san else []), *more)
        pem.write_bytes(cert.read_bytes() + key.read_bytes())
        return pem


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Made once: what each test needs."""
    maker = Maker(tmp_path_factory.mktemp("certs"))
    for name in "one", "two", "three":
        maker.make(name, san=f"DNS:{name}.example,DNS:*.{name}.example")
    maker.make("ca")
    maker.make("other-ca")
    plain = ("-addext", "basicConstraints=critical,CA:FALSE")
    maker.make("bob", ca="ca", more=plain)
    maker.make("stranger", cn="nobody", ca="ca", more=plain)
    maker.make("mail", cn="somebody", san="email:ann,DNS:bob", ca="ca", more=plain)
    maker.make("forged", cn="bob", ca="other-ca", more=plain)
    maker.make("old", cn="bob")
    openssl("x509", "-in", maker.folder / "old.crt", "-out", maker.folder / "expired.crt", "-days", "-1", "-CA", maker.folder / "ca.crt",
            "-CAkey", maker.folder / "ca.key", "-CAcreateserial")
    (maker.folder / "old.pem").write_bytes((maker.folder / "expired.crt").read_bytes() + (maker.folder / "old.key").read_bytes())
    maker.make("server-only", cn="bob", ca="ca", more=(*plain, "-addext", "extendedKeyUsage=serverAuth"))
    return maker.folder


def shown(one, name=None, version=None):
    """The certificate that a client sees who asks for a name."""
    client = one.raw()
    client.expect(234, "AUTH TLS")
    client.sock = context(version).wrap_socket(client.sock, server_hostname=name)
    client.file = client.sock.makefile("rb")
    client.expect(200, "NOOP")
    cert = ssl.DER_cert_to_PEM_cert(client.sock.getpeercert(True))
    client.close()
    return cert


def text(made, name):
    return (made / f"{name}.crt").read_text()


def put(path, content):
    """As tools that renew certificates do."""
    fresh = path.with_suffix(".new")
    fresh.write_bytes(content if isinstance(content, bytes) else content.encode())
    os.replace(fresh, path)


# -- files that change

def test_a_new_certificate_is_served_without_a_restart(server, tmp_path, made):
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert.write_bytes((made / "one.crt").read_bytes())
    key.write_bytes((made / "one.key").read_bytes())
    one = server(None, *ACCOUNTS, "--tls-cert", cert, "--tls-key", key)
    client = None if one.model == "iterative" else Tls(one)
    assert shown(one) == text(made, "one")
    put(key, (made / "two.key").read_bytes())
    put(cert, (made / "two.crt").read_bytes())
    until(lambda: all(shown(one) == text(made, "two") for _ in range(10)), "the new certificate is served by every process")
    if client:
        client.retrieve("NLST")                              # who was there before goes on
    assert len(re.findall(r" tls-reloaded ", one.stderr)) <= 2       # one of them, perhaps, when only the key was new
    assert re.search(r"tls-reloaded certificate=\S+ sha256=([0-9A-F]{2}:){31}[0-9A-F]{2}\n", one.stderr)


def test_a_broken_certificate_changes_nothing_and_is_told_once(server, tmp_path, made):
    pem = tmp_path / "pem"
    pem.write_bytes((made / "one.pem").read_bytes())
    one = server(None, *ACCOUNTS, "--tls-cert", pem, "--tls-key", pem)
    assert shown(one) == text(made, "one")
    put(pem, "-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n")
    def told():
        assert shown(one) == text(made, "one")
        return re.search(r"tls-not-reloaded why=.*no certificate in PEM form", one.stderr)
    until(told, "it is told")
    until_then = time.monotonic() + 1.3
    while time.monotonic() < until_then:
        assert shown(one) == text(made, "one")
        time.sleep(0.1)
    assert len(re.findall("tls-not-reloaded", one.stderr)) == 1
    os.unlink(pem)
    until(lambda: shown(one) == text(made, "one") and re.search("tls-not-reloaded why=.*cannot read", one.stderr), "it is told")
    put(pem, (made / "three.pem").read_bytes())
    until(lambda: shown(one) == text(made, "three"), "the good one is served")


def test_what_dray_made_itself_can_be_replaced(server, tmp_path, made):
    one = server(None, env={"XDG_STATE_HOME": str(tmp_path / "state")})
    assert shown(one) != text(made, "one")
    put(tmp_path / "state/dray/tls.pem", (made / "one.pem").read_bytes())
    until(lambda: shown(one) == text(made, "one"), "it is served")


# -- several certificates

def both(made, *names_):
    return [word for name in names_ for word in ("--tls-cert", made / f"{name}.crt", "--tls-key", made / f"{name}.key")]


@VERSIONS
def test_the_name_that_is_asked_for_chooses(server, made, version):
    one = server(None, *ACCOUNTS, *both(made, "one", "two", "three"))
    wanted = {"one.example": "one", "two.example": "two", "TWO.example": "two", "ftp.three.example": "three", "a.b.two.example": "one",
              "elsewhere.example": "one", "127.0.0.1": "one", None: "one"}
    for name, cert in wanted.items():
        assert shown(one, name, version) == text(made, cert), name
    assert len(re.findall(r"TLS certificate \(.*\): SHA-256", one.stdout)) == 3


def test_data_connections_resume_under_any_name(server, made):
    one = server(None, *ACCOUNTS, *both(made, "one", "two"), "--tls-data", "require")
    client = Tls(one, name="two.example")
    assert client.retrieve("NLST") == b"" and client.reused


@pytest.mark.parametrize("flags", [("--tls-cert", "one.crt"), ("--tls-cert", "one.crt", "--tls-key", "two.key"),
                                   ("--tls-cert", "one.crt", "--tls-key", "one.key", "--tls-cert", "two.crt"),
                                   ("--tls", "off", "--client-ca", "ca.crt"), ("--client-ca", "one.key")])
def test_what_cannot_be_is_refused_at_the_start(made, model, flags):
    from server import command, environment
    line = command(made, *(made / word if "." in word else word for word in flags), model=model)
    done = subprocess.run(line, capture_output=True, env=environment(), timeout=30)
    assert done.returncode == 2 and re.search(rb"^dray serve: .*(tls|TLS)", done.stderr)


# -- certificates of clients

WHO = [("bob", "bob", 232), ("mail", "ann", 232), ("mail", "bob", 331), ("bob", "ann", 331), ("bob", "anonymous", 331),
       ("bob", "BOB", 331), ("stranger", "nobody", 331), ("forged", "bob", 331), ("old", "bob", 331), ("server-only", "bob", 331),
       (None, "bob", 331)]


@VERSIONS
def test_whom_a_certificate_stands_for(server, made, version):
    one = server(None, *ACCOUNTS, "--client-ca", made / "ca.crt")
    for cert, user, code in WHO:
        client = Tls(one, version, user=None, protect=False, cert=cert and made / f"{cert}.pem")
        client.expect(code, f"USER {user}")
        if code == 331:
            client.expect(530, "PWD")
            if client.expect((331, 232), "USER bob").code == 331:
                client.expect(230, "PASS secret")
        client.expect(257, "PWD")
        client.expect(200, "PBSZ 0")
        client.expect(200, "PROT P")
        assert client.store("STOU", b"x").code == 226
        client.close()
    assert len(re.findall(r"login peer=\S+ user=ann by=certificate\n", one.stderr)) == 1


@VERSIONS
def test_a_resumed_session_is_still_that_client(server, made, version):
    one = server(None, *ACCOUNTS, "--client-ca", made / "ca.crt")
    first = Tls(one, version, user=None, protect=False, cert=made / "bob.pem")
    first.expect(200, "NOOP")
    session, ctx = first.sock.session, first.ctx
    first.close()
    second = Tls(one, version, user=None, protect=False, ctx=ctx, session=session)
    assert second.sock.session_reused
    second.expect(232, "USER bob")
    second.expect(331, "USER ann")
    second.expect(530, "PWD")


@pytest.mark.needs("at_once")
def test_a_certificate_is_no_way_around_a_ban(server, made):
    """Also where the connection is older than the ban."""
    one = server(None, *ACCOUNTS, "--client-ca", made / "ca.crt", "--ban-after", "1")
    client = Tls(one, user=None, protect=False, cert=made / "bob.pem")
    with Tls(one, user=None, protect=False) as guesser:
        guesser.expect(331, "USER bob")
        guesser.expect(421, "PASS wrong")
    client.expect(421, "USER bob")


def test_without_a_ca_no_certificate_stands_for_anything(server, made):
    one = server(None, *ACCOUNTS)
    client = Tls(one, user=None, protect=False, cert=made / "bob.pem")
    client.expect(331, "USER bob")
