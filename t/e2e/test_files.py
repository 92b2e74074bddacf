"""A file is the old one or the whole new one, never a piece; 226 means stored; a download is one version from start to end."""
import os
import signal
import threading

import pytest

from ftpraw import OPEN, ls, mlsd, nlst, receive_all
from tools import WAIT, as_bytes, blob, make, make_many, names, no_leftovers, reset, until

OLD_FILE, NEW_FILE = b"the old file\n" * 1000, blob(3 << 20)
GIB = 1 << 30


# ---------------------------------------------------------------- uploads that do not come to an end

def by_abor(client, data):
    client.expect(426, "ABOR")
    client.expect(226)


def by_reset_of_data(client, data):
    reset(data)
    client.expect((426, 451))


def by_vanishing(client, data):
    """The client is cut off: both connections are reset."""
    client.file.close()
    reset(client.sock)
    reset(data)


def by_closing_control(client, data):
    """QUIT-less end of the control connection while the data connection stays open."""
    client.file.close()
    client.sock.close()


def by_reset_of_control(client, data):
    client.file.close()
    reset(client.sock)


ENDS = [by_abor, by_reset_of_data, by_vanishing, by_closing_control, by_reset_of_control]
ends = pytest.mark.parametrize("end", ENDS, ids=lambda f: f.__name__)


def started(client, line, sent):
    data = client.epsv()()
    client.expect(OPEN, line)
    data.sendall(sent)
    client.expect(200, "NOOP")                  # the server is in the middle of it
    return data


@ends
@pytest.mark.parametrize("prelude", ["STOR", "REST"])
def test_a_cut_upload_leaves_the_old_file_whole(site, end, prelude):
    make(site.dir, "f", OLD_FILE)
    client = site.raw()
    if prelude == "REST":
        data = client.epsv()
        client.expect(350, "REST 10")
        client.expect(OPEN, "STOR f")
        data().sendall(NEW_FILE[:1_000_000])
        client.expect(200, "NOOP")
        end(client, data())
    else:
        end(client, started(client, "STOR f", NEW_FILE[:1_000_000]))
    client.close()
    whole(site, {b"f"})
    assert (site.dir / "f").read_bytes() == OLD_FILE


@ends
@pytest.mark.parametrize("verb", ["STOR new", "STOU", "APPE new"])
def test_a_cut_upload_leaves_no_new_file(site, end, verb):
    client = site.raw()
    end(client, started(client, verb, NEW_FILE[:1_000_000]))
    client.close()
    whole(site, set())


def whole(site, expected):
    """A fresh session (the cut one has then ended, on an iterative server) sees what is expected, and so does the disk."""
    other = site.raw()
    until(lambda: names(site.dir) == expected, f"the folder holds {expected} only")
    assert set(nlst(other.get("NLST"))) == expected
    no_leftovers(site.dir)


@pytest.mark.parametrize("behind, whole", [("", False), ("PWD", False), ("PWD\r\nQUIT", True)], ids=["", "pipelined", "goodbye"])
def test_the_end_of_a_client_is_no_end_of_its_upload(site, behind, whole):
    """A client that is killed closes all its connections in one moment: the server finds both ends at once. Who says QUIT means it."""
    client = site.raw()
    data = started(client, "STOR new", NEW_FILE[:1_000_000])
    server = site.server.process_of(client)
    server.suspend()
    try:
        if behind:
            client.send(f"{behind}\r\n".encode())
        client.file.close()
        client.sock.close()
        data.close()
    finally:
        server.resume()
    with site.raw() as other:
        until(lambda: other.cmd("SIZE new").code == 213, "what came is there, in one way or another")
        assert names(site.dir) == ({b"new"} if whole else set()) and len(nlst(other.get("NLST"))) == whole


def test_less_than_allo_announced_is_not_whole(site):
    """Of a plain connection the end says nothing: a client that was killed ends it, too."""
    make(site.dir, "f", OLD_FILE)
    with site.raw() as client:
        def store(name, data, room, *before):
            client.expect(200, f"ALLO {room}")
            for line in before:
                client.expect(350, line)
            with client.epsv()() as stream:
                client.expect(OPEN, f"STOR {name}")
                stream.sendall(data)
            return client.reply().code

        assert store("f", NEW_FILE[:-1], len(NEW_FILE)) == 426
        assert (site.dir / "f").read_bytes() == OLD_FILE
        assert store("new", NEW_FILE[:90], 100) == 426
        assert store("new", NEW_FILE[90:100], 100, "REST 90") == 226
        assert store("g", b"more than that", 5) == 226       # too little was room enough


