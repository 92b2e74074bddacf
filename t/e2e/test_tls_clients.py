"""Clients of all kinds over TLS 1.2 and 1.3: list, upload, download, and many files on one session (DRAY_TLS_FILES=200). Those that speak through
OpenSSL are held to a version by its configuration file, and the server's log says which one was agreed on."""
import ftplib
import os
import ssl
import subprocess

import pytest

from ftptls import context
from server import ACCOUNTS, PASSWORD
from tools import PATIENCE, WAIT, blob

FILES = int(os.environ.get("DRAY_TLS_FILES", "30"))
VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}

PERL = """
use Net::FTP;
my ($port, $n) = @ARGV;
my $ftp = Net::FTP->new("127.0.0.1", Port => $port, Passive => 1, SSL_verify_mode => 0) or die $@;
$ftp->starttls or die $ftp->message;
$ftp->login("bob", "secret") or die $ftp->message;
$ftp->prot("P") or die $ftp->message;
$ftp->binary;
$ftp->put("big") or die $ftp->message;
$ftp->get("big", "back/big") or die $ftp->message;
for my $i (0 .. $n - 1) { $ftp->put("many/f$i", "f$i") or die $ftp->message; }
for my $i (0 .. $n - 1) { $ftp->get("f$i", "back/f$i") or die $ftp->message; }
my @names = $ftp->ls; die "$#names" if @names != $n + 1;
$ftp->quit;
"""
RUBY = """
require 'net/ftp'
port, n, minor = ARGV.map(&:to_i)
version = minor == 2 ? OpenSSL::SSL::TLS1_2_VERSION : OpenSSL::SSL::TLS1_3_VERSION
ftp = Net::FTP.new('127.0.0.1', port: port, username: 'bob', password: 'secret', passive: true,
                   ssl: { verify_mode: OpenSSL::SSL::VERIFY_NONE, min_version: version, max_version: version })
ftp.putbinaryfile('big')
ftp.getbinaryfile('big', 'back/big')
n.times { |i| ftp.putbinaryfile("many/f#{i}", "f#{i}") }
n.times { |i| ftp.getbinaryfile("f#{i}", "back/f#{i}") }
raise ftp.nlst.size.to_s if ftp.nlst.size != n + 1
ftp.quit
"""
PHP = """
[, $port, $n] = $argv;
$ftp = ftp_ssl_connect('127.0.0.1', $port) or exit(1);
ftp_login($ftp, 'bob', 'secret') or exit(2);
ftp_pasv($ftp, true);
ftp_put($ftp, 'big', 'big', FTP_BINARY) or exit(3);
ftp_get($ftp, 'back/big', 'big', FTP_BINARY) or exit(4);
for ($i = 0; $i < $n; $i++) ftp_put($ftp, "f$i", "many/f$i", FTP_BINARY) or exit(5);
for ($i = 0; $i < $n; $i++) ftp_get($ftp, "back/f$i", "f$i", FTP_BINARY) or exit(6);
if (count(ftp_nlist($ftp, '.')) != $n + 1) exit(7);
ftp_close($ftp);
"""


class Place:
    """A folder with what a client brings; back/ is for what it fetches."""

    def __init__(self, one, folder, version):
        self.one, self.folder, self.version, self.port = one, folder, version, one.port
        self.big = blob(3_000_000)
        (folder / "many").mkdir()
        (folder / "back").mkdir()
        (folder / "big").write_bytes(self.big)
        for n in range(FILES):
            (folder / "many" / f"f{n}").write_bytes(b"%d" % n * 100)
        conf = folder / "openssl.cnf"
        conf.write_text("openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\n"
                        f"MinProtocol = TLSv{version}\nMaxProtocol = TLSv{version}\nCipherString = DEFAULT:@SECLEVEL=1\n")
        self.env = {**os.environ, "OPENSSL_CONF": str(conf), "HOME": str(folder), "RCLONE_CONFIG": str(folder / "none")}

    def run(self, *line):
        done = subprocess.run(list(map(str, line)), cwd=self.folder, env=self.env, capture_output=True, timeout=120 * PATIENCE)
        assert done.returncode == 0, f"{line[0]} ended with {done.returncode}: {done.stderr.decode()[-2000:]}"
        return done.stdout

    def check(self, sessions=None, fetched=FILES):
        for folder, count in (self.one.root, FILES), (self.folder / "back", fetched):
            assert (folder / "big").read_bytes() == self.big
            assert all((folder / f"f{n}").read_bytes() == b"%d" % n * 100 for n in range(count))
        agreed = [line for line in self.one.stderr.splitlines() if " tls peer=" in line]
        assert agreed and all(f"TLSv{self.version}" in line for line in agreed)
        assert not sessions or len(agreed) <= sessions
        assert "tls-failed" not in self.one.stderr


