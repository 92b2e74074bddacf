"""The accounts file: `dray user` edits it, servers read it while they run; rights per folder, homes, and what a hash may cost."""
import base64
import concurrent.futures
import contextlib
import json
import os
import re
import select
import subprocess
import threading
import time
import zlib

import pexpect
import psutil
import pytest

from ftpraw import OPEN, entry, mlsd, nlst
from server import DRAY, PASSWORD, environment
from test_http import Web
from test_resume import cut, size
from tools import PATIENCE, blob, make, until

HASH = re.compile(r"^\$y\$[^:]+$")


class Users:
    """An accounts file and `dray user` on it."""

    def __init__(self, path):
        self.path = path

    def run(self, *words, password=PASSWORD, through=()):
        return subprocess.run([*through, DRAY, "user", *map(str, words), "--file", self.path], input=f"{password}\n", text=True,
                              capture_output=True, env=environment(), timeout=60 * PATIENCE, check=False)

    def __call__(self, *words, **more):
        done = self.run(*words, **more)
        assert done.returncode == 0 and not done.stderr, done
        return done.stdout

    def refused(self, *words, **more):
        before = self.path.read_bytes() if self.path.exists() else None
        done = self.run(*words, **more)
        assert done.returncode == 1 and done.stderr.startswith("dray user: ") and len(done.stderr.splitlines()) == 1, done
        assert (self.path.read_bytes() if self.path.exists() else None) == before
        return done.stderr

    def lines(self):
        return self.path.read_text().splitlines()

    def list(self):
        return [json.loads(line) for line in self("list", "--json").splitlines()]


@pytest.fixture
def users(tmp_path):
    (tmp_path / "state").mkdir()
    return Users(tmp_path / "state" / "users")


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


def serve(server, root, users, *flags, **more):
    return server(root, "--users", users.path, *flags, **more)


def logs_in(one, name, password=PASSWORD):
    with one.raw() as client:
        client.expect(331, f"USER {name}")
        return client.expect((230, 530), f"PASS {password}").code == 230


def status(client, line):
    return client.cmd(line).code


# ---------------------------------------------------------------- dray user

def test_every_verb(users):
    users("add", "ann", "--rights", "read,/in=drop", "--home", "/users/ann", "--limits", "up=512K sessions=4", "--notes", "a:b %\n")
    users("add", "bob")
    assert users.path.stat().st_mode & 0o777 == 0o600
    head, ann, bob = users.lines()
    assert head.startswith("#")
    assert re.fullmatch(r"ann:\$y\$[^:]+:/users/ann:read,/in=drop:sessions=4 up=512K:a%3ab %25%0a", ann)
    assert re.fullmatch(r"bob:\$y\$[^:]+::add::", bob)
    assert users.list() == [
        {"name": "ann", "rights": "read,/in=drop", "home": "/users/ann", "sessions": 4, "down": 0, "up": 512 * 1024, "notes": "a:b %\n"},
        {"name": "bob", "rights": "add", "home": "/", "sessions": 0, "down": 0, "up": 0, "notes": ""}]
    assert "/users/ann" in users("list") and "$y$" not in users("list")
    users("set", "ann", "--rights", "write", "--home", "/", "--limits", "")
    users("passwd", "bob", password="another")
    assert users.lines()[1] == re.sub(":/users/ann:.*", "::write::a%3ab %25%0a", ann)
    assert users.lines()[2] != bob and HASH.match(users.lines()[2].split(":")[1])
    users("del", "ann")
    assert [u["name"] for u in users.list()] == ["bob"]


def test_comments_stay(users):
    users.path.write_text("# mine\n\n  # indented\nann:::write::\n# the last has no end of line")
    users.path.chmod(0o600)
    users("add", "bob")
    users("del", "ann")
    assert users.lines()[:4] == ["# mine", "", "  # indented", "# the last has no end of line"]


