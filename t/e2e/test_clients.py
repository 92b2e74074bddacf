"""The clients that people already have: curl, wget, lftp, tnftp, ncftp, rclone, Python's ftplib.

Each lists, downloads, uploads, resumes both ways, renames, deletes, makes folders; with odd names, active and passive, IPv4 and ::1, ASCII.
"""
import ftplib
import io
import os
import subprocess
import time
from urllib.parse import quote

import pytest

from server import PASSWORD
from tools import PATIENCE, blob, make, names, no_leftovers

FILE = blob(300_000)
BIG = blob(8_000_000)
TEXT = b"one\ntwo\n\nfour\n"
OLD = 1577934245                    # 2020-01-02 03:04:05 UTC
ODD = ["a b.txt", "quo'te \"d\".txt", "文件.txt", "n" * 255, "#hash %41 +plus", "~tilde", "semi;colon", "[1].txt", "back\\slash"]
ROADS = [(ipv6, active) for ipv6 in (False, True) for active in (False, True)]
roads = pytest.mark.parametrize("ipv6, active", ROADS, ids=["ipv4-passive", "ipv4-active", "ipv6-passive", "ipv6-active"])


class Client:
    """Runs client programs in a folder of the test's own, with a home folder without any settings."""

    def __init__(self, site, folder):
        self.site = site
        self.home = folder / "home"
        self.dir = folder / "here"
        self.home.mkdir()
        self.dir.mkdir()
        (self.home / "rclone.conf").touch()
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.home), "LC_ALL": "C.UTF-8", "TZ": "UTC", "TERM": "dumb",
                    "RCLONE_CONFIG": str(self.home / "rclone.conf")}

    def run(self, *words, stdin="", good=(0,), errors=False):
        print("$", *words, stdin)
        done = subprocess.run([str(w) for w in words], cwd=self.dir, env=self.env, input=stdin.encode(), timeout=60 * PATIENCE,
                              capture_output=True)
        print((done.stdout + done.stderr).decode("utf-8", "replace")[-3000:])
        assert good is None or done.returncode in good, f"{words[0]} says {done.returncode}"
        return done.stderr if errors else done.stdout

    def url(self, name="", ipv6=False, user="bob"):
        return self.site.server.url(quote(f"{self.site.path}/{name}"), user, ipv6)

    def write(self, name, data):
        (self.dir / name).write_bytes(data)
        return self.dir / name

    def read(self, name):
        return (self.dir / name).read_bytes()

    def remote(self, name):
        return (self.site.dir / name).read_bytes()


@pytest.fixture
def client(site, tmp_path):
    return Client(site, tmp_path)


# ---------------------------------------------------------------- curl

def curl(client, *words):
    return client.run("curl", "-sS", "--max-time", 30 * PATIENCE, *words)


@roads
def test_curl(client, site, ipv6, active):
    road = ["-P", "-"] if active else []
    client.write("f", FILE)
    curl(client, *road, "-T", "f", client.url("up", ipv6))
    assert client.remote("up") == FILE
    curl(client, *road, "-o", "down", client.url("up", ipv6))
    assert client.read("down") == FILE
    assert curl(client, *road, "-l", client.url(ipv6=ipv6)).split() == [b"up"]
    assert b"300000" in curl(client, *road, client.url(ipv6=ipv6))
    no_leftovers(site.dir)


@pytest.mark.parametrize("option", ["--disable-epsv", "--disable-eprt", "--ftp-method nocwd", "--ftp-method singlecwd", "--ftp-skip-pasv-ip"])
def test_curl_on_its_other_ways(client, option):
    make(client.site.dir, "f", FILE)
    words = option.split() + (["-P", "-"] if option == "--disable-eprt" else [])
    curl(client, *words, "-o", "down", client.url("f"))
    assert client.read("down") == FILE


