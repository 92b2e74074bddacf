"""Folders as archives over HTTP (`?zip`, `?tar`): opened by Python's zipfile and tarfile and by unzip and tar, and compared byte for byte."""
import http.client
import io
import os
import re
import subprocess
import tarfile
import zipfile

import psutil
import pytest

from server import sanitized
from test_http import BIG, basic, epoll, web  # noqa: F401: the fixture
from tools import blob, make, until

WHEN = 1_000_000_000
ODD = ["ümläut 文", "blank at the end ", "-n", "a&b;c=d+e%20", "quo\"te'", "back\\slash", "new\nline", "n" * 255, "deep/" * 30 + "deeper"]


def fill(root):
    """{name: content, None for folders}: a tree with all that is odd."""
    tree = {"empty": b"", "small": b"x", "folder/": None, "folder/nothing/": None, "folder/edge": blob(64 * 1024 - 50), "folder/big": BIG}
    for name in ODD:
        tree[name] = name.encode()
        tree |= {name[:at + 1]: None for at in range(len(name)) if name[at] == "/"}
    for name, content in sorted(tree.items()):
        if content is None:
            (root / name).mkdir()
        else:
            make(root, name, content, WHEN)
    return tree


def unzip(content):
    with zipfile.ZipFile(io.BytesIO(content)) as z:
        assert len(z.namelist()) == len(set(z.namelist()))
        return {i.filename: None if i.is_dir() else z.read(i) for i in z.infolist()}


def untar(content):
    with tarfile.open(fileobj=io.BytesIO(content)) as t:
        assert len(t.getnames()) == len(set(t.getnames()))
        return {m.name + "/" * m.isdir(): t.extractfile(m).read() if m.isfile() else None for m in t}


OPEN = {"zip": unzip, "tar": untar}


def fetch(w, place, form, query="", **fields):
    status, head, content = w.ask("GET", f"{place}?{form}{query}", **fields)
    assert status == 200, (status, content)
    assert head["Accept-Ranges"] == "none" and head["ETag"] is None and head["Content-Type"] == {"zip": "application/zip", "tar": "application/x-tar"}[form]
    return OPEN[form](content)


@pytest.mark.parametrize("form", OPEN)
def test_all_of_a_folder(web, form):
    w = web()
    tree = fill(w.one.root)
    assert fetch(w, "/", form) == tree
    assert fetch(w, "/folder/", form) == {name[7:]: content for name, content in tree.items() if name.startswith("folder/") and name != "folder/"}
    assert fetch(w, "/folder/nothing/", form) == {}
    assert w.ask("GET", f"/folder?{form}")[1]["Location"] == f"/folder/?{form}"
    assert w.ask("GET", f"/folder/?{form}", Range="bytes=0-9")[0] == 200
    status, head, content = w.ask("HEAD", f"/folder/?{form}")
    assert status == 200 and content == b"" and head["Content-Disposition"] == f"attachment; filename*=UTF-8''folder.{form}"
    w.line.close()
    assert w.raw(f"GET /folder/?{form} HTTP/1.0\r\n\r\n".encode()).count(BIG) == 1                       # to the end of the connection


@epoll
def test_other_programs_open_them(web, tmp_path):
    w = web()
    tree = fill(w.one.root)
    os.chmod(w.one.root / "small", 0o750)
    for form, line in {"zip": ["unzip", "-q", "-o"], "tar": ["tar", "xf"]}.items():
        if form == "tar":                                    # a name that is no text has no place in a zip that all understand
            tree[os.fsdecode(b"\xff")] = b"raw"
            make(w.one.root, b"\xff", b"raw")
        make(tmp_path, f"all.{form}", w.ask("GET", f"/?{form}")[2])
        (tmp_path / form).mkdir()
        subprocess.run([*line, f"../all.{form}"], cwd=tmp_path / form, env=dict(os.environ, TZ="UTC", LC_ALL="C.UTF-8"), check=True)
        found = {str(p.relative_to(tmp_path / form)) + "/" * p.is_dir(): None if p.is_dir() else p.read_bytes() for p in (tmp_path / form).rglob("*")}
        assert len(found) == len(tree) and {n for n in tree if found.get(n, 0) != tree[n]} <= ({"new\nline"} if form == "zip" else set())
        assert (tmp_path / form / "small").stat().st_mtime == WHEN and (tmp_path / form / "small").stat().st_mode & 0o777 == 0o750


@epoll
def test_what_came_over_the_wire_has_its_sum_in_front(web):
    """Its sum was noted: there is no descriptor, and it is sent as a download is. Changed behind the server's back, it is summed anew."""
    w = web()
    assert w.ask("PUT", "/a", BIG)[0] == 201
    for content in BIG, BIG[::-1]:
        if content is not BIG:
            (w.one.root / "a").write_bytes(content)
        archive = w.ask("GET", "/?zip")[2]
        assert unzip(archive) == {"a": content}
        assert zipfile.ZipFile(io.BytesIO(archive)).getinfo("a").flag_bits & 8 == (0 if content is BIG else 8)