@pytest.mark.parametrize("words, said", [
    (("add", "a:b"), "colon"), (("add", ""), "empty"), (("add", "a\x01b"), "control"), (("add", "x" * 65), "64"),
    (("add", "anonymous"), "everybody"), (("add", "#x"), "begin"), (("add", "ann"), "already"), (("passwd", "bob"), "has no"),
    (("del", "bob"), "has no"), (("set", "bob", "--rights", "read"), "has no"), (("add", "bob", "--rights", "all"), "--rights"),
    (("add", "bob", "--rights", "read,in=add"), "--rights"), (("add", "bob", "--rights", "read,/../x=add"), "--rights"),
    (("add", "bob", "--home", "users"), "slash"), (("add", "bob", "--home", "/a/../b"), ".."),
    (("add", "bob", "--limits", "speed=1"), "--limits"), (("add", "bob", "--notes", "x" * 5000), "long"),
])
def test_weak_input(users, words, said):
    users("add", "ann")
    assert said in users.refused(*words)


@pytest.mark.parametrize("password, said", [("", "empty"), ("a\tb", "control"), ("x" * 512, "511"), ("a\0b", "NUL")])
def test_weak_passwords(users, password, said):
    assert said in users.refused("add", "ann", password=password)


def test_an_account_wants_a_name(users):
    for verb in ("add", "passwd", "set", "del"):
        done = users.run(verb)
        assert done.returncode == 2 and "missing" in done.stderr and not users.path.exists()


def test_no_password_from_the_command_line(users):
    done = users.run("add", "ann", "secret")
    assert done.returncode == 2 and not users.path.exists()
    assert users.run("add", "ann", "--password", "secret").returncode == 2


def test_typed_twice_and_unseen(users):
    child = pexpect.spawn(DRAY, ["user", "add", "ann", "--file", str(users.path)], env=environment(TERM="dumb"), timeout=20 * PATIENCE)
    for question, answer in (("Password: ", "sEcReT"), ("Once more: ", "sEcReT")):
        child.expect_exact(question)
        until(lambda: not child.getecho(), "echo is off")
        child.sendline(answer)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0 and b"sEcReT" not in child.before
    assert users.list()[0]["name"] == "ann"


def test_what_is_typed_must_be_the_same_twice(users):
    child = pexpect.spawn(DRAY, ["user", "add", "ann", "--file", str(users.path)], env=environment(), timeout=20 * PATIENCE)
    for question, answer in (("Password: ", "one"), ("Once more: ", "two")):
        child.expect_exact(question)
        until(lambda: not child.getecho(), "echo is off")
        child.sendline(answer)
    child.expect_exact("differ")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 1 and not users.path.exists()


@pytest.mark.parametrize("line, said", [
    ("ann:x", "six fields"), ("ann:::all::", "rights"), ("ann:::::%zz", "hexadecimal"), ("ann:::add:fast=1:", "limits"),
    ("ann::up:add::", "slash"), ("a b\x7f:::add::", "control"), ("x" * 4100 + ":::::", "long"),
])
def test_a_broken_file_is_not_edited(users, line, said):
    users.path.write_text(f"# first\n{line}\n")
    users.path.chmod(0o600)
    for words in (("add", "bob"), ("del", "ann"), ("list",)):
        assert said in users.refused(*words) and "line 2" in users.refused(*words)


def test_a_file_that_others_may_write_is_not_believed(users):
    users("add", "ann")
    users.path.chmod(0o620)
    assert "others may write" in users.refused("list")


def test_editors_take_turns(users):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: users("add", f"u{n}"), range(24)))
    assert {u["name"] for u in users.list()} == {f"u{n}" for n in range(24)}
    assert os.listdir(users.path.parent) == ["users"]


