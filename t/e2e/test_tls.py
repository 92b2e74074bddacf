"""TLS: what clients do, what attackers try, and how uploads may end, on every model."""
import errno
import re
import socket
import ssl
import struct
import subprocess
import time

import pytest

from ftpraw import OPEN, Raw, receive_all
from ftptls import TLS12, TLS13, Cut, Tls, context
from server import ACCOUNTS
from tools import PATIENCE, WAIT, blob, free_range, names, no_leftovers, until

VERSIONS = pytest.mark.parametrize("version", [TLS12, TLS13], ids=["1.2", "1.3"])


@pytest.fixture
def tls(site):
    """A factory of sessions that stand in this test's folder."""
    def start(*args, **more):
        client = Tls(site.server, *args, **more)
        client.expect(250, f"CWD {site.path}")
        return client
    return start


def not_stored(client, name):
    """SIZE would tell how much came, to be continued."""
    assert name.encode() not in client.retrieve("NLST").split()


# -- files, both ways

@VERSIONS
@pytest.mark.parametrize("how", ["epsv", "port"])
def test_files_both_ways(site, tls, version, how):
    client, content = tls(version), blob(5_000_001)
    assert client.store("STOR f", content, how).code == 226
    assert (site.dir / "f").read_bytes() == content
    assert client.retrieve("RETR f", how) == content
    assert b" f\r\n" in client.retrieve("MLSD", how)
    assert client.retrieve("NLST", how) == b"f\r\n"


@pytest.mark.parametrize("size", [0, 1, 16383, 16384, 16385, 131072, 131073])
def test_sizes_around_records(site, tls, size):
    client, content = tls(), blob(size).replace(b"\r", b"")
    assert client.store("STOR f", content).code == 226
    assert client.retrieve("RETR f") == content
    client.expect(200, "TYPE A")
    assert client.retrieve("RETR f") == content.replace(b"\n", b"\r\n")


def test_a_restart_and_an_append(site, tls):
    client, content = tls(), blob(300_000)
    assert client.store("STOR f", content[:100_000]).code == 226
    assert client.store("APPE f", content[100_000:]).code == 226
    client.expect(350, "REST 99999")
    assert client.retrieve("RETR f") == content[99_999:]


@VERSIONS
def test_a_slow_reader_gets_all(site, tls, version):
    """Records that do not fit the socket wait, and are neither lost nor sealed twice."""
    client, content = tls(version), blob(20_000_000)
    assert client.store("STOR f", content).code == 226
    data = client.epsv()()
    data.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    client.expect(OPEN, "RETR f")
    sock, got = client.wrap(data), bytearray()
    time.sleep(0.3)
    client.expect(213, "STAT")
    for _ in range(20):
        got += sock.recv(10_000)
        client.expect(200, "NOOP")
    got += receive_all(sock)
    client.expect(226)
    assert got == content


def test_abort_and_status_while_data_moves(site, tls):
    client = tls()
    assert client.store("STOR f", blob(30_000_000)).code == 226
    data = client.epsv()()
    client.expect(OPEN, "RETR f")
    sock = client.wrap(data)
    assert sock.recv(1000)
    assert int(re.search(r"(\d+) bytes", client.expect(213, "STAT").text)[1]) > 0
    client.expect(426, "ABOR")
    client.expect(226)
    data = client.epsv()()
    client.expect(OPEN, "STOR g")
    sock = client.wrap(data)
    sock.sendall(b"x" * 100_000)
    until(lambda: client.cmd("STAT").code == 213, "the upload is under way")
    client.expect(426, "ABOR")
    client.expect(226)
    not_stored(client, "g")


def test_abort_during_the_handshake_of_data(site, tls):
    client = tls()
    assert client.store("STOR f", b"x").code == 226
    client.epsv()()
    client.expect(OPEN, "RETR f")
    client.expect(200, "NOOP")
    client.expect(426, "ABOR")
    client.expect(226)
    assert client.retrieve("RETR f") == b"x"


