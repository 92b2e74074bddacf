"""Other FTP servers of Debian's packages on loopback, each with a scratch folder and the login bob: vsftpd, Pure-FTPd, ProFTPD,
pyftpdlib, inetutils-ftpd. tools/deps unpacks them into /opt/dray-peers: they bear no other one beside them, and would start.

Accounts are virtual, or those of nss_wrapper and pam_wrapper: the system is left as it is. All run in a folder that everybody may
enter, since they become somebody who is not root."""
import glob
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from server import PASSWORD
from tools import WAIT, free_range, until

AT = Path("/opt/dray-peers/usr")
UID = GID = 65534                                             # nobody; files of the scratch folder are bob's, who is the same
SERVICES = "vsftpd", "other"                                  # who asks PAM, and what it reads besides


def crypted():
    return subprocess.run(["openssl", "passwd", "-6", PASSWORD], check=True, capture_output=True, text=True).stdout.strip()


def wrapped(at, root, pam=True):
    """The environment of a server whose system knows bob, with a password that PAM says is right, and ftp."""
    matrix = glob.glob("/usr/lib/*/pam_wrapper/pam_matrix.so")[0]
    (at / "passwd").write_text(f"root:x:0:0::/:/bin/sh\nnobody:x:{UID}:{GID}::/nonexistent:/bin/sh\n"
                               f"ftp:x:{UID}:{GID}::{root}:/bin/sh\nbob:{crypted()}:{UID}:{GID}::{root}:/bin/sh\n")
    (at / "group").write_text(f"root:x:0:\nnogroup:x:{GID}:\n")
    (at / "passdb").write_text("".join(f"bob:{PASSWORD}:{service}\n" for service in SERVICES))
    pam = at / "pam"
    pam.mkdir()
    for service in SERVICES:
        (pam / service).write_text("".join(f"{kind} required {matrix} passdb={at}/passdb\n"
                                           for kind in ("auth", "account", "session")))
    return {**os.environ, "LD_PRELOAD": ("libpam_wrapper.so " if pam else "") + "libnss_wrapper.so", "PAM_WRAPPER": "1",
            "PAM_WRAPPER_SERVICE_DIR": str(pam), "NSS_WRAPPER_PASSWD": str(at / "passwd"), "NSS_WRAPPER_GROUP": str(at / "group")}


class Peer:
    """One running server. `pem`: a certificate and its key in one file, for those that speak TLS; then it is demanded.
    `root`: what it serves, when that is not a folder of its own. `strangers`: there is no bob, and they may do
    everything below it; for bench/, where nobody shall wait for the hash of a password."""
    def __init__(self, host="127.0.0.1", pem=None, most=None, root=None, strangers=False):
        self.host, self.most, self.strangers = host, most, strangers
        self.at = Path(tempfile.mkdtemp(prefix="dray-peer-"))
        self.at.chmod(0o755)
        self.root = Path(root or self.at / "root")
        if not root:
            self.root.mkdir()
            os.chown(self.root, UID, GID)
        self.pem = self.own_copy(pem) if pem else None
        self.port = free_range(1)                          # one of the kernel's choice could be somebody's when the server begins
        self.log = open(self.at / "log", "wb")
        self.proc = None
        try:
            self.start()
            until(self.listens, f"{type(self).__name__} listens: {self.said()}")
        except BaseException:
            self.stop()
            raise

    def run(self, *words, env=None):
        self.proc = subprocess.Popen([str(w) for w in words], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                     cwd=self.at, env=env, start_new_session=True)

    def own_copy(self, pem):
        path = self.write("pem", Path(pem).read_text(), 0o600)
        os.chown(path, UID, GID)
        return path

    def write(self, name, text, mode=0o644):
        path = self.at / name
        path.write_text(text)
        path.chmod(mode)
        return path

    def listens(self):
        assert not self.proc or self.proc.poll() is None, f"it ended: {self.said()}"
        try:
            with socket.create_connection((self.host, self.port), WAIT) as sock:
                sock.settimeout(WAIT)
                return sock.recv(3) == b"220"
        except ConnectionRefusedError:
            return False

    def said(self):
        self.log.flush()
        return (self.at / "log").read_text(errors="replace")[-2000:]

    def stop(self):
        if self.proc:
            try:
                os.killpg(self.proc.pid, 9)                   # a group of its own
            except ProcessLookupError:
                pass
            self.proc.wait(WAIT)
        self.log.close()
        shutil.rmtree(self.at, ignore_errors=True)

    def url(self, path="", user="bob", password=PASSWORD):
        host = f"[{self.host}]" if ":" in self.host else self.host
        who = "" if self.strangers else f"{user}:{password}@"
        return f"ftp://{who}{host}:{self.port}/{path}".replace(" ", "%20")

    def make(self, name, data, mtime=None):
        """A file in its folder, behind its back."""
        path = self.root / name
        for folder in reversed(path.relative_to(self.root).parents[:-1]):
            if not (self.root / folder).is_dir():
                (self.root / folder).mkdir()
                os.chown(self.root / folder, UID, GID)
        path.write_bytes(data)
        os.chown(path, UID, GID)
        if mtime is not None:
            os.utime(path, (mtime, mtime))
        return path