@pytest.mark.needs("lean")                                   # a sanitizer writes, too: the first write would be its own
@pytest.mark.parametrize("fault", ["fsync:error=EIO", "write:error=ENOSPC", "renameat:error=EACCES", "renameat:signal=KILL", "fsync:signal=KILL"])
def test_an_interrupted_edit_changes_nothing(users, tmp_path, fault):
    users("add", "ann")
    before = users.path.read_bytes()
    call = fault.partition(":")[0]
    through = ("strace", "-f", "-o", tmp_path / "trace", "-e", f"trace={call}", "-e", f"inject={fault}:when=1")
    done = users.run("add", "bob", through=through)
    assert done.returncode not in (0, 2) and call in (tmp_path / "trace").read_text()
    assert users.path.read_bytes() == before
    if "KILL" not in fault:
        assert os.listdir(users.path.parent) == ["users"]
    users("add", "carl")                                    # nothing that was left is in the way


# ---------------------------------------------------------------- a server that runs

def test_changes_count_from_the_next_login(server, root, users):
    """In each process of each model, the one that has seen the file before included."""
    users("add", "ann")
    one = serve(server, root, users)
    assert "1 account of" in one.stdout
    assert logs_in(one, "ann") and not logs_in(one, "ann", "wrong")
    users("add", "bob", "--rights", "read", password="hush")
    users("passwd", "ann", password="new")
    for _ in range(12):
        assert logs_in(one, "bob", "hush") and logs_in(one, "ann", "new")
    assert not logs_in(one, "ann")
    with one.raw() as client:
        client.login("bob", "hush")
        users("del", "bob")
        client.expect(200, "NOOP")
        assert client.get("NLST") == b""                    # who is in stays in
    assert not logs_in(one, "bob", "hush")
    users.path.unlink()
    assert not logs_in(one, "ann", "new")
    assert logs_in(one, "anonymous")
    until(lambda: one.stderr.count("accounts-gone") == 1, "that is logged, once")


def test_a_broken_file_changes_nothing_and_is_logged_once(server, root, users):
    users("add", "ann")
    users("add", "bob")
    one = serve(server, root, users)
    users("del", "bob")                                      # a version that only the running server has seen
    assert logs_in(one, "ann") and not logs_in(one, "bob")
    with open(users.path, "a") as file:
        file.write("carl:x\n")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:   # several may find it at the same time
        assert all(pool.map(lambda _: logs_in(one, "ann"), range(8)))
    assert not logs_in(one, "bob")
    assert one.stderr.count("accounts-unchanged") == 1 and "line 3" in one.stderr
    users.path.write_text("\n".join(users.lines()[:-1]) + "\n")
    users("add", "carl")
    assert logs_in(one, "carl") and logs_in(one, "ann")


@pytest.mark.needs("loop")
def test_a_file_that_is_not_there_or_not_in_order(server, root, users):
    with pytest.raises(AssertionError, match="accounts file"):
        serve(server, root, users)
    users.path.write_text("what is this\n")
    users.path.chmod(0o600)
    with pytest.raises(AssertionError, match="line 1"):
        serve(server, root, users)
    users.path.write_text("# nobody yet\n")
    with pytest.raises(AssertionError, match="nobody who could log in"):
        serve(server, root, users, "--no-anonymous")


@pytest.mark.needs("loop")
def test_the_default_file(server, root, tmp_path):
    state = tmp_path / "xdg"
    mine = Users(state / "dray" / "users")
    mine.path.parent.mkdir(parents=True)
    mine("add", "ann")
    one = server(root, env={"XDG_STATE_HOME": str(state)})
    assert logs_in(one, "ann")
    mine("add", "bob")
    assert logs_in(one, "bob")


@pytest.mark.needs("loop")
def test_the_command_line_comes_first(server, root, users):
    users("add", "ann", password="infile")
    one = serve(server, root, users, "--account", "ann:online:read")
    assert logs_in(one, "ann", "online") and not logs_in(one, "ann", "infile")


# ---------------------------------------------------------------- what a hash costs

def guess(one, name):
    with one.raw() as client:
        client.expect(331, f"USER {name}")
        client.expect(530, "PASS wrong")