def test_curl_resumes_a_download(client):
    make(client.site.dir, "f", FILE)
    client.write("down", FILE[:100_001])
    curl(client, "-C", "-", "-o", "down", client.url("f"))
    assert client.read("down") == FILE
    curl(client, "-C", "-", "-o", "down", client.url("f"))
    assert client.read("down") == FILE


def test_curl_resumes_an_upload(client):
    make(client.site.dir, "f", FILE[:100_001])
    client.write("f", FILE)
    curl(client, "-C", "-", "-T", "f", client.url("f"))
    assert client.remote("f") == FILE


def test_curl_takes_a_range(client):
    make(client.site.dir, "f", FILE)
    curl(client, "-r", "1000-1999", "-o", "part", client.url("f"))
    assert client.read("part") == FILE[1000:2000]


def test_curl_changes_things(client, site):
    make(site.dir, "f", b"x")
    at = site.path
    curl(client, "-l", client.url(), "-Q", f"RNFR {at}/f", "-Q", f"RNTO {at}/g", "-Q", f"MKD {at}/d")
    assert names(site.dir) == {b"g", b"d"}
    curl(client, "-l", client.url(), "-Q", f"DELE {at}/g", "-Q", f"-RMD {at}/d")
    assert names(site.dir) == set()


def test_curl_makes_folders_on_the_way(client):
    client.write("f", FILE)
    curl(client, "--ftp-create-dirs", "-T", "f", client.url("new/and newer/f"))
    assert client.remote("new/and newer/f") == FILE


def test_curl_ascii(client):
    make(client.site.dir, "f", TEXT)
    curl(client, "-B", "-o", "down", client.url("f"))
    assert client.read("down").replace(b"\r\n", b"\n") == TEXT
    client.write("text", TEXT)
    curl(client, "-B", "-T", "text", client.url("up"))
    assert client.remote("up") == TEXT


def test_curl_asks_for_size_and_time_only(client):
    make(client.site.dir, "f", FILE, OLD)
    head = curl(client, "-I", client.url("f"))
    assert b"Content-Length: 300000" in head and b"Thu, 02 Jan 2020 03:04:05 GMT" in head


@pytest.mark.parametrize("name", ODD, ids=range(len(ODD)))
def test_curl_odd_names(client, site, name):
    client.write("f", FILE[:1000])
    curl(client, "-T", "f", client.url(name))
    assert names(site.dir) == {os.fsencode(name)}
    curl(client, "-o", "down", client.url(name))
    assert client.read("down") == FILE[:1000]


def test_curl_many_files_over_one_connection(client, site):
    """Few of them: curl 7.88 itself waits a second before every other file, on any server."""
    for n in range(5):
        make(site.dir, f"f{n}", FILE[:n * 1000])
    curl(client, client.url().rstrip("/") + "/f[0-4]", "-o", "#1")
    assert all(client.read(str(n)) == FILE[:n * 1000] for n in range(5))


def test_curl_says_that_a_file_is_missing(client):
    client.run("curl", "-sS", "-o", "down", client.url("nothing"), good=(78,))
    client.run("curl", "-sS", "-o", "down", client.url("no/such/path"), good=(9,))


# ---------------------------------------------------------------- wget

def wget(client, *words, good=(0,)):
    return client.run("wget", "-nv", "--tries=1", f"--timeout={int(20 * PATIENCE)}", *words, good=good)


@roads
def test_wget(client, ipv6, active):
    make(client.site.dir, "f", FILE, OLD)
    wget(client, *(["--no-passive-ftp"] if active else []), client.url("f", ipv6))
    assert client.read("f") == FILE


def test_wget_resumes_a_download(client):
    make(client.site.dir, "f", FILE)
    client.write("f", FILE[:77_777])
    wget(client, "-c", client.url("f"))
    assert client.read("f") == FILE


