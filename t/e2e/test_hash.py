"""Checksums: HASH, RANG, XCRC and its relatives; what is noted with a file is told without reading it, and nothing else is
ever believed. How many bytes a server has read for checksums is told by `dray status`."""
import hashlib
import os
import re
import shutil
import signal
import subprocess
import time
import zlib

import pytest

from server import ACCOUNTS
from test_status import runtime, session, status, watched      # noqa: F401 (fixtures)
from tools import WAIT, blob, make, names, until

MIB = 1 << 20


def crc32(data):
    return f"{zlib.crc32(data):08x}"


# as HASH calls it: its digest in hexadecimal, and the command of its own
KINDS = {
    "SHA-256": (lambda data: hashlib.sha256(data).hexdigest(), "XSHA256"),
    "SHA-512": (lambda data: hashlib.sha512(data).hexdigest(), "XSHA512"),
    "SHA-1": (lambda data: hashlib.sha1(data).hexdigest(), "XSHA1"),
    "MD5": (lambda data: hashlib.md5(data).hexdigest(), "XMD5"),
    "CRC32": (crc32, "XCRC"),
}


def hash_of(client, path, kind):
    """HASH of the whole file, or what RANG chose: (first byte, last byte, hexadecimal)."""
    assert client.expect(200, f"OPTS HASH {kind}").text == f"200 {kind}"
    return told(client.expect(213, f"HASH {path}"), path, kind)


def told(reply, path, kind):
    match = re.fullmatch(r"213 (\S+) (\d+)-(\d+) ([0-9a-f]+) (.+)", reply.text)
    assert match and (match[1], match[5]) == (kind, path), reply.text
    return int(match[2]), int(match[3]), match[4]


def hashed(runtime, one):
    """Bytes that the server has read for checksums."""
    return status(runtime, one)["totals"]["bytes_hashed"]


def sparse(folder, name, size):
    """A file that is nothing but holes: reading it costs no disk."""
    path = make(folder, name)
    os.truncate(path, size)
    return path


# ---------------------------------------------------------------- what is told

@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_that_of_the_bytes(site, kind):
    client = site.raw("rita")                                # reading is enough
    digest, own = KINDS[kind]
    for size in 0, 1, 4095, MIB - 1, MIB, 3 * MIB + 5:
        data = blob(size, size)
        make(site.dir, "f", data)
        assert hash_of(client, "f", kind) == (0, max(size - 1, 0), digest(data))
        assert client.expect(250, f"{own} f").text == "250 " + digest(data).upper()
        (site.dir / "f").unlink()


def test_the_kind_is_the_sessions_choice(site):
    client = site.raw()
    data = blob(1000)
    make(site.dir, "f", data)

    def chosen():
        line = next(line for line in client.expect(211, "FEAT").middle if line.startswith(" HASH "))
        kinds = line.removeprefix(" HASH ").split(";")
        assert [kind.rstrip("*") for kind in kinds] == list(KINDS)
        stars = [kind.rstrip("*") for kind in kinds if kind.endswith("*")]
        assert len(stars) == 1 and client.expect(200, "OPTS HASH").text == f"200 {stars[0]}"
        return stars[0]

    assert chosen() == "SHA-256"
    for said, meant in ("CRC32", "CRC32"), ("sha-1", "SHA-1"), ("SHA512", "SHA-512"), (" md5 ", "MD5"):
        assert client.expect(200, f"OPTS HASH {said}").text == f"200 {meant}"
        assert chosen() == meant
        assert told(client.expect(213, "HASH f"), "f", meant)[2] == KINDS[meant][0](data)
    client.expect(501, "OPTS HASH CRC-37")
    assert chosen() == "MD5"                                 # and nothing changed
    client.expect(220, "REIN")
    client.login("bob")
    assert chosen() == "SHA-256"


