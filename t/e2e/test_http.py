"""HTTP: what depends on the server's model (files, ranges, pipelining, uploads that break), by http.client, raw sockets, curl and wget."""
import base64
import contextlib
import email.parser
import hashlib
import http.client
import json
import os
import platform
import re
import select
import socket
import ssl
import subprocess
import time
import urllib.parse
from pathlib import Path

import pytest

from server import ACCOUNTS, PASSWORD
from tools import WAIT, blob, make, names, no_leftovers, until

BIG = blob(3_000_000)
epoll = pytest.mark.needs("epoll")          # what no model can change


class Web:
    """A client of one server: one connection that is kept."""
    def __init__(self, one):
        self.port = int(re.search(r"http://127\.0\.0\.1:(\d+)/", one.stdout)[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.one, self.line = one, http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT)
        one.clients.append(self.line)

    def ask(self, method, path, body=None, **fields):
        """(status, fields, content); an underscore in a field's name is a hyphen."""
        if self.line.sock and select.select([self.line.sock], [], [], 0)[0]:
            self.line.close()               # the server has hung up on an idle line: it opens another, as browsers do
        self.line.request(method, path, body, {k.replace("_", "-"): v for k, v in fields.items()})
        answer = self.line.getresponse()
        return answer.status, answer.headers, answer.read()

    def raw(self, words):
        """All that comes after these bytes, to the end of the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=WAIT) as sock:
            sock.sendall(words)
            return b"".join(iter(lambda: sock.recv(1 << 16), b""))


@pytest.fixture
def web(server):
    def start(*flags, anonymous="write"):
        one = server(None, *ACCOUNTS, "--http", "0", "--anonymous", anonymous, *flags)
        return Web(one)
    return start


def drip(sock):
    """One more line of a head; False when nobody listens any more."""
    try:
        sock.sendall(b"GET / HTTP/1.1\r\n" if drip.first else b"X: y\r\n")
        drip.first = False
        time.sleep(0.5)
        return True
    except OSError:
        return False


drip.first = True


def basic(name, password=PASSWORD):
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def test_files_ranges_and_keep_alive(web):
    w = web()
    make(w.one.root, "big", BIG)
    status, head, content = w.ask("GET", "/big")
    assert status == 200 and content == BIG and head["Accept-Ranges"] == "bytes" and head["X-Content-Type-Options"] == "nosniff"
    assert w.ask("HEAD", "/big")[1]["Content-Length"] == str(len(BIG))
    for wanted, part in (("0-0", BIG[:1]), ("1000000-1999999", BIG[1_000_000:2_000_000]), ("-5", BIG[-5:]), ("2999999-", BIG[-1:])):
        status, head, content = w.ask("GET", "/big", Range=f"bytes={wanted}")
        assert status == 206 and content == part and head["Content-Range"].endswith(f"/{len(BIG)}")
    status, head, content = w.ask("GET", "/big", Range="bytes=3000000-")
    assert status == 416 and head["Content-Range"] == "bytes */3000000"
    status, head, content = w.ask("GET", "/big", Range="bytes=0-9,20-29,-1")
    whole = email.parser.BytesParser().parsebytes(b"Content-Type: " + head["Content-Type"].encode() + b"\r\n\r\n" + content)
    parts = [(p["Content-Range"], p.get_payload(decode=True)) for p in whole.get_payload()]
    assert [r for r, _ in parts] == ["bytes 0-9/3000000", "bytes 20-29/3000000", "bytes 2999999-2999999/3000000"]
    assert len(content) == int(head["Content-Length"])


def kept_open(one):
    """Names of files of its folder that the server has open."""
    found = set()
    for process in one.processes():
        for link in Path(f"/proc/{process.pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                path = os.readlink(link)
                if path.startswith(f"{one.root}/"):
                    found.add(path[len(str(one.root)) + 1:])
    return found


def swap(root, name):
    """Each a way in which another program changes a file; what is served then, None: nothing is."""
    path, new, out = root / name, b"new " + name.encode(), root.parent / f"out of {root.name}"
    if name == "replaced":
        make(root, "next", new)
        os.rename(root / "next", path)
    elif name == "written":
        path.write_bytes(new)
    elif name == "cut":
        os.truncate(path, 2)
        new = b"cu"
    elif name == "closed":
        path.chmod(0)
        new = None if os.geteuid() else b"closed"
    elif name == "below/moved":
        os.rename(root / "below", out)
        os.symlink(out, root / "below")
        new = None
    return new


@pytest.mark.needs("epoll", "disk")
def test_files_kept_open_are_never_stale_and_let_go(web):
    w = web("--workers", "1", "--checksum", "sha256")
    line = w.one.raw("bob")
    todo = ["replaced", "written", "cut", "closed", "below/moved"]
    (w.one.root / "below").mkdir()
    for name in (*todo, "deleted"):
        assert w.ask("PUT", f"/{name}", name.encode())[0] == 201
    until(lambda: all(w.ask("GET", f"/{name}")[2] == name.encode() for name in (*todo, "deleted")) and len(kept_open(w.one)) == 6, "all are kept open")
    assert all(w.ask("GET", f"/{name}")[1]["Repr-Digest"] for name in todo)
    for name in todo:
        new = swap(w.one.root, name)
        status, head, content = w.ask("GET", f"/{name}")
        if new is None:
            assert status in (403, 404)
            line.refused(f"RETR {name}", 550)
        else:
            assert (status, content, line.get(f"RETR {name}")) == (200, new, new)
            assert name == "closed" or not head["Repr-Digest"]
    (w.one.root / "deleted").unlink()
    until(lambda: not kept_open(w.one), "nothing is kept that nobody asks for")


def test_pipelined_requests_are_answered_in_order(web):
    w = web()
    for n in range(20):
        make(w.one.root, f"f{n}", b"%d" % n * 500)
    said = w.raw(b"".join(b"GET /f%d HTTP/1.1\r\nHost: x\r\n\r\n" % n for n in range(19)) + b"GET /f19 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert [m for m in re.findall(rb"\r\n\r\n(\d+)", said)][:19] == [b"%d" % n * 500 for n in range(19)] and said.endswith(b"19" * 500)


def test_an_upload_is_whole_or_not_there(web):
    w = web()
    assert w.ask("PUT", "/a", BIG)[0] == 201 and w.ask("GET", "/a")[2] == BIG
    assert w.ask("PUT", "/a", iter([b"one", b"two", BIG]))[0] == 204
    assert (w.one.root / "a").read_bytes() == b"onetwo" + BIG
    w.line.close()
    with socket.create_connection(("127.0.0.1", w.port)) as sock:
        sock.sendall(b"PUT /cut HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n" + BIG[:1_000_000])
    with socket.create_connection(("127.0.0.1", w.port)) as sock:
        sock.sendall(b"PUT /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
    until(lambda: w.one.stderr.count(" connect ") == w.one.stderr.count(" end ") > 2, "both sessions end")
    assert w.ask("GET", "/cut")[0] == 404 and (w.one.root / "a").read_bytes() == b"onetwo" + BIG
    assert not [p for p in w.one.root.rglob(".*") if p.is_file()]


def tus(w, name, size, folder="/", **more):
    about = f"filename {base64.b64encode(name.encode()).decode()},mtime {base64.b64encode(b'1700000000.25').decode()}"
    return w.ask("POST", folder, b"", Tus_Resumable="1.0.0", Upload_Length=str(size), Upload_Metadata=about, **more)


def patch(w, place, at, content, **more):
    return w.ask("PATCH", place, content, Tus_Resumable="1.0.0", Upload_Offset=str(at), Content_Type="application/offset+octet-stream", **more)


def test_an_upload_that_was_cut_is_resumed(web):
    w = web()
    status, head, _ = tus(w, "näm e", len(BIG), If_None_Match="*")
    place = head["Location"]
    assert status == 201 and w.ask("HEAD", place)[1]["Upload-Offset"] == "0"
    w.line.close()
    with socket.create_connection(("127.0.0.1", w.port)) as sock:
        sock.sendall(f"PATCH {place} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Length: {len(BIG)}\r\n"
                     "Content-Type: application/offset+octet-stream\r\n\r\n".encode() + BIG[:1_000_000])
    until(lambda: w.ask("HEAD", place)[1]["Upload-Offset"] == "1000000", "what came is kept")
    assert w.ask("GET", "/n%C3%A4m%20e")[0] == 404
    assert patch(w, place, 5, BIG[5:])[0] == 409
    assert patch(w, place, 1_000_000, BIG[1_000_000:2_000_000])[1]["Upload-Offset"] == "2000000"
    assert patch(w, place, 2_000_000, BIG[2_000_000:])[0] == 204
    assert (w.one.root / "näm e").read_bytes() == BIG and (w.one.root / "näm e").stat().st_mtime == 1_700_000_000
    assert tus(w, "näm e", 5, If_None_Match="*")[0] == 412


@pytest.mark.needs("in_turn")
def test_an_idle_browser_holds_up_nobody(web):
    w = web("--workers", "2")
    make(w.one.root, "a", b"content")
    if w.one.model != "iterative":
        with socket.create_connection(("127.0.0.1", w.port)) as alone:
            assert not select.select([alone], [], [], 1.5)[0], "nobody needs its place"
    with socket.create_connection(("127.0.0.1", w.port)) as silent, socket.create_connection(("127.0.0.1", w.port)) as idle:
        idle.sendall(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
        idle.settimeout(WAIT)
        if w.one.model != "iterative":      # there it has to wait for the end of who came first
            got = b""
            while not got.endswith(b"content"):
                got += idle.recv(1 << 16) or pytest.fail(f"closed after {got}")
            assert got.startswith(b"HTTP/1.1 200")
        hung_up, _, _ = select.select([silent, idle], [], [], 40)       # less than a connection is kept elsewhere
        assert hung_up and hung_up[0].recv(1 << 16) == b"", "who said nothing was hung up on"
        other = Web(w.one)
        other.line.timeout = 40
        assert other.ask("GET", "/a")[2] == b"content"


# -- once: what no model can change

@epoll
def test_conditions(web):
    w = web()
    make(w.one.root, "a", b"old")
    until(lambda: not w.ask("HEAD", "/a")[1]["ETag"].startswith("W/"), "its tag is strong")
    tag, date = (w.ask("HEAD", "/a")[1][f] for f in ("ETag", "Last-Modified"))
    assert w.ask("GET", "/a", If_None_Match=f'"x", {tag}')[0] == 304 and w.ask("GET", "/a", If_Modified_Since=date)[0] == 304
    assert w.ask("GET", "/a", If_Match='"x"')[0] == 412 and w.ask("GET", "/a", If_Match=tag)[0] == 200
    assert w.ask("GET", "/a", Range="bytes=0-0", If_Range=tag)[0] == 206 and w.ask("GET", "/a", Range="bytes=0-0", If_Range='"x"')[0] == 200
    assert w.ask("PUT", "/a", b"new", If_None_Match="*")[0] == 412 and w.ask("PUT", "/a", b"new", If_Match='"x"')[0] == 412
    assert w.ask("PUT", "/a", b"new", If_Match=tag)[0] == 204 and w.ask("GET", "/a", If_None_Match=tag)[2] == b"new"


@epoll
def test_changes_follow_the_rights(web):
    w = web(anonymous="read")
    make(w.one.root, "a", b"content")
    for method, fields in (("PUT", {}), ("DELETE", {}), ("MOVE", {"Destination": "/b"}), ("MKCOL", {})):
        path = "/n" if method in ("PUT", "MKCOL") else "/a"
        assert w.ask(method, path, **fields)[0] == 401, method
        assert w.ask(method, path, Authorization=basic("rita"), **fields)[0] == 403, method
    bob = {"Authorization": basic("bob")}
    assert w.ask("MKCOL", "/d", **bob)[0] == 201 and w.ask("MKCOL", "/d", **bob)[0] == 405 and w.ask("MKCOL", "/x/y", **bob)[0] == 409
    assert w.ask("MOVE", "/a", Destination=f"{w.url}/d/b%20c", **bob)[0] == 201 and (w.one.root / "d" / "b c").exists()
    assert w.ask("DELETE", "/d", **bob)[0] == 409 and w.ask("PUT", "/d/new", b"1", **bob)[0] == 201
    assert w.ask("MOVE", "/d/new", Destination="/d/b%20c", Overwrite="F", **bob)[0] == 412
    assert w.ask("MOVE", "/d/new", Destination="http://elsewhere/d/n", **bob)[0] == 400
    assert w.ask("DELETE", "/d/new", **bob)[0] == 204 and w.ask("DELETE", "/d/new", **bob)[0] == 404
    assert w.ask("PUT", "/d", b"x", **bob)[0] == 409 and w.ask("GET", "/d/b%20c", Authorization=basic("bob", "wrong"))[0] == 401


@epoll
def test_a_page_of_another_site_can_change_nothing(web):
    w = web()
    make(w.one.root, "a", b"content")
    here = f"127.0.0.1:{w.port}"
    for fields in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": f"https://{here}"}, {"Sec_Fetch_Site": "cross-site"},
                   {"Sec_Fetch_Site": "same-site", "Origin": f"http://{here}"}):
        for method in ("PUT", "DELETE", "MKCOL", "MOVE", "POST", "PATCH"):
            assert w.ask(method, "/a", b"", **fields)[0] == 403, (method, fields)
    assert w.ask("POST", "/.well-known/dray/login", "name=bob&password=secret", Origin="http://evil.example")[0] == 403
    assert w.ask("PUT", "/a", b"new", Origin=f"http://{here}", Sec_Fetch_Site="same-origin")[0] == 204


@epoll
def test_login_by_the_page(web):
    w = web(anonymous="off")
    assert w.ask("GET", "/?json", Accept="application/json")[0] == 401
    assert "Basic" in w.ask("GET", "/")[1]["WWW-Authenticate"]
    assert all("Basic" not in w.ask("GET", "/", Accept=kind)[1]["WWW-Authenticate"] for kind in ("application/json", "text/html"))
    assert b"<form" in w.ask("GET", "/", Accept="text/html")[2]
    assert w.ask("POST", "/.well-known/dray/login", "name=bob&password=secret", Accept="text/html,*/*")[0] == 303
    w.line.close()
    assert w.ask("POST", "/.well-known/dray/login", "name=bob&password=wrong")[0] == 401
    status, head, _ = w.ask("POST", "/.well-known/dray/login", "name=bob&password=secret")
    cookie = head["Set-Cookie"]
    assert status == 204 and "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Max-Age=43200" in cookie
    token = cookie.split(";")[0]
    w.line.close()
    assert b'"account":"bob"' in w.ask("GET", "/?json", Cookie=f"x=y; {token}")[2]
    w.line.close()
    for forged in (token[:-3] + "ann", token.replace(".1", ".2", 1), token[:-1], "dray=", "dray=..."):
        assert w.ask("GET", "/?json", Cookie=forged)[0] == 401, forged
    assert "Max-Age=0" in w.ask("POST", "/.well-known/dray/logout", "")[1]["Set-Cookie"]


@epoll
def test_names_are_text_and_never_markup(web):
    w = web()
    for name in ("<img src=x onerror=alert(1)>", "a&b", 'q"uote', "it's", "javascript:alert(1)", "line\nend", "ümläut"):
        make(w.one.root, name, b"x")
    page = w.ask("GET", "/")[2].decode()
    assert "<img" not in page and "&lt;img" in page and "a&amp;b" in page and ">q&quot;uote<" in page and ">it&#39;s<" in page
    assert 'href="./javascript%3Aalert%281%29"' in page
    assert w.ask("GET", "/")[1]["Content-Security-Policy"].startswith("default-src 'none'") and "unsafe" not in w.ask("GET", "/")[1]["Content-Security-Policy"]
    for link in re.findall(r'href="\.(/[^"]+)"', page):
        assert w.ask("GET", link)[2] == b"x", link
    make(w.one.root, "evil.html", b"<script>alert(1)</script>")
    assert w.ask("GET", "/evil.html")[1]["Content-Security-Policy"].startswith("sandbox;")


@epoll
def test_a_drop_folder_takes_and_shows_nothing(web):
    w = web("--quota", "bob=1M", anonymous="read,/in=drop")  # somebody else's
    (w.one.root / "in").mkdir()
    assert w.ask("PUT", "/in/a", b"x")[0] == 201 and w.ask("GET", "/in/a")[0] == w.ask("GET", "/in/none")[0] == 401
    for fields in ({}, {"If_None_Match": "*"}):
        assert w.ask("PUT", "/in/a", b"y", **fields)[0] == w.ask("PUT", "/in/b", b"y", **fields)[0] == 201
    assert w.ask("MKCOL", "/in/sub")[0] == w.ask("MKCOL", "/in/sub")[0] == 201
    places = [tus(w, "c", 20, "/in/", If_None_Match="*")[1]["Location"] for _ in range(2)]
    assert patch(w, places[0], 0, b"0123456789")[0] == 204
    assert [w.ask("HEAD", place)[1]["Upload-Offset"] for place in (*places, re.sub(r"&key=\d+", "", places[0]))] == ["10", "0", "0"]
    for place in reversed(places):
        assert patch(w, place, 10 * (place == places[0]), b"x" * (10 if place == places[0] else 20))[0] == 204
    kept = {path.name: path.read_bytes() for path in (w.one.root / "in").iterdir() if path.is_file()}
    assert kept == {"a": b"x", "a (2)": b"y", "a (3)": b"y", "b": b"y", "b (2)": b"y", "c": b"x" * 20, "c (2)": b"0123456789" + b"x" * 10}
    assert w.ask("GET", "/in/?json")[2].splitlines()[1:] == [b'{"end":0}'] and b">a<" not in w.ask("GET", "/in/")[2]


@epoll
def test_a_long_folder_is_streamed(web):
    w = web()
    many = w.one.root / "many"
    many.mkdir()
    one = make(w.one.root, "one", b"")
    for n in range(4000):                   # long names: as many bytes as five times as many short ones
        os.link(one, many / f"name-{n:06}{'-' * 200}")
    status, head, content = w.ask("GET", "/many/?json")
    assert status == 200 and "Content-Length" not in head and len(content) > 1_000_000
    assert content.count(b'"name"') == 4000 and content.endswith(b'{"end":4000}\n')


SMUGGLED = [b"Content-Length: 1\r\nContent-Length: 1\r\n\r\n", b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", b"Content-Length: +1\r\n\r\n",
            b"Content-Length: 1, 1\r\n\r\n", b"X: a\r\n folded\r\n\r\n", b"X : a\r\n\r\n", b"X: a\rb\r\n\r\n", b"X: a\n\r\n", b"X: \0\r\n\r\n",
            b"Host: y\r\n\r\n", b"Transfer-Encoding: chunked, chunked\r\n\r\n", b"X: " + b"a" * 9000 + b"\r\n\r\n", b"X: a\r\n" * 101 + b"\r\n"]


@epoll
@pytest.mark.parametrize("rest", SMUGGLED, ids=range(len(SMUGGLED)))
def test_what_could_be_read_in_two_ways_is_refused(web, rest):
    w = web()
    said = w.raw(b"GET / HTTP/1.1\r\nHost: x\r\n" + rest + b"GET /second HTTP/1.1\r\nHost: x\r\n\r\n")
    assert said.count(b"HTTP/1.1 ") == 1 and re.match(rb"HTTP/1.1 (400|431|501) ", said) and b"Connection: close" in said


@epoll
@pytest.mark.parametrize("chunks", [b"x\r\n", b"-1\r\na", b"0x1\r\na\r\n", b"1\na\n0\n\n", b"1\r\nab\r\n", b"ffffffffffffffffff\r\n", b" 1\r\na\r\n"])
def test_chunks_that_are_none_store_nothing(web, chunks):
    w = web()
    said = w.raw(b"PUT /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert said.count(b"HTTP/1.1 ") == 1 and said.startswith(b"HTTP/1.1 400 ") and not (w.one.root / "a").exists()


@epoll
def test_a_head_that_never_ends_is_not_waited_for(web):
    w = web("--idle-timeout", "2", "--login-timeout", "2")
    before = time.monotonic()
    assert w.raw(b"") == b"" and time.monotonic() - before < 20
    with socket.create_connection(("127.0.0.1", w.port), timeout=WAIT) as sock:
        until(lambda: time.monotonic() - before > 1 and not drip(sock), "a head of one byte a second ends", 60)


@epoll
def test_curl_and_wget(web, tmp_path):
    w = web()
    make(w.one.root, "big", BIG)
    make(tmp_path, "up", BIG)
    https = w.url.replace("http", "https")
    for line in (["curl", "-sf", "-o", "1", f"{w.url}/big"], ["curl", "-sfk", "-o", "2", f"{https}/big"], ["wget", "-q", "-O", "3", f"{w.url}/big"],
                 ["curl", "-sf", "-r", "0-99", "-o", "4", f"{w.url}/big"], ["curl", "-sf", "-C", "100", "-o", "5", f"{w.url}/big"],
                 ["curl", "-sf", "-T", "up", f"{w.url}/new"], ["curl", "-sfk", "-T", "up", "-u", "bob:secret", f"{https}/new2"]):
        subprocess.run(line, cwd=tmp_path, check=True, timeout=WAIT)
    assert all((tmp_path / name).read_bytes() == BIG for name in "123") and (tmp_path / "4").read_bytes() == BIG[:100]
    assert (w.one.root / "new").read_bytes() == (w.one.root / "new2").read_bytes() == BIG


@epoll
def test_where_tls_is_demanded_nothing_is_told_in_the_clear(web):
    w = web("--tls", "require")
    make(w.one.root, "a", b"content")
    status, head, content = w.ask("GET", "/a?x")
    assert status == 308 and head["Location"] == f"https://127.0.0.1:{w.port}/a?x" and b"content" not in content


@epoll
def test_the_servers_own_pages(web):
    w = web()
    assert w.ask("GET", "/.well-known/dray/health")[0] == 200
    status, head, _ = w.ask("GET", "/.well-known/dray/page.js")
    assert status == 200 and head["Content-Type"].startswith("text/javascript")
    assert w.ask("GET", "/.well-known/dray/page.js", If_None_Match=head["ETag"])[0] == 304
    assert w.ask("GET", "/.well-known/dray/nothing")[0] == 404 and w.ask("PUT", "/.well-known/dray/page.js", b"x")[0] == 405


def sums(content, *names):
    return {name: base64.b64encode(hashlib.new(name.replace("-", ""), content).digest()).decode() for name in names or ("sha-256", "sha-512")}


@epoll
def test_a_digest_that_does_not_fit_stores_nothing(web):
    w = web("--checksum", "sha256,sha512")
    good, bad = (sums(content) for content in (BIG, BIG + b"x"))
    assert {want.partition("=")[0] for want in w.ask("OPTIONS", "/")[1]["Want-Repr-Digest"].split(", ")} == set(good)
    for field in ("Content_Digest", "Repr_Digest"):
        for name in good:
            status, _, said = w.ask("PUT", "/a", BIG, **{field: f"{name}=:{bad[name]}:"})
            assert status == 400 and b"nothing was stored" in said and w.ask("GET", "/a")[0] == 404, (field, name)
        for malformed in ("sha-256", "sha-256=x", f"sha-256=:{good['sha-512']}:", "", f"sha-256=:{good['sha-256']}:, sha-256=:{bad['sha-256']}:"):
            assert w.ask("PUT", "/a", BIG, **{field: malformed})[0] == 400, malformed
    assert w.ask("PUT", "/a", iter([BIG]), Content_Digest=f"md5=:AAAA:, sha-256=:{good['sha-256']}:", Repr_Digest=f"sha-512=:{good['sha-512']}:")[0] == 201
    assert w.ask("PUT", "/a", b"new", Content_Digest=f"sha-256=:{good['sha-256']}:")[0] == 400
    status, head, content = w.ask("GET", "/a", Range="bytes=0-9")
    assert status == 206 and content == BIG[:10] and head["Repr-Digest"] == f"sha-256=:{good['sha-256']}:, sha-512=:{good['sha-512']}:"
    no_leftovers(w.one.root)


@epoll
def test_the_digests_that_are_wanted_are_told(web):
    """As far as they were noted when the file came: none is computed for it, and none of a file that has changed since."""
    w = web("--checksum", "sha256,md5")
    assert w.ask("PUT", "/a", BIG)[0] == 201
    sha256, md5 = (f"{name}=:{sums(BIG, name)[name]}:" for name in ("sha-256", "md5"))
    for want, told in ((None, sha256), ("sha-256=1", sha256), ("md5=3, sha-256=10, new=1", f"{sha256}, {md5}"), ("md5=1, sha-256=0", md5),
                       ("sha-512=10", None), ("sha-256=0", None), ("new=1", None), ("sha-256=99", sha256), ("no list", sha256)):
        for method in ("GET", "HEAD"):
            assert w.ask(method, "/a", **({"Want_Repr_Digest": want} if want else {}))[1]["Repr-Digest"] == told, (want, method)
    status, head, _ = w.ask("GET", "/a", If_Match='"x"')
    assert status == 412 and "Repr-Digest" not in head and "ETag" not in head, "what is told of the file is not told of a sentence"
    (w.one.root / "a").write_bytes(b"changed")
    assert "Repr-Digest" not in w.ask("GET", "/a", Want_Repr_Digest="sha-256=1")[1]


@epoll
def test_a_piece_with_a_checksum_counts_whole_or_not_at_all(web):
    w = web()
    assert w.ask("OPTIONS", "/")[1]["Tus-Checksum-Algorithm"] == "sha1,sha256,sha512"
    place = tus(w, "a", len(BIG))[1]["Location"]
    first, rest = BIG[:1_000_000], BIG[1_000_000:]
    assert patch(w, place, 0, first, Upload_Checksum=f"sha1 {sums(rest, 'sha-1')['sha-1']}")[0] == 460
    assert patch(w, place, 0, first, Upload_Checksum="crc32 AAAA")[0] == 400 and w.ask("HEAD", place)[1]["Upload-Offset"] == "0"
    assert patch(w, place, 0, first, Upload_Checksum=f"sha1 {sums(first, 'sha-1')['sha-1']}")[1]["Upload-Offset"] == "1000000"
    assert patch(w, place, 1_000_000, rest[:-1] + b"?", Content_Digest=f"sha-256=:{sums(rest)['sha-256']}:")[0] == 400
    assert w.ask("HEAD", place)[1]["Upload-Offset"] == "1000000"
    with socket.create_connection(("127.0.0.1", w.port)) as sock:
        sock.sendall(f"PATCH {place} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 1000000\r\nContent-Length: {len(rest)}\r\n"
                     f"Upload-Checksum: sha256 {sums(rest)['sha-256']}\r\n"
                     "Content-Type: application/offset+octet-stream\r\n\r\n".encode() + rest[:500_000])
    w.line.close()
    until(lambda: w.one.stderr.count(" connect ") == w.one.stderr.count(" end ") > 1, "both sessions end")
    assert w.ask("HEAD", place)[1]["Upload-Offset"] == "1000000"
    assert patch(w, place, 1_000_000, rest, Upload_Checksum=f"sha256 {sums(rest)['sha-256']}")[0] == 204
    assert (w.one.root / "a").read_bytes() == BIG


@epoll
def test_a_piece_that_cannot_be_kept_is_refused(web):
    """Not answered as if it had been: the next one would have nothing to go on from. All of it in one request is an upload as any other."""
    w = web("--keep-partials", "0")
    place = tus(w, "a", len(BIG))[1]["Location"]
    for piece in (BIG[:1_000_000], iter([BIG[:1_000_000]])):            # with a length, and in chunks
        status, head, said = patch(w, place, 0, piece)
        assert status == 422 and b"in one request" in said and "Upload-Offset" not in head
        assert w.ask("HEAD", place)[1]["Upload-Offset"] == "0"
    assert patch(w, place, 0, b"")[1]["Upload-Offset"] == "0"
    assert patch(w, place, 0, iter([BIG]))[1]["Upload-Offset"] == str(len(BIG)) and w.ask("GET", "/a")[2] == BIG
    assert (w.one.root / "a").stat().st_mtime == 1_700_000_000
    no_leftovers(w.one.root)


@epoll
@pytest.mark.needs("disk")
def test_a_piece_that_finds_no_place_is_no_success(web):
    """What keeps it fails: a file stands where the folder of partials would be."""
    w = web()
    place = tus(w, "a", len(BIG))[1]["Location"]
    (w.one.root / ".dray-partials").touch()
    status, head, _ = patch(w, place, 0, BIG[:1_000_000])
    assert status >= 400 and "Upload-Offset" not in head and w.ask("HEAD", place)[1]["Upload-Offset"] == "0"
    (w.one.root / ".dray-partials").unlink()
    assert patch(w, place, 0, BIG[:1_000_000])[1]["Upload-Offset"] == "1000000"


# -- a form without script

def form_body(*parts, end="--"):
    """Of (name, filename or None, content); end: what stands behind the last boundary."""
    lines = []
    for name, filename, content in parts:
        file = "" if filename is None else f'; filename="{filename}"'
        lines.append(f'--zz\r\nContent-Disposition: form-data; name="{name}"{file}\r\nContent-Type: x/y\r\n\r\n'.encode() + content + b"\r\n")
    return b"".join(lines) + f"--zz{end}\r\n".encode()


def form(w, *parts, path="/", **fields):
    return w.ask("POST", path, form_body(*parts), Content_Type="multipart/form-data; boundary=zz", **fields)


ALMOST = b"\r\n--z\r\n--\r\n\r\n--zZ\r"                                      # what looks like an end and is none
NOT_CHOSEN = ("file", "", b"")


@pytest.mark.needs("typical")
def test_a_form_brings_files_without_a_script(web):
    w = web("--account", "ann:secret:add")
    (w.one.root / "d x").mkdir()
    content = {"one": BIG + ALMOST, "\u00e4 %22b%22": ALMOST * 9000, "empty": b""}
    status, head, _ = form(w, *(("file", *item) for item in content.items()), NOT_CHOSEN, path="/d%20x/", Accept="text/html,*/*",
                           Origin=f"http://127.0.0.1:{w.port}", Sec_Fetch_Site="same-origin")
    assert (status, head["Location"]) == (303, "/d%20x/")
    assert {path.name: path.read_bytes() for path in (w.one.root / "d x").iterdir()} == {name.replace("%22", '"'): it for name, it in content.items()}
    status, _, said = form(w, ("file", "one", b"other"), ("file", "two", b"2"), path="/d%20x")
    assert status == 409 and b"1 of 2" in said and b"taken" in said
    assert (w.one.root / "d x" / "one").read_bytes() == content["one"] and (w.one.root / "d x" / "two").read_bytes() == b"2"
    assert form(w, ("replace", None, b"on"), ("file", "one", b"other"), path="/d%20x")[0] == 201
    assert (w.one.root / "d x" / "one").read_bytes() == b"other"
    w.line.close()
    assert form(w, ("replace", None, b"on"), ("file", "one", b"hers"), path="/d%20x", Authorization=basic("ann"))[0] == 409
    with socket.create_connection(("127.0.0.1", w.port)) as sock:       # in chunks, byte by byte where it ends
        body = form_body(("file", "three", ALMOST))
        sock.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nContent-Type: multipart/form-data; boundary=zz\r\n\r\n"
                     + b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n")
        assert b" 201 " in sock.makefile("rb").readline() and (w.one.root / "three").read_bytes() == ALMOST


@epoll
def test_a_form_that_breaks_off_leaves_no_half_file(web):
    w = web()
    whole, half = form_body(("file", "whole", b"1")).removesuffix(b"--zz--\r\n"), form_body(("file", "half", BIG))
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=zz\r\nContent-Length: %d\r\n\r\n"
    with socket.create_connection(("127.0.0.1", w.port)) as sock:
        sock.sendall(head % len(whole + half) + whole + half[:1_000_000])
    until(lambda: w.one.stderr.count(" connect ") == w.one.stderr.count(" end ") > 0, "the session ends")
    assert [path.name for path in w.one.root.iterdir() if path.is_file()] == ["whole"]
    (w.one.root / "whole").unlink()
    for body in (whole + half.removesuffix(b"--zz--\r\n"), whole + b"--zz\r\n" + b"X: y\r\n" * 2000 + b"\r\n", whole + half.replace(b"--zz--", b"--zz-x")):
        assert b" 400 " in w.raw(head % len(body) + body)[:20]
        assert [path.name for path in w.one.root.iterdir() if path.is_file()] == ["whole"], body[-30:]
        (w.one.root / "whole").unlink()
    form_type = "multipart/form-data; boundary=zz"
    for fields, status in (({"Content_Type": "multipart/form-data"}, 400), ({"Content_Type": form_type, "Content_Digest": "md5=:AAAA:"}, 415),
                           ({"Content_Type": form_type, "Content_Encoding": "gzip"}, 415), ({"Content_Type": "text/plain"}, 400)):
        assert w.ask("POST", "/", form_body(("file", "a", b"1")), **fields)[0] == status, fields
    for body in (b"preamble\r\n" + form_body(("file", "a", b"1")), form_body(("file", "a", b"1")).replace(b"Content-Type", b"Content-Transfer-Encoding"),
                 form_body(("file", "a", b"1")).replace(b"filename", b"filename*"), form_body(("file", "a", b"1")).replace(b"--zz\r\n", b"--zz \r\n")):
        assert w.ask("POST", "/", body, Content_Type=form_type)[0] == 400, body
    for name in (".", "..", "a/b", "/a", "../a", ".dray-partials", ".hidden", "n" * 300):
        assert form(w, ("file", name, b"1"))[0] in (400, 403, 404, 414), name
    assert form(w, NOT_CHOSEN)[0] == form(w)[0] == 400 and not [path for path in w.one.root.iterdir() if path.is_file()]
    assert form(w, ("file", "a", b"1"), path="/none/")[0] == 404
    no_leftovers(w.one.root)


@epoll
def test_a_form_has_the_rights_of_who_sends_it(web):
    w = web("--quota", "bob=100K", anonymous="read,/in=drop,/out=add")
    (w.one.root / "in").mkdir()
    (w.one.root / "out").mkdir()
    assert form(w, ("file", "a", b"1"))[0] == 401 and form(w, ("file", "a", b"1"), Authorization=basic("rita"))[0] == 403
    for origin in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"}):
        assert form(w, ("file", "a", b"1"), path="/out/", **origin)[0] == 403, origin
    assert not [*(w.one.root / "out").iterdir()]
    for accept in ({}, {"Accept": "text/html"}):
        assert form(w, ("file", "a", b"1"), path="/in/", **accept)[0] == 201
    assert {path.name for path in (w.one.root / "in").iterdir()} == {"a", "a (2)"}
    status, _, said = form(w, ("file", "big", BIG), ("file", "small", b"1"), Authorization=basic("bob"))
    assert status == 507 and b"1 of 2" in said and (w.one.root / "small").exists() and not (w.one.root / "big").exists()
    w.line.close()
    pages = [w.ask("GET", path, Accept="text/html", **who)[2] for path, who in (("/", {}), ("/in/", {}), ("/out/", {}), ("/", {"Authorization": basic("bob")}))]
    assert [b"multipart/form-data" in page for page in pages] == [False, True, True, True]
    assert [b'name="replace"' in page for page in pages] == [False, False, False, True]


@epoll
def test_a_listing_comes_in_pages_in_the_order_of_names(web):
    w = web(anonymous="read,/d=drop")
    every = sorted([b"%d" % n for n in range(30)] + ["ü".encode(), b"a b&c", b"\xff\xfe", b"x" * 255])
    for name in every:
        make(w.one.root, os.fsdecode(name), b"x")
    (w.one.root / "d").mkdir()
    every = sorted([*every, b"d"])

    def lines(query):
        return [json.loads(line) for line in w.ask("GET", f"/{query}")[2].splitlines()]
    for limit in (1, 7, 34, 35, 1000):
        got, query = [], f"?json&limit={limit}"
        while query:
            _, *entries, end = lines(query)
            assert end["end"] == len(entries) <= limit
            got += [urllib.parse.unquote_to_bytes(e.get("href", urllib.parse.quote(e["name"]))) for e in entries]
            query = end.get("next")
        assert got == every, limit
    assert [e["name"] for e in lines("?json&after=9")[1:-1]][:2] == ["a b&c", "d"] and lines("?json&limit=2&after=29")[1]["size"] == 1
    assert lines("?json&limit=1&after=a+b%26c")[1] == {"name": "d", "folder": True, "mtime": int((w.one.root / "d").stat().st_mtime), "rights": ["add"]}
    assert [line.get("end") for line in lines("d/?json&limit=5")] == [None, 0]
    for wrong in ("limit=0", "limit=1001", "limit=-1", "limit=", "after=" + "x" * 256, "after=%zz", "limit=1&after=%00"):
        assert w.ask("GET", f"/?json&{wrong}")[0] == 400, wrong


@epoll
def test_a_page_that_has_led_its_name_here_is_no_stranger_to_be_served(web):
    w = web("--http-host", "files.example.org", "--http-host", ".example.net")
    make(w.one.root, "a", b"content")
    evil = {"Host": "evil.example:8080", "Origin": "http://evil.example:8080", "Sec_Fetch_Site": "same-origin"}
    for method in ("GET", "HEAD", "PUT", "DELETE", "MOVE", "MKCOL", "POST"):
        assert w.ask(method, "/a", b"" if method in ("PUT", "POST") else None, **evil)[0] == 401, method
    assert b"--http-host" in w.ask("GET", "/?json", **evil)[2] and "unknown-host" in w.one.stderr and (w.one.root / "a").read_bytes() == b"content"
    assert w.ask("GET", "/a", **evil, Authorization=basic("bob"))[2] == b"content", "who knows a password is not posing"
    for near in ("127.0.0.1", "[::1]:8080", "localhost", "nas", "nas.local", "nas.lan:8080", platform.node(), "FILES.example.org.:80", "x.example.net"):
        assert w.ask("GET", "/a", Host=near)[2] == b"content", near
    secure = ssl.create_default_context()
    secure.check_hostname, secure.verify_mode = False, ssl.CERT_NONE
    line = http.client.HTTPSConnection("127.0.0.1", w.port, timeout=WAIT, context=secure)
    line.request("GET", "/a", headers={"Host": "elsewhere.example"})
    assert line.getresponse().read() == b"content", "a certificate has to be another's first"
    line.close()
    w.line.close()


@epoll
def test_any_name_will_do_where_the_operator_says_so(server):
    w = Web(server(None, "--http", "0", "--http-host", "any"))
    assert w.ask("GET", "/", Host="evil.example")[0] == 200
    w = Web(server(None, "--http", "0"))
    assert w.ask("GET", "/", Host="evil.example")[0] == 421 and w.ask("GET", "/.well-known/dray/health", Host="evil.example")[0] == 200


@epoll
def test_an_upload_that_is_given_up_is_gone(web):
    w = web("--quota", "bob=1M")
    bob = {"Authorization": basic("bob")}
    assert "termination" in w.ask("OPTIONS", "/")[1]["Tus-Extension"]
    place = tus(w, "a", 1_000_000, **bob)[1]["Location"]
    assert patch(w, place, 0, BIG[:900_000], **bob)[1]["Upload-Offset"] == "900000"
    assert w.ask("DELETE", place)[0] == 204 and w.ask("HEAD", place, **bob)[1]["Upload-Offset"] == "900000", "a stranger gives up none of bob's"
    assert w.ask("PUT", "/b", BIG[:200_000], **bob)[0] == 507
    assert w.ask("DELETE", place, **bob)[0] == 204 and w.ask("HEAD", place, **bob)[1]["Upload-Offset"] == "0"
    assert not [p for p in w.one.root.rglob("*") if p.is_file()]
    assert w.ask("PUT", "/b", BIG[:200_000], **bob)[0] == 201, "and its bytes count no more"
    assert w.ask("DELETE", place, **bob)[0] == 204 and patch(w, place, 0, BIG[:1_000_000], **bob)[0] == 507


@epoll
def test_what_the_manual_says_of_curl_and_wget(web, tmp_path):
    w = web()
    make(w.one.root, "big.iso", BIG)
    make(tmp_path, "report.pdf", b"report")
    (w.one.root / "inbox").mkdir()
    until(lambda: not w.ask("HEAD", "/big.iso")[1]["ETag"].startswith("W/"), "its tag is strong")
    w.line.close()

    def sh(line, code=0):
        done = subprocess.run(["bash", "-c", line.replace("http://host:8080", w.url)], cwd=tmp_path, capture_output=True, text=True,
                              timeout=WAIT, check=False)
        assert done.returncode == code, (line, done)
        return done.stdout
    half = tmp_path / "big.iso"
    for line in ("curl -sf -C - -O http://host:8080/big.iso", "wget -q -c http://host:8080/big.iso"):
        half.write_bytes(BIG[:1_000_000])
        sh(line)
        assert half.read_bytes() == BIG, line
    sh("curl -sf -r 0-99 -o part http://host:8080/big.iso; curl -sf --etag-save tag -o 1 http://host:8080/big.iso")
    assert (tmp_path / "part").read_bytes() == BIG[:100]
    for line in ("curl -sf -z big.iso -o 2 -w '%{http_code}' http://host:8080/big.iso",
                 "curl -sf --etag-compare tag -o 3 -w '%{http_code}' http://host:8080/big.iso"):
        assert sh(line) == "304", line
    put = ('curl -sf -T report.pdf -H "Content-Digest: sha-256=:$(openssl dgst -sha256 -binary report.pdf | base64):" '
           "http://host:8080/inbox/")
    sh(put)
    assert (w.one.root / "inbox" / "report.pdf").read_bytes() == b"report"
    sh(put.replace("binary report.pdf", "binary big.iso"), 22)
    sh("curl -sf -T report.pdf -H 'If-None-Match: *' http://host:8080/inbox/", 22)
    sh("curl -sf -X MKCOL http://host:8080/new; curl -sf -X MOVE -H 'Destination: /new/r.pdf' http://host:8080/inbox/report.pdf")
    sh("curl -sf -X DELETE http://host:8080/new/r.pdf; curl -sf -X DELETE http://host:8080/new")
    assert sh("curl -s http://host:8080/.well-known/dray/health") == "ok\n" and names(w.one.root) == {b"big.iso", b"inbox"}
    assert sh("curl -s 'http://host:8080/?json'").splitlines()[-1] == '{"end":2}'
