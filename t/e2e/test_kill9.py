"""kill -9 at any moment, in the middle of real uploads, again and again on the same folder: what was acknowledged is there, what
was not is there whole or not at all, and what was kept of it is a true beginning.

A round: a server on the folder as the last one left it; clients that store, overwrite, append, rename, delete, break off and
continue; a kill -9 of one of its processes (where a model has several), then of all. After it the disk is read, the server
started again, and what it says of the folder compared with the disk. Each client knows what its folder may hold: what it held
before, or that and the one change that was not acknowledged. DRAY_SEED repeats the choices of a run, if not its timing."""
import ctypes
import hashlib
import os
import random
import signal
import threading
import time

import psutil
import pytest

import server as server_module
from conftest import TRAITS
from ftpraw import OPEN, Closed, ls, mlsd, nlst
from server import PASSWORD
from tools import PATIENCE, names, reset, until

ROUNDS = 5 if server_module.sanitized() else 32              # on each model
CLIENTS = 3
OWN = ".dray-partials"
KIB = 1024
HIDE_FROM = 8 << 20                                          # from here on an upload has a hidden name of its own
QUOTA, FILES = 20 << 20, 8                                  # of each account: the limit is met now and then
SHARED = (9000, 200_000)                                     # how long what all store in turns is
BLOCK = b"." * 4077
PR_SET_CHILD_SUBREAPER = 36
BROKEN = (Closed, OSError)


