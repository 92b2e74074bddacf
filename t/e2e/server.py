"""One running `dray serve`: started, watched and stopped; a death, a sanitizer's word or a process left behind is a failure."""
import contextlib
import ftplib
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import psutil

from ftpraw import Raw
from tools import WAIT, until

DRAY = os.environ.get("DRAY") or str(Path(__file__).resolve().parents[2] / "build" / "dray")
COMPLAINT = re.compile(r"Sanitizer|runtime error:|check failed:|[Aa]ssertion|stack smashing|buffer overflow detected")
PASSWORD = "secret"
STATE = f"{tempfile.gettempdir()}/dray-test-state-{os.getuid()}"
ACCOUNTS = ("--account", f"rita:{PASSWORD}:read", "--account", f"ann:{PASSWORD}:add", "--account", f"bob:{PASSWORD}:write")


def sanitized():
    """Is the server built with AddressSanitizer or ThreadSanitizer?"""
    return Path(DRAY).is_file() and re.search(rb"__[at]san_init", Path(DRAY).read_bytes()) is not None


def environment(**more):
    """The environment of a server under test: sanitizers speak on stderr, and no DRAY_* of the tester leaks in."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("DRAY")}
    env.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
    env.setdefault("ASAN_OPTIONS", "quarantine_size_mb=1:thread_local_quarantine_size_kb=64")      # so that memory can be measured
    env["XDG_STATE_HOME"] = STATE                            # one certificate for all of a tester's runs
    if os.geteuid() != 0:
        env["DRAY_SANDBOX"] = "debug"                        # tests look into /proc of their servers; root may always
    env.update(more)
    return env


TURNS = ("iterative", "prefork", "pool")                    # models whose workers each serve one client after the other


def command(root, *flags, model=None):
    """The command line; what the flags do not say is said here: loopback, a free port, the model, enough workers. No folder: ""."""
    workers = "16" if model in TURNS else "3"                # as many as clients at once; a loop's are only started and ended
    line = [DRAY, "serve", *[str(root)] * bool(root), *map(str, flags)]
    for flag, values in {"--ftp": ["0"], "--http": ["off"], "--bind": ["127.0.0.1", "::1"], "--model": [model], "--workers": [workers]}.items():
        if flag not in flags and values != [None]:
            for value in values:
                line += [flag, value]
    return line


class Server:
    def __init__(self, root, *flags, model, work, env=None, user=None, through=()):
        self.root, self.model = Path(root), model          # "": the server has none
        self.output, self.clients = [], []
        self.command = [*through, *command(root, *flags, model=model)]        # through: a program that becomes the server
        self.stderr_path = Path(work) / f"stderr-{time.monotonic_ns()}"
        who = {} if user is None else dict(user=user, group=user, extra_groups=[])
        with open(self.stderr_path, "wb") as err:
            self.proc = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=err,
                                         env=environment(**(env or {})), start_new_session=True, **who)
        self.reader = threading.Thread(target=self._drain, daemon=True)
        self.reader.start()
        try:
            until(self._ready, "the server listens")
        except BaseException:
            self.kill()
            raise

    def _drain(self):
        while said := self.proc.stdout.read1(1 << 16):      # its greeting is one write: who has seen an address has seen all of it
            self.output.extend(said.decode("utf-8", "replace").splitlines(keepends=True))

    def _ready(self):
        assert self.proc.poll() is None, f"the server ended at once ({self.proc.returncode}): {self.stderr}{self.stdout}"
        scheme = "http" if ("--ftp", "off") in zip(self.command, self.command[1:]) else "ftp"
        urls = [(host.strip("[]"), int(port)) for host, port in re.findall(rf"{scheme}://(\[[0-9a-f:.]+\]|[0-9.]+):(\d+)/", self.stdout)]
        self.addresses = dict(urls)
        return len(urls) >= self.command.count("--bind")

    # -- what it is

    @property
    def stdout(self):
        return "".join(self.output)

    @property
    def stderr(self):
        return self.stderr_path.read_text(errors="replace")

    @property
    def port(self):
        return self.addresses["127.0.0.1"]

    def address(self, ipv6=False):
        host = "::1" if ipv6 else "127.0.0.1"
        return host, self.addresses[host]

    def url(self, path="/", user=None, ipv6=False):
        host, port = self.address(ipv6)
        who = f"{user}:{PASSWORD}@" if user else ""
        return f"ftp://{who}{'[::1]' if ipv6 else host}:{port}{path}"

    def processes(self):
        parent = psutil.Process(self.proc.pid)
        return [parent] + parent.children(recursive=True)

    def sum_of(self, what):
        """what(process) of all its processes; of those that end meanwhile nothing."""
        total = 0
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                total += what(process)
        return total

    def rss(self):
        return self.sum_of(lambda process: process.memory_info().rss)

    def rss_at_rest(self):
        """As soon as it has stayed what it is for a while: workers may still be beginning."""
        seen = []
        until(lambda: seen.append(self.rss()) or (len(seen) > 10 and len(set(seen[-10:])) == 1), "its memory is at rest")
        return seen[-1]

    def fds(self):
        return self.sum_of(psutil.Process.num_fds)

    def process_of(self, client):
        """The process that holds the other end of a raw client's control connection."""
        ends = client.sock.getpeername()[1], client.sock.getsockname()[1]
        def find():
            wanted = {link for link, these in established().items() if these == ends}
            youngest = reversed(self.processes())          # who forks for each session may not have closed his end yet
            return next((process for process in youngest if wanted & links(process)), None)
        return until(find, "a process holds the session")

    # -- clients

    def raw(self, user=None, ipv6=False, source=None, timeout=WAIT, greet=True):
        """A control connection; logged in if a user is named."""
        client = Raw(self.address(ipv6), source=source, timeout=timeout, greet=greet)
        self.clients.append(client)
        return client.login(user) if user else client

    def ftp(self, user="bob", ipv6=False, encoding="utf-8"):
        client = ftplib.FTP(encoding=encoding, timeout=WAIT)
        client.connect(*self.address(ipv6))
        self.clients.append(client)
        client.login(user, PASSWORD)
        client.voidcmd("TYPE I")
        return client

    def release(self):
        """Hang up whatever the test left open (an iterative server would otherwise wait for it)."""
        while self.clients:
            self.clients.pop().close()

    # -- its health and its end

    def check(self):
        """Alive, silent about itself, and without zombies."""
        assert self.proc.poll() is None, f"the server died ({self.proc.returncode}): {self.stderr}"
        self.check_stderr()
        until(lambda: not self.zombies(), "the server reaps its children")

    def zombies(self):
        def dead(process):
            try:
                return process.status() == psutil.STATUS_ZOMBIE
            except psutil.NoSuchProcess:
                return False
        return [p for p in self.processes() if dead(p)]

    def check_stderr(self):
        complaint = COMPLAINT.search(self.stderr)
        assert not complaint, f"the server complains about itself:\n{self.stderr[max(0, complaint.start() - 500):][:8000]}"

    def stop(self, signum=signal.SIGTERM, seconds=WAIT):
        """SIGTERM must end it with exit code 0, and every process of it."""
        if self.proc.returncode is not None:
            return
        self.release()
        self.check()
        family = self.processes()
        self.proc.send_signal(signum)
        try:
            code = self.proc.wait(seconds)
        except subprocess.TimeoutExpired:
            left = "\n".join(what_it_does(p) for p in family if alive(p))
            self.kill()
            raise AssertionError(f"the server did not end within {seconds:.0f} s after {signal.Signals(signum).name}\n{left}\n{self.stderr}")
        finally:
            self.check_stderr()
        assert code == 0, f"exit code {code} after {signal.Signals(signum).name}: {self.stderr}"
        until(lambda: not [p for p in family if alive(p)], "no process of the server is left behind")

    def kill(self):
        """End it and all its processes the hard way (a test that failed, or one that wants exactly this)."""
        family = []
        if self.proc.poll() is None:
            family = self.processes()
        for process in family:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                pass
        self.proc.wait()
        psutil.wait_procs(family, timeout=5)
        self.release()                              # only now: a client that closes its data connection ends an upload well


