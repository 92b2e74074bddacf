"""Drop links: what whoever has one can do, and all that he cannot."""
import json
import re

import pytest

from server import PASSWORD
from test_http import Web, basic, patch, tus
from test_users import root, users  # noqa: F401 (fixtures)
from tools import make, until

LINKS = "/.well-known/dray/links"
epoll = pytest.mark.needs("epoll")               # what no model can change
ANN = ("--account", f"ann:{PASSWORD}:write,/in/private=none,/shown=read")


@pytest.fixture
def web(server, root):                           # noqa: F811
    """Strangers may read; ann may write, nearly everywhere."""
    for name in ("in/private", "in/sub", "shown"):
        (root / name).mkdir(parents=True, exist_ok=True)
    make(root, "in/taken.txt", b"secret")

    def start(*flags):
        return Web(server(root, "--http", "0", "--anonymous", "read,/in=none", *(flags or ANN)))
    return start


def made(w, folder="/in/", who="ann", code=201, password=PASSWORD, **more):
    """The link's address without its last slash, and the name by which it is taken back."""
    form = "&".join(f"{name}={value}" for name, value in {"folder": folder, **more}.items())
    status, head, content = w.ask("POST", LINKS, form, Authorization=basic(who, password))
    assert status == code, content
    if code != 201:
        return content.decode()
    said = json.loads(content)
    assert head["Location"] == said["url"] and re.fullmatch(r"/\.dray-drop/[0-9a-f]{32}/", said["url"])
    w.line.close()
    return said["url"][:-1], said["link"]


def kept(w):
    return {path.name: path.read_bytes() for path in (w.one.root / "in").iterdir() if path.is_file()}


@pytest.mark.needs("typical")
def test_who_has_a_link_leaves_files_and_does_nothing_else(web):
    w = web()
    link, _ = made(w)
    assert w.ask("PUT", f"{link}/new.txt", b"new")[0] == w.ask("PUT", f"{link}/taken.txt", b"mine")[0] == 201
    assert w.ask("PUT", f"{link}/sub/deep.txt", b"deep")[0] == w.ask("MKCOL", f"{link}/made")[0] == w.ask("MKCOL", f"{link}/made")[0] == 201
    assert kept(w) == {"taken.txt": b"secret", "new.txt": b"new", "taken (2).txt": b"mine"}
    assert (w.one.root / "in/sub/deep.txt").read_bytes() == b"deep"
    lines = [json.loads(line) for line in w.ask("GET", f"{link}/?json")[2].splitlines()]
    assert lines[1:] == [{"end": 0}] and lines[0].pop("until") > 0
    assert lines[0] == {"path": "/", "rights": ["add"], "account": "", "login": False}
    page = w.ask("GET", f"{link}/", Accept="text/html")[2].decode()
    assert "curl -T" in page and "taken" not in page and "ann" not in page and "/in" not in page
    assert w.ask("GET", link)[1]["Location"] == f"{link}/"
    for path in ("taken.txt", "new.txt", "none.txt"):    # one answer for all
        for method in ("GET", "HEAD", "DELETE", "MOVE", "PROPFIND", "PATCH"):
            status, head, content = w.ask(method, f"{link}/{path}", Destination=f"{link}/x", Overwrite="T")
            assert status == {"GET": 404, "HEAD": 404, "PROPFIND": 501, "PATCH": 404}.get(method, 404), (method, status)
            assert b"secret" not in content and "ETag" not in head
    assert w.ask("DELETE", f"{link}/sub/")[0] in (403, 409) and (w.one.root / "in/sub/deep.txt").exists()
    assert w.ask("PUT", f"{link}/private/x", b"x")[0] in (403, 404) and not list((w.one.root / "in/private").iterdir())
    assert "link-used" in w.one.stderr and link[-32:] not in w.one.stderr


