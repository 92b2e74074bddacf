"""A control connection on a bare socket: what is sent and what is answered, with nothing helpful in between.

Each reply is checked for form as it is read (CRLF, one code, no control characters), so every test checks that too.
The conversation is printed, and pytest shows it when a test fails.
"""
import re
import socket

from tools import WAIT, as_bytes


OPEN = (125, 150)                   # a transfer begins


class Closed(Exception):
    """The server closed the control connection."""


class Reply:
    def __init__(self, lines):
        self.lines = [line.decode("utf-8", "surrogateescape") for line in lines]
        self.code = int(self.lines[-1][:3])
        self.text = "\n".join(self.lines)
        self.middle = self.lines[1:-1]

    def __repr__(self):
        return f"<{self.text!r}>"


def receive_all(sock):
    """Everything until the other side closes."""
    got = bytearray()
    while True:
        part = sock.recv(1 << 18)
        if not part:
            return bytes(got)
        got += part


class Raw:
    def __init__(self, address, source=None, timeout=WAIT, greet=True):
        self.address = address
        self.sock = socket.create_connection(address, timeout=timeout, source_address=source and (source, 0))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.sock.makefile("rb")
        self.data = []                                       # data sockets, closed with the session
        self.greeting = self.expect(220) if greet else None

    # -- the conversation

    def send(self, data):
        """Bytes as they are; no line end is added."""
        print(">", data[:300])
        self.sock.sendall(data)

    def line(self):
        line = self.file.readline(65536)
        if not line:
            raise Closed()
        print("<", line[:300])
        assert line.endswith(b"\r\n"), f"a reply line without CRLF: {line!r}"
        line = line[:-2]
        assert not re.search(rb"[\x00-\x1f\x7f]", line), f"control characters in a reply: {line!r}"
        return line

    def reply(self):
        lines = [self.line()]
        match = re.match(rb"([1-6][0-9][0-9])([ -])", lines[0])
        assert match, f"not a reply: {lines[0]!r}"
        if match[2] == b"-":
            while not lines[-1].startswith(match[1] + b" "):
                lines.append(self.line())
        return Reply(lines)

    def cmd(self, line):
        self.send(as_bytes(line) + b"\r\n")
        return self.reply()

    def expect(self, codes, line=None):
        """Send the line if there is one; the reply must have one of the codes. 5 stands for any 5xx, 4 for any 4xx."""
        reply = self.reply() if line is None else self.cmd(line)
        allowed = codes if isinstance(codes, tuple) else (codes,)
        assert reply.code in allowed or reply.code // 100 in allowed, f"{line!r}: {reply.text!r}, not {codes}"
        return reply

    def login(self, user="anonymous", password="secret"):
        if self.expect((230, 331), f"USER {user}").code == 331:
            self.expect(230, f"PASS {password}")
        self.expect(200, "TYPE I")
        return self

    def is_closed(self):
        """Read on to the end; replies on the way are given back."""
        replies = []
        try:
            while True:
                replies.append(self.reply())
        except (Closed, ConnectionResetError, BrokenPipeError):
            return replies

    def close(self):
        for sock in self.data + [self.file, self.sock]:
            sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # -- data connections: each gives a function that returns the connected socket

    @property
    def ipv6(self):
        return self.sock.family == socket.AF_INET6

    def connect(self, port, host=None, source=None):
        sock = socket.create_connection((host or self.address[0], port), timeout=self.sock.gettimeout(),
                                        source_address=source and (source, 0))
        self.data.append(sock)
        return sock

    def epsv_port(self):
        reply = self.expect(229, "EPSV")
        return int(re.search(r"\(\|\|\|(\d+)\|\)", reply.text)[1])

    def pasv_port(self):
        reply = self.expect(227, "PASV")
        numbers = [int(n) for n in re.search(r"(\d+(?:,\d+){5})", reply.text)[1].split(",")]
        assert ".".join(map(str, numbers[:4])) == self.sock.getpeername()[0]
        return numbers[4] * 256 + numbers[5]

    def epsv(self):
        sock = self.connect(self.epsv_port())
        return lambda: sock

    def pasv(self):
        sock = self.connect(self.pasv_port())
        return lambda: sock

    def listener(self):
        """A listening socket beside the control connection, and its port."""
        sock = socket.socket(self.sock.family)
        self.data.append(sock)
        sock.settimeout(self.sock.gettimeout())
        sock.bind((self.sock.getsockname()[0], 0))
        sock.listen()
        return sock, sock.getsockname()[1]

    def accept(self, listener):
        sock, peer = listener.accept()
        assert peer[0] == self.sock.getpeername()[0]
        sock.settimeout(self.sock.gettimeout())
        self.data.append(sock)
        return sock

    def port(self):
        listener, port = self.listener()
        self.expect(200, f"PORT {self.sock.getsockname()[0].replace('.', ',')},{port >> 8},{port & 255}")
        return lambda: self.accept(listener)

    def eprt(self):
        listener, port = self.listener()
        self.expect(200, f"EPRT |{2 if self.ipv6 else 1}|{self.sock.getsockname()[0]}|{port}|")
        return lambda: self.accept(listener)

    # -- whole transfers

    def get(self, line, how="epsv"):
        """A RETR or a listing from start to 226; gives the bytes."""
        return self.finish_get(getattr(self, how)(), line)

    def finish_get(self, data, line):
        self.expect(OPEN, line)
        with data() as sock:
            got = receive_all(sock)
        self.expect((226, 250))
        return got

    def put(self, line, data, how="epsv"):
        """A STOR, APPE or STOU from start to 226; gives the first reply."""
        ready = getattr(self, how)()
        reply = self.expect(OPEN, line)
        with ready() as sock:
            sock.sendall(data)
        self.expect((226, 250))
        return reply

    def refused(self, line, codes=(4, 5)):
        """A transfer that must not start (or must not end well): the data connection carries nothing."""
        data = self.epsv()()
        reply = self.cmd(line)
        if reply.code in OPEN:
            reply = self.reply()
        codes = codes if isinstance(codes, tuple) else (codes,)
        assert reply.code in codes or reply.code // 100 in codes, f"{line!r}: {reply.text!r}, not {codes}"
        data.close()
        return reply


