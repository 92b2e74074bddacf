"""Nothing outside the shared folder is reachable, and inside it only regular files and folders exist."""
import contextlib
import ctypes
import os
import socket
import threading
import time

import pytest

from ftpraw import ls, mlsd, nlst, receive_all
from tools import make, names

SECRET = b"the secret outside"
IN_OPEN = 0x20                           # <sys/inotify.h>


@pytest.fixture
def outside(site, also_check):
    """A folder beside the shared one, with a secret; nothing in it may be read or changed."""
    folder = site.server.root.parent / f"outside of {site.name}"
    (folder / "sub").mkdir(parents=True)
    make(folder, "secret", SECRET, 1577934245)
    make(folder / "sub", "secret", SECRET, 1577934245)
    before = snapshot(folder)

    def unchanged():
        assert snapshot(folder) == before, "something outside was changed"

    also_check(unchanged)
    return folder


def snapshot(folder):
    seen = {}
    for at, dirs, files in os.walk(folder):
        for name in dirs + files:
            path = os.path.join(at, name)
            info = os.lstat(path)
            seen[path] = (info.st_mode, info.st_size if name in files else 0, info.st_mtime if name in files else 0,
                          open(path, "rb").read() if name in files else b"")
    return seen


def try_everything(client, folder, secret):
    """Every command with a path, on a folder outside and a file outside: whatever the replies, the secret does not come back."""
    got = b""
    for line in (f"RETR {secret}", f"LIST {folder}", f"NLST {folder}", f"MLSD {folder}", f"LIST {secret}", f"NLST {folder}/*", f"LIST {folder}/s*"):
        got += whole(client, line)
    for line in (f"STOR {secret}", f"APPE {secret}", f"STOR {folder}/new", f"APPE {folder}/new", f"STOU {folder}/new", f"STOU {folder}"):
        whole(client, line, b"overwritten")
    for line in (f"DELE {secret}", f"MKD {folder}/made", f"RMD {folder}/sub", f"RMD {folder}", f"MFMT 20300101000000 {secret}",
                 f"MFF Modify=20300101000000; {secret}", f"SITE CHMOD 777 {secret}", f"SITE UTIME 20300101000000 {secret}"):
        client.cmd(line)
    for line in f"SIZE {secret}", f"MDTM {secret}", f"MLST {secret}", f"STAT {folder}":
        got += client.cmd(line).text.encode()
    if client.cmd(f"RNFR {secret}").code == 350:
        client.cmd("RNTO stolen")
    assert SECRET not in got
    make(client.site.dir, "own", b"own")
    client.expect(350, f"RNFR {client.site.path}/own")
    client.cmd(f"RNTO {folder}/moved")
    if client.cmd(f"CWD {folder}").code == 250:
        assert client.cmd("RETR secret").code >= 400
        client.expect(250, f"CWD {client.site.path}")
    return got


def whole(client, line, upload=None):
    """A transfer that may be refused; the bytes that came, if any."""
    data = client.epsv()()
    got = b""
    if client.cmd(line).code in (125, 150):
        if upload is None:
            got = receive_all(data)
        else:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                data.sendall(upload)
        data.close()
        client.reply()
    data.close()
    return got


def at(site):
    client = site.raw()
    client.site = site
    return client


@pytest.mark.parametrize("form", ["../../{0}", "/../{0}", "/../../../../{1}", "./../../{0}", "x/../../../{0}", "//..//{0}", "..\\..\\{0}", "{1}",
                                  "/{1}", "~/../{0}", "%2e%2e/%2e%2e/{0}"])
def test_dots_lead_nowhere(site, outside, form):
    (site.dir / "x").mkdir()
    folder = form.format(outside.name, outside)
    found = try_everything(at(site), folder, folder + "/secret")
    assert b"size=18" not in found


@pytest.mark.parametrize("target", ["relative", "absolute", "through a chain", "proc"])
def test_links_to_outside_lead_nowhere(site, outside, target):
    root = {"relative": f"../../{outside.name}", "absolute": outside, "through a chain": "chain", "proc": f"/proc/self/root{outside}"}[target]
    os.symlink(root, site.dir / "link")
    os.symlink(f"{root}/secret", site.dir / "flink")
    if target == "through a chain":
        (site.dir / "d").mkdir()
        os.symlink(f"../../../{outside.name}", site.dir / "d" / "chain2")
        os.symlink("d/chain2", site.dir / "chain")
    client = at(site)
    found = try_everything(client, f"{site.path}/link", f"{site.path}/flink")
    found += try_everything(client, f"{site.path}/link", f"{site.path}/link/secret")
    assert b"size=18" not in found


