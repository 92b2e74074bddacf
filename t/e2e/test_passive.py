"""Passive data connections: ports that last, that nobody else gets, and the address that 227 names."""
import re
import socket
import struct
import subprocess
import threading
import time

import pytest

from ftpraw import Raw, receive_all
from server import command, environment
from tools import WAIT, free_range, make, ready, until

DATA_SEGMENTS_IN = struct.Struct("152xI")               # tcpi_data_segs_in of struct tcp_info


@pytest.fixture
def narrow(server, tmp_path):
    """A server whose passive range is one port; and that port."""
    root = tmp_path / "root"
    root.mkdir()
    make(root, "f", b"hello")
    port = free_range(1)
    one = server(root, "--passive", f"{port}-{port}")
    one.only = port
    return one


def silence(sock):
    """The server closed this connection without a byte."""
    try:
        return sock.recv(1) == b""
    except ConnectionResetError:
        return True


# ---------------------------------------------------------------- ports that last

def test_a_range_of_one_port_serves_300_transfers_of_one_session(narrow):
    client = narrow.raw("anonymous")
    own = narrow.process_of(client)                         # the other workers may only now be starting
    assert client.get("RETR f") == b"hello"
    before = own.num_fds()
    for i in range(300):
        assert client.finish_get((client.epsv if i % 2 else client.pasv)(), "RETR f") == b"hello"
    until(lambda: own.num_fds() <= before, "no descriptor is left over")


def test_a_range_of_one_port_serves_300_clients_that_come_one_by_one(narrow):
    before = None
    for i in range(300):
        with narrow.raw("anonymous") as client:
            assert client.epsv_port() == narrow.only
            data = client.connect(narrow.only)
            assert client.finish_get(lambda: data, "RETR f") == b"hello"
            client.expect(221, "QUIT")
        if i == 100:
            before = narrow.fds()
    until(lambda: narrow.fds() <= before + 8, "no descriptor is left over")


@pytest.mark.needs("at_once")
def test_a_range_of_one_port_and_sessions_that_stay(narrow):
    """Sessions of different workers, all alive, take turns at the port: an idle one holds nothing."""
    clients = [narrow.raw("anonymous") for _ in range(8)]
    for _ in range(5):
        for client in clients:
            assert client.get("RETR f") == b"hello"


@pytest.mark.needs("at_once")
def test_uploads_through_a_range_of_one_port(narrow):
    clients = [narrow.raw("anonymous") for _ in range(4)]
    for number, client in enumerate(clients):
        client.put(f"STOR up{number}", b"x" * 100000 + str(number).encode())
    for number in range(len(clients)):
        assert (narrow.root / f"up{number}").read_bytes() == b"x" * 100000 + str(number).encode()


def test_descriptors_do_not_grow_without_a_range(server):
    one = server()
    make(one.root, "f", b"hello")
    client = one.raw("anonymous")
    own = one.process_of(client)                            # the other workers may only now be starting
    assert client.get("RETR f") == b"hello"
    before = own.num_fds()
    for _ in range(300):
        assert client.get("RETR f") == b"hello"
    until(lambda: own.num_fds() <= before, "no descriptor is left over")


def test_a_transfer_leaves_its_listener_for_the_next(server):
    """The same session, the same port: no search for a free one."""
    one = server()
    make(one.root, "f", b"hello")
    client = one.raw("anonymous")
    ports = set()
    for _ in range(20):
        port = client.epsv_port()
        data = client.connect(port)
        assert client.finish_get(lambda: data, "RETR f") == b"hello"
        ports.add(port)
    assert len(ports) == 1


def test_ipv4_and_ipv6_have_their_own(server):
    one = server()
    make(one.root, "f", b"hello")
    for ipv6 in (False, True, False, True):
        with one.raw("anonymous", ipv6=ipv6) as client:
            for _ in range(3):
                assert client.get("RETR f") == b"hello"


# ---------------------------------------------------------------- who gets what

