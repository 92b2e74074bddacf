"""A control connection over TLS, and data connections over TLS as bare as the rest: what is protected, resumed or cut is said here.

Ends without close_notify are errors of every read (two switches of Python hide them, both are off), so every test checks that the server says it."""
import socket
import ssl

from ftpraw import OPEN, Raw, receive_all

TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


def context(version=None, alpn=None):
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ctx.check_hostname, ctx.verify_mode = False, ssl.CERT_NONE
    ctx.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    if version:
        ctx.minimum_version = ctx.maximum_version = version
    if alpn:
        ctx.set_alpn_protocols(alpn)
    return ctx


class Tls(Raw):
    def __init__(self, one, version=None, user="bob", alpn=None, implicit=None, protect=True, session=None, name=None, cert=None,
                 ctx=None):
        self.ctx, self.name = ctx or context(version, alpn), name
        if cert:
            self.ctx.load_cert_chain(cert)
        super().__init__(("127.0.0.1", implicit) if implicit else one.address(), greet=not implicit)
        one.clients.append(self)
        if not implicit:
            self.expect(234, "AUTH TLS")
        self.begin(session)
        if implicit:
            self.expect(220)
        if user:
            self.login(user)
        if protect:
            self.expect(200, "PBSZ 0")
            self.expect(200, "PROT P")

    def begin(self, session=None):
        self.sock = self.ctx.wrap_socket(self.sock, suppress_ragged_eofs=False, session=session, server_hostname=self.name)
        self.file = self.sock.makefile("rb")

    def wrap(self, sock, session=None):
        """TLS on a data connection; the session of the control connection, unless said otherwise (False: none)."""
        session = self.sock.session if session is None else session or None
        secure = self.ctx.wrap_socket(sock, suppress_ragged_eofs=False, session=session, server_hostname=self.name)
        self.data.append(secure)
        return secure

    def retrieve(self, line, how="epsv", session=None):
        ready = getattr(self, how)()
        self.expect(OPEN, line)
        with self.wrap(ready(), session) as sock:
            got = receive_all(sock)
            self.reused = sock.session_reused
        self.expect(226)
        return got

    def store(self, line, data, how="epsv", session=None, end="notify"):
        """The last reply. end: notify, fin (without close_notify)."""
        ready = getattr(self, how)()
        self.expect(OPEN, line)
        sock = self.wrap(ready(), session)
        sock.sendall(data)
        self.reused = sock.session_reused
        if end == "notify":
            sock.unwrap().close()
        else:
            sock.shutdown(socket.SHUT_WR)
            sock.close()
        return self.reply()


class Cut:
    """TLS on a connection by hand: any part of what was sealed can be sent; with `late` the client's last word of the handshake, too."""

    def __init__(self, client, sock, late=False):
        self.sock, self.incoming, self.outgoing = sock, ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = client.ctx.wrap_bio(self.incoming, self.outgoing, session=getattr(client.sock, "session", None))
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                sock.sendall(self.outgoing.read())
                self.incoming.write(sock.recv(65536))
        if not late:
            sock.sendall(self.outgoing.read())

    def seal(self, data):
        for at in range(0, len(data), 16384):
            self.tls.write(data[at:at + 16384])
        return self.outgoing.read()