def test_a_cut_append_leaves_the_old_file_or_a_beginning_of_the_addition(site):
    make(site.dir, "f", OLD_FILE)
    client = site.raw()
    by_abor(client, started(client, "APPE f", NEW_FILE[:1_000_000]))
    got = (site.dir / "f").read_bytes()
    assert got[:len(OLD_FILE)] == OLD_FILE and NEW_FILE.startswith(got[len(OLD_FILE):])
    no_leftovers(site.dir)


def test_nothing_is_seen_of_an_upload_before_its_end(site):
    """No reader, local or remote, ever sees a piece."""
    make(site.dir, "f", OLD_FILE)
    client = site.raw()
    data = started(client, "STOR f", NEW_FILE[:2_000_000])
    assert (site.dir / "f").read_bytes() == OLD_FILE
    data.sendall(NEW_FILE[2_000_000:])
    data.close()
    client.expect(226)
    assert (site.dir / "f").read_bytes() == NEW_FILE
    no_leftovers(site.dir)


def test_226_means_that_the_file_is_there(site):
    client = site.raw()
    for n in range(30):
        client.put(f"STOR f{n}", NEW_FILE[:n * 1000])
        assert (site.dir / f"f{n}").read_bytes() == NEW_FILE[:n * 1000]


def test_an_upload_keeps_the_mode_of_the_file_it_replaces(site):
    make(site.dir, "f", OLD_FILE).chmod(0o640)
    site.raw().put("STOR f", NEW_FILE)
    assert (site.dir / "f").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("end", ["server", "session"])
def test_kill_9_in_the_middle_of_uploads_leaves_old_files_whole(server, tmp_path, end):
    """The whole server, or the process of the one session where there is one."""
    root = tmp_path / "root"
    root.mkdir()
    make(root, "f", OLD_FILE)
    one = server(root, "--account", "bob:secret:write")
    client = one.raw("bob")
    started(client, "STOR f", NEW_FILE[:1_000_000])
    victim = one.process_of(client)
    if end == "server" or victim.pid == one.proc.pid:
        one.kill()
        one.proc.returncode = 0                     # killed by us: there is nothing to stop, and nothing to blame
        assert (root / "f").read_bytes() == OLD_FILE
        assert names(root) == {b"f"}
    else:
        victim.send_signal(signal.SIGKILL)
        client.is_closed()
        other = one.raw("bob")
        assert other.get("RETR f") == OLD_FILE
        assert names(root) == {b"f"}


# ---------------------------------------------------------------- several at one file

@pytest.mark.needs("at_once")
def test_two_uploads_of_one_name_give_one_of_the_two(site):
    one, two = blob(4 << 20, 1), blob(4 << 20, 2)
    for order in (0, 1), (1, 0):
        clients = [site.raw(), site.raw()]
        datas = [started(c, "STOR f", part[:1]) for c, part in zip(clients, (one, two))]
        for n in range(1, 4 << 20, 1 << 19):
            for data, content in zip(datas, (one, two)):
                data.sendall(content[n:n + (1 << 19)])
        for n in order:
            datas[n].close()
            clients[n].expect(226)
        assert (site.dir / "f").read_bytes() == (one, two)[order[1]], "the last to be acknowledged is what is there"
    no_leftovers(site.dir)


@pytest.mark.needs("at_once")
def test_many_writers_of_one_name_give_one_of_them(site):
    contents = [bytes([65 + n]) * 500_000 for n in range(12)]
    everyone(12, lambda n, client: client.put("STOR f", contents[n]), site)
    assert (site.dir / "f").read_bytes() in contents
    no_leftovers(site.dir)


@pytest.mark.needs("at_once")
def test_parallel_appends_lose_nothing(site):
    def append(n, client):
        for _ in range(10):
            client.put("APPE log", bytes([65 + n]) * 30_000)
    everyone(8, append, site)
    got = (site.dir / "log").read_bytes()
    assert {letter: got.count(letter) for letter in set(got)} == {65 + n: 300_000 for n in range(8)}
    no_leftovers(site.dir)


@pytest.mark.needs("at_once")
def test_parallel_appends_to_a_new_file_lose_nothing(site):
    for attempt in range(5):
        everyone(6, lambda n, client: client.put(f"APPE new{attempt}", bytes([65 + n]) * 1000), site)
        got = (site.dir / f"new{attempt}").read_bytes()
        assert sorted(got) == sorted(b"".join(bytes([65 + n]) * 1000 for n in range(6)))