@pytest.mark.needs("at_once")
def test_a_second_client_waits_for_the_port(narrow):
    first, second = narrow.raw("anonymous"), narrow.raw("anonymous")
    for _ in range(20):                                     # two seconds it waits: on a busy machine they may be over too soon
        port = first.epsv_port()
        begin = time.monotonic()
        second.send(b"EPSV\r\n")
        at_once = ready(second.sock, 0.3) and time.monotonic() - begin < 1
        data = first.connect(port)
        assert first.finish_get(lambda: data, "RETR f") == b"hello"
        assert not at_once, "it does not wait"
        if second.expect((229, 425)).code == 229:
            break
    other = second.connect(port)
    assert second.finish_get(lambda: other, "LIST").endswith(b" f\r\n")


@pytest.mark.needs("at_once")
def test_a_second_client_is_told_when_the_port_stays_taken(narrow):
    first, second = narrow.raw("anonymous"), narrow.raw("anonymous")
    port = first.epsv_port()
    begin = time.monotonic()
    reply = second.expect(425, "PASV")
    assert time.monotonic() - begin > 1
    assert "ports" in reply.text and "--passive" in reply.text
    second.expect(200, "NOOP")
    data = first.connect(port)                          # still the first one's
    assert first.finish_get(lambda: data, "RETR f") == b"hello"
    assert second.get("RETR f") == b"hello"


@pytest.mark.needs("at_once")
def test_many_clients_at_a_narrow_range_get_their_own_data(server, tmp_path):
    """Three ports, twelve clients at once: each has its own file or a clear 425, and never another's."""
    root = tmp_path / "root"
    root.mkdir()
    port = free_range(3)
    one = server(root, "--passive", f"{port}-{port + 2}")
    done, wrong = [], []

    def work(number):
        try:
            client = one.raw("anonymous")
            while done.count(number) < 5:
                reply = client.expect((229, 425), "EPSV")
                if reply.code == 425:
                    assert "--passive" in reply.text
                    continue
                data = client.connect(int(re.search(r"\|(\d+)\|\)", reply.text)[1]))
                got = client.finish_get(lambda: data, f"RETR f{number}")
                assert got == f"{number}".encode() * 3000
                done.append(number)
        except BaseException as problem:                # noqa: it is raised below
            wrong.append(problem)

    for number in range(12):
        make(root, f"f{number}", f"{number}".encode() * 3000)
    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise wrong[0]


def test_late_connections_are_never_handed_to_the_next_session(narrow):
    """Somebody connects to a port whose transfer is over; he is refused or closed, and the next session does not see him."""
    with narrow.raw("anonymous") as first:
        port = first.epsv_port()
        data, extra = first.connect(port), first.connect(port)
        assert first.finish_get(lambda: data, "RETR f") == b"hello"
        try:
            late = first.connect(port)
        except (ConnectionRefusedError, ConnectionResetError):     # it is not even open, or it is closed in this moment
            late = None
        first.data.clear()
        first.expect(221, "QUIT")
    with narrow.raw("anonymous") as second:
        assert second.epsv_port() == port
        own = second.connect(port)
        assert second.finish_get(lambda: own, "RETR f") == b"hello"
        for sock in filter(None, (extra, late)):
            assert silence(sock)
            sock.close()


def test_a_port_that_was_not_used_is_closed(narrow):
    client = narrow.raw("anonymous")
    port = client.epsv_port()
    stale = client.connect(port)
    client.expect(226, "ABOR")
    client.expect(200, "TYPE I")
    client.expect(229, "EPSV")                          # the old arrangement is forgotten, and so is who came for it
    own = client.connect(port)
    assert client.finish_get(lambda: own, "RETR f") == b"hello"
    assert silence(stale)


def test_a_port_that_was_not_used_is_left_out_for_a_while(server):
    first = free_range(4)
    one = server(None, "--passive", f"{first}-{first + 3}")
    with one.raw("anonymous") as client:
        missed = client.epsv_port()
        again = time.monotonic() + 8                    # by then it may be back
        client.expect(221, "QUIT")
    with one.raw("anonymous") as client:
        for _ in range(12):
            port = client.epsv_port()
            assert port != missed or time.monotonic() > again
            data = client.connect(port)
            client.finish_get(lambda: data, "LIST")