def test_others_have_their_own_choice(server):
    one = server(None, *ACCOUNTS)
    if one.model == "iterative":                             # it has one session at a time: the next one begins anew
        first = one.raw("bob")
        first.expect(200, "OPTS HASH MD5")
        first.close()
        assert one.raw("bob").expect(200, "OPTS HASH").text == "200 SHA-256"
        return
    first, second = one.raw("bob"), one.raw("bob")
    first.expect(200, "OPTS HASH MD5")
    assert second.expect(200, "OPTS HASH").text == "200 SHA-256"


def test_names_are_told_as_they_were_asked(site):
    client = site.raw()
    for name in "plain", " a b ", "gr\u00fc\u00df", 'q"uote', "percent%s":
        make(site.dir, name, b"abc")
        assert hash_of(client, name, "CRC32") == (0, 2, crc32(b"abc"))
    assert hash_of(client, f"{site.path}/plain", "CRC32") == (0, 2, crc32(b"abc"))


@pytest.mark.needs("disk")
def test_what_cannot_be_summed(site):
    client = site.raw()
    (site.dir / "d").mkdir()
    os.mkfifo(site.dir / "pipe")
    make(site.dir, ".hidden", b"x")
    os.symlink("/etc/passwd", site.dir / "out")
    client.expect(553, "HASH d")
    for name in "nothing", "pipe", ".hidden", "out", "nothing/f":
        client.expect(550, f"HASH {name}")
        client.expect(550, f"XCRC {name}")
    client.expect(550, "XCRC d")
    client.expect(501, "HASH")
    client.expect(501, "XMD5")
    stranger = site.server.raw() if site.server.model != "iterative" else None
    for line in "HASH f", "XSHA1 f", "RANG 0 1":
        if stranger:
            stranger.expect(530, line)


def test_it_is_of_the_bytes_also_in_text_mode(site):
    client = site.raw()
    data = b"one\ntwo\n"
    make(site.dir, "f", data)
    client.expect(200, "TYPE A")
    assert hash_of(client, "f", "MD5") == (0, 7, KINDS["MD5"][0](data))


# ---------------------------------------------------------------- ranges

def test_ranges_of_sums(site):
    client = site.raw()
    size = 2 * MIB + 100
    data = blob(size)
    make(site.dir, "f", data)
    for kind, (digest, _) in KINDS.items():
        for first, last in (0, 0), (0, 49), (49, 50), (MIB - 1, MIB), (5, size - 1), (size - 1, size - 1), (0, size - 1):
            client.expect(350, f"RANG {first} {last}")
            assert hash_of(client, "f", kind) == (0, size - 1, digest(data)), "OPTS is a command, too: the range is forgotten"
            client.expect(350, f"RANG {first} {last}")
            assert told(client.expect(213, "HASH f"), "f", kind) == (first, last, digest(data[first:last + 1]))
    client.expect(350, "RANG 10 99999999999999999999")       # further than the file: what there is
    assert told(client.expect(213, "HASH f"), "f", kind) == (10, size - 1, crc32(data[10:]))
    client.expect(350, f"RANG {size} {size + 5}")
    client.expect(554, "HASH f")
    client.expect(350, "RANG 10 20")
    client.expect(350, "RANG 1 0")
    assert told(client.expect(213, "HASH f"), "f", kind) == (0, size - 1, crc32(data))
    client.expect(350, "RANG 10 20")
    client.expect(501, "RANG 20 10")                         # which resets it
    assert told(client.expect(213, "HASH f"), "f", kind) == (0, size - 1, crc32(data))
    for line in "RANG", "RANG 5", "RANG a b", "RANG -1 5", "RANG 2 0", "RANG 0 1 2":
        client.expect(501, line)