CONNECTED = re.compile(r"[0-9A-F]:([0-9A-F]{4}) [0-9A-F]+:([0-9A-F]{4}) 01 \S+ \S+ \S+ +\d+ +\d+ (\d+) ")


def established():
    """The TCP connections of this machine, as /proc/PID/fd names them: their ports. Read once: a crowd of another test makes it long."""
    text = "".join(Path(f"/proc/net/{kind}").read_text() for kind in ("tcp", "tcp6"))
    return {f"socket:[{inode}]": (int(here, 16), int(there, 16)) for here, there, inode in CONNECTED.findall(text)}


def links(process):
    """What the descriptors of a process lead to."""
    found = set()
    with contextlib.suppress(OSError):
        for fd in os.listdir(f"/proc/{process.pid}/fd"):
            with contextlib.suppress(OSError):
                found.add(os.readlink(f"/proc/{process.pid}/fd/{fd}"))
    return found


def what_it_does(process):
    """For a failure's report: where each thread of a process waits, and in which call."""
    lines = []
    for task in sorted(Path(f"/proc/{process.pid}/task").glob("*")):
        with contextlib.suppress(OSError):
            state = task.joinpath("stat").read_text().rpartition(")")[2].split()[0]
            lines.append(f"{process.pid}/{task.name}: {state} {task.joinpath('wchan').read_text()} {task.joinpath('syscall').read_text().strip()}")
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):                # without gdb, or with one that hangs: no more than that
        lines.append(subprocess.run(["gdb", "-p", str(process.pid), "-batch", "-ex", "thread apply all bt"], stdin=subprocess.DEVNULL,
                                    capture_output=True, text=True, timeout=20, errors="replace").stdout[-5000:])
    return "\n".join(lines)


def alive(process):
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