def spent(one):
    return sum(sum(p.cpu_times()[:2]) for p in one.processes())


def cost(one, who, times):
    before = spent(one)
    with concurrent.futures.ThreadPoolExecutor(times) as pool:
        list(pool.map(lambda n: guess(one, who(n)), range(times)))
    return spent(one) - before


@pytest.mark.needs("loop", "lean")
def test_an_unknown_name_costs_what_a_known_one_does(server, root, users):
    """Processor time, not the clock: without the stand-in a name that is not there would cost next to nothing."""
    users("add", "ann")
    one = serve(server, root, users, "--account", "eve:secret", "--ban-after", "0")
    guesses = [lambda n: "ann", lambda n: f"nobody{n}", lambda n: "eve"]
    least = [float("inf")] * 3
    for _ in range(5):                                       # what others do to the processor's caches only adds to a round
        least = [min(known, cost(one, who, 12)) for known, who in zip(least, guesses)]
        if max(least) < 2 * min(least):
            break
    assert 12 * 0.005 < max(least) < 2 * min(least), least


@pytest.mark.needs("loop")
def test_others_are_answered_while_hashes_run(server, root, users):
    users("add", "ann")
    one = serve(server, root, users, "--workers", "1")
    other, most = one.raw("anonymous"), 0
    for _ in range(5):                                        # who is not given the processor in time has seen nothing
        waiting = [one.raw() for _ in range(24)]
        for client in waiting:
            client.expect(331, "USER ann")
        most = max(most, noops_until_all_are_in(other, waiting))
        if most > 3 * 24:
            break
    assert most > 3 * 24                                      # one for each hash, if a hash stopped the loop


def noops_until_all_are_in(other, waiting):
    noops = 0
    for client in waiting:
        client.send(f"PASS {PASSWORD}\r\n".encode())
    while waiting:
        other.expect(200, "NOOP")
        noops += 1
        poll = select.poll()
        for client in waiting:
            poll.register(client.sock)
        answered = {fd for fd, events in poll.poll(0) if events & select.POLLIN}
        for client in [c for c in waiting if c.sock.fileno() in answered]:
            client.expect(230)
            client.close()
            waiting.remove(client)
    return noops


@pytest.mark.needs("loop")
def test_hashes_let_the_loop_go_first(server, root, users):
    """Threads of their own, of the lowest priority; that of all others is as it was."""
    users("add", "bob")
    one = serve(server, root, users)
    assert logs_in(one, "bob")
    found = set()
    for thread in (thread for process in one.processes() for thread in process.threads()):
        with contextlib.suppress(ProcessLookupError):        # it ended meanwhile
            found.add(os.getpriority(os.PRIO_PROCESS, thread.id))
    assert found == {os.getpriority(os.PRIO_PROCESS, 0), 19}


@pytest.mark.needs("at_once", "lean")
def test_the_memory_of_hashes_is_bounded(server, root, users):
    """Of forty who log in at once few compute: each hash takes 16 MiB while it is made."""
    users("add", "ann")
    one = serve(server, root, users, "--workers", "40")
    peak, over = [0], threading.Event()
    crowd = [one.raw("anonymous") for _ in range(40)]        # they log in once more: no process comes or goes meanwhile

    def watch():
        """All stand still: what one gives back while another is being looked at, a third would have taken."""
        while not over.is_set():
            processes = one.processes()
            for process in processes:
                process.suspend()
            peak[0] = max(peak[0], one.rss())
            for process in processes:
                process.resume()
            time.sleep(0.02)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        with concurrent.futures.ThreadPoolExecutor(40) as pool:
            list(pool.map(lambda client: client.login("ann"), crowd))
    finally:
        over.set()
        watcher.join()
    room = 17 * min(max(os.cpu_count(), 2), 8) + 60          # those who compute, and some more
    after = one.rss()                                        # not before: workers may still have been beginning
    assert peak[0] - after < room << 20


# ---------------------------------------------------------------- rights

