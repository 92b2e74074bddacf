"""A store in memory: one for all processes of the server, of a fixed size, and gone with it."""
import signal
import threading

import pytest

from ftpraw import OPEN, entry, ls, mlsd, nlst, receive_all
from server import ACCOUNTS
from test_files import started
from test_resume import cut, size
from test_serve import HERE, refused
from tools import blob, reset, until

MIB = 1 << 20
BIG = blob(MIB) * 24                                         # more than all buffers between us hold
CONTENT = blob(MIB, seed=3) + b"and a little more"


@pytest.fixture
def memory(server):
    """A factory: memory(size, *flags)."""
    return lambda size="96M", *flags: server("", "--memory", size, *ACCOUNTS, *flags)


def free(client):
    return int(client.expect(213, "AVBL /").text.split()[1])


# ---------------------------------------------------------------- what it is

def test_it_is_empty_and_says_that_all_will_be_gone(memory):
    one = memory()
    assert "dray serves memory at" in one.stdout and "gone when the server ends" in one.stdout
    client = one.raw("bob")
    assert nlst(client.get("NLST")) == [] and client.get("LIST") == b""
    client.put("STOR f", b"x")
    one.stop()
    again = memory()
    assert nlst(again.raw("bob").get("NLST")) == []


def test_uploads_come_back_as_they_were(memory):
    client = memory().raw("bob")
    for size in 0, 1, 65535, 65536, 65537, len(CONTENT):
        client.put(f"STOR {size}", CONTENT[:size])
        assert client.get(f"RETR {size}") == CONTENT[:size]
        assert client.expect(213, f"SIZE {size}").text == f"213 {size}"
    for start in 0, 1, 65535, 65536, 700_000, len(CONTENT) - 1, len(CONTENT):
        client.expect(350, f"REST {start}")
        assert client.get(f"RETR {len(CONTENT)}") == CONTENT[start:]
    client.put("STOR big", BIG)
    assert client.get("RETR big") == BIG
    client.expect(200, "TYPE A")
    client.put("STOR text", b"one\r\ntwo\r\n" * 30_000)
    assert client.get("RETR text") == b"one\r\ntwo\r\n" * 30_000
    client.expect(200, "TYPE I")
    assert client.get("RETR text") == b"one\ntwo\n" * 30_000


def test_folders_names_and_facts(memory):
    client = memory().raw("bob")
    client.expect(257, "MKD a")
    client.expect(257, "MKD a/b")
    client.put("STOR a/b/f", b"12345")
    client.expect(213, "MFMT 20200102030405 a/b/f")
    client.expect(200, "SITE CHMOD 640 a/b/f")
    facts = mlsd(client.get("MLSD a/b"))[b"f"]
    assert (facts["size"], facts["modify"], facts["unix.mode"]) == ("5", "20200102030405", "0640")
    assert entry(client.expect(250, "MLST a/b/f").middle[0].strip().encode())[0]["size"] == "5"
    assert ls(client.get("LIST a/b"))[b"f"][4] == 5
    client.refused("RETR a", 5)
    client.expect(550, "RMD a")
    client.expect(350, "RNFR a/b")
    client.expect((501, 550, 553), "RNTO a/b/c")
    client.expect(350, "RNFR a/b")
    client.expect(250, "RNTO c")
    assert client.get("RETR c/f") == b"12345"
    client.expect(250, "DELE c/f")
    client.expect(250, "RMD c")
    client.expect(250, "RMD a")
    assert nlst(client.get("NLST")) == []


def test_a_broken_upload_is_continued(memory):
    one = memory()
    client = one.raw("bob")
    cut(client, "STOR f", CONTENT[:500_000])
    assert nlst(client.get("NLST")) == []
    assert size(client, "f") == 500_000
    client.expect(350, "REST 500000")
    client.put("STOR f", CONTENT[500_000:])
    assert client.get("RETR f") == CONTENT
    client.put("APPE f", b"!")
    assert client.get("RETR f") == CONTENT + b"!"


# ---------------------------------------------------------------- downloads, which go through a block of ours

def half_read(one):
    client = one.raw("bob")
    client.put("STOR f", BIG)
    data = client.epsv()()
    client.expect(OPEN, "RETR f")
    return client, data, data.recv(1000)


def test_abor_is_heard_while_a_download_waits(memory):
    client, data, _ = half_read(memory())
    client.expect(200, "NOOP")
    client.expect(426, "ABOR")
    client.expect(226)
    data.close()
    client.expect(257, "PWD")
    assert client.get("RETR f") == BIG


def test_a_download_that_stalls_ends(memory):
    client, data, _ = half_read(memory("96M", "--data-timeout", "3"))     # the upload before it must not seem to stall
    client.expect((426, 421))


