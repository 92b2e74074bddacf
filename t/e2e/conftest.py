"""Fixtures of the end-to-end suite.

server(root, *flags)   starts a server of this test's own; stopped (SIGTERM, exit code 0) when the test has run
slow                   a factory of slow disks in a folder that a server can share
site                   a server shared by one file on one model, and a fresh folder in it: what most tests use
model                  the server model; a test that uses it (or server, site) runs once per model

DRAY_STORE=memory: the server of `site` keeps its files in memory, and `site.dir` is a view of them (remote.py), through a second
session: models that serve one at a time are left out, and so are tests that need a disk.

Health is part of each test's outcome: after the body, every server it used must be alive, silent on stderr and without zombies.
"""
import itertools
import os
import select
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

import server as server_module
from remote import Remote, View
from server import ACCOUNTS, Server
from tools import PATIENCE, SLOW_FILES, WAIT, blob, make, until

# at_once: serves several sessions at the same time.  own_process: one process per session.  workers: processes replaced when they die.
# crowds: made for thousands of clients.  typical: one of each kind (processes, threads, a loop).  loop: an event loop; what blocks one session would block all.
# in_turn: each worker serves one client after the other.
# disk: what is served lies on a disk, where tests can look and do what clients cannot (any model).
# root: the tester is root, so that a server can be (any model).
# lean: a build without sanitizers (any model), so memory and processor time mean something.
TRAITS = {
    "iterative": {"in_turn"},
    "fork": {"at_once", "own_process", "typical"},
    "prefork": {"at_once", "own_process", "workers", "crowds", "in_turn"},
    "thread": {"at_once", "crowds", "typical"},
    "pool": {"at_once", "in_turn"},
    "epoll": {"at_once", "workers", "crowds", "loop", "typical"},
    "uring": {"at_once", "workers", "crowds", "loop"},
}
MEMORY = os.environ.get("DRAY_STORE") == "memory"
BUILD = (set() if server_module.sanitized() else {"lean"}) | (set() if MEMORY else {"disk"}) | (set() if os.geteuid() else {"root"})
OTHERS = set(TRAITS).union(*TRAITS.values())                # what a model has, not the build
MODELS = [m for m in os.environ.get("DRAY_MODELS", "iterative,fork,prefork,thread,pool,epoll,uring").split(",") if m]
CLIENTS = ("curl", "wget", "lftp", "tnftp", "ncftpget", "ncftpput", "ncftpls", "ncftp", "rclone", "ruby", "php")
SLOWFS = Path(os.environ.get("SLOWFS") or Path(__file__).resolve().parents[2] / "build" / "t" / "slowfs" / "slowfs")
LIMIT = int(150 * PATIENCE)                                  # seconds that one test may take


def pytest_configure(config):
    unknown = set(MODELS) - set(TRAITS)
    missing = [c for c in CLIENTS if not shutil.which(c)]
    if not os.access(server_module.DRAY, os.X_OK):
        raise pytest.UsageError(f"no server to test: {server_module.DRAY} (build it, or name one with DRAY=...)")
    if missing:
        raise pytest.UsageError(f"clients that are not installed: {' '.join(missing)}")
    if unknown or not MODELS:
        raise pytest.UsageError(f"DRAY_MODELS: no such model: {' '.join(unknown) or '(none)'}")


# -- which tests run on which models, and which share a worker

def pytest_generate_tests(metafunc):
    if "model" in metafunc.fixturenames:
        metafunc.parametrize("model", MODELS, indirect=True, scope="module")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        model = getattr(item, "callspec", None) and item.callspec.params.get("model")
        if not item.get_closest_marker("xdist_group"):        # a test may say itself with whom it shares one
            item.add_marker(pytest.mark.xdist_group(f"{item.module.__name__}-{model}"))
    items[:] = [item for item in items if applies(item)]


def applies(item):
    needs = {trait for mark in item.iter_markers("needs") for trait in mark.args}
    if MEMORY and "site" not in item.fixturenames:
        return False                                         # it says itself what its server serves
    if MEMORY:
        needs.add("at_once")
    if not needs <= BUILD | OTHERS:
        return False
    model = hasattr(item, "callspec") and item.callspec.params.get("model")
    return not model or needs <= TRAITS[model] | {model} | BUILD    # its name is a trait, too: for what no model can change


@pytest.fixture(scope="module")
def model(request):
    return request.param


# -- a test, its time limit, and the health of its servers

@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Run the test, then hold its servers to account, so that their ill health fails this test."""
    servers = pyfuncitem.stash.setdefault(SERVERS, [])
    signal.signal(signal.SIGALRM, lambda *_: pytest.fail(f"longer than {LIMIT} s"))
    signal.alarm(LIMIT)
    try:
        pyfuncitem.obj(**{a: pyfuncitem.funcargs[a] for a in pyfuncitem._fixtureinfo.argnames})
        for check in pyfuncitem.stash.get(CHECKS, []):
            check()
        for one in servers:
            one.release()
            (one.check if one.shared else one.stop)()
    except BaseException:
        for one in servers:
            one.tainted = True
        raise
    finally:
        signal.alarm(0)
    return True


SERVERS, CHECKS = pytest.StashKey(), pytest.StashKey()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for one in item.stash.get(SERVERS, []):
            report.sections.append(("server", f"{' '.join(one.command)}\nexit code {one.proc.poll()}\n{one.stderr[-6000:]}"))


@pytest.fixture
def also_check(request):
    """also_check(function): called after the body of the test, as a part of it."""
    return request.node.stash.setdefault(CHECKS, []).append


@pytest.fixture
def server(request, model, tmp_path):
    """A factory: server(root, *flags, env=...) is a running server of this test's own."""
    mine = request.node.stash.setdefault(SERVERS, [])

    def start(root=None, *flags, **more):
        if root is None:
            root = tmp_path / "root"
            root.mkdir(exist_ok=True)
        one = Server(root, *flags, model=model, work=tmp_path, **more)
        one.shared = False
        mine.append(one)
        return one

    yield start
    for one in mine:
        if not one.shared and one.proc.poll() is None:
            one.kill()