def test_commands_in_one_record_and_in_pieces(site, tls):
    client = tls()
    client.send(b"NOOP\r\n" * 400)
    for _ in range(400):
        client.expect(200)
    client.send(b"X" * 20_000 + b"\r\nNOOP\r\nNO")
    client.expect(500)
    client.expect(200)
    client.send(b"OP\r\n")
    client.expect(200)


# -- the commands

def test_the_words_of_rfc_4217(site):
    client = site.server.raw()
    assert {" AUTH TLS", " PBSZ", " PROT"} <= set(client.expect(211, "FEAT").middle)
    client.expect(503, "PBSZ 0")
    client.expect(503, "PROT P")
    client.expect(533, "CCC")
    client.expect(504, "AUTH KERBEROS_V4")
    client.login("bob")
    client.expect(234, "AUTH TLS")
    client.sock = context().wrap_socket(client.sock)
    client.file = client.sock.makefile("rb")
    client.expect(530, "PWD")                                # who was logged in in the clear is so no more
    client.expect(503, "AUTH TLS")
    client.expect(503, "PROT P")
    client.login("bob")
    client.expect(200, "PBSZ 0")
    client.expect(536, "PROT E")
    client.expect(504, "PROT X")
    client.expect(533, "CCC")
    client.expect(200, "PROT P")
    client.expect(200, "PROT C")
    client.get("NLST")                                       # in the clear
    client.expect(200, "PROT P")
    client.expect(220, "REIN")
    client.expect(503, "PROT P")
    client.login("bob")
    client.get("NLST")
    client.expect(221, "QUIT")


@pytest.mark.parametrize("word", ["TLS", "TLS-C", "SSL", "tls"])
def test_names_of_tls(site, word):
    client = site.server.raw()
    client.expect(234, f"AUTH {word}")
    client.sock = context().wrap_socket(client.sock)
    client.file = client.sock.makefile("rb")
    client.login("bob")


def test_implicit(server):
    port = free_range(1)
    one = server(None, *ACCOUNTS, "--ftps", port)
    client = Tls(one, implicit=port, protect=False)
    assert client.store("STOR f", b"data").code == 226       # protected without a word
    assert client.retrieve("RETR f") == b"data"
    with socket.create_connection(("127.0.0.1", port), timeout=WAIT) as plain:
        client.close()
        plain.sendall(b"USER bob\r\n")
        assert b"220" not in plain.recv(1000)


def test_required(server):
    one = server(None, *ACCOUNTS, "--tls", "require")
    client = one.raw()
    client.expect(530, "USER bob")
    client.expect(503, "PASS secret")
    client.close()
    client = Tls(one, protect=False)
    client.expect(229, "EPSV")
    client.expect(521, "NLST")
    client.expect(200, "PBSZ 0")
    client.expect(534, "PROT C")
    client.expect(200, "PROT P")
    assert client.retrieve("NLST") == b""


def test_required_for_one_of_the_two(server, tmp_path):
    one = server(None, *ACCOUNTS, "--tls", "require-data")
    client = one.raw("bob")
    client.expect(229, "EPSV")
    client.expect(521, "NLST")
    client.close()
    two = server(None, *ACCOUNTS, "--tls", "require-login")
    client = two.raw()
    client.expect(530, "USER bob")
    client.close()
    client = Tls(two, protect=False)
    assert client.get("NLST") == b""


def test_the_start_says_whether_the_kernel_could_encrypt(server):
    has = False
    with socket.socket() as probe:
        try:
            probe.setsockopt(socket.IPPROTO_TCP, 31, b"tls")             # TCP_ULP
        except OSError as e:
            has = e.errno == errno.ENOTCONN
    word = "this kernel has it" if has else "this kernel has none"
    assert f"kernel TLS is not used ({word}" in server(None).stdout


def test_off(server):
    one = server(None, *ACCOUNTS, "--tls", "off")
    client = one.raw()
    client.expect(534, "AUTH TLS")
    assert " AUTH TLS" not in client.expect(211, "FEAT").middle
    assert "unencrypted" in one.stdout


