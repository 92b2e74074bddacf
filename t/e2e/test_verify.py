"""`dray verify`: a byte flipped behind everybody's back is found; what was changed honestly is not called bad."""
import hashlib
import json
import os
import re
import subprocess
import zlib

import pexpect
import pytest

from server import ACCOUNTS, DRAY, environment, sanitized
from tools import WAIT, blob, make, names

GOOD, BAD, TROUBLE = 0, 1, 2                                 # exit codes
MIB = 1 << 20


def run(*words):
    """`dray verify` to its end: (exit code, stdout, stderr)."""
    done = subprocess.run([DRAY, "verify", *map(str, words)], env=environment(), timeout=WAIT, capture_output=True, check=False)
    assert b"Sanitizer" not in done.stderr and b"runtime error" not in done.stderr, done.stderr
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def counts(folder, *words):
    """(exit code, the counts, the objects before them) with --json."""
    code, out, err = run("--json", *words, folder)
    lines = [json.loads(line) for line in out.splitlines()]
    assert err == "" and set(lines[-1]) == {"good", "bad", "changed", "without", "unreadable", "noted", "not_noted", "bytes"}
    return code, {key: n for key, n in lines[-1].items() if n}, lines[:-1]


def flip(path, at):
    """One bit, and the times as they were: what a bad disk does."""
    times = os.stat(path)
    with open(path, "r+b") as f:
        f.seek(at)
        byte = f.read(1)[0]
        f.seek(at)
        f.write(bytes([byte ^ 1]))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_a_byte_flipped_behind_our_back(server):
    one = server(None, *ACCOUNTS)
    client = one.raw("bob")
    for n in range(3):
        client.put(f"STOR f{n}", blob(2 * MIB, n))
    client.expect(257, "MKD d")
    client.put("STOR d/g", blob(100_000))
    client.put("STOR d/empty", b"")
    assert counts(one.root) == (GOOD, {"good": 5, "bytes": 6 * MIB + 100_000}, [])
    flip(one.root / "d" / "g", 99_999)
    was, now = (f"{zlib.crc32(data):08x}" for data in (blob(100_000), (one.root / "d" / "g").read_bytes()))
    code, out, err = run(one.root)
    assert (code, err) == (BAD, "")
    assert out.splitlines() == [f"BAD d/g: CRC32 {now}, was {was}", "         4  good", "         1  bad"]
    code, total, objects = counts(one.root)
    assert (code, total["good"], total["bad"], objects) == (BAD, 4, 1, [{"bad": "d/g", "kind": "CRC32", "noted": was, "now": now}])
    client.put("STOR d/g", blob(100_000))                    # stored again, it is good again
    assert counts(one.root)[:2] == (GOOD, {"good": 5, "bytes": 6 * MIB + 100_000})


@pytest.mark.parametrize("at", [0, MIB - 1, MIB, 3 * MIB - 1])
@pytest.mark.parametrize("kind", ["crc32", "md5", "sha1", "sha256", "sha512"])
def test_each_kind_finds_it(tmp_path, kind, at):
    path = make(tmp_path, "f", blob(3 * MIB))
    assert counts(tmp_path, "--note", "--checksum", kind)[:2] == (GOOD, {"without": 1, "noted": 1, "bytes": 3 * MIB})
    assert counts(tmp_path)[:2] == (GOOD, {"good": 1, "bytes": 3 * MIB})
    flip(path, at)
    code, total, objects = counts(tmp_path)
    assert (code, total["bad"]) == (BAD, 1)
    assert objects[0]["kind"].replace("-", "").lower() == kind
    flip(path, at)
    assert counts(tmp_path)[0] == GOOD


def test_any_of_several_sums(tmp_path):
    path = make(tmp_path, "f", blob(1000))
    counts(tmp_path, "--note", "--checksum", "sha256,crc32")
    note = os.getxattr(path, "user.dray")
    assert hashlib.sha256(blob(1000)).hexdigest().encode() in note
    os.setxattr(path, "user.dray", note.replace(b"c%08x" % zlib.crc32(blob(1000)), b"c00000001"))
    code, _, objects = counts(tmp_path)
    assert code == BAD and objects == [{"bad": "f", "kind": "CRC32", "noted": "00000001", "now": f"{zlib.crc32(blob(1000)):08x}"}]


