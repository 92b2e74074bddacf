"""Many who move a lot do not keep one waiting who moves little: all on one worker.

What is told apart: a loop that gives each session a step at a time, and one that stays with a session until its transfer has ended. So
what counts is not the time that passes, of which a busy machine with the bulk clients on it makes what it likes, but how long the worker
was on a processor while the one who moves little waited."""
import multiprocessing
import os
import socket
import threading

import pytest

from ftpraw import OPEN
from pace import Pace, beside, download, noop
from server import ACCOUNTS
from tools import PATIENCE, WAIT, blob, make, until

pytestmark = pytest.mark.needs("loop", "lean")

MIB = 1 << 20
BIG = 1024 * MIB                                             # of each bulk transfer
DOWNLOADS, UPLOADS = 32, 16
LIMIT = 0.500                                                # seconds of the worker: p99 of the one who moves little
LONGEST = 5                                                  # once
LEAST = 0.5                                                  # seconds of measuring


class Crew:
    """Clients that each move BIG again and again, each in a thread of the process that this is made in."""

    def __init__(self, one, count, work):
        self.over, self.problems, self.moved = threading.Event(), [], [0] * count
        clients = [one.raw("bob", timeout=10 * WAIT) for _ in range(count)]
        self.threads = [threading.Thread(target=self.run, args=(client, work, n)) for n, client in enumerate(clients)]
        for thread in self.threads:
            thread.start()

    def run(self, client, work, n):
        try:
            while not self.over.is_set():
                work(client, n, self)
        except BaseException as problem:
            self.problems.append(repr(problem))

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join()
        return self.problems, self.moved


class Bulk:
    """A crew in a process of its own: its threads must not keep the one who measures from running."""

    def __init__(self, one, count, work):
        self.pipe, theirs = multiprocessing.Pipe()
        self.process = multiprocessing.get_context("fork").Process(target=self.run, args=(theirs, one, count, work), daemon=True)
        self.process.start()
        theirs.close()
        assert self.pipe.poll(WAIT) and self.pipe.recv() == "begun"

    @staticmethod
    def run(pipe, one, count, work):
        crew = Crew(one, count, work)
        pipe.send("begun")
        pipe.recv()
        try:                                                 # a busy machine may not even have let all of them begin
            until(lambda: min(crew.moved) >= MIB or crew.problems, "everybody gets on")
        except AssertionError as problem:
            crew.problems.append(repr(problem))
        pipe.send(crew.stop())

    def stop(self):
        self.pipe.send("stop")
        problems, moved = self.pipe.recv()
        self.process.join()
        assert not problems, (problems, moved)
        print("MiB moved by each:", sorted(n // MIB for n in moved))


# MSG_TRUNC: thrown away by the kernel, so that the clients are faster than the server and never make it wait for them
def take(client, n, crew):
    buffer = bytearray(4 * MIB)
    data = client.epsv()()
    client.expect(OPEN, "RETR big")
    while not crew.over.is_set() and (got := data.recv_into(buffer, 0, socket.MSG_TRUNC)):
        crew.moved[n] += got
    data.close()
    client.expect((226, 426))


def give(client, n, crew):
    block = bytes(256 * 1024)
    data = client.epsv()()
    client.expect(OPEN, f"STOR up{n}")
    for _ in range(64 * MIB // len(block)):
        if crew.over.is_set():
            break
        data.sendall(block)
        crew.moved[n] += len(block)
    data.close()
    client.expect(226)
    client.expect(250, f"DELE up{n}")


@pytest.mark.parametrize("count, work", [(DOWNLOADS, take), (UPLOADS, give)], ids=["downloads", "uploads"])
def test_bulk_transfers_leave_room_for_small_ones(server, tmp_path, count, work):
    root, small = tmp_path / "root", blob(1024)
    root.mkdir()
    make(root, "small", small)
    make(root, "big")
    os.truncate(root / "big", BIG)
    one = server(root, "--workers", "1", "--max-per-address", "0", *ACCOUNTS)
    talker, reader = one.raw("bob"), one.raw("bob")
    worker = one.process_of(talker)
    bulk = Bulk(one, count, work)
    talk, read = (Pace(step, lambda: sum(worker.cpu_times()[:2])) for step in (noop(talker), download(reader, "small", small)))
    try:
        beside(lambda: talk.measure(LIMIT, count=50, least=LEAST), lambda: read.measure(LIMIT, count=50, least=LEAST))
    finally:
        bulk.stop()
    talk.holds(LIMIT, LONGEST * PATIENCE)
    read.holds(LIMIT, LONGEST * PATIENCE)