def test_ranges_of_downloads(site):
    client = site.raw()
    data = blob(3 * MIB + 7)
    make(site.dir, "f", data)
    for first, last in (0, 0), (0, 9), (10, MIB), (MIB + 1, 3 * MIB + 6), (100, 99999999):
        client.expect(350, f"RANG {first} {last}")
        assert client.get("RETR f") == data[first:last + 1]  # EPSV in between does not matter
        assert client.get("RETR f") == data                  # it was for one transfer
    client.expect(350, f"RANG {len(data)} {len(data) + 9}")
    assert client.get("RETR f") == b""
    client.expect(350, "RANG 5 9")
    client.expect(350, "REST 100")
    assert client.get("RETR f") == data[100:]                # the last word counts
    client.expect(350, "REST 100")
    client.expect(350, "RANG 5 9")
    assert client.get("RETR f") == data[5:10]
    client.expect(350, "RANG 5 9")
    client.expect(200, "NOOP")
    client.expect(213, "SIZE f")
    assert client.get("RETR f") == data                      # forgotten
    client.expect(350, "RANG 5 9")
    client.expect(200, "TYPE A")
    client.refused("RETR f", 554)


def test_no_ranges_of_uploads(site):
    client = site.raw()
    data = blob(1000)
    make(site.dir, "f", data)
    for line in "STOR f", "APPE f", "STOR new", "STOU":
        client.expect(350, "RANG 5 9")
        client.refused(line, 554)
    assert names(site.dir) == {b"f"} and (site.dir / "f").read_bytes() == data
    client.put("STOR f", data + b"x")
    assert (site.dir / "f").read_bytes() == data + b"x"


def test_ranges_of_xcrc(site):
    client = site.raw()
    data = blob(2 * MIB)
    make(site.dir, "a b", data)
    make(site.dir, "f 1 5", b"its own name")

    def sum_of(part):
        return "250 " + crc32(part).upper()

    for line, part in ((' "a b"', data), (' "a b" 0 10', data[:10]), (f' "a b" {MIB} {2 * MIB}', data[MIB:]), (" a b 5 6", data[5:6]),
                       (' "a b" 0 0', data), (" f 1 5", b"its own name"), (' "f 1 5"', b"its own name"), (' "f 1 5" 1 5', b"ts o"),
                       (" a b", data), (f" a b 0 {2 * MIB}", data), (" f 1 5 2 4", b"s ")):
        assert client.expect(250, f"XCRC{line}").text == sum_of(part), line
    assert client.expect(250, 'XMD5 "a b" 3 4').text == "250 " + hashlib.md5(data[3:4]).hexdigest().upper()
    client.expect(550, f"XCRC a b 0 {2 * MIB + 1}")          # a range that is not there is not quietly made shorter
    client.expect(501, 'XCRC "a b" 5')
    client.expect(501, 'XCRC "a b" 7 5')
    client.expect(501, 'XCRC ""')
    client.expect(550, "XCRC f 1 6 x")


# ---------------------------------------------------------------- what is noted

def test_an_uploads_sum_is_told_without_reading_it(watched, runtime):
    one = watched()
    client = one.raw("bob")
    data = blob(MIB) * 9
    client.put("STOR f", data)
    assert hash_of(client, "f", "CRC32")[2] == crc32(data)
    assert client.expect(250, "XCRC f").text == "250 " + crc32(data).upper()
    assert hashed(runtime, one) == 0


def test_the_operator_chooses_what_is_computed_of_uploads(watched, runtime):
    one = watched("--checksum", "sha256,md5")
    client = one.raw("bob")
    data = blob(MIB)
    client.put("STOR f", data)
    for kind in "SHA-256", "MD5":
        assert hash_of(client, "f", kind)[2] == KINDS[kind][0](data)
    assert hashed(runtime, one) == 0
    assert hash_of(client, "f", "CRC32")[2] == crc32(data)
    assert hashed(runtime, one) == MIB