class Vsftpd(Peer):
    def start(self):
        v6 = ":" in self.host
        empty = self.at / "empty"
        empty.mkdir()
        own = {"listen": "NO" if v6 else "YES", "listen_ipv6": "YES" if v6 else "NO",
               "listen_address6" if v6 else "listen_address": self.host, "listen_port": self.port, "background": "NO",
               "anonymous_enable": "NO", "local_enable": "YES", "write_enable": "YES", "local_umask": "022",
               "pam_service_name": "vsftpd", "secure_chroot_dir": empty, "chroot_local_user": "YES", "utf8_filesystem": "YES",
               "allow_writeable_chroot": "YES", "seccomp_sandbox": "NO", "isolate": "NO", "isolate_network": "NO",
               "xferlog_enable": "NO", "mdtm_write": "YES", "max_clients": self.most or 0, "delay_failed_login": 0}
        if self.strangers:
            own |= {"anonymous_enable": "YES", "local_enable": "NO", "no_anon_password": "YES", "anon_root": self.root,
                    "anon_upload_enable": "YES", "anon_mkdir_write_enable": "YES", "anon_other_write_enable": "YES", "anon_umask": "022",
                    "max_per_ip": 0, "lock_upload_files": "NO", "one_process_model": "YES"}
        if self.pem:
            own |= {"ssl_enable": "YES", "rsa_cert_file": self.pem, "rsa_private_key_file": self.pem, "require_ssl_reuse": "YES",
                    "force_local_logins_ssl": "YES", "force_local_data_ssl": "YES", "ssl_ciphers": "HIGH",
                    "allow_anon_ssl": "YES", "force_anon_logins_ssl": "YES", "force_anon_data_ssl": "YES"}
        conf = self.write("vsftpd.conf", "".join(f"{name}={value}\n" for name, value in own.items()))
        self.run(AT / "sbin/vsftpd", conf, env=wrapped(self.at, self.root, pam=not self.strangers))


class Pureftpd(Peer):
    def start(self):
        # not by `pure-pw useradd`: its hash takes seconds, at each login
        accounts, known = self.write("accounts", f"bob:{crypted()}:{UID}:{GID}::{self.root}/./::::::::::::\n"), self.at / "accounts.pdb"
        subprocess.run([AT / "bin/pure-pw", "mkdb", known, "-f", accounts], check=True, capture_output=True)
        tls = ["-Y", "2", "-2", self.pem] if self.pem else []
        who = ["-e", "-M", "-C", str(self.most or 50), "-L", "1000000:5"] if self.strangers else ["-E"]
        self.run(AT / "sbin/pure-ftpd", "-l", f"puredb:{known}", "-S", f"{self.host},{self.port}", *who, "-u", "1", "-H", "-D",
                 "-z", "-g", self.at / "pid", "-c", str(self.most or 50), "-f", "none", *tls,
                 env=wrapped(self.at, self.root, pam=False) if self.strangers else None)


