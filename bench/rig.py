"""rig: what bench/peers and bench/http share: a network of their own, processors apart for servers and clients, the CPU time of a
server, the figures of all rounds, and a table of them. Servers are started as the tests start them (t/e2e/peers.py)."""
import contextlib
import os
import re
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "t" / "e2e"))

from peers import GID, UID, Peer  # noqa: E402
from server import PASSWORD  # noqa: E402

DRAY = os.environ.get("DRAY", str(TOP / "build" / "dray"))
CPUS = sorted(os.sched_getaffinity(0))
SERVERS, CLIENTS = (CPUS[:len(CPUS) // 2], CPUS[len(CPUS) // 2:]) if len(CPUS) > 1 else (CPUS, CPUS)
TICK = os.sysconf("SC_CLK_TCK")
MIB, GIB = 1 << 20, 1 << 30


def number(name, value):
    return int(os.environ.get(name, value))


def alone():
    """In a network namespace of its own, where that can be had: connections that linger in TIME_WAIT disturb nobody."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))   # who is ended ends its servers
    inside = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    if "DRAY_BENCH_ALONE" not in os.environ and subprocess.run([*inside, "true"], capture_output=True, check=False).returncode == 0:
        os.environ["DRAY_BENCH_ALONE"] = "1"
        os.execvp(inside[0], [*inside, sys.executable, *sys.argv])


# -- where servers run, and what they cost

GROUPS = [Path("/sys/fs/cgroup") / kind / f"dray-bench-{os.getpid()}" for kind in ("cpuacct", "")]       # of version 1, and 2


def group_of(name):
    """A control group of its own, where that can be had."""
    for groups in GROUPS:
        with contextlib.suppress(OSError):
            if (groups.parent / "cgroup.procs").exists():
                (groups / name).mkdir(parents=True)
                return groups / name
    return None


def enter(group):
    (group / "cgroup.procs").write_text(str(os.getpid()))


@contextlib.contextmanager
def apart(name):
    """What is started here keeps to the processors for servers and is counted in a group of its own: that is given, or None."""
    group = group_of(name)
    os.sched_setaffinity(0, SERVERS)
    if group:
        enter(group)
    try:
        yield group
    finally:
        if group:
            enter(group.parent.parent)
        os.sched_setaffinity(0, CLIENTS)


def forget_groups():
    for groups in GROUPS:
        for group in [*groups.glob("[0-9]*"), groups]:
            for _ in range(100 * group.is_dir()):
                with contextlib.suppress(OSError):
                    group.rmdir()
                    break
                time.sleep(0.01)                              # its processes are still ending


def family(pid):
    """A process and all below it."""
    found = [pid]
    for one in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def cpu(server):
    """Seconds of user and system time of all its processes, of those that have ended, too."""
    if server.group and (server.group / "cpuacct.usage").exists():
        return int((server.group / "cpuacct.usage").read_text()) / 1e9
    if server.group:
        return int(re.search(r"usage_usec (\d+)", (server.group / "cpu.stat").read_text())[1]) / 1e6
    total = 0
    for one in family(server.proc.pid):
        with contextlib.suppress(OSError):
            ended = Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()[13:15]
            total += time.clock_gettime(~one << 3 | 2) + sum(map(int, ended)) / TICK      # clock_getcpuclockid(3)
    return total


def calm(server):
    """Its CPU time, once it has nothing to do any more."""
    before = cpu(server)
    for _ in range(200):
        time.sleep(0.01)
        now = cpu(server)
        if now - before < 0.0002:
            break
        before = now
    return now


# -- servers that t/e2e/peers.py does not have

class Dray(Peer):
    """dray with one model; `floor`: one of the bare programs instead; `accounts`: who logs in has a password; `program`: which dray."""
    model, protocol, floor, accounts, program = "epoll", "ftp", None, False, DRAY

    def start(self):
        if self.floor:
            line = [TOP / "build" / "bench" / self.floor, self.root, self.host]
        else:
            tls = ["--tls-cert", self.pem, "--tls-key", self.pem] if self.pem else ["--tls", "off"]
            known = ["--users", self.users(), "--no-anonymous"] if self.accounts else []
            ports = ["--ftp", 0, "--http", 0 if self.protocol == "http" else "off"]
            line = [self.program, "serve", self.root, "--model", self.model, *ports, "--bind", self.host, "--writable", "--quiet",
                    "--keep-free", 0, "--max-sessions", 0, "--max-per-address", 0, "--user", f"{UID}:{GID}", *tls, *known]
        self.run(*line)
        self.port = 0

    def users(self):
        """An accounts file with bob in it; its hash is dray's own (yescrypt)."""
        self.strangers, known = False, self.at / "users"
        subprocess.run([DRAY, "user", "add", "bob", "--rights", "write", "--file", known], input=PASSWORD + "\n", text=True, check=True,
                       capture_output=True)
        return known

    def listens(self):
        assert self.proc.poll() is None, f"it ended: {self.said()}"
        said = re.search(rf"{self.protocol}s?://[0-9.]+:(\d+)/", self.said())
        self.port = int(said[1]) if said else 0
        return said

    def address(self, path=""):
        """Where a browser finds it."""
        return f"http{'s' if self.pem else ''}://{self.host}:{self.port}/{path}"


class Web(Peer):
    def stop(self):
        if self.proc:
            self.proc.terminate()                             # who has workers takes them along
            self.proc.wait()
        super().stop()

    def listens(self):
        assert self.proc.poll() is None, f"it ended: {self.said()}"
        return subprocess.run(["curl", "-sk", "-o", "/dev/null", self.address()], check=False).returncode == 0

    def address(self, path=""):
        return f"http{'s' if self.pem else ''}://{self.host}:{self.port}/{path}"


def nginx(workers):
    class Nginx(Web):
        def start(self):
            tls = [f"ssl_certificate {self.pem};", f"ssl_certificate_key {self.pem};", "ssl_protocols TLSv1.3;"] if self.pem else []
            bodies = self.root / ".bodies"                    # beside what they become, so that they are only renamed
            bodies.mkdir(exist_ok=True)
            os.chown(bodies, UID, GID)
            other = [f"{kind}_temp_path {self.at}/{kind};" for kind in ("proxy", "fastcgi", "uwsgi", "scgi")]
            conf = self.write("nginx.conf", "\n".join([
                "daemon off;", "user nobody nogroup;", f"worker_processes {workers};", f"pid {self.at}/pid;",
                "events { worker_connections 4096; }", "http {", "access_log off;", "sendfile on;", "tcp_nopush on;", "tcp_nodelay on;",
                "keepalive_requests 100000000;", "client_max_body_size 0;", "client_body_buffer_size 1m;",
                f"client_body_temp_path {bodies};", *other, "server {",
                f"listen {self.host}:{self.port}{' ssl' if self.pem else ''};", *tls, f"root {self.root};", "dav_methods PUT;", "}", "}"]))
            self.run(Path("/opt/dray-peers/usr/sbin/nginx"), "-e", self.at / "log", "-p", self.at, "-c", conf)
    return Nginx


class Lighttpd(Web):
    def start(self):
        bodies = self.root / ".bodies"
        bodies.mkdir(exist_ok=True)
        os.chown(bodies, UID, GID)
        conf = self.write("lighttpd.conf", "\n".join([
            'server.modules = ("mod_webdav")', f'server.document-root = "{self.root}"', f'server.bind = "{self.host}"',
            f"server.port = {self.port}", 'server.username = "nobody"', 'server.groupname = "nogroup"',
            "server.max-keep-alive-requests = 100000000", 'server.network-backend = "sendfile"', "server.max-connections = 4096",
            f'server.upload-dirs = ("{bodies}")', 'webdav.activate = "enable"']) + "\n")
        self.run(Path("/opt/dray-peers/usr/sbin/lighttpd"), "-D", "-m", "/opt/dray-peers/usr/lib/lighttpd", "-f", conf)


def certificate(folder):
    """Of an elliptic curve, as dray makes its own; it and its key in one file."""
    pem = Path(folder) / "pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                    "/CN=bench", "-keyout", pem, "-out", f"{pem}.crt"], check=True, capture_output=True)
    pem.write_text(pem.read_text() + Path(f"{pem}.crt").read_text())
    return pem


# -- figures

class Figures:
    """What was seen of each load and server, in all rounds; the median counts, and its ratio to somebody else's."""

    def __init__(self):
        self.seen = {}

    def note(self, load, who, value):
        self.seen.setdefault((load, who), []).append(value)

    def of(self, load, who):
        values = self.seen.get((load, who))
        return statistics.median(values) if values else None

    def spread(self, load, who):
        values = self.seen[load, who]
        return (max(values) - min(values)) / 2 / (statistics.median(values) or 1)


def shown(value):
    return "" if value is None else f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.3g}"


def put(document, name, text):
    """Where it says <!-- bench/all NAME -->."""
    begin, end = f"<!-- bench/all {name} -->\n", "<!-- end -->\n"
    before, _, rest = document.read_text().partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        sys.exit(f"{document} has no place for {name}")
    document.write_text(before + begin + text + end + after)


def table(heads, rows):
    """Markdown."""
    for row in [heads, ["---"] * len(heads), *rows]:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    print(flush=True)


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