def test_wget_takes_a_whole_tree(client, site):
    (site.dir / "a b" / "c").mkdir(parents=True)
    make(site.dir, "f", b"1")
    make(site.dir / "a b", "g g", b"22")
    make(site.dir / "a b" / "c", "文件", b"333")
    wget(client, "-r", "-nH", "--cut-dirs=1", "--restrict-file-names=nocontrol", client.url())
    assert client.read("f") == b"1" and client.read("a b/g g") == b"22" and client.read("a b/c/文件") == b"333"


def test_wget_patterns_and_times(client, site):
    for name in "a.txt", "b.txt", "c.bin":
        make(site.dir, name, name.encode(), OLD)
    wget(client, "-N", client.url().rstrip("/") + "/*.txt")
    assert names(client.dir) == {b"a.txt", b"b.txt"}
    assert time.gmtime((client.dir / "a.txt").stat().st_mtime)[:3] == (2020, 1, 2)


def test_wget_ascii(client):
    make(client.site.dir, "f", TEXT)
    wget(client, client.url("f") + ";type=a")
    assert client.read("f").replace(b"\r\n", b"\n") == TEXT


@pytest.mark.parametrize("name", ODD, ids=range(len(ODD)))
def test_wget_odd_names(client, site, name):
    make(site.dir, name, FILE[:1000])
    wget(client, "-O", "down", client.url(name))
    assert client.read("down") == FILE[:1000]


def test_wget_says_that_a_file_is_missing(client):
    wget(client, client.url("nothing"), good=(8,))


# ---------------------------------------------------------------- lftp

def lftp(client, script, ipv6=False, active=False, good=(0,)):
    host, port = client.site.server.address(ipv6)
    settings = ["cmd:fail-exit yes", "ftp:ssl-allow no", "net:max-retries 1", f"net:timeout {int(20 * PATIENCE)}", "net:reconnect-interval-base 1",
                f"ftp:passive-mode {'no' if active else 'yes'}"]
    head = "".join(f"set {s}; " for s in settings)
    head += f'open -u bob,{PASSWORD} -p {port} {"[::1]" if ipv6 else host}; cd "{client.site.path}"; '
    return client.run("lftp", "--norc", "-c", head + script, good=good)


@roads
def test_lftp(client, site, ipv6, active):
    client.write("f", FILE)
    os.utime(client.dir / "f", (OLD, OLD))
    out = lftp(client, "put f; get f -o down; ls; cls -1; mkdir d; mv f d/g; cls -1 d", ipv6, active)
    assert client.read("down") == FILE and client.remote("d/g") == FILE
    assert b"300000" in out and b"g\n" in out
    assert (site.dir / "d" / "g").stat().st_mtime == OLD, "lftp sets the time of what it puts (MFMT)"
    lftp(client, "rm d/g; rmdir d", ipv6, active)
    assert names(site.dir) == set()


def test_lftp_resumes_a_download(client):
    make(client.site.dir, "f", FILE)
    client.write("f", FILE[:123_456])
    lftp(client, "get -c f")
    assert client.read("f") == FILE
    client.write("f", FILE[:5])
    lftp(client, "reget f")
    assert client.read("f") == FILE


def test_lftp_resumes_an_upload(client):
    make(client.site.dir, "f", FILE[:123_456])
    client.write("f", FILE)
    lftp(client, "reput f")
    assert client.remote("f") == FILE
    make(client.site.dir, "f", FILE[:1])
    lftp(client, "put -c f")
    assert client.remote("f") == FILE


def test_lftp_fetches_a_file_in_parts(client):
    make(client.site.dir, "f", FILE)
    lftp(client, "pget -n 1 f -o down")
    assert client.read("down") == FILE


@pytest.mark.needs("at_once")
def test_lftp_fetches_parts_side_by_side(client):
    make(client.site.dir, "f", FILE)
    lftp(client, "set pget:min-chunk-size 10k; pget -n 4 f -o down")
    assert client.read("down") == FILE


