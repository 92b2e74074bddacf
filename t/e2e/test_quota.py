"""What an account may store: exact to the byte, at once, for all sessions together, in every model, and after a restart."""
import concurrent.futures
import os
import signal
import zlib

import pytest

from ftpraw import OPEN, entry
from server import ACCOUNTS, PASSWORD
from test_resume import cut, moved, partials, size
from tools import blob, make, no_leftovers, reset, until

KIB = 1024
MIB = 1 << 20


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


def limited(server, root, *quota, **more):
    return server(root, *ACCOUNTS, *(word for q in quota for word in ("--quota", q)), **more)


def left(client):
    """What the account may still store, as the server tells it."""
    return int(client.expect(213, "AVBL").text[4:])


def put(client, line, data):
    """Code of the last reply to an upload."""
    ready = client.epsv()
    first = client.cmd(line)
    if first.code not in OPEN:
        ready().close()
        return first.code
    try:
        ready().sendall(data)
    except (ConnectionResetError, BrokenPipeError):
        pass
    ready().close()
    return client.reply().code


def test_to_the_byte(server, root):
    client = limited(server, root, "bob=1M").raw("bob")
    assert left(client) == MIB
    assert put(client, "STOR a", b"x" * (MIB - 10)) == 226
    assert left(client) == 10
    assert put(client, "STOR b", b"x" * 11) == 552
    assert put(client, "STOR b", b"x" * 10) == 226
    assert left(client) == 0
    assert put(client, "STOR c", b"x") == 552
    client.expect(452, "ALLO 1")
    client.expect(250, "DELE b")
    assert left(client) == 10
    client.expect(200, "ALLO 10")
    assert {p.name for p in root.iterdir()} == {"a"}


def test_refused_at_once_not_at_the_end(server, root):
    client = limited(server, root, "bob=1M").raw("bob")
    data = client.epsv()()
    client.expect(OPEN, "STOR a")
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        for _ in range(200):
            data.sendall(blob(MIB))
    client.expect(552)
    assert left(client) == MIB
    no_leftovers(root)


def test_files_count_too(server, root):
    client = limited(server, root, "bob=:3").raw("bob")
    for name in "abc":
        assert put(client, f"STOR {name}", b"") == 226
    assert put(client, "STOR d", b"") == 552
    assert put(client, "STOR a", b"again") == 226               # no file more
    client.expect(250, "DELE b")
    assert put(client, "STOR d", b"") == 226
    assert put(client, "APPE a", b"more") == 226
    assert put(client, "STOU", b"") == 552


def test_overwriting_takes_the_difference(server, root):
    client = limited(server, root, "bob=1M").raw("bob")
    assert put(client, "STOR a", b"x" * 900 * KIB) == 226
    assert put(client, "STOR a", b"y" * MIB) == 226
    assert left(client) == 0
    assert put(client, "STOR a", b"z" * (MIB + 1)) == 552
    assert (root / "a").read_bytes() == b"y" * MIB
    assert put(client, "STOR a", b"small") == 226
    assert left(client) == MIB - 5
    assert put(client, "APPE a", b"er") == 226
    assert left(client) == MIB - 7
    assert put(client, "STOR b", b"b" * 100) == 226
    client.expect(350, "RNFR b")
    client.expect(250, "RNTO a")
    assert left(client) == MIB - 100
    client.expect(350, "RNFR a")
    client.expect(250, "RNTO a")
    assert left(client) == MIB - 100


@pytest.mark.needs("at_once")
def test_each_account_has_its_own(server, root):
    make(root, "foreign", b"x" * 5000)                          # nobody's
    one = limited(server, root, "1M", "ann=10K")
    bob, ann, nobody = one.raw("bob"), one.raw("ann"), one.raw("anonymous")
    assert [left(c) for c in (bob, ann, nobody)] == [MIB, 10 * KIB, MIB]
    assert put(ann, "STOR a", b"x" * 6000) == 226
    assert put(bob, "STOR b", b"x" * 6000) == 226
    assert put(ann, "STOR c", b"x" * 6000) == 552
    assert [left(c) for c in (bob, ann, nobody)] == [MIB - 6000, 10 * KIB - 6000, MIB]
    assert put(bob, "STOR a", b"y" * 100) == 226                # what was ann's is bob's now
    assert [left(c) for c in (bob, ann, nobody)] == [MIB - 6100, 10 * KIB, MIB]
    bob.expect(250, "DELE foreign")
    assert [left(c) for c in (bob, ann, nobody)] == [MIB - 6100, 10 * KIB, MIB]


def test_partials_count(server, root):
    one = limited(server, root, "bob=100K:2")
    client = one.raw("bob")
    cut(client, "STOR a", b"x" * 60 * KIB)
    assert left(client) == 40 * KIB
    assert put(client, "STOR b", b"x" * (40 * KIB + 1)) == 552
    assert put(client, "STOR b", b"x") == 226
    assert put(client, "STOR c", b"") == 552                    # a partial is a file
    assert put(client, "APPE a", b"y" * (40 * KIB)) == 552      # one byte too many
    have = size(client, "a")
    assert have and have >= 60 * KIB
    client.expect(350, f"REST {60 * KIB}")
    assert put(client, "STOR a", b"y" * 1000) == 226
    assert left(client) == 39 * KIB - 1000 + KIB - 1
    client.expect(250, "DELE a")
    client.expect(250, "DELE b")
    assert left(client) == 100 * KIB


