"""`dray bench`: what it prints can be read, it leaves nothing behind. Nothing here is timed."""
import json
import os
import signal
import subprocess
import xml.etree.ElementTree as xml

import psutil
import pytest

from server import ACCOUNTS, DRAY, alive, environment
from tools import WAIT, until

TINY = ("--rounds", "1", "--logins", "16", "--passwords", "4", "--files", "16", "--probes", "10", "--bulk", "8",
        "--entries", "40", "--crowd", "8", "--settle", "1")
SLOW = ("noop-slow", "small-slow") if os.access(f"{os.path.dirname(DRAY)}/t/slowfs/slowfs", os.X_OK) else ()
COSTS = ("login", "small", "smallup", "down1", "down8", "up1", "up8", "list", "ls", "password")
TIMED = ("login", "small", "smallup", "noop", "noop-bulk", "noop-login", "password", "noop-password", *SLOW)  # each piece of work
MEMORY = ("idle", "parked", "kernel")


def bench(folder, *words):
    """(exit code, stdout, stderr) of a bench whose temporary files go to this folder."""
    done = subprocess.run([DRAY, "bench", *words], env=environment(TMPDIR=str(folder)), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=6 * WAIT)
    print(words, done)
    assert "Sanitizer" not in done.stderr and "runtime error" not in done.stderr
    assert not os.listdir(folder), "temporary files are left behind"
    return done.returncode, done.stdout, done.stderr


