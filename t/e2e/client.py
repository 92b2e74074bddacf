"""The client's verbs as the tests run them, and a false server that knows what they ask."""
import json
import re
import socket
import subprocess

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
        self.env = environment(LC_ALL="C.UTF-8", TZ="UTC", TERM="xterm", HOME=str(self.home))
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

    def dele(self, path):
        self.say("250 gone" if self.files.pop(path.strip("/"), None) is not None else "550 no such file")

    def rnfr(self, path):
        self.renamed = path.strip("/")
        self.say("350 and to?" if self.renamed in self.files else "550 no such file")

    def rnto(self, path):
        self.files[path.strip("/")] = self.files.pop(self.renamed)
        self.say("250 renamed")

    def mfmt(self, argument):
        when, _, path = argument.partition(" ")
        self.mtimes[path.strip("/")] = when
        self.say(f"213 Modify={when}; {path}")