def tree(folder):
    """{path: content}, for comparing two trees."""
    folder = os.fsencode(folder)
    return {os.path.relpath(os.path.join(at, f), folder): open(os.path.join(at, f), "rb").read() for at, _, files in os.walk(folder) for f in files}


def plant(folder):
    """A small tree with odd names, old times and an empty folder."""
    (folder / "a b" / "deep er").mkdir(parents=True)
    (folder / "empty").mkdir()
    for name in "plain", "a b/quo'te", "a b/文件.txt", "a b/deep er/x", "zero":
        (folder / name).write_bytes(b"" if name == "zero" else name.encode() * 1000)
        os.utime(folder / name, (OLD, OLD))


@pytest.mark.parametrize("parallel", [1, pytest.param(4, marks=pytest.mark.needs("at_once"))])
def test_lftp_mirrors_both_ways(client, site, parallel):
    plant(client.dir)
    lftp(client, f"mirror -R --parallel={parallel} . up")
    assert tree(site.dir / "up") == tree(client.dir) and (site.dir / "up" / "empty").is_dir()
    assert (site.dir / "up" / "plain").stat().st_mtime == OLD
    lftp(client, f"mirror --parallel={parallel} up ../down")
    assert tree(client.dir.parent / "down") == tree(client.dir)
    (site.dir / "up" / "plain").unlink()
    lftp(client, "mirror --delete up ../down")
    assert tree(client.dir.parent / "down") == tree(site.dir / "up")
    lftp(client, "rm -r up")
    assert names(site.dir) == set()


def test_lftp_mirror_has_nothing_to_do_the_second_time(client, site):
    """Sizes and times survive the round trip, or a mirror would move everything each time."""
    plant(client.dir)
    lftp(client, "mirror -R . up")
    assert b"Transferring" not in lftp(client, "mirror -R -v . up") and b"Sending" not in lftp(client, "mirror -R -v . up")


def test_lftp_ascii(client):
    client.write("f", TEXT)
    lftp(client, "put -a f; get -a f -o down")
    assert client.remote("f") == TEXT and client.read("down") == TEXT


@pytest.mark.parametrize("name", ODD, ids=range(len(ODD)))
def test_lftp_odd_names(client, site, name):
    quoted = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    client.write("f", FILE[:1000])
    lftp(client, f"put f -o {quoted}; get {quoted} -o down; mv {quoted} plain; mv plain {quoted}")
    assert names(site.dir) == {os.fsencode(name)}
    assert client.read("down") == FILE[:1000]
    lftp(client, f"rm {quoted}; mkdir {quoted}; rmdir {quoted}")
    assert names(site.dir) == set()


def test_lftp_says_that_a_file_is_missing(client):
    lftp(client, "get nothing", good=(1,))


# ---------------------------------------------------------------- tnftp

def tnftp(client, script, ipv6=False, active=False):
    """tnftp's exit code says nothing about its commands: look at what it did."""
    host, port = client.site.server.address(ipv6)
    return client.run("tnftp", "-n", "-A" if active else "-p", host, port, good=None,
                      stdin=f'user bob {PASSWORD}\ncd "{client.site.path}"\nbinary\n{script}\nquit\n')


@roads
def test_tnftp(client, site, ipv6, active):
    client.write("f", FILE)
    make(site.dir, "old", FILE[:5], OLD)
    out = tnftp(client, "put f\nget f down\nget old\nls\nnlist\nmkdir d\nrename f g\n", ipv6, active)
    assert client.read("down") == FILE and client.remote("g") == FILE
    assert b"300000" in out
    assert (client.dir / "old").stat().st_mtime == OLD, "tnftp takes times from MDTM"
    tnftp(client, "delete g\nrmdir d\ndelete old\n", ipv6, active)
    assert names(site.dir) == set()


def test_tnftp_resumes_a_download(client):
    make(client.site.dir, "f", FILE)
    client.write("f", FILE[:99_999])
    tnftp(client, "reget f")
    assert client.read("f") == FILE