def plant(root, name, data):
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    make(root, name, data)


def fill(root):
    for name in ("in/old", "pub/a/deep", "secret/plans", "top"):
        plant(root, name, b"content")


@pytest.mark.needs("loop")
def test_rights_per_folder(server, root, users):
    fill(root)
    users("add", "ann", "--rights", "read,/in=add,/pub=write,/pub/a=read,/secret=none")
    client = serve(server, root, users).raw("ann")
    assert client.get("RETR top") == b"content" and client.refused("STOR new").code == 550
    client.put("STOR in/new", b"x")
    assert client.get("RETR in/new") == b"x"
    assert status(client, "DELE in/new") == 550 and client.refused("STOR in/old").code == 553
    client.put("STOR pub/new", b"x")
    client.expect(250, "DELE pub/new")
    assert client.refused("STOR pub/a/new").code == 550
    client.expect(350, "RNFR top")
    assert status(client, "RNTO pub/top") == 550
    client.expect(257, "MKD pub/folder")
    client.expect(350, "RNFR pub/folder")
    client.expect(250, "RNTO pub/other")
    perms = {name: facts["perm"] for name, facts in mlsd(client.get("MLSD /")).items()}
    assert perms == {b"in": "celm", b"pub": "cdelmp", b"top": "r"}
    assert {n: f["perm"] for n, f in mlsd(client.get("MLSD /pub")).items()} == {b"a": "el", b"other": "cdeflmp"}
    assert entry(client.expect(250, "MLST pub").middle[0].strip().encode())[0]["perm"] == "cdelmp"
    assert entry(client.expect(250, "MLST in/old").middle[0].strip().encode())[0]["perm"] == "r"


@pytest.mark.needs("loop")
def test_where_there_are_no_rights_there_is_nothing(server, root, users):
    fill(root)
    users("add", "ann", "--rights", "write,/secret=none")
    client = serve(server, root, users).raw("ann")
    for line in ("CWD secret", "SIZE secret/plans", "MDTM secret/plans", "RNFR secret", "RMD secret", "DELE secret/plans", "MLST secret",
                 "MKD secret/x", "XCRC secret/plans", "STAT secret/plans", "SITE CHMOD 777 secret", "MFMT 20200101000000 secret/plans"):
        reply = client.cmd(line)
        assert 500 <= reply.code < 600 and "content" not in reply.text, (line, reply)
    for line in ("RETR secret/plans", "LIST secret", "NLST secret", "MLSD secret", "STOR secret/new", "APPE secret/plans", "STOU secret/x"):
        client.refused(line, 5)
    assert sorted(nlst(client.get("NLST"))) == [b"in", b"pub", b"top"]
    assert set(mlsd(client.get("MLSD"))) == {b"in", b"pub", b"top"}
    assert b"secret" not in client.get("LIST") and b"secret" not in client.get("NLST s*") and "secret" not in client.expect(213, "STAT .").text
    client.expect(350, "RNFR top")
    assert status(client, "RNTO secret/top") in (550, 553)
    assert set(os.listdir(root / "secret")) == {"plans"} and (root / "top").exists()