@epoll
def test_a_link_leads_out_of_its_folder_by_no_path(web):
    w = web()
    link, _ = made(w)
    for way in ("/../x", "/..%2fx", "/%2e%2e/x", "/sub/../../x", "//../x", "/../in/x", "/../../shown/x", "/%2e%2e%2f%2e%2e%2fx"):
        assert w.ask("PUT", link + way, b"x")[0] in (401, 403, 404), way
    place = tus(w, "../x", 1, f"{link}/")
    assert place[0] == 400
    for wrong in ("private", "sub/../../shown"):
        assert tus(w, "x", 1, f"{link}/{wrong}/")[0] in (401, 403, 404)
    assert not [path for path in w.one.root.rglob("x")] and w.ask("MOVE", f"{link}/sub", Destination="/x")[0] in (403, 404)


@epoll
def test_a_link_gives_the_connection_to_nobody(web):
    """Before and after, who asks is who asks, also behind a password or a cookie; and a link's request is the link's whatever else it says."""
    w = web("--account", f"ann:{PASSWORD}:write", "--account", f"bob:{PASSWORD}:none,/shown=write")
    link, _ = made(w)
    bob, ann = basic("bob"), basic("ann")
    cookie = w.ask("POST", "/.well-known/dray/login", f"name=ann&password={PASSWORD}")[1]["Set-Cookie"].split(";")[0]
    w.line.close()
    for _ in range(2):
        assert w.ask("PUT", "/shown/b", b"b", Authorization=bob)[0] in (201, 204)
        assert w.ask("PUT", f"{link}/n", b"n", Authorization=ann)[0] == 201
        assert w.ask("GET", "/in/taken.txt", Cookie=cookie)[2] == b"secret" and w.ask("PUT", f"{link}/n", b"n")[0] == 201
        assert w.ask("GET", f"{link}/n", Authorization=ann)[0] == w.ask("GET", f"{link}/n", Cookie=cookie)[0] == 404
        assert w.ask("GET", "/in/taken.txt", Authorization=bob)[0] == 404 and w.ask("GET", "/in/taken.txt")[0] == 401
        assert w.ask("PUT", "/n", b"n")[0] == 401
        assert w.ask("GET", "/in/taken.txt", Cookie=cookie)[2] == b"secret" and w.ask("GET", "/in/taken.txt", Authorization=ann)[2] == b"secret"
    for fields in ({"Origin": "http://evil.example"}, {"Sec_Fetch_Site": "cross-site"}):
        for method, path in (("PUT", f"{link}/x"), ("POST", f"{link}/"), ("POST", LINKS), ("DELETE", f"{LINKS}/{'0' * 32}")):
            assert w.ask(method, path, b"", Cookie=cookie, **fields)[0] == 403


@epoll
def test_strangers_with_one_link_do_not_see_each_others_uploads(web):
    w = web()
    link, _ = made(w)
    (_, one, _), (_, two, _) = (tus(w, "same.txt", 10, f"{link}/", If_None_Match="*") for _ in range(2))
    one, two = one["Location"], two["Location"]
    assert one.startswith(f"{link}/same.txt?tus=10") and one != two
    assert patch(w, one, 0, b"01234")[0] == 204
    guesses = [re.sub(r"&key=\d+", key, one) for key in ("", "&key=0", "&key=1")]
    assert [w.ask("HEAD", place)[1]["Upload-Offset"] for place in (one, two, *guesses)] == ["5", "0", "0", "0", "0"]
    assert patch(w, two, 0, b"x" * 10)[0] == patch(w, one, 5, b"56789")[0] == 204
    assert kept(w)["same.txt"] == b"x" * 10 and kept(w)["same (2).txt"] == b"0123456789"
    assert w.ask("HEAD", one)[1]["Upload-Offset"] == "0"