def test_tnftp_restarts_an_upload_by_append(client):
    make(client.site.dir, "f", FILE[:1000])
    client.write("rest", FILE[1000:])
    tnftp(client, "append rest f")
    assert client.remote("f") == FILE


def test_tnftp_patterns(client, site):
    for name in "a.txt", "b.txt", "c.bin":
        make(site.dir, name, name.encode())
    client.write("d.up", b"d")
    client.write("e.up", b"e")
    tnftp(client, "prompt off\nmget *.txt\nmput *.up\nmdelete *.bin")
    assert names(client.dir) == {b"a.txt", b"b.txt", b"d.up", b"e.up"}
    assert names(site.dir) == {b"a.txt", b"b.txt", b"d.up", b"e.up"}


def test_tnftp_ascii(client):
    client.write("f", TEXT)
    tnftp(client, "ascii\nput f\nget f down")
    assert client.remote("f") == TEXT and client.read("down") == TEXT


def test_tnftp_takes_a_url(client):
    make(client.site.dir, "f", FILE)
    client.run("tnftp", "-o", "down", client.url("f"))
    assert client.read("down") == FILE


def test_tnftp_machine_lists(client, site):
    make(site.dir, "f f", b"12345")
    out = tnftp(client, "mlsd\nmlst \"f f\"\nfeatures\nrstatus\nremotehelp\nsystem\nmodtime \"f f\"\nsize \"f f\"")
    assert b"size=5;" in out.lower() and b"MLST" in out and b"UNIX" in out


@pytest.mark.parametrize("name", ["a b.txt", "文件.txt", "n" * 255, "quo'te", "[1].txt"], ids=range(5))
def test_tnftp_odd_names(client, site, name):
    client.write("f", FILE[:1000])
    tnftp(client, f'put f "{name}"\nget "{name}" down')
    assert names(site.dir) == {os.fsencode(name)}
    assert client.read("down") == FILE[:1000]


# ---------------------------------------------------------------- ncftp

@pytest.mark.parametrize("active", [False, True], ids=["passive", "active"])
def test_ncftp_puts_and_gets(client, site, active):
    host, port = site.server.address()
    who = ["-u", "bob", "-p", PASSWORD, "-P", port, "-E" if active else "-F"]
    client.write("f", FILE)
    os.utime(client.dir / "f", (OLD, OLD))
    client.run("ncftpput", "-V", *who, host, site.path, "f")
    assert client.remote("f") == FILE
    assert (site.dir / "f").stat().st_mtime == OLD, "ncftp sets times by MFF or SITE UTIME"
    (client.dir / "down").mkdir()
    client.run("ncftpget", "-V", *who, host, "down", f"{site.path}/f")
    assert client.read("down/f") == FILE
    assert (client.dir / "down" / "f").stat().st_mtime == OLD
    no_leftovers(site.dir)


def test_ncftpls(client, site):
    make(site.dir, "f", FILE)
    (site.dir / "d").mkdir()
    url = client.url()
    assert set(client.run("ncftpls", "-1", url).split()) >= {b"f"}
    assert b"300000" in client.run("ncftpls", "-l", url)
    client.run("ncftpls", "-m", url)


def test_ncftp_resumes_a_download(client, site):
    """Its resumed upload is not tried: ncftpput 3.2.6 sends REST and then the whole file, to any server."""
    host, port = site.server.address()
    make(site.dir, "f", FILE, OLD)
    client.write("f", FILE[:111_111])
    client.run("ncftpget", "-V", "-z", "-u", "bob", "-p", PASSWORD, "-P", port, host, ".", f"{site.path}/f")
    assert client.read("f") == FILE