@pytest.mark.needs("loop")
def test_a_drop_folder_takes_and_tells_nothing(server, root, users):
    fill(root)
    users("add", "ann", "--rights", "read,/in=drop")
    users("add", "dora", "--rights", "drop")
    one = serve(server, root, users, "--anonymous", "none,/in=drop")
    for name in ("ann", "anonymous", "dora"):
        client = one.raw(name)
        client.expect(250, "CWD /in")
        client.put(f"STOR {name}", b"mine")
        for verb in ("STOR", "APPE"):                        # that the name is taken is not told
            client.put(f"{verb} old", name.encode())
        for line in ("RETR old", f"RETR {name}"):
            client.refused(line, 550)
        assert {client.get(line) for line in ("LIST", "NLST", "MLSD")} == {b""}
        for line in ("SIZE", "MDTM", "MLST", "XCRC", "DELE", "STAT", "RNFR"):
            answers = [client.cmd(f"{line} {path}") for path in ("old", name, "never")]
            assert {answer.code for answer in answers} == {550} and len({answer.text.replace("old", "never").replace(name, "never") for answer in answers}) == 1, line
        client.expect(257, "MKD made")
        client.expect(257, "MKD made")
        cut(client, "STOR half", b"x" * 5000)
        assert until(lambda: size(client, "half"), "what came can be asked for") == 5000
        with one.raw(name) as another:                       # strangers are not each other
            another.expect(250, "CWD /in")
            assert status(another, "SIZE half") == (550 if name == "anonymous" else 213)
        client.put("APPE half", name.encode())
        client.close()
    kept = {path.name: path.read_bytes() for path in (root / "in").iterdir() if path.is_file()}
    assert kept.pop("old") == b"content"
    assert {kept[f"old ({n})"] for n in range(2, 8)} == {b"ann", b"anonymous", b"dora"}
    assert [kept[f"half{n}"] for n in ("", " (2)", " (3)")] == [b"x" * 5000 + name for name in (b"ann", b"anonymous", b"dora")]


@pytest.mark.needs("loop")
def test_the_way_to_a_folder_can_be_gone(server, root, users):
    fill(root)
    users("add", "ann", "--rights", "none,/pub/a=read")
    client = serve(server, root, users).raw("ann")
    assert set(mlsd(client.get("MLSD"))) == {b"pub"} and nlst(client.get("NLST pub")) == [b"pub/a"]
    client.expect(250, "CWD pub")
    client.expect(250, "CWD a")
    assert client.get("RETR deep") == b"content"
    assert status(client, "SIZE /top") == 550 and status(client, "CWD /in") == 550


@pytest.mark.needs("loop")
def test_a_rename_carries_no_file_out_of_a_rule(server, root, users):
    fill(root)
    users("add", "ann", "--rights", "write,/pub/a=none,/in=read")
    client = serve(server, root, users).raw("ann")
    client.expect(350, "RNFR pub")
    client.expect(550, "RNTO elsewhere")
    client.expect(350, "RNFR in")
    client.expect(550, "RNTO elsewhere")
    assert (root / "pub" / "a" / "deep").exists() and not (root / "elsewhere").exists()


@pytest.mark.needs("loop")
def test_what_strangers_may(server, root):
    fill(root)
    off = server(root, "--anonymous", "off", "--account", "x:y")
    with off.raw() as client:
        client.cmd("USER anonymous")
        client.expect(530, "PASS x")
    client = server(root, "--anonymous", "read,/in=add").raw("anonymous")
    client.put("STOR in/new", b"x")
    assert client.refused("STOR new").code == 550
    for wrong in (("--anonymous", "all"), ("--anonymous", "read,/in"), ("--anonymous", "read", "--writable")):
        with pytest.raises(AssertionError, match="anonymous"):
            server(root, *wrong)


@pytest.mark.needs("loop")
def test_rights_are_said(server, root, users):
    users("add", "ann", "--rights", "read,/in=add")
    one = serve(server, root, users)
    with one.raw() as client:
        client.cmd("USER ann")
        text = client.expect(230, f"PASS {PASSWORD}").text
    assert "list and download; in /in list, download and upload new files" in text


# ---------------------------------------------------------------- homes

@pytest.fixture
def home(root, users):
    """A folder of ann's, with links that lead out of it and back into it."""
    plant(root, "others/secret", b"secret")
    plant(root, "users/ann/own/file", b"mine")
    inside = root / "users" / "ann"
    (inside / "relative").symlink_to("../../others")
    (inside / "absolute").symlink_to(root / "others")
    (inside / "file").symlink_to("../../others/secret")
    (inside / "good").symlink_to("own")
    users("add", "ann", "--rights", "write", "--home", "/users/ann")
    return inside