def test_what_was_changed_honestly(tmp_path):
    for name in "appended", "longer", "rewritten", "replaced", "touched", "left alone":
        make(tmp_path, name, blob(1000))
    make(tmp_path, "new", b"abc")
    assert counts(tmp_path, "--note")[1]["noted"] == 7
    make(tmp_path, "another", b"abc")
    with open(tmp_path / "appended", "ab") as f:
        f.write(b"!")
    times = os.stat(tmp_path / "longer")
    with open(tmp_path / "longer", "ab") as f:
        f.write(b"!")
    os.utime(tmp_path / "longer", ns=(times.st_atime_ns, times.st_mtime_ns))
    with open(tmp_path / "rewritten", "r+b") as f:
        f.write(b"!")
    make(tmp_path, "aside", blob(1000, 2)).rename(tmp_path / "replaced")
    os.utime(tmp_path / "touched", (1, 1))
    code, total, objects = counts(tmp_path)
    del total["bytes"]
    assert (code, total, objects) == (GOOD, {"good": 2, "changed": 4, "without": 2}, [])
    code, out, _ = run(tmp_path)
    assert code == GOOD and "4  changed since, and not through dray" in out and "2  without a checksum" in out
    assert counts(tmp_path, "--note")[1]["noted"] == 6       # all of them have one that holds from now on
    assert counts(tmp_path)[:2] == (GOOD, {"good": 8, "bytes": 2 * 1001 + 4 * 1000 + 6})


def test_a_copy_is_not_taken_for_the_original(tmp_path):
    make(tmp_path, "f", blob(1000))
    counts(tmp_path, "--note")
    subprocess.run(["cp", "-a", "--preserve=all,xattr", tmp_path / "f", tmp_path / "copy"], check=True)
    flip(tmp_path / "copy", 5)
    code, total, _ = counts(tmp_path)
    assert (code, total["good"], total["changed"]) == (GOOD, 1, 1)