def by_curl(p):
    only = {"1.2": ["--tlsv1.2", "--tls-max", "1.2"], "1.3": ["--tlsv1.3"]}[p.version]
    curl, url = ["curl", "-sS", "-k", "--ssl-reqd", *only], p.one.url("/", user="bob")
    p.run(*curl, "-T", "big", "-T", f"many/f[0-{FILES - 1}]", url, url)
    assert p.run(*curl, url).count(b"\n") == FILES + 1
    p.run(*curl, f"{url}{{big,f0,f1}}", "-o", "back/#1")     # few: between two downloads it sleeps for a second, in the clear as well
    p.check(sessions=3, fetched=2)


def by_lftp(p):
    p.run("lftp", "-e", "set cmd:fail-exit true; set ftp:ssl-force true; set ftp:ssl-protect-data true; set net:max-retries 1; "
          f"set ssl:verify-certificate no; set ssl:priority NORMAL:-VERS-ALL:+VERS-TLS{p.version}; "
          f"open {p.one.url(user='bob')}; put big; mirror -R many .; mirror . back; cls; bye")
    p.check(sessions=3)


def by_rclone(p):
    where = f":ftp,host=127.0.0.1,port={p.port},user=bob,pass={p.run('rclone', 'obscure', PASSWORD).decode().strip()}," \
            f"explicit_tls=true,no_check_certificate=true,disable_tls13={'true' if p.version == '1.2' else 'false'}:"
    one = ["--transfers", "1", "--checkers", "1", "--retries", "1"]
    p.run("rclone", "copyto", "big", where + "big", *one)
    p.run("rclone", "copy", "many", where, *one)
    assert p.run("rclone", "lsf", where).count(b"\n") == FILES + 1
    p.run("rclone", "copy", where, "back", *one)
    p.check()


def by_perl(p):
    p.run("perl", "-e", PERL, p.port, FILES)
    p.check(sessions=1)


def by_ruby(p):
    p.run("ruby", "-e", RUBY, p.port, FILES, p.version[2:])
    p.check(sessions=1)


def by_php(p):
    p.run("php", "-r", PHP, p.port, FILES)
    p.check(sessions=1)


class Reusing(ftplib.FTP_TLS):
    """As many write it, when a server wants data connections to resume the session."""

    def ntransfercmd(self, cmd, rest=None):
        conn, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        return self.context.wrap_socket(conn, server_hostname=self.host, session=self.sock.session), size


def with_ftplib(p, kind):
    ctx = context(VERSIONS[p.version])
    ctx.options |= ssl.OP_IGNORE_UNEXPECTED_EOF
    with kind(context=ctx, timeout=WAIT) as client:
        client.connect("127.0.0.1", p.port)
        client.login("bob", PASSWORD)
        client.prot_p()
        for name, at in [("big", "big"), *((f"f{n}", f"many/f{n}") for n in range(FILES))]:
            with open(p.folder / at, "rb") as f:
                client.storbinary(f"STOR {name}", f)
        for name in client.nlst():
            with open(p.folder / "back" / name, "wb") as f:
                client.retrbinary(f"RETR {name}", f.write)
    p.check(sessions=1)


def by_ftplib(p):
    with_ftplib(p, ftplib.FTP_TLS)


def by_ftplib_reusing(p):
    with_ftplib(p, Reusing)


CLIENTS = {name[3:]: f for name, f in list(globals().items()) if name.startswith("by_")}


@pytest.mark.needs("disk", "loop")
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("client", CLIENTS)
def test_client(server, tmp_path, client, version):
    CLIENTS[client](Place(server(None, *ACCOUNTS), tmp_path, version))


@pytest.mark.needs("disk")
@pytest.mark.parametrize("version", VERSIONS)
def test_a_client_that_must_resume(server, tmp_path, version):
    by_ftplib_reusing(Place(server(None, *ACCOUNTS, "--tls-data", "require"), tmp_path, version))