@pytest.mark.needs("loop")
def test_a_home_is_all_there_is(server, root, users, home):
    client = serve(server, root, users).raw("ann")
    assert '"/"' in client.expect(257, "PWD").text
    for line in ("CWD ..", "CWD /../..", "CDUP"):
        client.expect(250, line)
        assert '"/"' in client.expect(257, "PWD").text
    assert set(mlsd(client.get("MLSD"))) == {b"own", b"good"}
    for line in ("CWD /users/ann", "CWD relative", "SIZE relative/secret", "SIZE file", "SIZE ../others/secret", "SIZE /others/secret",
                 "MKD relative/new", "RNFR absolute/secret", "DELE relative/secret", "MLST absolute"):
        assert status(client, line) == 550, line
    for line in ("RETR file", "RETR relative/secret", "RETR absolute/secret", "LIST relative", "STOR relative/new", "APPE file", "STOR file"):
        client.refused(line, 5)
    assert client.get("RETR good/file") == b"mine"
    client.put("STOR own/new", b"x" * 1000)
    assert client.expect(250, "XCRC own/new").text.split()[-1].lower() == f"{zlib.crc32(b'x' * 1000):08x}"
    client.expect(350, "RNFR own/new")
    client.expect(250, "RNTO /newer")
    client.expect(257, "MKD /folder")
    client.expect(200, "SITE CHMOD 600 newer")
    client.expect(213, "MFMT 20200101000000 newer")
    assert set(os.listdir(root / "others")) == {"secret"} and (root / "others" / "secret").read_bytes() == b"secret"
    assert (home / "newer").read_bytes() == b"x" * 1000 and (home / "folder").is_dir()


@pytest.mark.needs("loop")
def test_uploads_break_off_and_go_on_in_a_home(server, root, users, home):
    client = serve(server, root, users, "--quota", "ann=1M").raw("ann")
    cut(client, "STOR own/big", b"x" * 60_000)
    assert until(lambda: size(client, "own/big"), "what came can be asked for") == 60_000
    shown = subprocess.run([DRAY, "partials", "--json", root], capture_output=True, text=True, env=environment(), check=True).stdout
    assert json.loads(shown)["path"] == "/users/ann/own/big"
    client.expect(350, "REST 60000")
    client.put("STOR own/big", b"y" * 10)
    assert (home / "own" / "big").read_bytes() == b"x" * 60_000 + b"y" * 10
    assert int(client.expect(213, "AVBL").text[4:]) == (1 << 20) - 60_010
    client.expect(350, "RNFR own/big")
    client.expect(250, "RNTO own/file")
    assert not (home / ".dray-partials").exists()


@pytest.mark.needs("loop")
def test_rules_speak_of_the_home(server, root, users, home):
    users("set", "ann", "--rights", "read,/own=write")
    client = serve(server, root, users).raw("ann")
    client.put("STOR own/new", b"x")
    assert client.refused("STOR new").code == 550
    assert status(client, "DELE good/file") == 550          # the way that is named is the one that counts


@pytest.mark.needs("loop")
def test_a_race_with_a_link_leads_out_of_no_home(server, root, users, home):
    client = serve(server, root, users).raw("ann")
    (home / "real").mkdir()
    make(home, "real/secret", b"decoy")
    (home / "spare").symlink_to("../../others")
    over = threading.Event()
    def swap():
        while not over.is_set():
            for a, b in (("real", "x"), ("spare", "real"), ("real", "spare"), ("x", "real")):
                (home / a).rename(home / b)
    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        for n in range(300):
            data = client.epsv()()
            reply = client.cmd("RETR real/secret")
            got = data.recv(100) if reply.code in OPEN else b""
            data.close()
            assert b"secret" != got, "read out of the home"
            if reply.code in OPEN:
                client.reply()
            client.cmd(f"MKD real/d{n}")
    finally:
        over.set()
        swapper.join()
    assert set(os.listdir(root / "others")) == {"secret"}


