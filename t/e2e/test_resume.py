"""What came of a broken upload is kept out of sight, and continued by whoever began it; nothing else ever sees it."""
import concurrent.futures
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
import zlib
from pathlib import Path

import pytest

from ftpraw import OPEN, entry, mlsd, nlst
from server import ACCOUNTS, PASSWORD
from test_files import ENDS, by_abor, by_reset_of_data, started
from tools import WAIT, blob, make, names, no_leftovers, reset, until

OWN = ".dray-partials"
SMALL = blob(3 << 20, seed=7)
LARGE = blob(1 << 20, seed=8) * 20                           # gets its hidden name while it arrives


def cut(client, line, sent, end=by_reset_of_data):
    """An upload that breaks off when the server has received it all."""
    data = started(client, line, b"")
    data.sendall(sent)
    until(lambda: moved(client) >= len(sent), "the server has received what was sent")
    end(client, data)


def go_on(client, name, at, rest):
    """REST and STOR, to the end."""
    data = client.epsv()
    client.expect(350, f"REST {at}")
    client.expect(OPEN, f"STOR {name}")
    data().sendall(rest)
    data().close()
    client.expect(226)


def moved(client):
    return int(client.expect(213, "STAT").text.split(",")[1].split()[0])


def partials(root):
    """Sizes of what is kept, as the disk sees it."""
    folder = root / OWN
    return sorted(p.stat().st_size for p in folder.iterdir() if len(p.name) == 32) if folder.is_dir() else []


def size(client, path):
    reply = client.cmd(f"SIZE {path}")
    return int(reply.text[4:]) if reply.code == 213 else None


# ---------------------------------------------------------------- a new name

@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("end", ENDS, ids=lambda f: f.__name__)
def test_a_broken_upload_can_be_continued(site, end, content):
    half = len(content) // 2
    client = site.raw()
    cut(client, "STOR new", content[:half], end)
    client.close()
    client = site.raw()
    have = until(lambda: size(client, "new"), "what came can be seen")
    assert have == half
    go_on(client, "new", have, content[have:])
    assert (site.dir / "new").read_bytes() == content
    assert size(client, "new") == len(content)
    assert not nothing_else(site, "new")


def nothing_else(site, *expected):
    return names(site.dir) - {name.encode() for name in expected}


def test_it_is_seen_by_size_and_mlst_only(site):
    client = site.raw()
    cut(client, "STOR new", SMALL)
    assert size(client, "new") == len(SMALL)
    facts, _ = entry(client.expect(250, "MLST new").middle[0].strip().encode())
    assert facts["x.partial"] == "1" and facts["size"] == str(len(SMALL)) and "r" not in facts["perm"]
    assert mlsd(client.get("MLSD")) == {} and nlst(client.get("NLST")) == [] and b"new" not in client.get("LIST -a")
    client.refused("RETR new", 550)
    for line in ("MDTM new", "DELE new", "RNFR new", "CWD new", "MFMT 20200101000000 new", "SITE CHMOD 600 new", "MLSD new"):
        client.expect(5, line)
    for path in (f"/{OWN}", f"/{OWN}/x", f"{site.path}/{OWN}"):
        client.expect(5, f"CWD {path}")
        client.refused(f"RETR {path}", 550)
        client.refused(f"STOR {path}", (550, 553))
        client.expect(5, f"MKD {path}")
    assert size(client, "new") == len(SMALL)                    # none of all that has done it any harm


@pytest.mark.needs("at_once")
def test_it_belongs_to_its_account(site):
    mine, other = site.raw("bob"), site.raw("ann")
    cut(mine, "STOR new", SMALL)
    assert size(other, "new") is None
    data = other.epsv()()
    other.expect(350, "REST 10")
    other.expect(554, "STOR new")
    data.close()
    other.put("STOR new", b"ann's")                             # the name is free for whoever comes
    assert (site.dir / "new").read_bytes() == b"ann's"
    assert size(mine, "new") == 5


def test_whoever_may_only_add_continues_too(site):
    client = site.raw("ann")
    cut(client, "STOR new", SMALL[:1000])
    go_on(client, "new", 1000, SMALL[1000:])
    assert (site.dir / "new").read_bytes() == SMALL