# -- the certificate

def test_a_certificate_is_made_kept_and_told(server, tmp_path):
    where = {"XDG_STATE_HOME": str(tmp_path / "state")}

    def seen(one):
        told = re.search(r"SHA-256 ([0-9A-F:]{95})\n", one.stdout)[1]
        client = Tls(one, user=None, protect=False)
        import hashlib
        assert hashlib.sha256(client.sock.getpeercert(True)).hexdigest().upper() == told.replace(":", "")
        return told

    first = server(None, env=where)
    told = seen(first)
    first.stop()
    assert seen(server(None, env=where)) == told
    kept = tmp_path / "state/dray/tls.pem"
    assert kept.stat().st_mode & 0o777 == 0o600 and names(kept.parent) == {b"tls.pem"}


def test_a_certificate_of_the_operator(server, tmp_path):
    pem = tmp_path / "own.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "key.pem", "-out", pem,
                    "-subj", "/CN=files.example", "-days", "2"], check=True, capture_output=True)
    one = server(None, *ACCOUNTS, "--tls-cert", pem, "--tls-key", tmp_path / "key.pem")
    client = Tls(one)
    assert ssl.DER_cert_to_PEM_cert(client.sock.getpeercert(True)) in pem.read_text()
    assert client.store("STOR f", b"x").code == 226


# -- sessions that are resumed, rightly and wrongly

@VERSIONS
def test_one_ticket_for_many_data_connections(site, tls, version):
    client = tls(version)
    client.expect(200, "NOOP")                               # the ticket has come with it
    session = client.sock.session
    for _ in range(120):
        assert client.retrieve("NLST", session=session) == b""
        assert client.reused
    assert client.retrieve("NLST", session=False) == b""     # and one that resumes nothing
    assert not client.reused


@VERSIONS
def test_the_session_of_another_is_not_resumed(site, version):
    other = Tls(site.server, version)
    other.expect(200, "NOOP")
    session, ctx = other.sock.session, other.ctx
    other.close()
    client = Tls(site.server, version)
    client.ctx = ctx
    client.retrieve("NLST", session=session)
    assert not client.reused


@VERSIONS
def test_the_session_of_another_is_refused(server, version):
    one = server(None, *ACCOUNTS, "--tls-data", "require")
    other = Tls(one, version)
    other.expect(200, "NOOP")
    stolen, ctx = other.sock.session, other.ctx
    other.close()
    client = Tls(one, version)
    own, client.ctx = client.ctx, ctx
    data = client.epsv()()
    client.expect(OPEN, "NLST")
    try:
        assert client.wrap(data, stolen).recv(1) == b""
    except OSError:
        pass
    client.expect(425)
    client.ctx = own
    assert client.retrieve("NLST") == b"" and client.reused


@VERSIONS
def test_a_control_connection_resumes_and_so_do_its_data_connections(site, version):
    first = Tls(site.server, version)
    first.expect(200, "NOOP")
    session, ctx = first.sock.session, first.ctx
    first.close()
    second = Raw(site.server.address())
    site.server.clients.append(second)
    second.__class__, second.ctx, second.name = Tls, ctx, None
    second.expect(234, "AUTH TLS")
    second.begin(session)
    assert second.sock.session_reused
    second.login("bob")
    second.expect(200, "PBSZ 0")
    second.expect(200, "PROT P")
    assert b"" == second.retrieve("NLST /nothing*", session=session) and second.reused


def test_resumption_demanded(server):
    one = server(None, *ACCOUNTS, "--tls-data", "require")
    client = Tls(one)
    assert client.retrieve("NLST") == b"" and client.reused
    data = client.epsv()()
    client.expect(OPEN, "STOR f")
    try:
        client.wrap(data, False).sendall(b"x")
    except OSError:
        pass
    client.expect(425)
    assert names(one.root) - {b".dray-partials"} == set()
    assert client.retrieve("NLST") == b""


# -- attacks