@pytest.mark.needs("loop")
def test_a_home_that_is_not_there(server, root, users):
    """It is made for who may add; others are told, and so is the log."""
    users("add", "ann", "--home", "/users/new/ann")
    users("add", "rita", "--home", "/users/rita", "--rights", "read")
    users("add", "olga", "--home", "/link", "--rights", "write")
    (root / "link").symlink_to("/tmp")
    one = serve(server, root, users)
    one.raw("ann").put("STOR a", b"x")
    assert (root / "users" / "new" / "ann" / "a").exists()
    assert not logs_in(one, "rita") and not (root / "users" / "rita").exists()
    assert not logs_in(one, "olga")
    until(lambda: one.stderr.count("no-home") == 2, "both are logged")


@pytest.mark.needs("loop")
def test_homes_in_memory(server, users):
    users("add", "ann", "--home", "/users/ann", "--rights", "write,/secret=none")
    users("add", "bob", "--rights", "write")
    one = serve(server, "", users, "--memory", "16M")
    client, bob = one.raw("ann"), one.raw("bob")
    client.put("STOR a", b"x")
    client.expect(257, "MKD sub")
    client.expect(350, "RNFR a")
    client.expect(250, "RNTO sub/b")
    cut(client, "STOR half", blob(5000))
    assert until(lambda: size(client, "half"), "what came can be asked for") == 5000
    client.put("APPE half", b"y")
    assert set(mlsd(client.get("MLSD"))) == {b"sub", b"half"}
    assert bob.get("RETR /users/ann/sub/b") == b"x" and bob.get("RETR /users/ann/half") == blob(5000) + b"y"
    bob.expect(257, "MKD /users/ann/secret")
    assert set(mlsd(client.get("MLSD"))) == {b"sub", b"half"} and status(client, "CWD secret") == 550
    assert status(client, "CWD /users") == 550


@pytest.mark.needs("epoll")
def test_a_cookie_ends_with_the_password_it_was_given_for(server, root, users):
    users("add", "ann", "--rights", "write")
    users("add", "bob", "--rights", "write")
    make(root, "a", b"content")
    w = Web(serve(server, root, users, "--http", "0", "--no-anonymous"))

    def cookie(name, password=PASSWORD):
        head = w.ask("POST", "/.well-known/dray/login", f"name={name}&password={password}")[1]
        w.line.close()
        return head["Set-Cookie"].split(";")[0]

    def status(cookie, anew=True):
        if anew:
            w.line.close()
        return w.ask("GET", "/a", Cookie=cookie)[0]
    basic = {name: "Basic " + base64.b64encode(f"{name}:{PASSWORD}".encode()).decode() for name in ("ann", "bob")}
    kept, other = Web(w.one), Web(w.one)
    assert kept.ask("GET", "/a", Authorization=basic["ann"])[0] == other.ask("GET", "/a", Authorization=basic["bob"])[0] == 200
    ann, bob = cookie("ann"), cookie("bob")
    assert status(ann) == status(bob) == 200 and status(bob, anew=False) == 200 == status(ann, anew=False)
    users("passwd", "ann", password="another")
    until(lambda: status(ann, anew=False) == 401, "the connection that is kept knows it, too")
    assert status(ann) == 401 and status(bob) == 200
    assert kept.ask("GET", "/a", Authorization=basic["ann"])[0] == 401, "nor is Basic believed once more on a connection that is kept"
    assert other.ask("GET", "/a", Authorization=basic["bob"])[0] == 200
    ann = cookie("ann", "another")
    assert status(ann) == 200
    users("set", "ann", "--rights", "read")
    assert status(ann) == 200, "other changes end none"
    users("del", "ann")
    until(lambda: status(ann, anew=False) == 401, "nor is an account that is gone")
    users("add", "ann", password="another")
    until(lambda: cookie("ann", "another"), "she is back")
    assert status(ann) == 401 and status(bob) == 200
