"""What a server gives up before its first client: files beside the shared folder, system calls that it does not need, root. That a
day's work can be done with the rest, what happens when a call is refused, and what is said where the machine offers less."""
import contextlib
import ctypes
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from ftpraw import OPEN
from ftptls import Tls
from server import ACCOUNTS, DRAY, environment
from test_serve import HERE, refused, run
from test_users import Users
from tools import blob, make, until

LEAN = pytest.mark.needs("lean")
ROOT = os.geteuid() == 0
NOBODY = 65534
FOR_RINGS = 1 << 14                                          # CAP_IPC_LOCK, where root may not raise the limit
FOR_FILES = FOR_RINGS | 1 << 0 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4        # CAP_CHOWN, DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER, FSETID

# Installs a filter that answers system calls with an error, and becomes the program behind it. A row: number, first argument or -1,
# error. The filter is classic BPF: load the number, compare, load the argument, compare, return.
HIDE = """
import ctypes, os, struct, sys
code, n = b"", sys.argv.index("--")
def op(code, jt, jf, k): return struct.pack("HBBI", code, jt, jf, k)
for row in sys.argv[1:n]:
    number, argument, error = map(int, row.split(","))
    more = op(0x20, 0, 0, 16) + op(0x15, 0, 1, argument) if argument >= 0 else b""
    code += op(0x20, 0, 0, 0) + op(0x15, 0, len(more) // 8 + 1, number) + more + op(0x06, 0, 0, 0x50000 | error)
code += op(0x06, 0, 0, 0x7fff0000)
keep = ctypes.create_string_buffer(code)
program = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(keep))
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program, 0, 0):
    sys.exit("cannot hide: " + os.strerror(ctypes.get_errno()))
os.execv(sys.argv[n + 1], sys.argv[n + 1:])
"""
EPERM, ENOSYS, EINVAL = 1, 38, 22
NUMBERS = {"x86_64": (317, 157), "aarch64": (277, 167)}[os.uname().machine]
NO_LANDLOCK = [f"{n},-1,{ENOSYS}" for n in (444, 445, 446)]
NO_SECCOMP = [f"{NUMBERS[0]},-1,{EPERM}", f"{NUMBERS[1]},22,{EPERM}"]


def hiding(rows):
    return (sys.executable, "-c", HIDE, *rows, "--")


def landlock_version():
    return ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1)


def status_of(process):
    with open(f"/proc/{process.pid}/status", encoding="ascii", errors="replace") as status:
        return dict(line.rstrip("\n").split(":\t", 1) for line in status if ":\t" in line)


def statuses(one):
    """Of each of its processes; those of sessions that are over may just be ending."""
    found = []
    for process in one.processes():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found.append(status_of(process))
    return found


def each(client, *steps):
    for code, line in steps:
        client.expect(code, line)


def days_work(one):
    """All that clients do: with and without TLS, both kinds of data connections, sums, a transfer that is broken off."""
    first = one.raw("bob")
    for how in ("epsv", "pasv", "port", "eprt"):
        first.put(f"STOR by-{how}", blob(300_000), how)
        assert first.get(f"RETR by-{how}", how) == blob(300_000)
    each(first, (257, "MKD deep"), (350, "RNFR by-pasv"), (250, "RNTO deep/moved"))
    first.put("STOR deep/moved", blob(100))
    first.put("APPE deep/moved", blob(100))
    first.put("STOR large", blob(9_000_000))
    assert b"moved" in first.get("LIST deep") and b"by-port" in first.get("MLSD")
    each(first, (213, "HASH by-port"), (213, "SIZE by-port"), (213, "MDTM by-port"), (213, "MFMT 20200101000000 by-port"),
         (200, "SITE CHMOD 600 by-port"))
    ready = first.epsv()
    first.expect(OPEN, "RETR large")
    with ready() as sock:
        sock.recv(10)
        first.send(b"ABOR\r\n")
        first.expect(426)
        first.expect(226)
    each(first, (250, "DELE by-port"), (250, "DELE deep/moved"), (250, "RMD deep"))
    first.close()
    second = Tls(one)
    assert second.store("STOR sealed", blob(300_000)).code == 226 and second.retrieve("RETR sealed") == blob(300_000)
    second.expect(250, "DELE sealed")
    second.close()


# ---------------------------------------------------------------- what it gave up

QUOTED = re.compile(r'^\d+ +(\w+)\((.*)')
ELSEWHERE = re.compile(r'(?:^|, )"(/[^"]*)"')