class Shared:
    """The server of one file on one model; a new one when a test has broken the last."""

    def __init__(self, model, work):
        self.model, self.work, self.server = model, work, None
        (work / "root").mkdir()

    def get(self):
        if self.server and (self.server.tainted or self.server.proc.poll() is not None):
            self.server.kill()
            self.server = None
        if not self.server:
            store = ["", "--memory", "512M"] if MEMORY else [self.work / "root"]
            self.server = Server(*store, *ACCOUNTS, "--max-sessions", "0", "--max-per-address", "0", "--ban-after", "0",
                                 model=self.model, work=self.work)
            self.server.shared, self.server.tainted = True, False
        return self.server


@pytest.fixture(scope="module")
def shared(model, tmp_path_factory):
    holder = Shared(model, tmp_path_factory.mktemp(f"shared-{model}"))
    yield holder
    if holder.server:
        if holder.server.tainted:
            holder.server.kill()
        else:
            holder.server.stop()
    shutil.rmtree(holder.work, ignore_errors=True)


class Site:
    """A shared server and a fresh folder in it."""

    counter = itertools.count(1)

    def __init__(self, one):
        self.server = one
        self.name = f"folder {next(self.counter)}"
        self.path = "/" + self.name
        self.view = View(one)
        self.dir = Remote(self.view, self.path) if MEMORY else one.root / self.name
        self.dir.mkdir()

    def raw(self, user="bob", **more):
        """A bare control connection, logged in and standing in this test's folder."""
        client = self.server.raw(user, **more)
        client.expect(250, f"CWD {self.path}")
        return client

    def ftp(self, user="bob", **more):
        client = self.server.ftp(user, **more)
        client.cwd(self.path)
        return client


@pytest.fixture
def site(request, shared):
    one = shared.get()
    request.node.stash.setdefault(SERVERS, []).append(one)
    site = Site(one)
    yield site
    site.view.close()
    one.release()


# -- a slow disk

def is_mounted(folder):
    return any(line.split()[4] == os.fspath(folder) for line in Path("/proc/self/mountinfo").read_text().splitlines())


class SlowDisk:
    """tmp_path/root/slow shows the files of tmp_path/disk; it keeps no attributes of files."""

    def __init__(self, folder):
        self.root, self.disk, self.mount = folder / "root", folder / "disk", folder / "root" / "slow"
        self.disk.mkdir()
        self.mount.mkdir(parents=True)
        for n in range(SLOW_FILES):
            make(self.disk, f"f{n}", blob(20_000, n))
        self.fuse = None

    def start(self, flags, times):
        times = [word for call, time in times.items() for word in (f"--{call}", str(time))]
        self.fuse = subprocess.Popen([SLOWFS, self.disk, self.mount, *flags, *times], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE, bufsize=0)
        until(lambda: is_mounted(self.mount) or self.fuse.poll() is not None, "the slow disk is mounted")
        assert self.fuse.poll() is None, f"the slow disk cannot be mounted: {self.fuse.stderr.read().decode()}"

    def holds(self):
        """Waits until calls are held, and a little for more of them; how many."""
        ready, _, _ = select.select([self.fuse.stdout], [], [], WAIT)
        assert ready, "nobody came to the slow disk"
        time.sleep(0.03)
        return len(self.fuse.stdout.read(4096))

    def let_go(self, count):
        """That many calls that are held now, or come."""
        self.fuse.stdin.write(bytes(count))

    def be_quick(self):
        """Holds nobody any more."""
        self.fuse.stdin.close()

    def stop(self):
        subprocess.run(["fusermount3", "-uz", self.mount], stderr=subprocess.DEVNULL, check=False)
        self.fuse.kill()
        self.fuse.wait()
        for pipe in self.fuse.stdin, self.fuse.stdout, self.fuse.stderr:
            pipe.close()


@pytest.fixture
def slow(tmp_path):
    """slow("--names", read=3, open="held"): a SlowDisk where each read takes three seconds, and an open until it is let go."""
    assert os.path.exists("/dev/fuse"), "no /dev/fuse here: the slow disk cannot be tested (a container needs --device /dev/fuse)"
    assert os.access(SLOWFS, os.X_OK), f"no {SLOWFS}: build it with `tools/build tests`, or name it with SLOWFS=..."
    disk = SlowDisk(tmp_path)

    def start(*flags, **times):
        disk.start(flags, times)
        return disk

    yield start
    if disk.fuse:
        disk.stop()
