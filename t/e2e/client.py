"""The client's verbs as the tests run them, and false servers that know what they ask, in the clear and over TLS."""
import json
import re
import socket
import ssl
import subprocess

import pytest

from fakeserver import Fake
from server import DRAY, environment
from tools import PATIENCE, names

USAGE, CONNECT, LOGIN, NOT_FOUND, REFUSED, LOCAL, TLS, INCOMPLETE, UNVERIFIED, INTERRUPTED = 2, 3, 4, 5, 6, 7, 8, 9, 10, 130
COMPLAINT = re.compile(r"Sanitizer|runtime error:|check failed|stack smashing|buffer overflow")


class Client:
    """Runs verbs in a folder of its own."""

    def __init__(self, folder):
        self.dir, self.home = folder / "here", folder / "home"
        self.dir.mkdir()
        self.home.mkdir()
        self.env = environment(LC_ALL="C.UTF-8", TZ="UTC", TERM="xterm", HOME=str(self.home), XDG_STATE_HOME=str(self.home))
        self.env.pop("NETRC", None)

    def start(self, *words, **more):
        return subprocess.Popen([DRAY, *map(str, words)], cwd=self.dir, env=self.env, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)

    def finish(self, child, code):
        with child:
            out, err = child.communicate(timeout=60 * PATIENCE)
        self.raw, self.out, self.err = out, out.decode("utf-8", "replace"), err.decode()
        print(self.out[-3000:] + self.err[-3000:])
        assert not COMPLAINT.search(self.err)
        assert child.returncode == code, f"exit code {child.returncode}"
        return self.out

    def run(self, *words, code=0):
        return self.finish(self.start(*words), code)

    def events(self, *words, code=0):
        """The objects that --json prints."""
        found = [json.loads(line) for line in self.run(*words, "--json", code=code).splitlines()]
        assert all("event" in one for one in found)
        return found

    def read(self, name):
        return (self.dir / name).read_bytes()

    def write(self, name, data):
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def parts(self):
        return {n for n in names(self.dir) if n.endswith(b".part")}


class Site(Fake):
    """Honest, with absolute paths, MLST, REST and renaming."""
    features = ("MLST type*;size*;modify*;", "SIZE", "MDTM", "MFMT", "REST STREAM", "UTF8")
    files = {"x": b"one\n"}
    folders = ("",)
    stamp = "20260102030405"
    renamed = None

    def __init__(self):
        super().__init__()
        self.files, self.offset, self.mtimes = dict(self.files), 0, {}

    def session(self):
        self.offset = 0
        self.control.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().session()

    def facts_of(self, name):
        return f"type=file;size={len(self.files[name])};modify={self.stamp};"

    def mlst(self, path):
        name = path.strip("/")
        if name in self.files:
            self.say("250-facts", f" {self.facts_of(name)} {path}", "250 end")
        elif name in self.folders:
            self.say("250-facts", f" type=dir;modify={self.stamp}; {path}", "250 end")
        else:
            self.say("550 no such thing")

    def rest(self, offset):
        self.offset = int(offset)
        self.say("350 from there")

    def begin_at(self):
        offset, self.offset = self.offset, 0
        return offset

    def retr(self, path):
        name = path.strip("/")
        if name in self.files:
            self.send(self.files[name][self.begin_at():])
        else:
            self.say("550 no such file")

    def stor(self, path):
        name, offset = path.strip("/"), self.begin_at()
        with self.data() as connection:
            self.say("150 go on")
            came = b"".join(iter(lambda: connection.recv(1 << 16), b""))
        self.files[name] = self.files.get(name, b"")[:offset] + came
        self.say("226 stored")

    def appe(self, path):
        with self.data() as connection:
            self.say("150 go on")
            came = b"".join(iter(lambda: connection.recv(1 << 16), b""))
        self.files[path.strip("/")] = self.files.get(path.strip("/"), b"") + came
        self.say("226 stored")

    def dele(self, path):
        self.say("250 gone" if self.files.pop(path.strip("/"), None) is not None else "550 no such file")

    def rnfr(self, path):
        self.renamed = path.strip("/")
        self.say("350 and to?" if self.renamed in self.files else "550 no such file")

    def rnto(self, path):
        name, self.renamed = self.renamed, None
        if name not in self.files:
            return self.say("503 RNFR first")
        self.files[path.strip("/")] = self.files.pop(name)
        return self.say("250 renamed")

    def mfmt(self, argument):
        when, _, path = argument.partition(" ")
        self.mtimes[path.strip("/")] = when
        self.say(f"213 Modify={when}; {path}")


def certificate(folder, name="one", host="127.0.0.1", issuer=None, days=30):
    """A new key and its certificate in one file, self-signed or signed by another such file."""
    path = folder / f"{name}.pem"
    kind = "IP" if host[0].isdigit() else "DNS"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", str(days),
             "-subj", f"/CN={name}", "-addext", f"subjectAltName={kind}:{host}", "-keyout", path, "-out", folder / "cert"]
    if issuer:
        words += ["-CA", issuer, "-CAkey", issuer, "-addext", "basicConstraints=critical,CA:FALSE"]
    subprocess.run(words, check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + (folder / "cert").read_bytes())
    return path


class TlsSite(Site):
    """The same over TLS, when asked."""
    pem = data_pem = None
    says_prot = "200 encrypted"
    protected = closes_well = True
    implicit = False

    def __init__(self):
        super().__init__()
        self.prot_said, self.reused = False, []

    def context(self, pem):
        ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ctx.load_cert_chain(pem)
        return ctx

    def session(self):
        self.secure = self.context(self.pem) if self.pem else None
        self.data_secure = self.context(self.data_pem) if self.data_pem else self.secure
        self.offset, self.prot_said = 0, False
        if self.implicit:
            self.control = self.secure.wrap_socket(self.control, server_side=True)
        self.say(self.greeting)
        self.unread = b""                                     # what was said behind the command that runs
        while True:
            while b"\n" not in self.unread:
                more = self.control.recv(4096)
                if not more:
                    return
                self.unread += more
            line, _, self.unread = self.unread.partition(b"\n")
            verb, _, argument = line.rstrip(b"\r").decode("utf-8", "surrogateescape").partition(" ")
            self.heard.append((verb + " " + argument).strip())
            if getattr(self, self.methods.get(verb, verb.lower()), self.unknown)(argument) == "close":
                return

    def auth(self, _):
        if not self.secure:
            return self.say("502 not here")
        self.say("234 go on")
        self.control = self.secure.wrap_socket(self.control, server_side=True)
        return None

    def pbsz(self, _):
        self.say("200 fine")

    def prot(self, _):
        self.say(self.says_prot)
        self.prot_said = self.says_prot.startswith("200")

    def send(self, payload, first="150 opening", last="226 done"):
        if not self.prot_said:
            return super().send(payload, first, last)
        plain = super().data()
        self.say(first)
        connection = self.data_secure.wrap_socket(plain, server_side=True)
        self.reused.append(connection.session_reused)
        for part in payload if not isinstance(payload, bytes) else [payload]:
            connection.sendall(part)
        if self.closes_well:
            connection.unwrap().close()
        else:
            connection.close()                                # no close_notify: Python does not say it by itself
        self.say(last)
        return None


@pytest.fixture
def fake():
    """fake(kind, **traits): a false server that runs until the test ends."""
    running = []

    def start(kind=Site, **traits):
        running.append(type("Trick", (kind,), traits)())
        return running[-1]

    yield start
    for one in running:
        one.stop()