def test_appe_continues_it(site):
    client = site.raw()
    cut(client, "STOR new", SMALL[:100_000])
    client.put("APPE new", SMALL[100_000:])
    assert (site.dir / "new").read_bytes() == SMALL


def test_an_append_that_breaks_off_is_continued(site):
    client = site.raw()
    cut(client, "APPE new", SMALL[:100_000])
    client.put("APPE new", SMALL[100_000:])
    assert (site.dir / "new").read_bytes() == SMALL


@pytest.mark.parametrize("keep", [0, 1, 4096, 99_999])
def test_rest_before_its_end_cuts_it(site, keep):
    client = site.raw()
    cut(client, "STOR new", b"x" * 100_000)
    go_on(client, "new", keep, b"tail")
    assert (site.dir / "new").read_bytes() == b"x" * keep + b"tail"


def test_rest_beyond_its_end_is_refused(site):
    client = site.raw()
    cut(client, "STOR new", SMALL[:1000])
    data = client.epsv()()
    client.expect(350, "REST 1001")
    client.expect(554, "STOR new")
    data.close()
    assert size(client, "new") == 1000
    client.put("STOR new", b"anew")                             # from the beginning: what was kept is of no use any more
    assert (site.dir / "new").read_bytes() == b"anew"


def test_many_tries(site):
    client = site.raw()
    at = 0
    for part in range(10):
        data = client.epsv()
        client.expect(350, f"REST {at}")
        client.expect(OPEN, "STOR new")
        data().sendall(SMALL[at:at + 100_000])
        until(lambda: moved(client) == 100_000, "it has come")
        by_abor(client, data())
        at += 100_000
        assert size(client, "new") == at
    client.put("APPE new", SMALL[at:])
    assert (site.dir / "new").read_bytes() == SMALL


def test_a_try_without_data_loses_nothing(site):
    client = site.raw()
    cut(client, "STOR new", SMALL[:1000])
    client.expect(350, "REST 1000")
    client.expect(425, "STOR new")                              # no data connection was arranged
    assert size(client, "new") == 1000


def test_text_is_not_kept(site):
    client = site.raw()
    client.expect(200, "TYPE A")
    data = client.epsv()()
    client.expect(OPEN, "STOR new")
    data.sendall(b"line\r\n" * 1000)
    until(lambda: moved(client) == 6000, "it has come")
    reset(data)
    client.expect(4)
    client.expect(200, "TYPE I")
    assert size(client, "new") is None


@pytest.mark.parametrize("line", ["STOR new", "APPE new"])
def test_real_clients_resume(site, tmp_path, line):
    client = site.raw()
    cut(client, "STOR new", SMALL[:1_234_567])
    client.close()
    source = tmp_path / "source"
    source.write_bytes(SMALL)
    url = site.server.url(f"{site.path}/new".replace(" ", "%20"), user="bob")
    if line.startswith("APPE"):                                 # curl: SIZE, APPE
        subprocess.run(["curl", "-sS", "-C", "-", "-T", source, url], check=True, timeout=WAIT)
    else:                                                       # lftp: SIZE, REST, STOR
        host, port = site.server.address()
        script = f"set xfer:use-temp-file no; set ssl:verify-certificate no; open -u bob,{PASSWORD} ftp://{host}:{port}; " \
                 f"cd '{site.path}'; put -c {source} -o new"
        subprocess.run(["lftp", "-c", script], check=True, timeout=WAIT)
    assert (site.dir / "new").read_bytes() == SMALL


# ---------------------------------------------------------------- a name that exists