def test_only_what_is_inside_and_not_drays_own(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    make(outside, "f", b"x")
    root = tmp_path / "root"
    (root / ".dray-folder").mkdir(parents=True)
    make(root / ".dray-folder", "f", b"x")
    make(root, ".dray-0123", b"x")
    make(root, ".hidden", b"x")
    os.symlink("../outside", root / "out")
    os.symlink("../outside/f", root / "link")
    os.symlink(".", root / "loop")
    os.mkfifo(root / "pipe")
    assert counts(root, "--note")[1] == {"without": 1, "noted": 1, "bytes": 1}
    assert os.listxattr(outside / "f") == []


def test_as_deep_as_a_folder_can_be(tmp_path):
    """Deeper than a path can be long, in the memory of one path."""
    here = os.open(tmp_path, os.O_RDONLY)
    at = here
    try:
        for _ in range(2000):
            os.mkdir("d", dir_fd=at)
            below = os.open("d", os.O_RDONLY, dir_fd=at)
            if at != here:
                os.close(at)
            at = below
        os.close(os.open("f", os.O_WRONLY | os.O_CREAT, dir_fd=at))
        os.close(at)
        os.close(here)
        assert counts(tmp_path)[:2] == (GOOD, {"without": 1})
    finally:
        subprocess.run(["rm", "-rf", tmp_path / "d"], check=True)      # pytest's own way of removing it would recurse


def test_many_files_in_little_memory(tmp_path):
    """A list of their names alone would take 4 MiB."""
    many, few = tmp_path / "many", tmp_path / "few"
    many.mkdir()
    few.mkdir()
    one = make(few, "f")
    for n in range(20_000):
        os.link(one, many / f"{n:0200}")
    code = ("import resource, subprocess, sys\n"
            "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)\n"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    peak = {folder.name: int(subprocess.run(["/usr/bin/python3", "-c", code, DRAY, "verify", folder], env=environment(), check=True,
                                            capture_output=True, timeout=WAIT).stdout) for folder in (few, many)}
    assert peak["many"] < peak["few"] + (8192 if sanitized() else 2048), f"KiB: {peak}"


def test_names_cannot_forge_a_line(tmp_path):
    name = b"a\nBAD b: \x1b[31m\xff\"\\"
    path = make(tmp_path, name, b"abc")
    counts(tmp_path, "--note")
    flip(path, 1)
    code, out, _ = run(tmp_path)
    assert code == BAD and len(out.splitlines()) == 3 and "\x1b" not in out
    code, _, objects = counts(tmp_path)
    assert code == BAD and objects[0]["bad"] == "a\nBAD b: \x1b[31m\ufffd\"\\"


def test_what_cannot_be_read(tmp_path):
    """As somebody whom permissions stop."""
    root = tmp_path / "root"
    (root / "closed").mkdir(parents=True)
    make(root, "open", b"x")
    make(root / "closed", "f", b"x")
    make(root, "secret", b"x").chmod(0)
    (root / "closed").chmod(0)
    who = {"user": 65534, "group": 65534, "extra_groups": []} if os.getuid() == 0 else {}
    done = subprocess.run([os.path.abspath(DRAY), "verify", "--json", "."], cwd=root, env=environment(), timeout=WAIT, capture_output=True, check=False,
                          **who)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == TROUBLE and (lines[-1]["unreadable"], lines[-1]["without"]) == (2, 1)
    assert {line["unreadable"] for line in lines[:-1]} == {"secret", "closed/"}
    (root / "closed").chmod(0o700)


def test_bad_outweighs_unreadable(tmp_path):
    path = make(tmp_path, "f", b"abc")
    counts(tmp_path, "--note")
    flip(path, 0)
    make(tmp_path, "gone", b"x").chmod(0)
    assert run(tmp_path)[0] == BAD


def test_wrong_usage(tmp_path):
    make(tmp_path, "f", b"x")
    for words in [], ["--nonsense", tmp_path], [tmp_path, tmp_path], [tmp_path / "nothing"], [tmp_path / "f"], \
            ["--checksum", "crc37", tmp_path], ["--checksum", "", tmp_path], ["--checksum"]:
        code, out, err = run(*words)
        assert (code, out) == (TROUBLE, "") and err.startswith("dray verify: ") and err.count("\n") == 1, words
    code, out, err = run("--help")
    assert (code, err) == (GOOD, "") and "Exit: 0" in out
    assert names(tmp_path) == {b"f"} and os.listxattr(tmp_path / "f") == []


def test_nothing_is_written_without_note(tmp_path):
    path = make(tmp_path, "f", b"x")
    run(tmp_path)
    assert os.listxattr(path) == []
    before = os.stat(path)
    counts(tmp_path, "--note")
    assert os.stat(path).st_mtime_ns == before.st_mtime_ns and os.listxattr(path) == ["user.dray"]


def test_where_nothing_can_be_noted(tmp_path, slow):
    root = slow().root
    code, total, _ = counts(root, "--note")
    assert (code, total["without"], total["not_noted"]) == (GOOD, 2, 2)
    code, out, _ = run("--note", root)
    assert code == GOOD and re.search(r"2  of these cannot keep one", out)


def test_who_stored_it_is_not_forgotten(server):
    one = server(None, *ACCOUNTS, "--checksum", "none")
    client = one.raw("bob")
    client.put("STOR f", b"abc")
    client.close()
    before = os.getxattr(one.root / "f", "user.dray") if os.listxattr(one.root / "f") else b""
    assert counts(one.root, "--note")[1]["noted"] == 1
    account = re.search(rb" a\S+", before)
    assert account is None or account[0] in os.getxattr(one.root / "f", "user.dray")


def test_progress_on_a_terminal(tmp_path):
    for n in range(3):
        make(tmp_path, f"f{n}", b"")
        os.truncate(tmp_path / f"f{n}", 150 * MIB)
    child = pexpect.spawn(DRAY, ["verify", "--note", "--checksum", "sha512", str(tmp_path)], env=environment(TERM="xterm"), timeout=WAIT,
                          encoding="utf-8", use_poll=True)
    child.expect(r"\d files, \d+ MiB, .*/s  f\d")
    child.expect(r"0  good")
    child.expect(r"3  of these have one now")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == GOOD