def test_every_figure_of_a_model(tmp_path):
    code, out, err = bench(tmp_path, "models", "--quick", "--json", "--models", "fork", *TINY)
    head, *lines = [json.loads(line) for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert head["bench"] == "models" and head["rounds"] == 1
    found = {line["load"]: line for line in lines if line.get("model") == "fork"}
    assert set(found) == {*COSTS, *TIMED, *MEMORY}
    for name in {*COSTS, *TIMED}:
        assert found[name]["wall"] > 0 and 0 <= found[name]["clients"] <= 1, name
        assert ("median" in found[name]) == (name in COSTS) and found[name].get("median", 1) > 0, name
        assert (0 < found[name].get("p50", 0) <= found[name].get("p99", 0)) == (name in TIMED), name
    assert found["idle"]["median"] > 0 and found["idle"]["pieces"] == 8
    assert {line["load"] for line in lines if "floor" in line} <= set(COSTS)


def test_over_tls(tmp_path):
    loads = {"login", "small", "smallup", "down8", "up8", "list", "noop-bulk"}
    code, out, err = bench(tmp_path, "models", "--tls", "--json", "--models", "thread,epoll", "--loads", ",".join(loads), *TINY)
    head, *lines = [json.loads(line) for line in out.splitlines()]
    assert (code, err) == (0, "") and head["tls"] is True
    assert sorted((line["model"], line["load"]) for line in lines if "floor" not in line) == sorted(
        (model, load) for model in ("thread", "epoll") for load in loads), "nobody is missing"
    assert {line["floor"] for line in lines if "floor" in line} in (set(), {"floor_tls_small", "floor_tls_bulk"}), "of its own"


@pytest.mark.needs("typical", "own_process", "disk")
def test_servers_that_run_already(tmp_path, server):
    """One with all that is known of it, and one of which nothing is."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    one = server(None, *ACCOUNTS)
    (one.root / "sub").mkdir()
    told = f"one={one.url('/sub', user='bob')},pid={one.proc.pid},folder={one.root / 'sub'}"
    code, out, err = bench(scratch, "servers", told, f"bare={one.url()}", "--json", "--loads",
                           "login,small,smallup,up1,list,noop-slow,password,crowd", *TINY)
    head, *lines = [json.loads(line) for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert head["bench"] == "servers"
    found = {(line.get("server"), line["load"]): line for line in lines}
    assert {load for name, load in found if name == "one"} == {"login", "small", "smallup", "up1", "list", "password", *SLOW[:1], *MEMORY}
    assert all(found["one", load]["median"] > 0 for load in ("login", "idle"))
    assert {load for name, load in found if name == "bare"} == {"login"}, "what needs neither files nor processes nor a password"
    assert found["bare", "login"]["p99"] > 0 and "median" not in found["bare", "login"]
    assert not os.listdir(one.root / "sub") and one.proc.poll() is None


def test_the_table_and_its_plots(tmp_path):
    scratch, plots = tmp_path / "scratch", tmp_path / "it's $new" / "plots"
    scratch.mkdir()
    code, out, err = bench(scratch, "models", "--models", "iterative,fork", "--loads", "login,down8", *TINY, "--plot", plots)
    head, *lines = out.splitlines()
    assert head.split()[:2] == ["iterative", "fork"]
    rows = {line[:18].strip(): line[24:].split() for line in lines[:lines.index("")]}
    assert (code, err) == (0, "")
    assert rows["down, 8"][0] == "-", "eight streams at once are nothing for a server of one client"
    assert float(rows["login"][0]) > 0 and float(rows["login, p99"][0]) > 0
    assert all(len(line) <= 120 for line in lines if str(plots) not in line)

    assert sorted(os.listdir(plots)) == sorted(f"{load}.{kind}" for load in ("login", "down8") for kind in ("svg", "png", "tsv", "gp"))
    data = [line.split("\t") for line in (plots / "login.tsv").read_text().splitlines()]
    assert [row[:2] for row in data[:3]] == [["name", "kind"], ["iterative", "model"], ["fork", "model"]]
    assert float(data[1][data[0].index("cost")]) == pytest.approx(float(rows["login"][0]), rel=0.01)
    drawn = (plots / "login.svg").read_bytes()
    said = "".join(xml.fromstring(drawn).itertext())
    assert all(text in said for text in ("connect, USER, PASS", "iterative", "fork", "µs", "p99"))
    png = (plots / "down8.png").read_bytes()
    assert png.startswith(b"\x89PNG\r\n\x1a\n") and png.endswith(b"IEND\xaeB`\x82")
    (plots / "login.svg").unlink()
    subprocess.run(["gnuplot", "login.gp"], cwd=plots, check=True, timeout=WAIT)
    assert (plots / "login.svg").read_bytes() == drawn, "it can be drawn again"


def test_plots_without_gnuplot(tmp_path, monkeypatch):
    """One that is missing is told at once; the data of minutes is not lost for one that fails."""
    scratch, plots, tools = (tmp_path / name for name in ("scratch", "plots", "tools"))
    scratch.mkdir()
    tools.mkdir()
    words = ("models", "--models", "fork", "--loads", "login", *TINY, "--plot", plots)
    monkeypatch.setenv("PATH", str(tools))
    code, out, err = bench(scratch, *words)
    assert code == 1 and not out and "gnuplot" in err and not plots.exists()

    (tools / "gnuplot").write_text("#!/bin/sh\necho no font here >&2\nexit 3\n")
    (tools / "gnuplot").chmod(0o755)
    code, out, err = bench(scratch, *words)
    assert code == 1 and "login, p99" in out and "no font here" in err and "login.gp" in err
    assert sorted(os.listdir(plots)) == ["login.gp", "login.tsv"]


@pytest.mark.parametrize("words", [
    [], ["clients"], ["models", "more"], ["models", "--no-such-flag"], ["models", "--models", "magic"],
    ["models", "--models", ""], ["models", "--loads", "login,magic"], ["models", "--rounds", "0"],
    ["models", "--bulk", "-1"], ["models", "--rounds"],
    ["servers"], ["servers", "ftp://localhost/"], ["servers", "a=http://localhost/"], ["servers", "a b=ftp://localhost/"],
    ["servers", "a=ftp://127.0.0.1:1/,pid=x"], ["servers", "a=ftp://127.0.0.1:1/,magic=1"],
    ["servers", "a=ftp://127.0.0.1:1/,cgroup=/"], ["servers", "a=ftp://127.0.0.1:1/", "--models", "fork"],
])
def test_mistakes(tmp_path, words):
    code, out, err = bench(tmp_path, *words)
    assert code == 2 and not out and err.strip()


def test_a_folder_that_is_missing(tmp_path):
    code, out, err = bench(tmp_path, "models", *TINY, "--folder", str(tmp_path / "nothing"))
    assert code == 1 and not out and err.strip()


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_nothing_behind(tmp_path, signum):
    proc = subprocess.Popen([DRAY, "bench", "models", "--models", "fork", *TINY, "--loads", "crowd", "--settle", "600"],
                            env=environment(TMPDIR=str(tmp_path)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, start_new_session=True)
    family = psutil.Process(proc.pid)
    try:
        until(lambda: len(family.children(recursive=True)) > 8, "the crowd is there")
        children = family.children(recursive=True)
        proc.send_signal(signum)
        out, err = proc.communicate(timeout=WAIT)
    finally:
        proc.kill()
    assert (proc.returncode, out, err) == (130, "", "")
    until(lambda: not any(alive(child) for child in children), "no process is left behind")
    assert not os.listdir(tmp_path)
