"""`dray partials`: what is kept of broken uploads is listed, and removed, beside a running server and without one."""
import json
import os
import subprocess
import time

import pytest

from ftpraw import OPEN
from server import ACCOUNTS, DRAY, environment
from test_quota import KIB, MIB, left, put
from test_resume import LARGE, OWN, cut, moved, partials, size
from tools import WAIT, names, no_leftovers, until


def run(*words, code=0):
    """What it prints; the exit code must be this one."""
    done = subprocess.run([DRAY, "partials", *map(str, words)], capture_output=True, text=True, timeout=WAIT, env=environment(), check=False)
    assert done.returncode == code, f"{words}: {done.returncode}, not {code}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def rows(root):
    return {row["path"]: row for row in map(json.loads, run("--json", root).splitlines())}


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


@pytest.fixture
def one(server, root):
    return server(root, *ACCOUNTS, "--quota", "bob=1M", "--quota", "ann=100M:2")


def keep(one, root, name, data, user="bob"):
    before = len(partials(root))
    client = one.raw(user)
    cut(client, f"STOR {name}", data)
    until(lambda: len(partials(root)) == before + 1, "it is kept")
    client.close()


def grow_old(root, identity, days):
    then = time.time() - days * 86400
    os.utime(root / OWN / identity, (then, then))


def test_it_lists_what_is_kept(one, root):
    (root / "folder").mkdir()
    keep(one, root, "a b.iso", b"x" * 3000)
    keep(one, root, "folder/c", b"y" * 200 * KIB, "ann")
    found = rows(root)
    assert set(found) == {"/a b.iso", "/folder/c"}
    row = found["/folder/c"]
    assert row == {"id": row["id"], "account": "ann", "path": "/folder/c", "size": 200 * KIB, "modified": row["modified"], "written": False}
    assert (root / OWN / row["id"]).stat().st_size == 200 * KIB
    assert time.strftime("%Y-%m-%dT%H:%M", time.gmtime((root / OWN / row["id"]).stat().st_mtime)) == row["modified"][:16]
    grow_old(root, row["id"], 3.5)
    text = run(root).splitlines()
    assert len(text) == 3 and text[0].split() == ["id", "account", "size", "age", "file"]
    assert f"{row['id']}  ann             200 KiB      3 d  /folder/c" in text


def test_a_name_cannot_reach_the_terminal(one, root):
    client = one.raw("bob")
    data = client.epsv()()
    client.expect(OPEN, b"STOR a\x1b[31m\xff")
    data.sendall(b"x" * 1000)
    until(lambda: moved(client) == 1000, "it has come")
    client.expect(426, "ABOR")
    client.expect(226)
    text = run(root)
    assert "\x1b" not in text and text.splitlines()[1].endswith(("[31m\\xff", "[31m?", "[31m\ufffd")), text
    assert "\x1b" not in run("--json", root)


def test_nothing_is_kept(one, root):
    assert run(root) == "No upload is kept here.\n"
    assert run("--json", root) == ""
    assert run("--older", 0, root) == ""


@pytest.mark.parametrize("words", [["--nonsense"], ["a", "b"], ["--older"], ["--older", "x"], ["--older", "-1"], ["--drop"],
                                   ["/there/is/no/such/folder"], [__file__]])
def test_mistakes(words):
    assert run(*words, code=2).startswith("dray partials: ")


def test_help():
    assert "--older DAYS" in run("--help")


def test_what_it_removes_is_taken_off_the_quota_of_a_running_server(one, root):
    keep(one, root, "a", b"x" * 600 * KIB)
    keep(one, root, "b", b"y" * 300 * KIB)
    client = one.raw("bob")
    assert left(client) == MIB - 900 * KIB
    found = rows(root)
    assert run("--drop", found["/a"]["id"], root) == f"removed {found['/a']['id']}\n"
    assert left(client) == MIB - 300 * KIB and partials(root) == [300 * KIB]
    assert size(client, "a") is None and size(client, "b") == 300 * KIB
    assert run("--drop", found["/a"]["id"], root, code=1).endswith("there is none of that id\n")
    assert left(client) == MIB - 300 * KIB
    assert run("--json", "--drop", found["/b"]["id"], root) == f'{{"removed":"{found["/b"]["id"]}"}}\n'
    assert left(client) == MIB and size(client, "b") is None
    client.expect(221, "QUIT")
    one.stop()
    no_leftovers(root)