def content(client, op, length):
    """Bytes that say in every block whose they are, and where they belong."""
    blocks = (b"%02d %06d %08d " % (client, op, n) + BLOCK for n in range(-(-length // 4096)))
    return b"".join(blocks)[:length]


def read(path):
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def about(data):
    return "nothing" if data is None else f"{len(data)} bytes {data[:19]!r}...{data[-4096:][:19]!r}"


class Client:
    """One account, its folder, and what that may hold."""

    def __init__(self, world, n):
        self.world, self.n, self.user = world, n, f"c{n}"
        self.dir = world.root / self.user
        self.dir.mkdir()
        self.have = {}                                       # name: content
        self.may = []                                        # changes that may have come, when the last one was not answered
        self.sent = {}                                       # name: what was sent and may have been kept
        self.ops = 0
        self.lost = False                                    # a session, since the server was started
        self.random = random.Random(world.seed * 100 + n)
        self.ftp = None

    # -- what may be there

    def settle(self, why):
        """Which of the states that there may be is on the disk? It is known from now on."""
        disk = {p.name: p.read_bytes() for p in self.dir.iterdir()}
        for change in [{}] + self.may:
            state = {k: v for k, v in {**self.have, **change}.items() if v is not None}
            if state == disk:
                self.world.count("unanswered, and came" if change else "unanswered, and did not come", bool(self.may))
                self.have, self.may = state, []
                return
        lines = [f"{name}: on disk {about(disk.get(name))}, before {about(self.have.get(name))}, "
                 f"or {[about(change.get(name)) for change in self.may]}" for name in sorted(disk.keys() | self.have.keys())]
        raise AssertionError(f"{why}: /{self.user} is not what was acknowledged, nor that and the last change:\n" + "\n".join(lines))

    def partial(self, name, folder=None):
        """What is kept of this account's upload of a path."""
        path = f"/{folder or self.user}/{name}".encode()
        return read(self.world.root / OWN / hashlib.sha256(self.user.encode() + b"\0" + path).hexdigest()[:32])

    def begun(self, name):
        """The kept bytes, and the whole that they are the beginning of."""
        kept = self.partial(name)
        if kept is None:
            return None, None
        whole = next((data for data in reversed(self.sent.get(name, [])) if data.startswith(kept)), None)
        assert whole is not None, f"kept of /{self.user}/{name} is {about(kept)}, no beginning of anything that was sent"
        return kept, whole

    def used(self):
        """Bytes on the disk that count for this account, and how many of them are in the name that all write."""
        shared = read(self.world.root / "shared" / "file")
        mine = [len(data) for data in self.have.values()]
        mine += [len(p) for p in [self.partial(name) for name in self.sent] + [self.partial("file", "shared")] if p is not None]
        shared = len(shared) if shared and shared.startswith(b"%02d " % self.n) else 0
        return sum(mine) + shared, shared

    def ask(self):
        """The quota is the sum of what is on the disk, at any moment between two uploads of the account."""
        size, shared = self.used()
        left = int(self.ftp.expect(213, "AVBL").text[4:])
        may = {size, size - shared}                          # others replace what is shared;
        if self.world.one_killed:                            # who is killed at that, between the count and the name, leaves it counted as replaced
            may |= {least - length for least in may for length in SHARED}
        if left in {max(0, QUOTA - one) for one in may}:
            return
        self.world.count("AVBL differs after the kill of a process")
        assert self.lost, f"{self.user} uses {size} bytes, {shared} of them shared, and has {left} left: not {QUOTA}"

    # -- what it does

    def new(self, length):
        self.ops += 1
        return content(self.n, self.ops, length)

    def send(self, line, data, rest=0):
        """The last reply's code."""
        ready = self.ftp.epsv()
        if rest:
            self.ftp.expect(350, f"REST {rest}")
        first = self.ftp.cmd(line)
        sock = ready()
        try:
            if first.code in OPEN:
                sock.sendall(data)
        except (ConnectionResetError, BrokenPipeError):
            pass                                             # refused in the middle, or killed: the reply tells
        finally:
            sock.close()
        return self.ftp.reply().code if first.code in OPEN else first.code

    def change(self, change, work):
        """A change of names that is acknowledged, refused (nothing has changed), or not answered."""
        self.may = [change]
        code = work()
        assert code in (226, 250, 452, 552), f"{self.user}: {code}"
        if code in (226, 250):
            self.have = {k: v for k, v in {**self.have, **change}.items() if v is not None}
        self.world.count("acknowledged" if code in (226, 250) else "refused")
        self.may = []

    def store(self, name, whole, line, data, rest=0):
        self.sent[name] = self.sent.get(name, [])[-5:] + [whole]
        self.change({name: whole}, lambda: self.send(f"{line} /{self.user}/{name}", data, rest))

    def small(self):
        data = self.new(self.random.choice([0, 1, 5000, 70_000, 300_000]))
        self.store(self.random.choice("abc"), data, "STOR", data)

    def large(self):
        data = self.new(HIDE_FROM + self.random.randrange(1 << 20))
        self.store("large", data, "STOR", data)

    def append(self):
        old = self.have.get("log", b"")
        if not old and self.partial("log") is not None:      # APPE continues what is kept
            return self.resume("log")
        data = self.new(self.random.choice([10, 40_000, HIDE_FROM if self.random.random() < 0.2 else 90_000]))
        if len(old) > 2 << 20:
            self.store("log", data, "STOR", data)
        else:
            self.store("log", old + data, "APPE", data)

    def rest(self):
        name = self.random.choice("abc")
        old = self.have.get(name)
        if old and len(old) > 1:
            keep, data = self.random.randrange(1, len(old)), self.new(50_000)
            self.store(name, old[:keep] + data, "STOR", data, rest=keep)

    def rename(self):
        a, b = self.random.sample("abc", 2)
        if a in self.have:
            self.ftp.expect(350, f"RNFR /{self.user}/{a}")
            self.change({a: None, b: self.have[a]}, lambda: self.ftp.expect(250, f"RNTO /{self.user}/{b}").code)

    def delete(self):
        name = self.random.choice(["a", "b", "c", "large"])
        if name in self.have:
            self.change({name: None}, lambda: self.ftp.expect(250, f"DELE /{self.user}/{name}").code)

    def cut(self):
        """The line breaks while the data is on its way."""
        name = self.random.choice(["a", "large"])
        whole = self.new(HIDE_FROM + 100_000 if name == "large" else 200_000)
        self.sent[name] = self.sent.get(name, [])[-5:] + [whole]
        ready = self.ftp.epsv()
        if self.ftp.cmd(f"STOR /{self.user}/{name}").code in OPEN:
            try:
                ready().sendall(whole[:self.random.randrange(1, len(whole))])
            except (ConnectionResetError, BrokenPipeError):
                pass
            reset(ready())
            assert self.ftp.reply().code in (426, 451, 452, 552)
            self.world.count("broken off")

    def resume(self, name=None):
        """What is kept is seen, and can be continued to the whole."""
        name = name or self.random.choice(["a", "b", "c", "large", "log"])
        kept, whole = self.begun(name)
        path = f"/{self.user}/{name}"
        if kept is None:
            return
        if name in self.have:                                # a whole file stands there: the partial is behind it
            assert f"size={len(kept)};" in self.ftp.expect(213, f"SITE PARTIAL {path}").text
        else:
            assert self.ftp.expect(213, f"SIZE {path}").text == f"213 {len(kept)}"
        self.store(name, whole, "STOR", whole[len(kept):], rest=len(kept))
        self.world.count("continued", self.have.get(name) == whole)

    def share(self):
        """All store this name."""
        data = self.new(self.random.choice(SHARED))
        token = self.world.shared_begins(data)
        code = self.send("STOR /shared/file", data)
        assert code in (226, 452, 552), f"{self.user}: {code}"
        self.world.shared_ends(token, code == 226)

    def act(self):
        weights = {self.small: 4, self.large: 2, self.append: 3, self.rest: 2, self.rename: 1, self.delete: 2, self.cut: 1,
                   self.resume: 2, self.share: 2, self.ask: 3}
        self.random.choices(list(weights), list(weights.values()))[0]()

    def run(self):
        """Until the server is gone; a killed process of it takes only the session along."""
        while True:
            try:
                self.ftp = self.world.server.raw(self.user)
                while True:
                    self.act()
            except BROKEN:
                if self.world.over.is_set():
                    return
                self.lost = True
                self.world.count("sessions that lost their process")
                self.settle("after the kill of a process")

    def work(self):
        try:
            self.run()
        except BaseException as problem:
            self.world.problems.append(problem)


class World:
    def __init__(self, server, root, model, seed):
        self.start_server, self.root, self.model, self.seed = server, root, model, seed
        self.random, self.lock = random.Random(seed), threading.Lock()
        self.counts, self.problems, self.shared, self.kills = {}, [], [], 0
        root.mkdir()
        (root / "shared").mkdir()
        self.clients = [Client(self, n) for n in range(CLIENTS if "at_once" in TRAITS[model] else 1)]

    def count(self, what, yes=True):
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + bool(yes)

    # -- the name that all write: [content, begun, ended (None: not yet), acknowledged]

    def shared_begins(self, data):
        with self.lock:
            self.shared.append([data, time.monotonic(), None, False])
            return self.shared[-1]

    def shared_ends(self, entry, acknowledged):
        with self.lock:
            entry[2:] = time.monotonic(), acknowledged

    def settle_shared(self):
        """One of those that were not answered, or one that was acknowledged and that no later one has replaced for certain."""
        disk = read(self.root / "shared" / "file")
        known = [e for e in self.shared if e[2] is not None and e[3]]
        last = max((e[1] for e in known), default=0)         # whoever ended before this one began has been replaced
        may = [e for e in self.shared if e[2] is None or (e[3] and e[2] >= last)]
        found = next((e for e in may if e[0] == disk), None)
        assert found or (disk is None and not known), \
            f"/shared/file is {about(disk)}, and may be {[about(e[0]) for e in may]}"
        self.shared = [[disk, 0.0, 0.0, True]] if found else []

    # -- a round

    def start(self):
        flags = ["--workers", "4", "--quota", f"{QUOTA}:{FILES}", "--log", os.devnull]
        for client in self.clients:
            flags += ["--account", f"{client.user}:{PASSWORD}:write"]
        self.server = self.start_server(self.root, *flags, *(["--durable"] if self.random.random() < 0.1 else []))

    def kill(self):
        """All at once; gone for certain, with every descriptor, before anything is looked at."""
        one = self.server
        self.over.set()
        os.killpg(one.proc.pid, signal.SIGKILL)
        one.proc.wait()
        try:
            while True:
                os.waitpid(-one.proc.pid, 0)                 # its children have become this process's
        except ChildProcessError:
            pass
        self.kills += 1
        one.check_stderr()

    def kill_one(self):
        children = psutil.Process(self.server.proc.pid).children()
        if children and TRAITS[self.model] & {"own_process", "workers"}:
            self.one_killed = True
            self.random.choice(children).kill()
            self.kills += 1
            self.count("kills of one process")

    def moment(self):
        time.sleep(self.random.uniform(0.005, 0.25) * PATIENCE)

    def round(self):
        self.over, self.one_killed = threading.Event(), False
        self.start()
        self.check()
        threads = [threading.Thread(target=client.work) for client in self.clients]
        for thread in threads:
            thread.start()
        if self.random.random() < 0.4:
            self.moment()
            self.kill_one()
        self.moment()
        self.kill()
        for thread in threads:
            thread.join()
        self.server.release()
        if self.problems:
            raise self.problems[0]
        for client in self.clients:
            client.settle("after the kill")
        self.settle_shared()
        self.check_hidden()

    # -- what is looked at

    def check_hidden(self):
        """Nothing lies about that a kill does not explain: a partial has its text, and at a kill each session is in one place."""
        kept = names(self.root / OWN) if (self.root / OWN).is_dir() else set()
        partials, texts = {n for n in kept if len(n) == 32}, {n[:-3] for n in kept if n.endswith(b".of")}
        passing = {n for n in kept if n.startswith(b"x-")}
        assert len(kept) == len(partials) + len(texts) + len(passing), f"what are these? {kept}"
        assert partials <= texts, f"whose are these? {partials - texts}"
        assert len(texts - partials) <= self.kills * len(self.clients) and len(passing) <= len(self.clients), kept
        self.count("partials found", partials)
        self.count("passing names found", passing)
        mine = sum(client.partial(name) is not None for client in self.clients for name in client.sent)
        mine += sum(client.partial("file", "shared") is not None for client in self.clients)
        assert len(partials) == mine, "a partial that nobody has sent"
        for client in self.clients:
            for name in client.sent:
                client.begun(name)
        assert names(self.root) - {OWN.encode()} == {b"shared"} | {c.user.encode() for c in self.clients}

    def check(self):
        """The server's word for it."""
        for client in self.clients:
            ftp = client.ftp = self.server.raw(client.user)
            client.lost = False
            size, _ = client.used()
            assert ftp.expect(213, "AVBL").text == f"213 {max(0, QUOTA - size)}", f"{client.user} uses {size} bytes"
            here = {name.encode() for name in client.have}
            ftp.expect(250, f"CWD /{client.user}")
            for listing in (nlst(ftp.get("NLST -a")), ls(ftp.get("LIST -a")), mlsd(ftp.get("MLSD"))):
                assert set(listing) - {b".", b".."} == here
            assert OWN.encode() not in ftp.get("LIST -a /")
            for name, data in client.have.items():
                if len(data) < HIDE_FROM or client.random.random() < 0.2:
                    assert ftp.get(f"RETR /{client.user}/{name}") == data
            if client.random.random() < 0.7:
                for name in list(client.sent):
                    client.resume(name)
            ftp.expect(221, "QUIT")
            ftp.close()
        if (self.root / OWN).is_dir():
            until(lambda: not [n for n in names(self.root / OWN) if n.startswith(b"x-")], "what a commit passed through is swept")


@pytest.fixture
def orphans():
    """What a killed server leaves behind becomes this process's child, so that its end can be waited for."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    assert prctl(PR_SET_CHILD_SUBREAPER, 1) == 0
    yield
    prctl(PR_SET_CHILD_SUBREAPER, 0)


def test_kill_9_at_any_moment(server, orphans, model, tmp_path):
    seed = int(os.environ.get("DRAY_SEED") or time.time_ns() % 1_000_000)
    print("DRAY_SEED", seed)
    world = World(server, tmp_path / "folder", model, seed)
    rounds = 0
    while rounds < ROUNDS or world.counts.get("acknowledged", 0) <= ROUNDS:    # a busy machine lets little be done in one
        world.round()
        rounds += 1
    world.over = threading.Event()
    world.start()
    world.check()
    print("kill9:", model, "rounds", rounds, "kills", world.kills, world.counts)