@pytest.mark.parametrize("alpn", [["ftp"], ["x-filezilla-ftp"], ["h2", "ftp"], None])
def test_alpn_that_is_welcome(site, alpn):
    Tls(site.server, alpn=alpn).expect(200, "NOOP")


@VERSIONS
def test_alpn_of_others_is_refused(site, version):
    with pytest.raises(ssl.SSLError, match="(?i)no.application.protocol"):
        Tls(site.server, version, alpn=["http/1.1", "h2"])


def test_what_was_said_before_tls_is_thrown_away(site):
    client = site.server.raw()
    client.send(b"AUTH TLS\r\nUSER anonymous\r\nPASS x\r\nDELE f\r\n")
    client.expect(234)
    client.sock = context().wrap_socket(client.sock)
    client.file = client.sock.makefile("rb")
    client.expect(503, "PASS secret")                        # no USER was said


@pytest.mark.parametrize("garbage", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"\0" * 70000, b"\0" * 1000, blob(5000),
                                     b"\x15\x03\x01\x00\x02\x02\x28"], ids=["http", "long", "zeros", "noise", "alert"])
def test_garbage_instead_of_a_handshake(site, garbage):
    client = site.server.raw()
    client.expect(234, "AUTH TLS")
    try:
        client.send(garbage)
        client.sock.settimeout(WAIT)
        while client.sock.recv(1000):
            pass
    except OSError:
        pass
    client.close()
    site.raw().expect(200, "NOOP")
    until(lambda: " tls-failed " in site.server.stderr, "it is in the log")


def test_garbage_on_a_data_connection(site, tls):
    client = tls()
    data = client.epsv()()
    client.expect(OPEN, "STOR f")
    data.sendall(b"not TLS at all\r\n" * 10)
    client.expect(425)
    not_stored(client, "f")
    assert client.retrieve("NLST") == b""


