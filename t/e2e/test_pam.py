"""System users by PAM: each session works under its user's own uid, on the models whose sessions have a process of their own. PAM is the
pam_matrix of pam_wrapper, the users are those of nss_wrapper: the system is left as it is."""
import base64
import contextlib
import fcntl
import glob
import http.client
import os
import signal
import tempfile
from pathlib import Path

import psutil
import pytest

from ftpraw import OPEN
from ftptls import Tls
from test_http import Web, basic
from test_serve import HERE, refused
from tools import until

ROOT = os.geteuid() == 0
PLAIN = pytest.mark.needs("lean", "disk", "own_process", "root")   # the wrappers and a sanitizer do not bear each other
ALICE, BOB, ALICES, BOTH = 5001, 5002, 6001, 6100


@contextlib.contextmanager
def alone():
    """pam_wrapper's folders are /tmp/pam.0 to /tmp/pam.z, all processes': what one has just begun another may take for a dead one's, and
    remove. So who uses it (t/unit/test_priv.c, too) does so alone."""
    with open("/tmp/dray-test-pam.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture
def pam(tmp_path_factory):
    """The environment of a server whose PAM knows alice, carl, root, low and nobody."""
    with alone():
        yield wrapped(tmp_path_factory)


def wrapped(tmp_path_factory):
    at = tmp_path_factory.mktemp("pam")
    matrix = glob.glob("/usr/lib/*/pam_wrapper/pam_matrix.so")[0]
    known = {"root": (0, 0), "nobody": (65534, 65534), "low": (500, 500), "alice": (ALICE, ALICES), "carl": (BOB, 6002)}
    (at / "passwd").write_text("".join(f"{name}:x:{u}:{g}::/:/bin/sh\n" for name, (u, g) in known.items()))
    (at / "group").write_text(f"root:x:0:\nalice:x:{ALICES}:\ncarl:x:6002:\nboth:x:{BOTH}:alice,carl\n")
    (at / "passdb").write_text("".join(f"{name}:secret:dray\n" for name in known))
    (at / "dray").write_text("".join(f"{kind} required {matrix} passdb={at}/passdb\n" for kind in ("auth", "account")))
    return {"LD_PRELOAD": "libpam_wrapper.so libnss_wrapper.so", "PAM_WRAPPER": "1", "PAM_WRAPPER_SERVICE_DIR": str(at),
            "NSS_WRAPPER_PASSWD": str(at / "passwd"), "NSS_WRAPPER_GROUP": str(at / "group")}


@pytest.fixture
def open_root():
    """A folder that all users may enter: those above a tmp_path are the tester's alone."""
    with tempfile.TemporaryDirectory(prefix="dray-pam-") as at:
        os.chmod(at, 0o755)
        root = Path(at) / "root"
        root.mkdir()
        root.chmod(0o1777)
        yield root


def owner(path):
    return path.stat().st_uid, path.stat().st_gid


def brokers(folder):
    """Brokers are nobody's children: they are known by their name, and by the command line that they have from their server."""
    return [p for p in psutil.process_iter(["name", "cmdline"])
            if p.info["name"] == "dray-broker" and str(folder) in (p.info["cmdline"] or ())]


@PLAIN
def test_two_users_at_once(server, pam, open_root):
    one = server(open_root, "--pam", "dray", env=pam)
    assert "System users may log in" in one.stdout and "works as nobody" in one.stdout
    alice, carl = one.raw("alice"), one.raw("carl")
    alice.put("STOR hers", b"1")
    alice.put("STOR hers", b"11")                            # over her own
    carl.put("STOR his", b"2")
    assert owner(open_root / "hers") == (ALICE, ALICES) and owner(open_root / "his") == (BOB, 6002)
    carl.expect(5, "DELE hers")
    ready = carl.epsv()
    carl.expect(OPEN, "STOR hers")
    with ready() as sock:
        sock.sendall(b"3")
    carl.expect(5)
    carl.expect(350, "RNFR hers")
    carl.expect(5, "RNTO moved")
    assert (open_root / "hers").read_bytes() == b"11"
    process = one.process_of(alice)
    status = dict(line.split(":\t", 1) for line in open(f"/proc/{process.pid}/status", encoding="ascii").read().splitlines() if ":\t" in line)
    assert status["Uid"].split() == [str(ALICE)] * 4 and status["Gid"].split() == [str(ALICES)] * 4
    assert sorted(map(int, status["Groups"].split())) == [ALICES, BOTH]
    assert {int(status[c], 16) for c in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {0}
    for words in ("USER carl", "USER alice", "REIN"):
        alice.expect(503, words)
    assert alice.get("RETR his") == b"2"
    stranger = one.raw("anonymous")
    stranger.put("STOR theirs", b"3")
    assert owner(open_root / "theirs")[0] == 65534


@PLAIN
def test_more_users_than_workers(server, pam, open_root):
    """A worker that has become a user ends with the session, and another one is there at once."""
    one = server(open_root, "--pam", "dray", "--workers", "2", env=pam)
    for i in range(12):
        with one.raw("alice" if i % 2 else "carl") as client:
            client.put(f"STOR {i}", b"x")
            client.expect(221, "QUIT")
    assert {owner(open_root / str(i))[0] for i in range(12)} == {ALICE, BOB}
    assert "worker-died" not in one.stderr


@PLAIN
def test_one_answer_to_all_who_may_not(server, pam, open_root):
    one = server(open_root, "--pam", "dray", "--account", "ann:secret:read", env=pam)
    said = set()
    for i, (name, word) in enumerate([("alice", "wrong"), ("nosuch", "secret"), ("root", "secret"), ("low", "secret"),
                                      ("nobody", "secret"), ("ann", "wrong"), ("alice", "")]):
        client = one.raw(source=f"127.0.0.{i + 2}")
        client.expect(331, f"USER {name}")
        said.add(str(client.cmd(f"PASS {word}")))
    assert len(said) == 1 and "530" in said.pop()
    one.raw().login("ann")


@PLAIN
def test_tls_goes_on_across_the_change(server, pam, open_root):
    one = server(open_root, "--pam", "dray", env=pam)
    (open_root / "read").write_bytes(b"all of it")
    client = Tls(one, user="alice")
    assert client.retrieve("RETR read") == b"all of it"
    assert one.process_of(client).uids().real == ALICE


@PLAIN
def test_without_its_broker(server, pam, open_root):
    """Who is in goes on, nobody else of the system comes in, and is told so, by FTP and by each way of HTTP; accounts and strangers do."""
    one = server(open_root, "--pam", "dray", "--account", "ann:secret:read", "--http", "0", env=pam)
    broker, = until(lambda: brokers(open_root), "the broker has its name")
    alice, waiting = one.raw("alice"), one.raw()
    by_basic, by_cookie = Web(one), Web(one)
    assert by_basic.ask("PUT", "/before", b"1", Authorization=basic("alice"))[0] == 201
    cookie = by_cookie.ask("POST", "/.well-known/dray/login", "name=carl&password=secret")[1]["Set-Cookie"].split(";")[0]
    broker.send_signal(signal.SIGKILL)
    until(lambda: not broker.is_running() or broker.status() == psutil.STATUS_ZOMBIE, "the broker is gone")
    waiting.expect(331, "USER carl")
    waiting.expect(421, "PASS secret")
    alice.put("STOR still", b"1")
    assert by_basic.ask("PUT", "/before", b"2", Authorization=basic("alice"))[0] == 204
    assert by_cookie.ask("PUT", "/his", b"2", Cookie=cookie)[0] == 201
    assert owner(open_root / "still")[0] == owner(open_root / "before")[0] == ALICE and owner(open_root / "his")[0] == BOB
    one.raw().login("ann")
    for method, path, fields in (("GET", "/before", {"Authorization": basic("carl")}), ("PUT", "/new", {"Authorization": basic("carl")}),
                                 ("GET", "/?json", {"Cookie": cookie}), ("POST", "/.well-known/dray/login", {})):
        late = Web(one)
        status, head, said = late.ask(method, path, b"name=carl&password=secret", **fields)
        assert status == 503 and b"try again later" in said and "Set-Cookie" not in head, (method, fields)
        assert late.ask("GET", "/before", Authorization=basic("ann"))[2] == late.ask("GET", "/before")[2] == b"2"
    assert not (open_root / "new").exists()
    assert one.stderr.count("no-login") == one.stderr.count("the broker of system users is gone") == 5


def test_where_one_process_is_all_sessions(tmp_path):
    for model in ("epoll", "thread", "pool", "uring", "iterative"):
        refused("serve", str(tmp_path), *HERE, "--pam", "dray", "--model", model, naming=("--pam", "one process cannot be many users"))


def test_what_does_not_go_together(tmp_path):
    if not ROOT:
        refused("serve", str(tmp_path), *HERE, "--pam", "dray", naming=("--pam", "only root"))
        return
    for more, word in ((("--sandbox", "off"), "sandbox"), (("--memory", "10M"), "owners"), (("--quota", "1M"), "quotas"),
                       (("--user", "root"), "root")):
        refused("serve", *[str(tmp_path)] * ("--memory" not in more), *HERE, "--pam", "dray", "--model", "fork", *more,
                naming=("--pam", word))
    refused("serve", str(tmp_path), *HERE, "--pam", "../passwd", naming=("--pam", "service"))
    until(lambda: not brokers(tmp_path), "the brokers of servers that did not begin have ended")


@PLAIN
def test_by_http_too(server, pam, open_root):
    """Each connection is a process and becomes one user: by Basic, by the page's form, and by its cookie on other connections."""
    one = server(open_root, "--pam", "dray", "--account", "ann:secret:read", "--http", "0", env=pam)
    alice, carl, other = Web(one), Web(one), Web(one)
    assert alice.ask("PUT", "/hers", b"1", Authorization=basic("alice"))[0] == 201
    assert alice.ask("PUT", "/hers", b"11", Authorization=basic("alice"))[0] == 204
    status, head, _ = carl.ask("POST", "/.well-known/dray/login", "name=carl&password=secret")
    cookie = head["Set-Cookie"].split(";")[0]
    assert status == 204 and "secret" not in cookie
    assert carl.ask("PUT", "/his", b"2", Cookie=cookie)[0] == 201
    place = other.ask("POST", "/", b"", Cookie=cookie, Tus_Resumable="1.0.0", Upload_Length="4",
                      Upload_Metadata="filename " + base64.b64encode(b"in one go").decode())[1]["Location"]
    for piece, status in ((b"22", 422), (b"2222", 204)):     # nobody's partials are kept, so there are no pieces
        assert other.ask("PATCH", place, piece, Cookie=cookie, Tus_Resumable="1.0.0", Upload_Offset="0",
                         Content_Type="application/offset+octet-stream")[0] == status
    assert owner(open_root / "hers") == (ALICE, ALICES)
    assert owner(open_root / "his") == owner(open_root / "in one go") == (BOB, 6002)
    assert other.ask("DELETE", "/hers", Cookie=cookie)[0] == 403 and (open_root / "hers").read_bytes() == b"11"
    for fields in ({"Cookie": cookie}, {"Authorization": basic("ann")}, {}):  # a connection that is alice's is nobody else's
        alice.line.close()
        assert alice.ask("GET", "/hers", Authorization=basic("alice"))[0] == 200
        with pytest.raises(http.client.RemoteDisconnected):
            alice.ask("GET", "/hers", **fields)
        assert alice.ask("GET", "/hers", Authorization=basic("alice"))[0] == 200
        assert alice.ask("PUT", "/hers", b"3", **fields)[0] == 421
        assert alice.ask("GET", "/hers", **fields)[0] == 200
    for forged in (cookie[:90] + ("A" if cookie[90] != "A" else "B") + cookie[91:], cookie[:-8], "dray=*", "dray=*AAAA"):
        assert b'"account":"carl"' not in Web(one).ask("GET", "/?json", Cookie=forged)[2]
    carl.line.close()
    (Path(pam["PAM_WRAPPER_SERVICE_DIR"]) / "passdb").write_text("carl:changed:dray\nalice:secret:dray\n")
    _, head, content = carl.ask("GET", "/?json", Cookie=cookie)
    assert b'"account":"carl"' not in content and "Max-Age=0" in head["Set-Cookie"]
    assert carl.ask("GET", "/", Authorization=basic("root"))[0] == 401