def test_what_was_computed_is_remembered(watched, runtime):
    one = watched()
    data = blob(3 * MIB)
    make(one.root, "f", data)
    client = one.raw("bob")
    for n, kind in enumerate(KINDS, 1):
        for _ in range(2):
            assert hash_of(client, "f", kind)[2] == KINDS[kind][0](data)
            assert hashed(runtime, one) == n * len(data)
    client.expect(350, "RANG 0 99")                          # a part is always read
    client.expect(213, "HASH f")
    assert hashed(runtime, one) == len(KINDS) * len(data) + 100
    assert status(runtime, one)["totals"]["checksums"] == len(KINDS) + 1
    client.close()
    one.stop()
    again = watched()                                        # also by the next server
    client = again.raw("bob")
    for kind in KINDS:
        assert hash_of(client, "f", kind)[2] == KINDS[kind][0](data)
    assert hashed(runtime, again) == 0


def changed_in_place(path):
    with open(path, "r+b") as f:
        f.write(b"!")


def changed_for_another(path):
    other = path.with_name("other")
    other.write_bytes(b"!" + path.read_bytes()[1:])
    shutil.copystat(path, other)                             # the time, and on Linux the attributes: dray's note, too
    assert os.stat(other).st_mtime_ns == os.stat(path).st_mtime_ns and os.listxattr(other) == os.listxattr(path)
    os.rename(other, path)


def changed_in_length(path):
    times = os.stat(path)
    with open(path, "ab") as f:
        f.write(b"!")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


@pytest.mark.parametrize("change", [changed_in_place, changed_for_another, changed_in_length], ids=lambda f: f.__name__)
def test_a_note_is_not_believed_of_other_content(watched, runtime, change):
    one = watched()
    client = one.raw("bob")
    client.put("STOR f", blob(MIB))
    assert hash_of(client, "f", "CRC32")[2] == crc32(blob(MIB)) and hashed(runtime, one) == 0
    change(one.root / "f")
    now = (one.root / "f").read_bytes()
    assert now != blob(MIB)
    for kind, (digest, _) in KINDS.items():
        assert hash_of(client, "f", kind)[2] == digest(now)
    assert hashed(runtime, one) == len(KINDS) * len(now)


def test_a_note_is_not_believed_of_a_copy(watched, runtime):
    one = watched()
    client = one.raw("bob")
    client.put("STOR f", blob(MIB))
    subprocess.run(["cp", "-a", "--preserve=all,xattr", one.root / "f", one.root / "copy"], check=True)
    assert os.listxattr(one.root / "copy") == os.listxattr(one.root / "f") == ["user.dray"]
    assert hash_of(client, "copy", "CRC32")[2] == crc32(blob(MIB))
    assert hashed(runtime, one) == MIB
    assert hash_of(client, "copy", "CRC32")[2] == crc32(blob(MIB))
    assert hashed(runtime, one) == MIB


def test_nonsense_in_the_note_is_not_believed(watched, runtime):
    one = watched()
    client = one.raw("bob")
    client.put("STOR f", blob(1000))
    good = os.getxattr(one.root / "f", "user.dray")
    read = 0
    for bad in b"", b"x", b"\0" * 100, good + b" s0", good[:-1], b"2" + good[1:], b"c" * 60000:
        try:
            os.setxattr(one.root / "f", "user.dray", bad)
        except OSError:                                      # some are too long for this file system
            continue
        assert hash_of(client, "f", "CRC32")[2] == crc32(blob(1000))
        read += 1000
        assert hashed(runtime, one) == read
    assert read >= 6000


def test_new_versions_have_sums_of_their_own(watched, runtime):
    one = watched()
    client = one.raw("bob")
    client.put("STOR f", blob(MIB, 1))
    client.put("STOR f", blob(MIB, 2))
    assert hash_of(client, "f", "CRC32")[2] == crc32(blob(MIB, 2))
    client.put("APPE f", blob(1000, 3))
    assert hash_of(client, "f", "CRC32")[2] == crc32(blob(MIB, 2) + blob(1000, 3))
    client.expect(350, f"REST {MIB}")
    client.put("STOR f", blob(500, 4))
    assert hash_of(client, "f", "CRC32")[2] == crc32(blob(MIB, 2) + blob(500, 4))
    for kind in "SHA-256", "MD5":                            # and those that were not computed while it came
        assert hash_of(client, "f", kind)[2] == KINDS[kind][0](blob(MIB, 2) + blob(500, 4))


