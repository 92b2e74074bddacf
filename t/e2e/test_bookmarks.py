"""Names for addresses: dray bookmark, and @NAME wherever a URL can stand. The client does not see on what a session runs: one model."""
import json
import os
import stat
import subprocess

import pytest

from client import LOCAL, NOT_FOUND, USAGE, Client
from server import DRAY, PASSWORD
from tools import WAIT, make, no_leftovers

pytestmark = pytest.mark.needs("epoll", "disk")


@pytest.fixture
def client(tmp_path):
    one = Client(tmp_path)
    one.env["XDG_CONFIG_HOME"] = str(one.home / "config")
    one.file = one.home / "config/dray/bookmarks"
    yield one
    no_leftovers(one.dir)
    no_leftovers(one.home / "config")


@pytest.fixture
def home(site, client):
    """A bookmark of this test's folder, as bob, whose password is in .netrc."""
    client.run("bookmark", "add", "home", site.server.url(site.path.replace(" ", "%20"), "bob").replace(f":{PASSWORD}@", "@"))
    netrc = client.home / ".netrc"
    netrc.write_text(f"machine 127.0.0.1 login bob password {PASSWORD}\n")
    netrc.chmod(0o600)


def test_wherever_a_url_can_stand(site, client, home):
    make(site.dir, "a b%41.txt", b"one\n")                    # as it is, without escapes
    (site.dir / "sub").mkdir()
    client.write("c.txt", b"two\n")
    assert client.run("ls", "@home").splitlines() == ["sub/", "a b%41.txt"]
    client.run("get", "@home/a b%41.txt", "-o", "down")
    assert client.read("down/a b%41.txt") == b"one\n"
    client.run("put", "c.txt", "@home/sub/")
    assert (site.dir / "sub" / "c.txt").read_bytes() == b"two\n"
    client.run("mv", "@home/sub/c.txt", f"{site.path}/d.txt")
    assert client.run("cat", "@home/d.t*") == "two\n"
    client.run("ls", "@home/nope", code=NOT_FOUND)
    client.run("ls", "@home/a\x1b[2Jb", code=USAGE)
    assert "\x1b" not in client.err


def test_the_menu_takes_the_name_alone(site, client, home):
    make(site.dir, "a.txt", b"one\n")
    for word in ("home", "@home"):
        out = subprocess.run([DRAY, "open", word], cwd=client.dir, env=client.env, input=b"list\n", capture_output=True,
                             timeout=WAIT, check=True).stdout
        assert b"Logged in as bob" in out and b"a.txt" in out


def test_the_file(client):
    assert client.run("bookmark", "list") == ""
    assert not client.file.exists()
    client.run("bookmark", "add", "a", "ftp://one.example/x")
    assert stat.S_IMODE(client.file.stat().st_mode) == 0o600
    with client.file.open("a") as f:
        f.write("# mine\nno/bookmark at all\n")
    client.run("bookmark", "add", "图书馆", "two.example:21")
    client.run("bookmark", "add", "a", "three.example")
    assert client.run("bookmark", "list") == "图书馆           two.example:21\na                three.example\n"
    assert [json.loads(line) for line in client.run("bookmark", "list", "--json").splitlines()] == [
        {"name": "图书馆", "url": "two.example:21"}, {"name": "a", "url": "three.example"}]
    client.run("bookmark", "rm", "a")
    client.run("bookmark", "rm", "a", code=NOT_FOUND)
    assert "# mine\nno/bookmark at all\n图书馆 two.example:21\n" in client.file.read_text()
    client.file.chmod(0o666)                                  # anybody may have written it
    client.run("bookmark", "add", "b", "x", code=LOCAL)
    assert "b x" not in client.file.read_text()


@pytest.mark.parametrize("words", [["add", "a/b", "h"], ["add", "-x", "h"], ["add", "a b", "h"], ["add", "a", "h:0"], ["add", "a", "@b"],
                                   ["add", "a", "http://h/"], ["add", "a" * 65, "h"], ["add", "a", ""], ["add", "\x1b[2J", "h"],
                                   ["add", "a"], ["rm"], ["list", "x"], ["dance"], []], ids=str)
def test_what_is_no_bookmark(client, words):
    client.run("bookmark", *words, code=USAGE)
    assert client.err.startswith("dray: ") and "\x1b" not in client.err and not client.file.exists()


def test_no_password_is_kept(client):
    client.run("bookmark", "add", "a", f"ftp://bob:{PASSWORD}@h/", code=USAGE)
    assert "~/.netrc" in client.err and not client.file.exists() and PASSWORD not in client.err
    client.file.parent.mkdir(parents=True)
    client.file.write_text(f"a ftp://bob:{PASSWORD}@127.0.0.1/\n")
    client.run("ls", "@a", code=USAGE)
    assert "~/.netrc" in client.err and PASSWORD not in client.err


def test_a_file_that_is_none(client):
    client.file.mkdir(parents=True)
    client.run("bookmark", "list", code=LOCAL)
    client.run("ls", "@a", code=USAGE)
    client.file.rmdir()
    client.file.write_bytes(b"\0\xff a\n@ x\na\0b c\n" + b"x" * 100_000 + b" y\n")
    assert client.run("bookmark", "list") == ""
    client.run("ls", "@a", "@", "@/", code=USAGE)
    client.file.write_bytes(b"#" * (2 << 20))
    client.run("bookmark", "list", code=LOCAL)
    client.run("bookmark", "add", "a", "h", code=LOCAL)
    assert os.path.getsize(client.file) == 2 << 20
    client.file.write_bytes(b"#" * ((1 << 20) - 4))           # what is too large to be read is not written
    client.run("bookmark", "add", "a", "h", code=LOCAL)
    assert os.path.getsize(client.file) == (1 << 20) - 4