def paths_of(line, root):
    """What a traced call names outside of the folder: absolute paths, and those that are relative to another folder."""
    match = QUOTED.match(line)
    if not match:
        return []
    outside = [p for p in ELSEWHERE.findall(match[2]) if not re.match(r"/proc/self/fd/\d+(/|$)", p)]
    folder = re.match(r'(\w+)(?:<([^>]*)>)?, "[^/]', match[2])
    if folder and not (folder[2] or "").startswith(str(root)):
        outside.append(line)
    return outside


@LEAN                                                        # a leak sanitizer cannot work below another tracer
def test_nothing_outside_of_the_folder_is_opened(server, tmp_path):
    (tmp_path / "root").mkdir()
    trace = tmp_path / "calls"
    one = server(tmp_path / "root", *ACCOUNTS, "--log", tmp_path / "log", "--checksum", "crc32,sha256",
                 through=("strace", "-D", "-f", "-y", "-s", "4096", "-e", "trace=%file,seccomp", "-o", str(trace)))
    days_work(one)
    one.stop()
    until(lambda: re.search(rf"^{one.proc.pid} +\+\+\+ exited", trace.read_text(), re.M), "the tracer is done")
    lines = trace.read_text().splitlines()
    entered = [n for n, line in enumerate(lines) if re.match(rf"{one.proc.pid} +seccomp\(SECCOMP_SET_MODE_FILTER.* = 0$", line)]
    assert len(entered) == 1
    own = (f"{one.proc.pid}.board", '/dray>, "users"', "/dray/tls.pem")      # ours, and elsewhere: scoreboard, accounts, certificate
    later = [line for line in lines[entered[0]:] if "seccomp(" not in line and not any(name in line for name in own)]
    assert any(str(one.root) in line and "large" in line for line in later), "the work is seen"
    assert not [what for line in later for what in paths_of(line, one.root)]


def test_it_holds_for_every_process(server):
    one = server(None, *ACCOUNTS)
    days_work(one)
    one.raw("bob")
    for status in statuses(one):
        assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2"), status
        assert not int(status["CapEff"], 16) & ~(FOR_FILES if ROOT else 0)
        assert not int(status["CapPrm"], 16) & ~(FOR_FILES if ROOT else 0)


@LEAN
def test_what_holds_is_said_in_one_line(server):
    one = server()
    lines = [line for line in one.stdout.splitlines() if line.startswith("Sandbox:")]
    version = landlock_version()
    held = "no new privileges, " + (rf"Landlock \(version {version}\), " if version > 1 else "") + r"seccomp \(1\d\d system calls\)"
    assert len(lines) == 1 and re.match("Sandbox: " + held, lines[0])
    assert ("no core dumps" in lines[0]) == ROOT and ("Debuggers may look in" in lines[0]) != ROOT


@LEAN
def test_nobody_else_may_look_in(server, apart):
    one = server(given_to(apart / "root", NOBODY) if ROOT else None, env={"DRAY_SANDBOX": "on"})
    for process in one.processes():
        assert os.stat(f"/proc/{process.pid}/environ").st_uid == 0     # not dumpable: these files are root's
        with open(f"/proc/{process.pid}/limits", encoding="ascii") as limits:
            assert re.search(r"^Max core file size +0 +0 ", limits.read(), re.M)


def test_off_is_off(server):
    one = server(None, *ACCOUNTS, "--sandbox", "off")
    assert "Sandbox: off." in one.stdout
    days_work(one)
    assert {status["Seccomp"] for status in statuses(one)} == {"0"}


# ---------------------------------------------------------------- a refused call

STRAY = """
#define _GNU_SOURCE
#include <sys/types.h>
#include <sys/syscall.h>
#include <unistd.h>
ssize_t getdents64(int fd, void *buf, size_t len)
{
    syscall(SYS_get_robust_list, 0, 0, 0);
    return syscall(SYS_getdents64, fd, buf, len);
}
"""


@LEAN
@pytest.mark.needs("workers")
def test_a_refused_call_is_named_and_ends_its_worker_only(server, tmp_path):
    """A library is put under the server whose listing makes a call that no server needs."""
    source = make(tmp_path, "stray.c", STRAY.encode())
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", tmp_path / "stray.so", source], check=True)
    one = server(None, *ACCOUNTS, "--workers", "2", env={"LD_PRELOAD": str(tmp_path / "stray.so")})
    client = one.raw("bob")
    ready = client.epsv()
    client.send(b"LIST\r\n")
    until(lambda: "worker-died" in one.stderr, "the worker ends")
    assert re.search(r"sandbox-refused call=get_robust_list number=\d+ advice=\".*--sandbox off", one.stderr)
    assert "code=86" in one.stderr
    ready().close()
    again = one.raw("bob")
    again.put("STOR f", b"x")
    assert again.get("RETR f") == b"x"


# ---------------------------------------------------------------- a machine that offers less