def test_a_note_survives_what_leaves_the_content_alone(watched, runtime):
    one = watched()
    client = one.raw("bob")
    client.put("STOR f", blob(MIB))
    name = "f"
    for line, codes in ((("MFMT 20200102030405 f"), 213), ("MFF modify=20210102030405;UNIX.mode=600; f", 213),
                        ("SITE UTIME 20220102030405 f", 200), ("SITE CHMOD 644 f", 200)):
        client.expect(codes, line)
        assert hash_of(client, name, "CRC32")[2] == crc32(blob(MIB)), line
        assert hashed(runtime, one) == 0, line
    client.expect(350, "RNFR f")
    client.expect(250, "RNTO g")
    os.link(one.root / "g", one.root / "h")
    for name in "g", "h":
        assert hash_of(client, name, "CRC32")[2] == crc32(blob(MIB))
    assert hashed(runtime, one) == 0


def test_a_noted_sum_costs_the_same_whatever_the_size(watched, runtime):
    """Nothing of the file is read for it again."""
    one = watched()
    sparse(one.root, "f", 64 * MIB)
    client = one.raw("bob")
    first = hash_of(client, "f", "CRC32")
    assert hashed(runtime, one) == 64 * MIB
    for _ in range(20):
        assert hash_of(client, "f", "CRC32") == first
    assert hashed(runtime, one) == 64 * MIB


def test_where_nothing_can_be_noted(watched, runtime, slow):
    """A file system without attributes: what is asked is computed, each time."""
    slow()
    one = watched()
    client = one.raw("bob")
    client.put("STOR slow/up", blob(MIB))
    for n in 1, 2:
        assert hash_of(client, "slow/up", "CRC32")[2] == crc32(blob(MIB))
        assert hash_of(client, "slow/f1", "SHA-256")[2] == hashlib.sha256(blob(20_000, 1)).hexdigest()
        assert hashed(runtime, one) == n * (MIB + 20_000)


# ---------------------------------------------------------------- while it is computed

HUGE = 1 << 40                                               # of holes: nobody waits for its end


@pytest.fixture
def endless(slow):
    """A file on a slow disk, so that there is a meanwhile in which the processors have little to do."""
    return sparse(slow(read=0.2).disk, "f", HUGE)


def begin_hashing(client, runtime, one):
    client.send(b"HASH slow/f\r\n")
    me = session(runtime, one, doing="hashing", path="/slow/f")
    until(lambda: hashed(runtime, one), "some of it is read")
    return me


@pytest.mark.usefixtures("endless")
def test_the_client_can_ask_and_abort(watched, runtime):
    one = watched()
    client = one.raw("bob")
    assert begin_hashing(client, runtime, one)["size"] == HUGE
    client.expect(200, "NOOP")
    assert re.search(r"\d+ bytes so far", client.expect(213, "STAT").text)
    client.expect(426, "ABOR")
    client.expect(226)
    assert status(runtime, one)["totals"]["failures"] == 1
    make(one.root, "g", b"abc")
    assert hash_of(client, "g", "CRC32")[2] == crc32(b"abc")


@pytest.mark.needs("disk")
def test_an_abort_that_was_sent_with_it(site):
    client = site.raw()
    sparse(site.dir, "f", HUGE)
    client.send(b"HASH f\r\nABOR\r\n")
    client.expect(426)
    client.expect(226)
    client.expect(200, "NOOP")


def test_other_commands_wait_their_turn(site):
    client = site.raw()
    make(site.dir, "f", blob(5 * MIB))
    client.send(b"HASH f\r\nSIZE f\r\nXCRC f\r\nNOOP\r\n")
    told(client.expect(213), "f", "SHA-256")
    assert client.expect(213).text == f"213 {5 * MIB}"
    client.expect(250)
    client.expect(200)