def test_a_link_that_is_not_there_yet_is_not_followed_by_an_upload(site, outside):
    """STOR through a dangling link must not create the file outside."""
    os.symlink(f"{outside}/planted", site.dir / "link")
    os.symlink(f"../../{outside.name}/planted2", site.dir / "link2")
    client = at(site)
    for verb in "STOR", "APPE":
        for name in "link", "link2":
            whole(client, f"{verb} {name}", b"planted")


def test_deleting_a_link_leaves_what_it_points_to(site, outside):
    os.symlink(outside / "secret", site.dir / "link")
    at(site).cmd("DELE link")


def test_links_inside_may_work_but_only_inside(site):
    (site.dir / "d").mkdir()
    make(site.dir / "d", "f", b"inside")
    os.symlink("d/f", site.dir / "link")
    assert whole(at(site), "RETR link") in (b"inside", b"")


def test_a_loop_of_links_is_an_error_only(site):
    os.symlink("b", site.dir / "a")
    os.symlink("a", site.dir / "b")
    client = at(site)
    client.refused("RETR a", 5)
    client.expect(550, "CWD a")
    client.get("LIST")


RENAME_EXCHANGE, AT_FDCWD = 2, -100


@contextlib.contextmanager
def swapping(one, other):
    """A thread that exchanges two names as fast as it can."""
    libc = ctypes.CDLL(None, use_errno=True)
    a, b = os.fsencode(one), os.fsencode(other)
    assert libc.renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) == 0
    done, swaps = threading.Event(), [0]

    def run():
        while not done.is_set():
            libc.renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE)
            swaps[0] += 1

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    assert swaps[0] > 100


def test_a_race_with_a_link_leads_nowhere(site, outside):
    """A folder and a link to outside exchange places while every kind of command goes through the name."""
    (site.dir / "door").mkdir()
    make(site.dir / "door", "secret", b"inside")
    os.symlink(outside, site.dir / "other")
    client = at(site)
    reached = 0
    with swapping(site.dir / "door", site.dir / "other"):
        end = time.monotonic() + 1
        while time.monotonic() < end or not reached:    # a slow machine tries little in a second
            got = whole(client, "RETR door/secret")
            assert got in (b"", b"inside")
            reached += got == b"inside"
            assert b"sub" not in whole(client, "NLST door")
            whole(client, "STOR door/new", b"upload")
            client.cmd("MKD door/made")
            client.cmd("RMD door/made")
            client.cmd("RMD door/sub")
            client.cmd("MFMT 20300101000000 door/secret")
            client.cmd("SITE CHMOD 777 door/secret")
            client.cmd("DELE door/new")
            if client.cmd("RNFR door/secret").code == 350:
                client.cmd("RNTO door/renamed")
            if client.cmd("RNFR door/renamed").code == 350:
                client.cmd("RNTO door/secret")
            if client.cmd("CWD door").code == 250:
                assert whole(client, "RETR secret") in (b"", b"inside")
                client.expect(250, f"CWD {site.path}")


# ---------------------------------------------------------------- hidden names

def test_hidden_names_do_not_exist(site):
    make(site.dir, ".hidden", b"x")
    (site.dir / ".dir").mkdir()
    make(site.dir / ".dir", "f", b"x")
    make(site.dir, "plain", b"x")
    client = site.raw()
    assert nlst(client.get("NLST")) == [b"plain"]
    assert set(ls(client.get("LIST -a"))) - {b".", b".."} == {b"plain"}
    assert set(mlsd(client.get("MLSD"))) == {b"plain"}
    assert nlst(client.get("NLST *")) == [b"plain"]
    for line in "RETR .hidden", "RETR .dir/f", "LIST .dir", "NLST .dir", "LIST .hidden":
        client.refused(line, (450, 550))
    for line in "CWD .dir", "SIZE .hidden", "MDTM .hidden", "MLST .hidden", "DELE .hidden", "RMD .dir", "RNFR .hidden", "SIZE .dir/f":
        client.expect(550, line)
    assert names(site.dir) == {b".hidden", b".dir", b"plain"}