@LEAN
@pytest.mark.parametrize("rows, missing", [(NO_LANDLOCK, "no Landlock: this kernel has none"), (NO_SECCOMP, "no seccomp: this kernel has none, or it is forbidden")],
                         ids=["Landlock", "seccomp"])
def test_it_works_with_less_and_says_so(server, tmp_path, rows, missing):
    one = server(None, *ACCOUNTS, through=hiding(rows))
    assert re.search(rf"^Sandbox: no new privileges, .*; .*{missing}", one.stdout, re.M), one.stdout
    days_work(one)


def test_require_takes_no_less(tmp_path):
    words = [DRAY, "serve", tmp_path, *HERE, "--sandbox", "require"]
    done = subprocess.run([*hiding(NO_LANDLOCK), *map(str, words)], env=environment(), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and "--sandbox require, but no Landlock" in done.stderr


def test_words_that_are_none(tmp_path):
    refused("serve", tmp_path, *HERE, "--sandbox", "maybe", naming=["maybe", "require"])
    refused("serve", tmp_path, *HERE, "--user", "no-such-user", naming=["no-such-user"] if ROOT else [])
    refused("serve", tmp_path, *HERE, "--user", "1:x", naming=["1:x"] if ROOT else [])


# ---------------------------------------------------------------- root

@pytest.fixture
def apart():
    """A folder that everybody may enter. Those of pytest are for its own user, and each run of it that begins sees to that again."""
    folder = Path(tempfile.mkdtemp(prefix="dray-apart-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def given_to(root, uid):
    root.mkdir(exist_ok=True)
    os.chown(root, uid, uid)
    return root


def is_all(one, uid):
    for status in statuses(one):
        assert status["Uid"].split() == status["Gid"].split() == [str(uid)] * 4
        for which in ("CapEff", "CapPrm", "CapAmb"):
            assert not int(status[which], 16) & ~(FOR_RINGS if one.model == "uring" else 0)
        assert status["Groups"].split() in ([], [str(uid)])


@pytest.mark.parametrize("flags", [[], ["--user", "nobody"], ["--user", f"{NOBODY}:{NOBODY}"]], ids=["owner", "name", "numbers"])
def test_root_becomes_somebody_else(server, tmp_path, apart, flags):
    """Without root there is nobody to become but oneself."""
    if not ROOT:
        refused("serve", tmp_path, *HERE, "--user", "root", naming=["only root"])
        return
    one = server(given_to(apart / "root", NOBODY), *ACCOUNTS, "--workers", "2", *flags)
    assert f"It works as nobody ({NOBODY}:{NOBODY})." in one.stdout
    days_work(one)
    one.raw("bob")
    is_all(one, NOBODY)
    assert os.stat(one.root / "large").st_uid == NOBODY
    assert str(one.proc.pid) in run("status")[1], "root sees it"


@pytest.mark.skipif(not ROOT, reason="needs a file of another user")
def test_a_file_of_another_user_in_a_sticky_folder(server, apart):
    """The kernel says EPERM there; to the client it is a matter of rights, not of the name."""
    root = given_to(apart / "root", NOBODY)
    (root / "box").mkdir()
    (root / "box").chmod(0o1777)
    (root / "box" / "hers").write_text("hers")
    one = server(root, *ACCOUNTS, "--user", "nobody")
    with one.raw("bob") as client:
        assert "permissions" in client.expect(550, "DELE box/hers").text
        client.expect(350, "RNFR box/hers")
        assert "permissions" in client.expect(550, "RNTO box/mine").text
    assert os.listdir(root / "box") == ["hers"]


def test_accounts_that_the_new_user_cannot_read_again(server, apart):
    """Without root it is oneself who reads them again."""
    root, users = given_to(apart / "root", NOBODY if ROOT else os.geteuid()), Users(apart / "users")
    users("add", "ann")
    assert ("changes count after a restart only" in server(root, "--users", users.path).stdout) == ROOT
    os.chown(users.path, root.stat().st_uid, -1)
    assert "changes count from the next login on" in server(root, "--users", users.path).stdout


def test_root_stays_root_where_the_folder_is_roots(server, tmp_path):
    one = server(None, *ACCOUNTS)
    assert ("It works as root; --user NAME is safer." in one.stdout) == ROOT
    assert len({status["Uid"] for status in statuses(one)}) == 1


def test_a_folder_that_the_user_cannot_read(tmp_path):
    root = tmp_path / "root"
    root.mkdir(mode=0o700)
    if ROOT:
        refused("serve", root, *HERE, "--user", "nobody", naming=[root, "ermission denied"])
    else:
        root.chmod(0)
        refused("serve", root, *HERE, naming=[root, "ermission denied"])
