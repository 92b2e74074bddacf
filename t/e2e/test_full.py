"""No room: on a small disk that is full to the brim, and for an account whose quota is used up. It is said at once (452, 552),
nothing of the upload is left, the file that was there is whole, and everything else goes on.

The disk is a tmpfs that only the server sees, in a mount namespace of its own: it goes with the server."""
import concurrent.futures
import os
import subprocess
from pathlib import Path

import pytest

from conftest import TRAITS
from ftpraw import ls, nlst
from server import ACCOUNTS
from test_quota import left, put
from test_resume import OWN, cut, size
from tools import blob, names, until

MIB = 1 << 20
ALL = 24 * MIB
OLD = blob(MIB, seed=3) * 4
LARGE = blob(MIB, seed=4) * 30                               # more than there is, and more than has no name while it arrives
SMALL = blob(MIB, seed=5) * 7
MOUNT = 'mount -t tmpfs -o size="$1",mode=755 tmpfs "$2" && shift 2 && exec "$@"'


def namespace():
    """The flags with which this machine lets us mount: as root, or as root of a user namespace."""
    tried = []
    for flags in ["-m"], ["-Urm"]:
        done = subprocess.run(["unshare", *flags, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return flags
        tried.append(done.stderr.strip())
    raise AssertionError(f"a tmpfs cannot be mounted here, not even in a user namespace: {tried}")


class Place:
    """A server with room for ALL bytes: on the disk, or for the account."""

    def __init__(self, server, root, kind):
        root.mkdir()
        self.kind, self.refused, self.page = kind, (452, 552) if kind == "disk" else (552,), 4096 if kind == "disk" else 0
        if kind == "disk":
            through = ("unshare", *namespace(), "sh", "-c", MOUNT, "sh", str(ALL), str(root))
            self.server = server(root, *ACCOUNTS, "--keep-free", "0", through=through)
            self.root = Path(f"/proc/{self.server.proc.pid}/root{root}")
        else:
            self.server = server(root, *ACCOUNTS, "--quota", f"bob={ALL}")
            self.root = root
        self.client = self.server.raw("bob")
        assert left(self.client) == ALL

    def disk(self):
        st = os.statvfs(self.root)
        return st.f_bfree * st.f_frsize

    def room(self):
        """By the server's word and the disk's."""
        told = left(self.client)
        assert self.kind != "disk" or told == self.disk()
        return told

    def files(self):
        """What the disk holds, hidden names and all; the folder for partials itself may stay."""
        return {name for name in names(self.root) if name != OWN.encode()} | (names(self.root / OWN) if (self.root / OWN).exists() else set())

    def goes_on(self, *there):
        """The session, and a new one, do all there is to do."""
        for client in [self.client] + ([self.server.raw("bob")] if "at_once" in TRAITS[self.server.model] else []):
            assert set(nlst(client.get("NLST"))) == set(there) == set(ls(client.get("LIST")))
            for name in there:
                client.get(f"RETR {name.decode()}")
        assert put(self.client, "STOR fits", b"x" * 1000) == 226
        self.client.expect(250, "DELE fits")


@pytest.fixture(params=["disk", "quota"])
def place(request, server, tmp_path):
    return Place(server, tmp_path / "root", request.param)


@pytest.mark.parametrize("line", ["STOR new", "STOR old", "APPE old", "STOU"])
def test_an_upload_that_does_not_fit(place, line):
    assert put(place.client, "STOR old", OLD) == 226
    before = place.room()
    assert put(place.client, line, LARGE) in place.refused
    assert place.files() == {b"old"} and (place.root / "old").read_bytes() == OLD
    assert place.room() == before == ALL - len(OLD)
    assert size(place.client, "new") is None
    assert place.client.get("RETR old") == OLD
    place.goes_on(b"old")
    fits = before - place.page                                       # the note beside an upload that has a hidden name
    assert put(place.client, "STOR new", LARGE[:fits]) == 226
    assert place.room() == place.page and (place.root / "new").read_bytes() == LARGE[:fits]


def test_a_small_one_that_does_not_fit(place):
    """It never had a name, not even a hidden one."""
    filler = ALL - 6 * MIB
    assert put(place.client, "STOR old", LARGE[:filler]) == 226
    for line in "STOR new", "APPE new", "STOU":
        assert put(place.client, line, SMALL) in place.refused
        assert place.files() == {b"old"} and place.room() == 6 * MIB
    place.goes_on(b"old")
    assert put(place.client, "STOR new", SMALL[:6 * MIB]) == 226


def test_rest_into_a_file_that_does_not_fit_twice(place):
    """The new version begins with a copy of the old one's beginning."""
    old = LARGE[:14 * MIB]
    assert put(place.client, "STOR old", old) == 226
    place.client.expect(350, f"REST {13 * MIB}")
    assert put(place.client, "STOR old", SMALL + SMALL) in place.refused
    assert (place.root / "old").read_bytes() == old and place.files() == {b"old"} and place.room() == 10 * MIB
    place.goes_on(b"old")


@pytest.mark.parametrize("kept", [2 * MIB, 9 * MIB])
def test_what_was_kept_before_stays_as_it_was(place, kept):
    assert put(place.client, "STOR old", OLD) == 226
    cut(place.client, "STOR new", LARGE[:kept])
    until(lambda: size(place.client, "new") == kept, "it is kept")
    before = place.room()
    for line in "STOR", "APPE", "STOR":
        if line == "STOR":
            place.client.expect(350, f"REST {kept}")
        assert put(place.client, f"{line} new", LARGE[kept:]) in place.refused
        assert size(place.client, "new") == kept and place.room() == before
    place.goes_on(b"old")
    most = ALL - len(OLD) - place.page
    assert put(place.client, "APPE new", LARGE[kept:most]) == 226
    assert (place.root / "new").read_bytes() == LARGE[:most] and place.room() == place.page


@pytest.mark.needs("at_once")
def test_several_at_once(place):
    """Of six that would fill the disk twice some fit, whole, and the others leave nothing."""
    assert put(place.client, "STOR old", OLD) == 226
    def write(n):
        return put(place.server.raw("bob"), f"STOR f{n % 3}" if n < 3 else "STOR old", bytes([n]) * (7 + n % 3) * MIB)
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        codes = list(pool.map(write, range(6)))
    assert set(codes) <= {226, *place.refused}
    there = {name: (place.root / os.fsdecode(name)).read_bytes() for name in place.files()}
    assert set(there) == {b"old"} | {b"f%d" % n for n in range(3) if codes[n] == 226}
    for name, data in there.items():
        whole = [bytes([n]) * (7 + n % 3) * MIB for n in range(6) if codes[n] == 226 and name == (b"f%d" % n if n < 3 else b"old")]
        assert data in whole or (name == b"old" and data == OLD and not whole), f"{name}: {len(data)} bytes of {data[:1]}"
    assert place.room() == ALL - sum(map(len, there.values()))
    for name in there:
        place.client.expect(250, f"DELE {os.fsdecode(name)}")
    assert place.room() == ALL
    place.goes_on()


def test_a_disk_that_is_full_to_the_brim(server, tmp_path):
    """Full because of somebody else: not even a byte, or a hidden folder, fits."""
    place = Place(server, tmp_path / "root", "disk")
    assert put(place.client, "STOR old", OLD) == 226
    with open(place.root / "filler", "wb") as f:
        f.write(b"x" * (ALL - len(OLD)))
    assert place.room() == 0
    for line in "STOR new", "STOR old", "APPE old", "STOU":
        assert put(place.client, line, b"x") in place.refused
        assert put(place.client, line, LARGE) in place.refused
    place.client.expect(452, "ALLO 1")
    assert place.files() == {b"old", b"filler"} and (place.root / "old").read_bytes() == OLD
    assert place.client.get("RETR old") == OLD
    assert set(nlst(place.client.get("NLST"))) == {b"old", b"filler"}
    if "at_once" in TRAITS[place.server.model]:
        place.server.raw("bob").expect(257, "PWD")
    place.client.expect(250, "DELE filler")
    place.goes_on(b"old")