class Proftpd(Peer):
    def start(self):
        own = self.at / "own"
        own.mkdir(mode=0o700)
        known = self.write("own/passwd", f"bob:{crypted()}:{UID}:{GID}::{self.root}:/bin/sh\n"
                           f"ftp:x:{UID}:{GID}::{self.root}:/bin/sh\n", 0o600)
        lines = ["ServerType standalone", "DefaultServer on", f"Port {self.port}", f"DefaultAddress {self.host}",
                 "SocketBindTight on", f"UseIPv6 {'on' if ':' in self.host else 'off'}", "User nobody", "Group nogroup",
                 f"ModulePath {AT}/lib/proftpd", "AuthOrder mod_auth_file.c", f"AuthUserFile {known}", "RequireValidShell off",
                 "DefaultRoot ~", f"PidFile {own}/pid", f"ScoreboardFile {own}/board", f"SystemLog {own}/log", "WtmpLog off",
                 "TransferLog none", "UseReverseDNS off", "AllowOverwrite on", "AllowStoreRestart on", "AllowRetrieveRestart on",
                 "ServerIdent off", "DelayEngine off", "Umask 022", f"MaxClients {self.most or 'none'}"]
        if self.strangers:
            lines += ["SystemLog none", "ScoreboardFile none", "SyslogLevel error", f"<Anonymous {self.root}>", "User ftp", "Group nogroup", "UserAlias anonymous ftp", "RequireValidShell off",
                      "<Limit ALL>", "AllowAll", "</Limit>", "</Anonymous>"]
        if self.pem:
            lines += ["LoadModule mod_tls.c", "TLSEngine on", "TLSRequired on", f"TLSECCertificateFile {self.pem}",
                      f"TLSECCertificateKeyFile {self.pem}", f"TLSLog {'none' if self.strangers else own / 'tls'}",
                      "TLSProtocol TLSv1.2 TLSv1.3", f"TLSCACertificateFile {self.pem}"]      # or each session reads all of the system's
        self.run(AT / "sbin/proftpd", "-n", "-c", self.write("proftpd.conf", "\n".join(lines) + "\n"))


class Pyftpdlib(Peer):
    program = """
import logging, os, sys
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.servers import FTPServer
host, port, root, password, most, pem = sys.argv[1:]
os.setgid(65534)
os.setuid(65534)
known = DummyAuthorizer()
if password:
    known.add_user("bob", password, root, perm="elradfmwMT")
else:
    logging.basicConfig(level=logging.ERROR)
    known.add_anonymous(root, perm="elradfmwMT")
kind = TLS_FTPHandler if pem else FTPHandler
kind.authorizer, kind.auth_failed_timeout = known, 0
if pem:
    kind.certfile, kind.tls_control_required, kind.tls_data_required = pem, True, True
server = FTPServer((host, int(port)), kind)
server.max_cons = int(most)
server.serve_forever()
"""

    def start(self):
        self.run("/usr/bin/python3", "-W", "ignore", "-c", self.program, self.host, self.port, self.root,
                 "" if self.strangers else PASSWORD,
                 self.most or 0, self.pem or "")


class Inetutils(Peer):
    """It is made for inetd: what that did is done here."""
    def start(self):
        self.env, self.over, self.children = wrapped(self.at, self.root, pam=False), threading.Event(), []
        self.listener = socket.create_server((self.host, self.port), family=socket.AF_INET6 if ":" in self.host else socket.AF_INET)
        self.listener.settimeout(0.1)
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self):
        while not self.over.is_set():
            try:
                conn, _ = self.listener.accept()
            except socket.timeout:
                continue
            with conn:
                self.children = [c for c in self.children if c.poll() is None]
                if self.most and len(self.children) >= self.most:
                    conn.sendall(b"421 Too many.\r\n")
                    continue
                self.children.append(subprocess.Popen([AT / "sbin/ftpd"], stdin=conn, stdout=conn, stderr=self.log,
                                                      env=self.env, start_new_session=True))

    def stop(self):
        self.over.set()
        self.thread.join(WAIT)
        self.listener.close()
        for child in self.children:
            child.kill()
            child.wait(WAIT)
        super().stop()


PEERS = {"vsftpd": Vsftpd, "pure-ftpd": Pureftpd, "proftpd": Proftpd, "pyftpdlib": Pyftpdlib, "inetutils": Inetutils}

if __name__ == "__main__":                                    # by hand: peers.py vsftpd [HOST [PEM]]
    peer = PEERS[sys.argv[1]](*sys.argv[2:])
    print(peer.url(), peer.root, flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        peer.stop()