@pytest.mark.parametrize("user, data", [("bob", b"x" * MIB), ("ann", b"x")], ids=["while it arrives", "before it begins"])
def test_room_that_it_makes_is_there_for_the_next_upload(one, root, user, data):
    """Nobody has asked for the quota in between: an upload that would be refused looks again."""
    for name in "ab":
        keep(one, root, name, b"x" * 400 * KIB, user)
    assert put(one.raw(user), "STOR d", data) == 552
    one.release()
    run("--older", 0, root)
    assert put(one.raw(user), "STOR d", data) == 226
    assert not [name for name in names(root / OWN) if name.startswith(b"d-")]


def test_by_age(one, root):
    for name in "abc":
        keep(one, root, name, b"x" * 1000)
    found = rows(root)
    grow_old(root, found["/a"]["id"], 2.1)
    grow_old(root, found["/b"]["id"], 1.9)
    assert run("--older", 2, root) == f"removed {found['/a']['id']}\n"
    assert set(rows(root)) == {"/b", "/c"}
    run("--older", 0, "--drop", found["/b"]["id"], root)
    assert rows(root) == {}


@pytest.mark.needs("at_once")
def test_what_is_being_written_stays(one, root):
    client = one.raw("ann")
    data = client.epsv()()
    client.expect(OPEN, "STOR a")
    data.sendall(LARGE[:10 << 20])
    until(lambda: moved(client) >= 10 << 20, "it has come")
    row = rows(root)["/a"]
    assert row["written"] and "now  /a" in run(root)
    assert "it is being written just now, so it stays" in run("--drop", row["id"], root, code=1)
    assert run("--older", 0, root) == ""
    data.sendall(LARGE[10 << 20:])
    data.close()
    client.expect(226)
    assert (root / "a").read_bytes() == LARGE and rows(root) == {}


@pytest.mark.parametrize("bad", ["0" * 32, "x", "", "../a", "d-0123456789abcdef", "0" * 31 + "/"])
def test_only_partials_are_removed(one, root, bad):
    (root / "a").write_bytes(b"a file")
    keep(one, root, "b", b"x" * 1000)
    run("--drop", bad, root, code=1)
    assert (root / "a").read_bytes() == b"a file" and set(rows(root)) == {"/b"}


def test_without_a_server(one, server, root):
    keep(one, root, "a", b"x" * 600 * KIB)
    one.stop()
    run("--older", 0, root)
    no_leftovers(root)                                               # there is nobody to be told
    assert left(server(root, *ACCOUNTS, "--quota", "bob=1M").raw("bob")) == MIB


def test_a_server_that_starts_later_counts_for_itself(one, server, root):
    """Word that was left for a server that was killed is nothing to the next one."""
    keep(one, root, "a", b"x" * 600 * KIB)
    keep(one, root, "b", b"x" * 100 * KIB)
    run("--drop", rows(root)["/a"]["id"], root)
    assert [name for name in names(root / OWN) if name.startswith(b"d-")]
    one.kill()
    two = server(root, *ACCOUNTS, "--quota", "bob=1M")
    assert left(two.raw("bob")) == MIB - 100 * KIB
    assert not [name for name in names(root / OWN) if name.startswith(b"d-")]


def test_what_expires_before_a_start_is_not_counted(one, server, root):
    keep(one, root, "a", b"x" * 600 * KIB)
    identity = rows(root)["/a"]["id"]
    one.stop()
    grow_old(root, identity, 8)
    client = server(root, *ACCOUNTS, "--quota", "bob=1M").raw("bob")
    assert left(client) == MIB
    assert put(client, "STOR a", b"x" * (MIB + 1)) == 552