@epoll
def test_names_are_chosen(web):
    w = web()
    tree = fill(w.one.root)
    assert fetch(w, "/", "zip", "&name=small&name=folder%2Fbig&name=folder/nothing") == {n: tree[n] for n in ("small", "folder/big", "folder/nothing/")}
    inside = {n: c for n, c in tree.items() if n.startswith("folder/")}
    assert fetch(w, "/", "zip", "&name=folder%2Fbig&name=folder&name=folder/&name=folder%2Fnothing") == inside       # each once
    assert fetch(w, "/folder/", "tar", "&name=edge") == {"edge": tree["folder/edge"]}
    assert fetch(w, "/", "zip", "&name=a%26b%3Bc%3Dd%2Be%2520&name=%C3%BCml%C3%A4ut+%E6%96%87").keys() == {ODD[0], ODD[3]}
    for query, want in {"nothing": 404, "small&name=nothing": 404, "": 400, ".": 400, "..": 400, "%ff%00": 400, ".hidden": 404,
                        "../../etc/passwd": 404, "/etc/passwd": 404, "n" * 256: 414}.items():
        assert w.ask("GET", f"/folder/../?zip&name={query}")[0] == want, query
    assert fetch(w, "/folder/", "zip", "&name=../edge") == {"edge": tree["folder/edge"]}                 # ".." leads nowhere
    assert fetch(w, "/folder/", "zip", "&name=big&name=big%2F..%2Fedge").keys() == {"big", "edge"}


@epoll
def test_what_may_not_be_fetched_is_not_in_it(web):
    w = web("--account", "eve:secret:none,/open=read,/open/shut=none,/open/in=drop", anonymous="drop")
    for folder in "open", "open/shut", "open/in", "other", ".git":
        (w.one.root / folder).mkdir()
        make(w.one.root, f"{folder}/file", b"x")
    make(w.one.root, "open/.hidden", b"x")
    os.symlink("/etc", w.one.root / "open/out")
    os.symlink("..", w.one.root / "open/round")
    os.mkfifo(w.one.root / "open/pipe")
    eve = dict(Authorization=basic("eve"))
    for form in OPEN:
        assert fetch(w, "/", form, **eve) == {"open/": None, "open/file": b"x"}
        assert w.ask("GET", f"/open/in/?{form}", **eve)[0] == 403 and w.ask("GET", f"/open/shut/?{form}", **eve)[0] == 404
        assert w.ask("GET", f"/open/?{form}&name=in", **eve)[0] == 403 and w.ask("GET", f"/open/?{form}&name=shut", **eve)[0] == 404
        assert w.ask("GET", f"/?{form}")[0] == 401           # strangers may only leave something here
    assert ".git/file" not in fetch(w, "/", "zip", Authorization=basic("rita"))


@epoll
@pytest.mark.parametrize("form", OPEN)
def test_a_file_that_becomes_shorter_cuts_the_archive(web, form):
    w = web()
    with open(make(w.one.root, "a"), "wb") as file:
        file.truncate(64 << 20)
    w.line.request("GET", f"/?{form}")
    answer = w.line.getresponse()
    assert answer.read(1000) and w.line.sock is not None
    os.truncate(w.one.root / "a", 5)
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        answer.read()
    assert re.search(r"archive-cut .*path=/ at=a why=\"a file became shorter\"", until(lambda: "archive-cut" in w.one.stderr and w.one.stderr, "the log says why"))
    w.line.close()
    assert fetch(w, "/", form)["a"] == b"\0" * 5


@epoll
def test_a_sum_that_was_noted_holds_to_the_end(web):
    """The sum stands in front of what is changed while it is sent: that must not look whole."""
    w = web()
    assert w.ask("PUT", "/a", b"a" * (32 << 20))[0] == 201
    w.line.request("GET", "/?zip")
    answer = w.line.getresponse()
    assert answer.read(1000)
    with open(w.one.root / "a", "r+b") as file:
        file.write(b"b")
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        answer.read()
    until(lambda: "archive-cut" in w.one.stderr, "the log says so")


@epoll
def test_a_client_that_leaves_ends_the_work(web):
    w = web()
    with open(make(w.one.root, "a"), "wb") as file:
        file.truncate(1 << 40)                               # nobody can wait for that
    w.line.request("GET", "/?zip")
    answer = w.line.getresponse()
    assert answer.read(100_000)
    answer.close()
    w.line.close()
    until(lambda: "end peer" in w.one.stderr, "the session has ended")
    assert "archive-cut" not in w.one.stderr and "sent" not in w.one.stderr


@epoll
def test_memory_does_not_grow_with_the_tree(web):
    """Twenty thousand entries with long names, by links to one folder: what the end of a zip says again is some thirty bytes for each."""
    w = web("--workers", "1")
    for folder in "one", "many":
        (w.one.root / folder).mkdir()
    for n in range(400):
        make(w.one.root / "one", "n" * 200 + str(n))
    for n in range(50):
        os.symlink("../one", w.one.root / "many" / str(n))
    most = lambda: max(int(re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{p.pid}/status").read())[1]) for p in        # noqa: E731
                       psutil.Process(w.one.proc.pid).children(recursive=True))
    assert len(fetch(w, "/one/", "zip")) == 400
    before = most()
    assert len(fetch(w, "/many/", "zip")) == 50 * 401
    assert most() - before < 2000 or sanitized()