def test_the_same_after_a_restart(server, root):
    one = limited(server, root, "bob=1M", "ann=1M")
    client = one.raw("bob")
    (root / "deep" / "er").mkdir(parents=True)
    for n, name in enumerate(["a", "deep/b", "deep/er/c"]):
        assert put(client, f"STOR {name}", b"x" * 1000 * (n + 1)) == 226
    client.close()
    with one.raw("ann") as ann:
        assert put(ann, "STOR d", b"x" * 77) == 226
    client = one.raw("bob")
    cut(client, "STOR e", b"x" * 500)
    os.link(root / "a", root / "a second name")
    os.symlink("a", root / "a link")
    before = left(client)
    one.stop()
    (root / "a second name").unlink()
    two = limited(server, root, "bob=1M", "ann=1M")
    for who, room in (("bob", MIB - 6500), ("ann", MIB - 77)):
        with two.raw(who) as client:
            assert left(client) == room
    assert before == MIB - 6500


@pytest.mark.needs("at_once")
def test_many_sessions_share_one_quota(server, root):
    """Thirty-two uploads of 64 KiB into room for twenty: exactly twenty fit, whatever the order."""
    one = limited(server, root, f"bob={20 * 64 * KIB}", "ann=1M")
    def write(k):
        with one.raw("bob") as client:
            return put(client, f"STOR f{k}", b"x" * 64 * KIB)
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        codes = list(pool.map(write, range(32)))
    # two that run into the limit together may both be refused; then there is room, and the next one gets it
    client = one.raw("bob")
    for k in range(32, 64):
        if sum(c == 226 for c in codes) < 20:
            codes.append(put(client, f"STOR f{k}", b"x" * 64 * KIB))
    assert sum(c == 226 for c in codes) == 20 and set(codes) == {226, 552}
    assert left(client) == 0 and len(list(root.iterdir())) == 20
    assert sum(p.stat().st_size for p in root.iterdir()) == 20 * 64 * KIB


@pytest.mark.needs("own_process")
def test_a_killed_session_gives_its_claim_back(server, root):
    one = limited(server, root, "bob=1M")
    client, other = one.raw("bob"), one.raw("bob")
    data = client.epsv()()
    client.expect(OPEN, "STOR a")
    data.sendall(b"x" * 1000 * KIB)
    until(lambda: moved(client) == 1000 * KIB, "it has come")
    assert left(other) == 24 * KIB
    os.kill(one.process_of(client).pid, signal.SIGKILL)
    until(lambda: left(other) == MIB, "its claim is given up")
    assert put(other, "STOR b", b"x" * MIB) == 226


def test_mistakes(server, root):
    for words in ("bob=ten", "=1M", "bob=1M:x", "bob=1X"):
        with pytest.raises(AssertionError, match="quota"):
            limited(server, root, words)


# ---------------------------------------------------------------- the disk

def test_a_floor_of_free_space(server, root):
    one = server(root, *ACCOUNTS, "--keep-free", "900T")
    make(root, "old", b"here")
    client = one.raw("bob")
    assert left(client) == 0
    for line in ("STOR new", "APPE old", "STOU"):
        assert client.refused(line).code == 452
    client.expect(452, "ALLO 1")
    assert client.get("RETR old") == b"here"                    # all else goes on
    client.expect(350, "RNFR old")
    client.expect(250, "RNTO older")
    client.expect(257, "MKD folder")
    client.expect(250, "DELE older")


def test_a_partial_beside_the_file_that_it_was_to_replace(server, root):
    """Both are there when the line breaks, so both count, beyond the limit too; and the same after a restart."""
    one = limited(server, root, "bob=1M")
    client = one.raw("bob")
    assert put(client, "STOR a", b"x" * 900 * KIB) == 226
    cut(client, "STOR a", b"y" * 950 * KIB)
    assert left(client) == 0 and partials(root) == [950 * KIB]
    assert put(client, "STOR b", b"") == 552
    one.stop()
    client = limited(server, root, "bob=1M").raw("bob")
    assert left(client) == 0
    client.expect(213, "SITE PARTIAL a")
    client.expect(350, f"REST {950 * KIB}")
    assert put(client, "STOR a", b"y" * 74 * KIB) == 226       # a's first version makes room for the rest
    assert left(client) == 0 and (root / "a").read_bytes() == b"y" * MIB
    client.expect(250, "DELE a")
    assert left(client) == MIB


def test_a_try_without_room_notes_nothing_wrong(server, root):
    """A partial that cannot go on for want of room stays as it was, and its checksum is its own."""
    client = limited(server, root, "bob=100K").raw("bob")
    cut(client, "STOR a", b"x" * 60 * KIB)
    assert put(client, "STOR b", b"y" * 40 * KIB) == 226
    assert put(client, "APPE a", b"z") == 552
    client.expect(200, "OPTS HASH CRC32")
    facts, _ = entry(client.expect(213, "SITE PARTIAL a").text[4:].encode())
    assert facts["size"] == str(60 * KIB) and facts["crc32"] == f"{zlib.crc32(b'x' * 60 * KIB):08x}"