def test_ncftp_trees(client, site):
    host, port = site.server.address()
    who = ["-u", "bob", "-p", PASSWORD, "-P", port]
    (client.dir / "t" / "a b").mkdir(parents=True)
    client.write("t/x", b"1")
    client.write("t/a b/y z", b"22")
    client.run("ncftpput", "-V", "-R", *who, host, site.path, "t")
    assert tree(site.dir / "t") == tree(client.dir / "t")
    (client.dir / "down").mkdir()
    client.run("ncftpget", "-V", "-R", "-T", *who, host, "down", f"{site.path}/t")
    assert tree(client.dir / "down" / "t") == tree(client.dir / "t")


def test_ncftp_patterns_and_ascii(client, site):
    host, port = site.server.address()
    who = ["-u", "bob", "-p", PASSWORD, "-P", port]
    for name in "a.txt", "b.txt", "c.bin":
        make(site.dir, name, TEXT)
    client.run("ncftpget", "-V", "-a", *who, host, ".", f"{site.path}/*.txt")
    assert names(client.dir) == {b"a.txt", b"b.txt"} and client.read("a.txt") == TEXT


def test_ncftp_shell(client, site):
    host, port = site.server.address()
    client.write("f", FILE)
    out = client.run("ncftp", "-u", "bob", "-p", PASSWORD, "-P", port, host, good=None, stdin=(
        f'cd "{site.path}"\nput f\nmkdir d\nrename f d/g\nls -l d\nget d/g\nquote NOOP\nsite HELP\nbye\n'))
    assert b"300000" in out
    assert client.remote("d/g") == FILE and client.read("g") == FILE


# ---------------------------------------------------------------- rclone

@pytest.fixture(params=["EPSV", "PASV"])
def rclone(request, client):
    obscured = client.run("rclone", "obscure", PASSWORD).decode().strip()
    host, port = client.site.server.address()
    client.env.update(RCLONE_FTP_HOST=host, RCLONE_FTP_PORT=str(port), RCLONE_FTP_USER="bob", RCLONE_FTP_PASS=obscured,
                      RCLONE_FTP_DISABLE_EPSV="true" if request.param == "PASV" else "false", RCLONE_RETRIES="1", RCLONE_LOW_LEVEL_RETRIES="1",
                      RCLONE_TIMEOUT="30s")
    return lambda *words, **more: client.run("rclone", *words, **more)


@pytest.mark.needs("at_once")
def test_rclone_copies_syncs_and_checks(client, site, rclone):
    """rclone keeps several sessions open at once."""
    there = f":ftp:{site.path}/new/folder"
    plant(client.dir)
    rclone("sync", ".", there)
    assert tree(site.dir / "new" / "folder") == tree(client.dir)
    assert (site.dir / "new" / "folder" / "plain").stat().st_mtime == OLD
    rclone("check", "--download", ".", there)
    rclone("copy", there, "../down")
    assert tree(client.dir.parent / "down") == tree(client.dir)
    (client.dir / "plain").write_bytes(b"changed")
    (client.dir / "zero").unlink()
    rclone("sync", ".", there)
    assert tree(site.dir / "new" / "folder") == tree(client.dir)
    assert b"plain" in rclone("lsf", there)
    rclone("moveto", f"{there}/plain", f"{there}/moved")
    assert b"changed" == client.remote("new/folder/moved")
    rclone("purge", f":ftp:{site.path}/new")
    assert names(site.dir) == set()


@pytest.mark.needs("at_once")
def test_rclone_has_nothing_to_do_the_second_time(client, site, rclone):
    plant(client.dir)
    rclone("copy", ".", f":ftp:{site.path}/x")
    assert b"Copied" not in rclone("copy", "-v", ".", f":ftp:{site.path}/x", errors=True)


@pytest.mark.needs("at_once")
def test_rclone_reads_ranges_and_odd_names(client, site, rclone):
    make(site.dir, "a b 文件", FILE)
    assert rclone("cat", "--offset", 1000, "--count", 500, f":ftp:{site.path}/a b 文件") == FILE[1000:1500]
    assert rclone("lsf", "--format", "ps", f":ftp:{site.path}").decode() == "a b 文件;300000\n"