def test_a_broken_overwrite_leaves_the_old_file_and_is_offered(site):
    make(site.dir, "f", b"old" * 1000)
    client = site.raw()
    cut(client, "STOR f", SMALL[:100_000])
    assert (site.dir / "f").read_bytes() == b"old" * 1000 == client.get("RETR f")
    assert size(client, "f") == 3000                            # SIZE is of the whole file
    reply = client.expect(213, "SITE PARTIAL f")
    facts, name = entry(reply.text[4:].encode())
    assert facts["size"] == "100000" and name.endswith(b"/f")
    assert facts["sha-256"] == hashlib.sha256(SMALL[:100_000]).hexdigest()
    client.expect(200, "OPTS HASH CRC32")
    facts, _ = entry(client.expect(213, "SITE PARTIAL f").text[4:].encode())
    assert facts["crc32"] == f"{zlib.crc32(SMALL[:100_000]):08x}"
    go_on(client, "f", 100000, SMALL[100_000:])
    assert (site.dir / "f").read_bytes() == SMALL
    data = client.epsv()
    client.expect(350, "REST 10")                               # from now on it is the file that is meant again
    client.expect(OPEN, "STOR f")
    data().sendall(b"new")
    data().close()
    client.expect(226)
    assert (site.dir / "f").read_bytes() == SMALL[:10] + b"new"
    client.expect(550, "SITE PARTIAL f")


def test_without_site_partial_rest_means_the_whole_file(site):
    make(site.dir, "f", b"old" * 1000)
    client = site.raw()
    cut(client, "STOR f", SMALL[:100_000])
    go_on(client, "f", 3000, b"new")
    assert (site.dir / "f").read_bytes() == b"old" * 1000 + b"new"


@pytest.mark.parametrize("path", ["none", "/none/none", ".", "/"])
def test_site_partial_of_nothing(site, path):
    site.raw().expect(550, f"SITE PARTIAL {path}")


def test_site_partial_needs_a_path_and_a_login(site):
    with site.raw() as client:
        client.expect(501, "SITE PARTIAL")
    with site.server.raw() as client:
        client.expect(530, "SITE PARTIAL x")


# ---------------------------------------------------------------- several at once

@pytest.mark.needs("at_once")
def test_rest_takes_over_from_a_session_that_hangs(site):
    """The line broke, but the server does not know yet: what has come of it is continued all the same."""
    hangs = site.raw()
    data = started(hangs, "STOR new", b"")
    data.sendall(LARGE[:10 << 20])
    until(lambda: moved(hangs) >= 10 << 20, "the server has received what was sent")
    client = site.raw()
    have = until(lambda: size(client, "new"), "what came can be seen")
    ready = client.epsv()
    client.expect(450, "APPE new")                              # who appends does not say from where
    ready = client.epsv()
    client.expect(350, f"REST {have}")
    client.expect(OPEN, "STOR new")
    ready().sendall(LARGE[have:])
    ready().close()
    client.expect(226)
    assert (site.dir / "new").read_bytes() == LARGE
    data.sendall(b"late")                                       # the one that hung comes to an end of its own
    reset(data)
    hangs.expect((426, 451))
    assert (site.dir / "new").read_bytes() == LARGE


@pytest.mark.needs("at_once")
@pytest.mark.parametrize("content", [blob(300_000), blob(1 << 20) * 9], ids=["small", "large"])
def test_sixteen_writers_of_one_name(site, content):
    def write(k):
        with site.raw() as client:
            client.put("STOR f", bytes([k]) * 1000 + content)
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(write, range(16)))
    got = (site.dir / "f").read_bytes()
    assert got[:1000] == got[:1] * 1000 and got[0] < 16 and got[1000:] == content
    assert not nothing_else(site, "f")


@pytest.mark.needs("at_once")
def test_sixteen_appenders_lose_nothing(site):
    make(site.dir, "log", b"begin\n")
    def write(k):
        with site.raw() as client:
            for n in range(5):
                client.put("APPE log", b"%d %d %s\n" % (k, n, b"." * 50_000))
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(write, range(16)))
    lines = (site.dir / "log").read_bytes().split(b"\n")
    assert lines[0] == b"begin" and lines[-1] == b"" and all(line.endswith(b"." * 50_000) for line in lines[1:-1])
    assert sorted(line[:4].split()[:2] for line in lines[1:-1]) == sorted([b"%d" % k, b"%d" % n] for k in range(16) for n in range(5))