def test_hidden_names_cannot_be_made(site):
    make(site.dir, "plain", b"x")
    client = site.raw()
    for line in "STOR .new", "APPE .new", "STOR .dir/f":
        client.refused(line, (550, 553))
    client.expect((550, 553), "MKD .new")
    client.expect(350, "RNFR plain")
    client.expect((550, 553), "RNTO .new")
    assert names(site.dir) == {b"plain"}


def test_hidden_names_exist_with_the_flag(server, tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    make(root, ".hidden", b"x")
    one = server(root, "--hidden", "--account", "bob:secret:write")
    client = one.raw("bob")
    assert client.get("RETR .hidden") == b"x"
    assert b".hidden" in mlsd(client.get("MLSD"))
    client.put("STOR .new", b"y")
    assert names(root) == {b".hidden", b".new"}


# ---------------------------------------------------------------- FIFOs, sockets, devices

@pytest.fixture
def odd(site):
    """A FIFO, a socket and (where the tester may make one) a device, beside a plain file."""
    os.mkfifo(site.dir / "fifo")
    with socket.socket(socket.AF_UNIX) as sock:
        here = os.getcwd()
        os.chdir(site.dir)                              # the path of a socket is short
        sock.bind("socket")
        os.chdir(here)
    kinds = ["fifo", "socket"]
    if os.geteuid() == 0:
        os.mknod(site.dir / "device", 0o666 | 0o020000, os.makedev(1, 5))        # /dev/zero
        kinds.append("device")
    os.symlink("fifo", site.dir / "link")
    make(site.dir, "plain", b"x")
    return kinds + ["link"]


def test_special_files_are_not_listed(site, odd):
    client = site.raw()
    for line in "NLST", "NLST *", "NLST -a":
        assert set(nlst(client.get(line))) == {b"plain"}
    for line in "LIST", "LIST -a", "LIST *", "LIST -aL":
        assert set(ls(client.get(line))) - {b".", b".."} == {b"plain"}
    assert set(mlsd(client.get("MLSD"))) == {b"plain"}


def test_special_files_are_not_opened_and_nothing_hangs(site, odd):
    """RETR of a FIFO hangs sessions of ProFTPD and Pure-FTPd, and all of pyftpdlib."""
    client = site.raw()
    before = names(site.dir)
    for name in odd:
        for verb in "RETR", "LIST", "NLST":
            client.refused(f"{verb} {name}", (450, 550))
        for verb in "STOR", "APPE":
            client.refused(f"{verb} {name}", (550, 553))
        client.expect(350, "REST 1")
        client.refused(f"RETR {name}", 5)
        for line in f"SIZE {name}", f"MDTM {name}", f"MLST {name}", f"CWD {name}", f"MFMT 20200101000000 {name}", f"SITE CHMOD 600 {name}":
            client.expect(550, line)
    client.expect(200, "NOOP")
    assert names(site.dir) == before


@pytest.mark.needs("disk")
def test_a_fifo_in_a_files_place_does_not_notice(site):
    client, path = site.raw(), make(site.dir, "file", b"x")
    assert client.get("RETR file") == client.get("RETR file") == b"x"
    path.unlink()
    os.mkfifo(path)
    libc = ctypes.CDLL(None)
    opens = libc.inotify_init1(os.O_NONBLOCK)
    try:
        assert libc.inotify_add_watch(opens, os.fsencode(path), IN_OPEN) > 0
        for line in "RETR file", "SIZE file", "RETR file":
            client.refused(line, 550)
        with pytest.raises(BlockingIOError):
            os.read(opens, 1000)
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
        assert os.read(opens, 1000)                     # it would have been seen
    finally:
        os.close(opens)


def test_a_fifo_with_a_writer_gives_nothing_away(site):
    os.mkfifo(site.dir / "fifo")
    keep = os.open(site.dir / "fifo", os.O_RDWR)
    os.write(keep, b"not for you")
    try:
        site.raw().refused("RETR fifo", 550)
        assert os.read(keep, 100) == b"not for you"
    finally:
        os.close(keep)