@pytest.mark.needs("at_once")
def test_rclone_leaves_in_the_middle(client, site, rclone):
    """It ends the data connection when it has its part, and is told 426. With --multi-thread-streams, release 1.60.1 takes that for a
    failure of its own copy, from vsftpd, Pure-FTPd, ProFTPD, pyftpdlib and inetutils as well; to say 226 of what did not arrive would
    be a lie to all others."""
    make(site.dir, "big", BIG)
    assert rclone("cat", "--offset", 1000, "--count", 500, f":ftp:{site.path}/big") == BIG[1000:1500]


def test_rclone_one_thing_at_a_time(client, site, rclone):
    make(site.dir, "f", FILE)
    assert rclone("cat", f":ftp:{site.path}/f") == FILE
    assert b"f" in rclone("lsf", f":ftp:{site.path}")
    rclone("mkdir", f":ftp:{site.path}/d")
    assert (site.dir / "d").is_dir()


# ---------------------------------------------------------------- Python's ftplib

def retr(ftp, name, rest=None):
    got = io.BytesIO()
    ftp.retrbinary(f"RETR {name}", got.write, rest=rest)
    return got.getvalue()


@roads
def test_ftplib(site, ipv6, active):
    ftp = site.ftp(ipv6=ipv6)
    ftp.set_pasv(not active)
    ftp.storbinary("STOR f", io.BytesIO(FILE))
    assert retr(ftp, "f") == FILE
    assert ftp.nlst() == ["f"]
    ftp.voidcmd("TYPE I")
    assert ftp.size("f") == len(FILE)
    lines = []
    ftp.dir(lines.append)
    assert len(lines) == 1 and "300000" in lines[0]
    assert [(n, f["type"], f["size"]) for n, f in ftp.mlsd(facts=["type", "size"]) if f["type"] == "file"] == [("f", "file", "300000")]
    assert ftp.mkd("d") == f"{site.path}/d"
    ftp.rename("f", "d/g")
    ftp.cwd("d")
    assert ftp.pwd() == f"{site.path}/d"
    ftp.delete("g")
    ftp.cwd("..")
    ftp.rmd("d")
    ftp.quit()
    assert names(site.dir) == set()


def test_ftplib_resumes_both_ways(site):
    ftp = site.ftp()
    make(site.dir, "f", FILE[:1000])
    ftp.storbinary("STOR f", io.BytesIO(FILE[1000:]), rest=1000)
    assert (site.dir / "f").read_bytes() == FILE
    assert retr(ftp, "f", rest=299_000) == FILE[299_000:]


def test_ftplib_lines(site):
    ftp = site.ftp()
    ftp.storlines("STOR f", io.BytesIO(TEXT))
    assert (site.dir / "f").read_bytes() == TEXT
    lines = []
    ftp.retrlines("RETR f", lines.append)
    assert lines == TEXT.decode().split("\n")[:-1]


def test_ftplib_latin_1(site):
    ftp = site.ftp(encoding="latin-1")
    ftp.storbinary("STOR Bären", io.BytesIO(b"x"))
    assert names(site.dir) == {"Bären".encode("latin-1")} and ftp.nlst() == ["Bären"]


def test_ftplib_aborts(site):
    make(site.dir, "f", FILE * 100)
    ftp = site.ftp()
    data = ftp.transfercmd("RETR f")
    data.recv(1000)
    reply = ftp.abort()
    data.close()
    if not reply.startswith("226"):
        ftp.voidresp()
    ftp.voidcmd("NOOP")


def test_ftplib_reads_errors(site):
    ftp = site.ftp()
    with pytest.raises(ftplib.error_perm, match="^550"):
        retr(ftp, "nothing")
    with pytest.raises(ftplib.error_perm, match="^550"):
        ftp.storbinary("STOR no/f", io.BytesIO(b"x"))
