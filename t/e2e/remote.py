"""A folder of a server that has no disk to look at, seen by a session of its own: the few things of pathlib.Path that tests use.

What the server does not show cannot be seen here: hidden names, above all."""
import os
import stat
from datetime import datetime, timezone
from types import SimpleNamespace

from ftpraw import entry, mlsd
from tools import as_bytes


class Remote:
    def __init__(self, view, path):
        self.view, self.path = view, as_bytes(path)

    def __truediv__(self, name):
        return Remote(self.view, self.path + b"/" + as_bytes(name))

    def __str__(self):
        return os.fsdecode(self.path)

    def read_bytes(self):
        return self.view().get(b"RETR " + self.path)

    def write_bytes(self, data):
        self.view().put(b"STOR " + self.path, data)

    def mkdir(self, parents=False):
        at = b""
        for part in self.path.split(b"/")[1:-1] if parents else []:
            at += b"/" + part
            self.view().expect((257, 5), b"MKD " + at)
        self.view().expect(257, b"MKD " + self.path)

    def unlink(self):
        self.view().expect(250, b"DELE " + self.path)

    def rmdir(self):
        self.view().expect(250, b"RMD " + self.path)

    def chmod(self, mode):
        self.view().expect(200, b"SITE CHMOD %o " % mode + self.path)

    def utime(self, seconds):
        when = datetime.fromtimestamp(seconds, timezone.utc)
        self.view().expect(213, when.strftime("MFMT %Y%m%d%H%M%S ").encode() + self.path)

    def stat(self):
        facts, _ = entry(self.view().expect(250, b"MLST " + self.path).middle[0].strip().encode("utf-8", "surrogateescape"))
        kind = stat.S_IFDIR if facts["type"] == "dir" else stat.S_IFREG
        when = datetime.strptime(facts["modify"], "%Y%m%d%H%M%S").replace(tzinfo=timezone.utc)
        return SimpleNamespace(st_size=int(facts.get("size", 0)), st_mtime=when.timestamp(),
                               st_mode=kind | int(facts["unix.mode"], 8))

    def exists(self):
        return self.view().cmd(b"MLST " + self.path).code == 250

    def is_dir(self):
        return self.exists() and stat.S_ISDIR(self.stat().st_mode)

    def names(self):
        return set(mlsd(self.view().get(b"MLSD " + self.path)))


class View:
    """The session, made when it is needed first."""

    def __init__(self, one):
        self.one, self.client = one, None

    def __call__(self):
        if not self.client:
            self.client = self.one.raw("bob")
            self.one.clients.remove(self.client)             # it is not the test's
        return self.client

    def close(self):
        if self.client:
            self.client.close()
