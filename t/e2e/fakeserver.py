"""A server that is played by the test: honest by default, and a trick is a method overridden.

It serves the files and the listing it is given, one session at a time, in a thread of the test's own process.
"""
import socket
import threading

from tools import WAIT


class Fake:
    greeting = "220 ready"
    features = ("MLST type*;size*;modify*;", "SIZE", "UTF8")
    files = {"a.txt": b"one\n"}
    has_epsv = True
    pasv_host = "127,0,0,1"
    methods = {"PASS": "password"}                            # where the verb is a word of Python

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(0.2)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.heard = []                                       # every command
        self.stored = {}
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def stop(self):
        self.over.set()
        self.thread.join(WAIT)
        self.listener.close()

    # -- the control connection

    def _accept(self):
        while not self.over.is_set():
            try:
                self.control, _ = self.listener.accept()
            except socket.timeout:
                continue
            with self.control:
                self.control.settimeout(WAIT)
                self.passive = None
                try:
                    self.session()
                except OSError:
                    pass
            if self.passive:
                self.passive.close()

    def session(self):
        self.say(self.greeting)
        with self.control.makefile("rb") as lines:
            for line in lines:
                verb, _, argument = line.rstrip(b"\r\n").decode("utf-8", "surrogateescape").partition(" ")
                self.heard.append((verb + " " + argument).strip())
                if getattr(self, self.methods.get(verb, verb.lower()), self.unknown)(argument) == "close":
                    return

    def say(self, *lines):
        self.control.sendall("".join(line + "\r\n" for line in lines).encode("utf-8", "surrogateescape"))

    def unknown(self, _):
        self.say("502 not here")

    def user(self, _):
        self.say("331 password")

    def password(self, _):
        self.say("230 in")

    def feat(self, _):
        self.say("211-Features", *(" " + f for f in self.features), "211 End")

    def opts(self, _):
        self.say("200 fine")

    def type(self, _):
        self.say("200 binary")

    def pwd(self, _):
        self.say('257 "/" is here')

    def cwd(self, _):
        self.say("250 moved")

    def abor(self, _):
        self.say("226 aborted")

    def quit(self, _):
        self.say("221 bye")
        return "close"

    def size(self, name):
        self.say(f"213 {len(self.files[name])}" if name in self.files else "550 no such file")

    def mlst(self, name):
        if name in self.files:
            self.say("250-facts", f" type=file;size={len(self.files[name])};modify=20260102030405; {name}", "250 end")
        else:
            self.say("550 no such file")

    def dele(self, name):
        self.files = {n: data for n, data in self.files.items() if n != name}
        self.say("250 gone")

    def rnfr(self, name):
        self.renamed = name
        self.say("350 and to?" if name in self.files else "550 no such file")

    def rnto(self, name):
        self.files = {(name if n == self.renamed else n): data for n, data in self.files.items()}
        self.stored = {(name if n == self.renamed else n): data for n, data in self.stored.items()}
        self.say("250 renamed")

    # -- data

    def listen(self):
        if self.passive:
            self.passive.close()
        self.passive = socket.create_server(("127.0.0.1", 0))
        self.passive.settimeout(WAIT)
        return self.passive.getsockname()[1]

    def epsv(self, _):
        self.say(f"229 here (|||{self.listen()}|)" if self.has_epsv else "500 what is EPSV?")

    def pasv(self, _):
        port = self.listen()
        self.say(f"227 here ({self.pasv_host},{port // 256},{port % 256})")

    def data(self):
        connection, _ = self.passive.accept()
        connection.settimeout(WAIT)
        return connection

    def send(self, payload, first="150 opening", last="226 done"):
        connection = self.data()
        self.say(first)
        with connection:
            for part in payload if not isinstance(payload, bytes) else [payload]:
                connection.sendall(part)
        self.say(last)

    def retr(self, name):
        if name in self.files:
            self.send(self.files[name])
        else:
            self.say("550 no such file")

    def stor(self, name):
        connection = self.data()
        self.say("150 go on")
        with connection:
            self.stored[name] = b"".join(iter(lambda: connection.recv(1 << 16), b""))
        self.files = {**self.files, name: self.stored[name]}
        self.say("226 stored")

    def facts(self):
        for name, data in self.files.items():
            yield f"type=file;size={len(data)};modify=20260102030405; {name}\r\n".encode("utf-8", "surrogateescape")

    def mlsd(self, _):
        self.send(self.facts())