def mlsd(listing):
    """MLSD output as {name: {fact: value}}; cdir and pdir lines are left out, names are bytes, facts in lower case."""
    found = {}
    assert not listing or listing.endswith(b"\r\n")
    for line in listing.split(b"\r\n")[:-1]:
        facts, name = entry(line)
        if facts.get("type") not in ("cdir", "pdir"):
            assert name not in found, f"{name!r} twice"
            found[name] = facts
    return found


def entry(line):
    """One line of facts: ({fact: value}, name)."""
    facts, space, name = line.partition(b" ")
    assert space and (facts == b"" or facts.endswith(b";")), f"not a line of facts: {line!r}"
    pairs = [fact.split("=", 1) for fact in facts.decode().split(";")[:-1]]
    return {key.lower(): value for key, value in pairs}, name


LS = re.compile(rb"([-dl])([-r][-w][-xsS][-r][-w][-xsS][-r][-w][-xtT]) +(\d+) ([^ ]+) +([^ ]+) +(\d+) "
                rb"([JFMASOND][a-z]{2} [ 0-9]\d (?:\d\d:\d\d| \d{4})) (.+)", re.S)


def ls(listing):
    """LIST output as {name: (type letter, mode, owner, group, size, date)}; each line must have the `ls -l` form."""
    found = {}
    assert not listing or listing.endswith(b"\r\n")
    for line in listing.split(b"\r\n")[:-1]:
        if re.match(rb"total \d+$", line):
            continue
        match = LS.fullmatch(line)
        assert match, f"not a line of `ls -l`: {line!r}"
        kind, mode, _, owner, group, size, date, name = match.groups()
        found[name] = (kind.decode(), mode.decode(), owner, group, int(size), date.decode())
    return found


def nlst(listing):
    assert not listing or listing.endswith(b"\r\n")
    return listing.split(b"\r\n")[:-1]