@epoll
def test_a_link_ends(web, root):                 # noqa: F811
    """With its time, when it is taken back, and with the right or the account that made it."""
    w = web()
    link, name = made(w, days=1)
    other, _ = made(w, days=365)
    assert w.ask("PUT", f"{link}/a", b"a")[0] == w.ask("PUT", f"{other}/a", b"a")[0] == 201
    listed = [json.loads(line) for line in w.ask("GET", LINKS, Authorization=basic("ann"))[2].splitlines()]
    assert len(listed) == 2 and all("url" not in row and row["folder"] == "/in" for row in listed) and name in [row["link"] for row in listed]
    assert not [path for path in (root / ".dray-links").iterdir() if link[-32:] in path.name or link[-32:].encode() in path.read_bytes()]
    assert w.ask("GET", f"/.dray-links/{name}", Authorization=basic("ann"))[0] == 404
    for wrong in (f"/.dray-drop/{name}", link[:-1], link[:-1] + ("0" if link[-1] != "0" else "1"), link.upper(), "/.dray-drop"):
        assert w.ask("PUT", f"{wrong}/x", b"x")[0] in (401, 403, 404), wrong
    assert w.ask("DELETE", f"{LINKS}/{name}", Authorization=basic("ann"))[0] == 204
    assert w.ask("DELETE", f"{LINKS}/{name}", Authorization=basic("ann"))[0] == 404
    status, _, said = w.ask("PUT", f"{link}/b", b"b")
    assert status == 404 and b"ask for a new one" in said
    assert w.ask("PUT", f"{other}/b", b"b")[0] == 201
    w.one.stop()
    w = web("--account", f"ann:{PASSWORD}:write")
    assert w.ask("PUT", f"{other}/c", b"c")[0] == 201    # a restart is no end
    w.one.stop()
    for account in (f"ann:{PASSWORD}:read", "ann:another:write", f"eve:{PASSWORD}:write"):
        w = web("--account", account)
        assert w.ask("PUT", f"{other}/d", b"d")[0] == 404, account
        w.one.stop()
    file, = (root / ".dray-links").iterdir()
    file.write_text(re.sub(r"^\d+", "1700000000", file.read_text()))
    w = web("--account", f"ann:{PASSWORD}:write")
    assert w.ask("PUT", f"{other}/d", b"d")[0] == 404
    assert w.ask("GET", LINKS, Authorization=basic("ann"))[2] == b"" and not (root / ".dray-links").exists()
    assert not [name for name in kept(w) if name.startswith("d")]


@epoll
def test_a_link_ends_with_the_password_of_the_accounts_file(web, users):     # noqa: F811
    users("add", "ann", "--rights", "write", "--home", "/in")
    w = web("--users", users.path)
    link, _ = made(w, folder="/")
    assert w.ask("PUT", f"{link}/a", b"a")[0] == 201 and "a" in kept(w)
    users("set", "ann", "--rights", "read,/sub=write")
    assert w.ask("PUT", f"{link}/b", b"b")[0] == 404     # on the same connection
    users("set", "ann", "--rights", "write")
    assert w.ask("PUT", f"{link}/b", b"b")[0] == 201
    users("passwd", "ann", password="another")
    assert w.ask("PUT", f"{link}/c", b"c")[0] == 404
    users("passwd", "ann", password=PASSWORD)            # the same again is another hash
    assert w.ask("PUT", f"{link}/c", b"c")[0] == 404 and "c" not in kept(w)


@epoll
def test_who_comes_by_a_link_is_a_session_of_its_account(web):
    w = web("--account", f"ann:{PASSWORD}:write", "--max-per-account", "1")
    link, _ = made(w)
    until(lambda: w.one.stderr.count(" end ") == w.one.stderr.count(" connect "), "the maker's session has ended")
    with w.one.raw("ann"):
        said = w.raw(f"PUT {link}/x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx".encode())
        assert said.startswith(b"HTTP/1.1 503 ") and said.count(b"HTTP/1.1") == 1 and "x" not in kept(w)


@epoll
def test_who_makes_links_of_what(web):
    w = web()
    assert w.ask("POST", LINKS, "folder=/in/")[0] == w.ask("GET", LINKS)[0] == 401
    assert "may not" in made(w, folder="/shown/", code=403) and made(w, folder="/none/", code=404) and made(w, folder="/in/private", code=404)
    for wrong in ({"days": 0}, {"days": 366}, {"days": "x"}, {"folder": "%00"}, {"folder": "%"}):
        assert "wants a folder" in made(w, code=400, **wrong)
    assert made(w, folder="/in/taken.txt", code=409)
    assert w.ask("DELETE", f"{LINKS}/../../in", Authorization=basic("ann"))[0] in (404, 405)
    w.line.close()
    made(w, folder="/in/../in/sub/")
    assert w.ask("PUT", made(w, folder="/in%2Fsub")[0] + "/x", b"x")[0] == 201 and (w.one.root / "in/sub/x").exists()