def everyone(count, work, site):
    """count clients do work(n, client) at the same time; the first failure is raised here."""
    failures = []
    gate = threading.Barrier(count)

    def run(n, client):
        try:
            gate.wait(WAIT)
            work(n, client)
            client.expect(221, "QUIT")
        except BaseException as problem:
            failures.append(problem)
        client.close()

    threads = [threading.Thread(target=run, args=(n, site.raw())) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


CONTENT = blob(1 << 20) * 24


def half_read(site):
    make(site.dir, "f", CONTENT)
    client = site.raw()
    data = client.epsv()()
    client.expect(OPEN, "RETR f")
    return client, data, data.recv(1000)


def replaced_on_disk(site):
    make(site.dir, "other", b"new version")
    os.replace(site.dir / "other", site.dir / "f")


def deleted_on_disk(site):
    os.unlink(site.dir / "f")


def stored_by_another(site):
    site.raw().put("STOR f", b"new version")


def deleted_by_another(site):
    site.raw().expect(250, "DELE f")


def renamed_over_by_another(site):
    other = site.raw()
    other.put("STOR g", b"new version")
    other.expect(350, "RNFR g")
    other.expect(250, "RNTO f")


def resumed_by_another(site):
    other = site.raw()
    other.expect(350, "REST 20000000")
    other.put("STOR f", b"x" * 8_000_000)


two, disk = pytest.mark.needs("at_once"), pytest.mark.needs("disk")
CHANGES = [pytest.param(c, marks=disk) for c in (replaced_on_disk, deleted_on_disk)] + [pytest.param(c, marks=two) for c in
           (stored_by_another, deleted_by_another, renamed_over_by_another, resumed_by_another)]


@pytest.mark.parametrize("change", CHANGES, ids=lambda f: f.__name__)
def test_a_running_download_gets_one_version(site, change):
    client, data, first = half_read(site)
    change(site)
    assert first + receive_all(data) == CONTENT
    client.expect(226)
    no_leftovers(site.dir)


@pytest.mark.needs("at_once")
def test_a_download_beside_appends_gets_a_beginning_and_no_hole(site):
    client, data, first = half_read(site)
    site.raw().put("APPE f", b"more")
    got = first + receive_all(data)
    assert got in (CONTENT, CONTENT + b"more")
    client.expect(226)


# ---------------------------------------------------------------- large

@pytest.fixture
def sparse(site):
    path = site.dir / "sparse"
    with open(path, "wb") as f:
        f.truncate(5 * GIB)
        f.seek(5 * GIB - 10)
        f.write(b"0123456789")
    yield path
    path.unlink(missing_ok=True)


@pytest.mark.needs("disk")
def test_beyond_4_gib_size_and_listings(site, sparse):
    client = site.raw()
    assert client.expect(213, "SIZE sparse").text == f"213 {5 * GIB}"
    assert ls(client.get("LIST"))[b"sparse"][4] == 5 * GIB
    assert mlsd(client.get("MLSD"))[b"sparse"]["size"] == str(5 * GIB)


@pytest.mark.needs("disk")
@pytest.mark.parametrize("back", [0, 1, 7, 10, 100_000])
def test_beyond_4_gib_downloads_go_on_near_the_end(site, sparse, back):
    client = site.raw()
    client.expect(350, f"REST {5 * GIB - back}")
    expected = (b"\0" * 100_000 + b"0123456789")[-back:] if back else b""
    assert client.get("RETR sparse") == expected


@pytest.mark.needs("disk")
def test_beyond_4_gib_past_the_end(site, sparse):
    client = site.raw()
    client.expect(350, f"REST {5 * GIB + 1}")
    client.refused("RETR sparse", 5)


@pytest.mark.needs("disk")
def test_beyond_4_gib_appends(site, sparse):
    site.raw().put("APPE sparse", b"appended")
    with open(sparse, "rb") as f:
        f.seek(-18, os.SEEK_END)
        assert f.tell() == 5 * GIB - 10 and f.read() == b"0123456789appended"


@pytest.mark.needs("disk")
def test_beyond_4_gib_resumed_uploads(site, sparse):
    client = site.raw()
    client.expect(350, f"REST {5 * GIB - 5}")
    client.put("STOR sparse", b"resumed")
    with open(sparse, "rb") as f:
        f.seek(5 * GIB - 10)
        assert f.read() == b"01234resumed"


def test_a_folder_of_10000_entries(site):
    expected = {f"entry number {n:05d}.txt" for n in range(10_000)}
    make_many(site.dir, expected)
    expected = {as_bytes(name) for name in expected}
    client = site.raw()
    listed = nlst(client.get("NLST"))
    assert len(listed) == 10_000 and set(listed) == expected
    assert set(ls(client.get("LIST"))) == expected
    assert set(mlsd(client.get("MLSD"))) == expected
    assert len(nlst(client.get("NLST *5.txt"))) == 1000


@pytest.mark.needs("disk")
def test_a_listing_larger_than_all_buffers_between_us(site):
    """A client that reads no data before it has heard the 150 must hear it in time."""
    count = 13000
    make_many(site.dir, [f"{i:05} {'long' * 60}" for i in range(count)])
    assert len(list(site.ftp().mlsd())) == count