def test_a_client_that_goes_away_in_the_middle_of_a_download(memory):
    one = memory()
    client, data, _ = half_read(one)
    reset(data)
    client.expect((426, 451))
    assert client.get("RETR f") == BIG
    data = client.epsv()()
    client.expect(OPEN, "RETR f")
    data.recv(1000)
    client.file.close()
    reset(client.sock)
    reset(data)
    other = one.raw("bob")
    other.expect(250, "DELE f")
    until(lambda: free(other) == 96 * MIB, "nobody holds what was deleted")


def replaced(one):
    one.raw("bob").put("STOR f", b"new version")


def deleted(one):
    one.raw("bob").expect(250, "DELE f")


def renamed_over(one):
    other = one.raw("bob")
    other.put("STOR g", b"new version")
    other.expect(350, "RNFR g")
    other.expect(250, "RNTO f")


@pytest.mark.needs("at_once")
@pytest.mark.parametrize("change", [replaced, deleted, renamed_over], ids=lambda f: f.__name__)
def test_a_running_download_gets_one_version(memory, change):
    one = memory()
    client, data, first = half_read(one)
    change(one)
    assert first + receive_all(data) == BIG
    client.expect(226)
    until(lambda: free(client) >= 95 * MIB, "the old version is gone")


@pytest.mark.needs("lean", "loop")
def test_downloads_that_wait_hold_no_block(memory):
    """A block of a megabyte for each would be noticed."""
    one = memory()
    client = one.raw("bob")
    client.put("STOR f", BIG)
    stalled = []
    before = private(one)                                   # the blocks that a thread keeps are there by now
    for _ in range(60):
        raw = one.raw("bob")
        data = raw.epsv()()
        raw.expect(OPEN, "RETR f")
        stalled.append((raw, data, data.recv(1000)))
    for raw, *_ in stalled:
        raw.expect(200, "NOOP")
    assert private(one) - before < 60 * MIB / 2


def private(one):
    """Memory of the server's own: neither shared nor of files."""
    return sum(m.rss - m.shared for m in (p.memory_info() for p in one.processes()))


# ---------------------------------------------------------------- its size

def test_a_full_memory_refuses_and_keeps_what_it_has(memory):
    client = memory("2M").raw("bob")
    client.put("STOR old", b"old" * 100_000)
    assert free(client) == 2 * MIB - 5 * 65536
    data = client.epsv()()
    client.expect(OPEN, "STOR old")
    fill(data)
    client.expect((452, 552))
    assert client.get("RETR old") == b"old" * 100_000
    client.expect(250, "DELE old")
    client.put("STOR new", CONTENT)
    assert client.get("RETR new") == CONTENT


def fill(data):
    """More than there is room for; the server may hang up before all of it is sent."""
    try:
        data.sendall(bytes(4 * MIB))
    except OSError:
        pass
    data.close()


@pytest.mark.parametrize("flags, says", [(["/tmp"], "choose one"), (["--durable"], "nothing in memory lasts"),
                                         (["--memory", "6000T"], "does not give that much")])
def test_what_cannot_be_is_said(flags, says):
    refused("serve", *HERE, "--memory", "1M", *flags, naming=[says])


# ---------------------------------------------------------------- several at once, and the dead

@pytest.mark.needs("at_once")
def test_many_writers_of_one_name_and_many_appenders(memory):
    one = memory()
    contents = [bytes([65 + n]) * 400_000 for n in range(8)]

    def work(n):
        client = one.raw("bob")
        for _ in range(3):
            client.put("STOR f", contents[n])
            client.put("APPE log", bytes([65 + n]) * 10_000)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    client = one.raw("bob")
    assert client.get("RETR f") in contents
    got = client.get("RETR log")
    assert {letter: got.count(letter) for letter in set(got)} == {65 + n: 30_000 for n in range(8)}
    assert sorted(nlst(client.get("NLST"))) == [b"f", b"log"]


@pytest.mark.needs("workers")
def test_a_worker_that_is_killed_takes_nothing_with_it(memory):
    one = memory("96M", "--workers", "4")
    client = one.raw("bob")
    client.put("STOR f", BIG)
    client.close()
    for n in range(4):
        writer, reader = one.raw("bob"), one.raw("bob")
        started(writer, "STOR g", BIG[:10 * MIB + n])
        data = reader.epsv()()
        reader.expect(OPEN, "RETR f")
        data.recv(1000)
        for process in {one.process_of(writer), one.process_of(reader)}:
            process.send_signal(signal.SIGKILL)
        writer.is_closed()
        reader.is_closed()
        other = one.raw("bob")
        assert other.get("RETR f") == BIG
        assert nlst(other.get("NLST")) == [b"f"]
        other.close()
    other = one.raw("bob")
    other.expect(250, "DELE f")
    kept = size(other, "g") or 0
    assert kept == 0 or 8 * MIB <= kept <= 10 * MIB + 3       # long uploads can be continued even then
    until(lambda: free(other) >= 96 * MIB - kept - 65536 * 3, "what the dead held is free")