@pytest.mark.needs("at_once")
def test_removing_and_renaming_while_it_arrives(site):
    make(site.dir, "f", b"old")
    writer, other = site.raw(), site.raw()
    data = started(writer, "STOR f", SMALL[:1000])
    other.expect(250, "DELE f")
    data.sendall(SMALL[1000:])
    data.close()
    writer.expect(226)
    assert (site.dir / "f").read_bytes() == SMALL                # the upload came after the removal
    data = started(writer, "STOR f", b"second")
    other.expect(350, "RNFR f")
    other.expect(250, "RNTO g")
    data.close()
    writer.expect(226)
    assert (site.dir / "f").read_bytes() == b"second" and (site.dir / "g").read_bytes() == SMALL
    reading = other.epsv()()
    other.expect(OPEN, "RETR g")
    head = reading.recv(10)
    writer.expect(250, "DELE g")
    rest = head
    while part := reading.recv(1 << 18):
        rest += part
    other.expect(226)
    assert rest == SMALL


# ---------------------------------------------------------------- how long it is kept

def test_it_survives_a_restart(server, tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    one = server(root, *ACCOUNTS)
    cut(one.raw("bob"), "STOR new", SMALL[:100_000])
    until(lambda: partials(root) == [100_000], "it is kept")
    one.stop()
    two = server(root, *ACCOUNTS)
    client = two.raw("bob")
    assert size(client, "new") == 100_000
    client.put("APPE new", SMALL[100_000:])
    assert (root / "new").read_bytes() == SMALL
    two.stop()
    no_leftovers(root)


def test_a_large_one_survives_kill_9(server, tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    one = server(root, *ACCOUNTS)
    client = one.raw("bob")
    data = started(client, "STOR new", b"")
    data.sendall(LARGE[:12 << 20])
    until(lambda: moved(client) >= 12 << 20, "the server has received what was sent")
    one.kill()
    two = server(root, *ACCOUNTS)
    client = two.raw("bob")
    have = size(client, "new")
    assert have and have >= 8 << 20
    client.put("APPE new", LARGE[have:])
    assert (root / "new").read_bytes() == LARGE


@pytest.mark.parametrize("days, age, left", [("7", 8, []), ("7", 6, [100_000]), ("30", 8, [100_000])])
def test_it_expires(server, tmp_path, days, age, left):
    root = tmp_path / "root"
    root.mkdir()
    one = server(root, *ACCOUNTS)
    cut(one.raw("bob"), "STOR new", SMALL[:100_000])
    until(lambda: partials(root) == [100_000], "it is kept")
    one.stop()
    then = time.time() - age * 86400
    for p in (root / OWN).iterdir():
        os.utime(p, (then, then))
    (root / OWN / "x-0123456789abcdef").write_bytes(b"a name that a killed server was passing through")
    os.utime(root / OWN / "x-0123456789abcdef", (then, then))
    two = server(root, *ACCOUNTS, "--keep-partials", days)
    until(lambda: partials(root) == left and not (root / OWN / "x-0123456789abcdef").exists(), "it is swept")
    assert size(two.raw("bob"), "new") == (left[0] if left else None)


def test_nothing_is_kept_if_the_operator_says_so(server, tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    client = server(root, *ACCOUNTS, "--keep-partials", "0").raw("bob")
    cut(client, "STOR new", LARGE[:10 << 20])
    assert size(client, "new") is None
    no_leftovers(root)


@pytest.fixture
def open_root():
    """A shared folder that a server of somebody else's can reach."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        root = Path(folder) / "root"
        (root / "in").mkdir(parents=True)
        yield root
        root.chmod(0o755)


def test_a_folder_that_cannot_hold_it(server, open_root):
    """The shared folder itself may not be written, one in it may: uploads work, and leave nothing to be continued."""
    if os.geteuid() == 0:
        shutil.chown(open_root / "in", 65534, 65534)
    open_root.chmod(0o555)
    client = server(open_root, *ACCOUNTS, user=65534 if os.geteuid() == 0 else None).raw("bob")
    cut(client, "STOR in/new", SMALL[:100_000])
    assert size(client, "in/new") is None
    client.put("STOR in/new", SMALL)
    client.put("STOR in/new", SMALL[:10])
    assert (open_root / "in" / "new").read_bytes() == SMALL[:10]
    no_leftovers(open_root)