@pytest.mark.parametrize("said", [b"", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc"], ids=["nothing", "half"])
def test_half_a_handshake_times_out(server, said):
    one = server(None, "--login-timeout", "2")
    begin = time.monotonic()                                 # its clock starts when the client comes
    client = one.raw()
    client.expect(234, "AUTH TLS")
    client.send(said)
    assert client.sock.recv(100) == b""
    assert time.monotonic() - begin > 1.5


def test_a_data_handshake_that_does_not_come_times_out(server):
    one = server(None, *ACCOUNTS, "--data-timeout", "2")
    client = Tls(one)
    client.epsv()()
    client.expect(OPEN, "NLST")
    client.expect(425)
    assert client.retrieve("NLST") == b""


# -- how uploads end

@VERSIONS
def test_an_upload_that_ends_without_close_notify_is_whole(site, tls, version):
    client, content = tls(version), blob(200_000)
    assert client.store("STOR f", content, end="fin").code == 226
    assert client.retrieve("RETR f") == content
    assert re.search(r"no-close-notify .*bytes=200000 taken=yes", site.server.stderr)


def test_unless_allo_said_otherwise(site, tls):
    client, content = tls(), blob(50_000)
    client.expect(200, "ALLO 50000")
    assert client.store("STOR f", content, end="fin").code == 226
    client.expect(200, "ALLO 50001")
    assert client.store("STOR g", content, end="fin").code == 426
    not_stored(client, "g")
    client.expect(200, "ALLO 50001")
    assert client.store("STOR h", content).code == 226       # close_notify says more than ALLO
    assert client.store("STOR i", content, end="fin").code == 226


@VERSIONS
@pytest.mark.parametrize("less", [1, 2, 1000, 16400])
def test_a_cut_within_a_record_is_never_acknowledged(site, tls, version, less):
    client, content = tls(version), blob(100_000)
    assert client.store("STOR f", b"the old one").code == 226
    data = client.epsv()()
    client.expect(OPEN, "STOR f")
    cut = Cut(client, data)
    data.sendall(cut.seal(content)[:-less])
    data.close()
    client.expect(426)
    assert client.retrieve("RETR f") == b"the old one"


def test_a_cut_behind_the_head_of_a_record(site, tls):
    client, content = tls(), blob(100_000)
    data = client.epsv()()
    client.expect(OPEN, "STOR f")
    cut = Cut(client, data)
    data.sendall(cut.seal(content) + b"\x17\x03\x03\x00\x20"[:5])
    data.close()
    client.expect(426)
    not_stored(client, "f")


def test_a_record_that_was_changed(site, tls):
    client = tls()
    data = client.epsv()()
    client.expect(OPEN, "STOR f")
    sealed = bytearray(Cut(client, data).seal(blob(50_000)))
    sealed[30_000] ^= 1
    data.sendall(sealed)
    client.expect(426)
    not_stored(client, "f")


def test_a_reset_is_never_acknowledged(site, tls):
    client = tls()
    data = client.epsv()()
    client.expect(OPEN, "STOR f")
    cut = Cut(client, data)
    data.sendall(cut.seal(blob(50_000)))
    data.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    data.close()
    client.expect(426)
    not_stored(client, "f")


def test_data_in_one_segment_with_the_end_of_the_handshake(tls):
    client = tls(TLS13)
    for content in (b"x" * 100, blob(50_000)):
        data = client.epsv()()
        client.expect(OPEN, "STOR f")
        cut = Cut(client, data, late=True)
        sealed = cut.seal(content)
        with pytest.raises(ssl.SSLWantReadError):
            cut.tls.unwrap()
        data.sendall(sealed + cut.outgoing.read())
        client.expect(226)                                   # although nothing comes behind it, and the connection stays
        data.close()
        assert client.retrieve("RETR f") == content


def test_a_command_in_one_segment_with_the_end_of_the_handshake(site):
    client = Raw(site.server.address())
    site.server.clients.append(client)
    client.ctx = context(TLS13)
    client.expect(234, "AUTH TLS")
    cut = Cut(client, client.sock, late=True)
    client.sock.sendall(cut.seal(b"NOOP\r\n"))
    said = b""
    while not said:
        cut.incoming.write(client.sock.recv(65536))          # a ticket, and the reply
        try:
            said = cut.tls.read()
        except ssl.SSLWantReadError:
            pass
    assert said.startswith((b"200", b"530"))


def test_strict_close(server):
    one = server(None, *ACCOUNTS, "--tls-data", "strict-close")
    client, content = Tls(one), blob(70_000)
    assert client.store("STOR f", content).code == 226
    assert client.store("STOR f", b"new", end="fin").code == 426
    assert client.retrieve("RETR f") == content


def test_a_cut_upload_can_be_continued(server):
    one = server(None, *ACCOUNTS)
    client, content = Tls(one), blob(200_000)
    data = client.epsv()()
    client.expect(OPEN, "STOR f")
    cut = Cut(client, data)
    data.sendall(cut.seal(content)[:-5])
    data.close()
    client.expect(426)
    came = int(re.search(r"(\d+)", client.expect(213, "SITE PARTIAL f").lines[-1][4:])[1])
    assert came == len(content) // 16384 * 16384
    client.expect(350, f"REST {came}")
    assert client.store("STOR f", content[came:]).code == 226
    assert (one.root / "f").read_bytes() == content
    no_leftovers(one.root / "f")


# -- clients

def run(*line, cwd):
    done = subprocess.run(list(map(str, line)), cwd=cwd, capture_output=True, timeout=100 * PATIENCE)
    assert done.returncode == 0, f"{line[0]}: {done.stderr.decode()[-2000:]}"
    return done.stdout


@VERSIONS
def test_curl(site, tmp_path, version):
    content = blob(3_000_000)
    (tmp_path / "f").write_bytes(content)
    only = {TLS12: ["--tlsv1.2", "--tls-max", "1.2"], TLS13: ["--tlsv1.3"]}[version]
    curl = ["curl", "-sS", "-k", "--ssl-reqd", *only]
    url = site.server.url(site.path.replace(" ", "%20") + "/", user="bob")
    run(*curl, "-T", "f", url, cwd=tmp_path)
    assert (site.dir / "f").read_bytes() == content
    assert b" f" in run(*curl, url, cwd=tmp_path)
    run(*curl, url + "f", "-o", "got", cwd=tmp_path)
    assert (tmp_path / "got").read_bytes() == content


@pytest.mark.needs("disk")
@VERSIONS
def test_curl_resumes_on_every_data_connection(server, tmp_path, version):
    """It uses a TLS 1.3 ticket once: each reply behind a resumption brings another one."""
    one = server(None, *ACCOUNTS, "--tls-data", "require")
    only = {TLS12: ["--tlsv1.2", "--tls-max", "1.2"], TLS13: ["--tlsv1.3"]}[version]
    for n in range(12):
        (tmp_path / f"f{n}").write_bytes(b"%d" % n * 100)
    run("curl", "-sS", "-k", "--ssl-reqd", *only, "-T", "f[0-11]", one.url("/", user="bob"), cwd=tmp_path)
    run("curl", "-sS", "-k", "--ssl-reqd", *only, one.url("/f[0-2]", user="bob"), "-o", "g#1", cwd=tmp_path)
    assert all((one.root / f"f{n}").read_bytes() == b"%d" % n * 100 for n in range(12))
    assert all((tmp_path / f"g{n}").read_bytes() == b"%d" % n * 100 for n in range(3))


@pytest.mark.needs("disk")
def test_lftp_brings_100_files_and_fetches_some(site, tmp_path):
    (tmp_path / "there").mkdir()
    for n in range(100):
        (tmp_path / "there" / f"f{n}").write_bytes(b"%d" % n * 100)
    run("lftp", "-e", "set cmd:fail-exit true; set ftp:ssl-force true; set ftp:ssl-protect-data true; "
        "set ssl:verify-certificate no; set net:max-retries 1; "
        f"cd \"{site.path}\"; mirror -R there up; mirror -i 0$ up back; bye", site.server.url(user="bob"), cwd=tmp_path)
    assert all((site.dir / "up" / f"f{n}").read_bytes() == b"%d" % n * 100 for n in range(100))
    assert all((tmp_path / "back" / f"f{n}").read_bytes() == b"%d" % n * 100 for n in range(0, 100, 10))
    assert len(names(tmp_path / "back")) == 10


@pytest.mark.needs("at_once")
def test_curl_in_parallel(site, tmp_path):
    for n in range(8):
        (site.dir / f"f{n}").write_bytes(blob(300_000, n))
    url = site.server.url(site.path.replace(" ", "%20") + "/", user="bob")
    run("curl", "-sS", "-k", "-Z", "--ssl-reqd", url + "f[0-7]", "-o", "g#1", cwd=tmp_path)
    assert all((tmp_path / f"g{n}").read_bytes() == blob(300_000, n) for n in range(8))


def test_python_ftplib_without_reuse(site, tmp_path):
    import ftplib
    client = ftplib.FTP_TLS(context=context(), timeout=WAIT)
    client.connect(*site.server.address())
    site.server.clients.append(client)
    client.login("bob", "secret")
    client.prot_p()
    client.cwd(site.path)
    content, got = blob(1_000_000), bytearray()
    import io
    assert client.storbinary("STOR f", io.BytesIO(content)).startswith("226")
    client.retrbinary("RETR f", got.extend)
    assert got == content and client.nlst() == ["f"]
    client.quit()


@pytest.mark.needs("at_once")
def test_no_error_of_one_session_reaches_another(site, tls):
    """The library's queue of errors belongs to the thread, which many sessions share."""
    client, content = tls(), blob(3_000_000)
    assert client.store("STOR f", content).code == 226
    data = client.epsv()()
    client.expect(OPEN, "RETR f")
    sock, got = client.wrap(data), bytearray()
    while part := sock.recv(200_000):
        got += part
        bad = site.server.raw()
        bad.expect(234, "AUTH TLS")
        bad.send(b"garbage" * 10)
        bad.close()
    client.expect(226)
    assert got == content