@pytest.mark.parametrize("behind", ["", "PWD\r\n", "PWD\r\n" * 5000], ids=["nothing", "a command", "many commands"])
@pytest.mark.usefixtures("endless")
def test_a_client_that_leaves_is_noticed(watched, runtime, behind):
    one = watched()
    client = one.raw("bob")
    begin_hashing(client, runtime, one)
    client.sock.sendall(behind.encode())
    client.close()
    until(lambda: not status(runtime, one)["sessions"], "the session has ended")


@pytest.mark.usefixtures("endless")
def test_it_ends_with_the_server(watched, runtime):
    one = watched("--drain-timeout", "1")
    client = one.raw("bob")
    begin_hashing(client, runtime, one)
    begin = time.monotonic()
    one.proc.send_signal(signal.SIGTERM)
    assert one.proc.wait(WAIT) == 0
    assert time.monotonic() - begin < WAIT / 2
    assert [reply.code for reply in client.is_closed()] in ([], [421], [421, 421])


def grow(path):
    with open(path, "ab") as f:
        f.write(b"!")


def shrink(path):
    os.truncate(path, 1000)


@pytest.mark.parametrize("part", ["", "RANG 1 4294967295"], ids=["whole", "range"])
@pytest.mark.parametrize("change", [changed_in_place, grow, shrink], ids=lambda f: f.__name__)
def test_a_file_that_changes_meanwhile(watched, runtime, slow, change, part):
    """On a disk that holds its reads, so that there is a meanwhile."""
    disk = slow(read="held")
    path = sparse(disk.disk, "f", 16 * MIB)
    one = watched()
    client = one.raw("bob")
    client.expect(200, "OPTS HASH CRC32")
    if part:
        client.expect(350, part)
    client.send(b"HASH slow/f\r\n")

    def some_more():
        disk.let_go(disk.holds())
        return hashed(runtime, one)
    until(some_more, "some of it is read")
    change(path)
    disk.be_quick()
    assert "changed" in client.expect(450).text
    path.write_bytes(b"abc")
    assert hash_of(client, "slow/f", "CRC32")[2] == crc32(b"abc")


def test_a_new_version_does_not_disturb_the_sum_of_the_old(watched, runtime):
    one = watched()
    path = sparse(one.root, "f", 512 * MIB)
    client = one.raw("bob")
    client.expect(200, "OPTS HASH SHA-1")
    client.send(b"HASH f\r\n")
    until(lambda: hashed(runtime, one), "some of it is read")
    make(one.root, "new", b"abc").rename(path)
    zeros = hashlib.sha1()
    for _ in range(512):
        zeros.update(bytes(MIB))
    assert told(client.expect(213), "f", "SHA-1") == (0, 512 * MIB - 1, zeros.hexdigest())
    assert hash_of(client, "f", "SHA-1")[2] == hashlib.sha1(b"abc").hexdigest()


@pytest.mark.needs("loop", "lean")
def test_nobody_else_waits_for_it(watched, runtime):
    """One loop, and on it a session that computes the dearest sum: if the loop did nothing else
    meanwhile, others would be answered behind it only."""
    one = watched("--workers", "1")
    sparse(one.root, "f", 512 * MIB)
    hasher, talker = one.raw("bob", timeout=5 * WAIT), one.raw("bob")

    def at_the_same_time():
        before = hashed(runtime, one)
        hasher.send(f'XMD5 "f" 1 {512 * MIB}\r\n'.encode())  # a part, so that nothing is noted
        until(lambda: hashed(runtime, one) > before, "it is being computed")     # not: the file is being opened
        for _ in range(10):
            talker.expect(200, "NOOP")
        meanwhile = hashed(runtime, one) - before < 511 * MIB
        hasher.expect(250)
        return meanwhile
    assert any(at_the_same_time() for _ in range(5)), "it is waited for"       # again: this process may be the slow one