def test_a_thief_from_another_address_is_refused_each_time(narrow):
    """He may be first, and many; the right one still gets through."""
    client = narrow.raw("anonymous")
    port = client.epsv_port()
    for _ in range(5):
        thieves = [client.connect(port, source="127.0.0.2") for _ in range(5)]
        client.send(b"RETR f\r\n")
        thieves.append(client.connect(port, source="127.0.0.3"))
        own = client.connect(port)
        client.expect(150)
        assert receive_all(own) == b"hello"
        client.expect(226)
        port = client.epsv_port()                       # by now also one that came in the same moment as the right one is closed
        for thief in thieves:
            assert silence(thief)
            thief.close()


# ---------------------------------------------------------------- one packet

def segments(client):
    info = client.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    return DATA_SEGMENTS_IN.unpack_from(info)[0]


@pytest.mark.parametrize("size", [0, 1, 1024, 8192])
def test_150_and_226_of_a_small_file_share_a_packet(site, size):
    make(site.dir, "f", b"s" * size)
    client = site.raw()
    data = client.epsv()()
    before = segments(client)
    client.send(b"RETR f\r\n")
    got = client.sock.recv(65536)
    assert re.fullmatch(rb"150 [^\r]*\r\n226 [^\r]*\r\n", got), got
    assert segments(client) == before + 1
    assert receive_all(data) == b"s" * size


def test_150_of_a_large_file_does_not_wait_for_its_end(site):
    make(site.dir, "f", b"l" * 30_000_000)
    client = site.raw()
    data = client.epsv()()
    client.expect(150, "RETR f")
    assert len(receive_all(data)) == 30_000_000
    client.expect(226)


# ---------------------------------------------------------------- the address of 227

def told(client):
    numbers = re.search(r"\((\d+),(\d+),(\d+),(\d+),\d+,\d+\)", client.expect(227, "PASV").text).groups()
    return ".".join(numbers)


def test_a_bare_address_is_not_for_loopback(server):
    one = server(None, "--passive-address", "203.0.113.5")
    assert told(one.raw("anonymous")) == "127.0.0.1"


def test_an_address_for_a_network(server):
    one = server(None, "--passive-address", "203.0.113.5", "--passive-address", "10.0.0.0/8=10.1.2.3",
                 "--passive-address", "127.0.0.2=192.0.2.7", "--passive-address", "127.0.0.0/8=192.0.2.8")
    with one.raw("anonymous", source="127.0.0.2") as client:
        assert told(client) == "192.0.2.7"
    with one.raw("anonymous") as client:
        assert told(client) == "192.0.2.8"
        client.get("LIST")                              # EPSV names no address


def test_an_address_by_name(server):
    one = server(None, "--passive-address", "127.0.0.0/8=localhost", "--bind", "127.0.0.3")
    with Raw(("127.0.0.3", one.addresses["127.0.0.3"])) as client:
        assert told(client.login()) == "127.0.0.1"


@pytest.mark.parametrize("values, naming", [
    (["300.1.2.3"], "300.1.2.3"), (["no.such.host.invalid"], "no.such.host.invalid"), (["10.0.0.0/40=1.2.3.4"], "10.0.0.0/40"),
    (["10.1.2.3/8=1.2.3.4"], "10.0.0.0/8"), (["::1"], "EPSV"), (["1.2.3.4", "5.6.7.8"], "second"),
])
def test_addresses_that_make_no_sense(tmp_path, values, naming):
    flags = [word for value in values for word in ("--passive-address", value)]
    done = subprocess.run(command(tmp_path, *flags), env=environment(), capture_output=True, text=True, timeout=WAIT)
    assert done.returncode == 2 and naming in done.stderr and "--passive-address" in done.stderr
    assert done.stderr.count("\n") == 1
