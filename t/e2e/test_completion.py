"""Completion in real shells: what `dray completion SHELL` prints is read by that shell, which is then asked to complete something."""
import os
import re
import shutil
import subprocess

import pytest

from server import DRAY, environment
from tools import WAIT

OPTION = re.compile(r"^ +(?:-\w, +)?--([a-z][\w-]*)", re.M)


def run(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, timeout=WAIT, check=True, **more).stdout


def commands():
    return re.findall(r"^  dray (\S+) ", run(DRAY, "--help").split("Examples")[0], re.M)


def options(command):
    words = {"bench": ["models"], "verify": ["ftp://localhost/"]}.get(command, [])
    here = OPTION.findall(run(DRAY, command, "--help")) if command == "verify" else []
    return set(OPTION.findall(run(DRAY, command, *words, "--help")) + here)


class Shell:
    """A folder with some files, dray in PATH, and a bookmark."""

    def __init__(self, folder, name):
        self.dir, self.name = folder / "here", name
        (self.dir / "sub folder").mkdir(parents=True)
        (self.dir / "su.txt").touch()
        (folder / "bin").mkdir()
        (folder / "bin/dray").symlink_to(shutil.which(DRAY) or os.path.abspath(DRAY))
        self.env = environment(LC_ALL="C.UTF-8", HOME=str(folder), XDG_CONFIG_HOME=str(folder / "config"),
                               PATH=f"{folder}/bin:{os.environ['PATH']}")
        run(DRAY, "bookmark", "add", "home", "ftp://127.0.0.1/", env=self.env)
        self.script = folder / "script"
        self.script.write_text(run(DRAY, "completion", name, env=self.env))

    def complete(self, *words):
        """What is offered for the last word, without descriptions."""
        return {line.split("\t")[0] for line in self.text(*words).splitlines()}

    def text(self, *words):
        return getattr(self, self.name)(words)

    def ask(self, *command):
        return run(*command, cwd=self.dir, env=self.env)

    def bash(self, words):
        ask = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _dray; printf "%s\\n" "${COMPREPLY[@]}"'
        return self.ask("bash", "--norc", "-c", ask, "bash", self.script, "dray", *words)

    def fish(self, words):
        return self.ask("fish", "--no-config", "-c", 'source $argv[1]; complete -C "$argv[2]"', self.script, " ".join(["dray", *words]))

    def zsh(self, words):
        """The functions of zsh's own that would need a terminal print what they are given."""
        ask = """compdef() { }
                 _arguments() { print -rl -- "${@[2,-1]}" }
                 _describe() { print -rl -- "${(@P)2}" }
                 compadd() { print -rl -- "$@" "${names[@]/#/@}" }
                 source $1; shift; words=(dray "$@"); CURRENT=$#words; _dray
                 [[ $2 == @* ]] && _dray_bookmarks; true"""
        return self.ask("zsh", "-fc", ask, "zsh", self.script, *words)


@pytest.fixture(params=["bash", "zsh", "fish"])
def shell(request, tmp_path):
    return Shell(tmp_path, request.param)


def test_the_script_is_one(shell):
    shell.ask(shell.name, "-n", shell.script)


def test_every_command_and_every_option_of_help_is_offered(shell):
    assert len(commands()) >= 18
    first = shell.text("")
    for command in commands():
        assert re.search(rf"^{command}\b", first, re.M), command
        found = set(re.findall(r"^--([a-z][\w-]*)", shell.text(command, "--"), re.M))
        assert found == options(command) | {"help"}, command


def test_descriptions(shell):
    if shell.name != "bash":                                  # which has none
        assert "fetch files and folders" in shell.text("") and "replace files that are here" in shell.text("get", "--")


@pytest.mark.parametrize("words, expected", [
    (("get", "--verify", ""), "auto always never"), (("ls", "--tls", ""), "prefer require off"),
    (("serve", "--sandbox", ""), "on require debug off"), (("find", "--type", ""), "f d"),
    (("serve", "--model", ""), "epoll uring fork prefork thread pool iterative"),
    (("serve", "--tls", "require-"), "require-login require-data"), (("user", ""), "add passwd set del list"),
    (("completion", ""), "bash zsh fish")], ids=str)
def test_known_words(shell, words, expected):
    if shell.name == "zsh":                                   # all of them are in what it hands to _arguments
        spec = next(line for line in shell.text(*words).splitlines() if f"{words[1] or '1:'}" in line and "(" in line)
        assert set(expected.split()) <= set(spec.rpartition("(")[2].rstrip(")").split())
    else:
        assert shell.complete(*words) == set(expected.split())


@pytest.mark.parametrize("option, words", [("tls", ["off", "offer", "require", "require-login", "require-data"]),
                                           ("sandbox", ["on", "require", "debug", "off"]),
                                           ("anonymous", ["off", "none", "drop", "read", "add", "write"]),
                                           ("tls-data", ["accept", "require", "strict-close"]),
                                           ("checksum", ["none", "crc32", "md5", "sha1", "sha256", "sha512"])])
def test_what_is_offered_is_understood(tmp_path, option, words):
    offered = subprocess.run([DRAY, "completion", "fish"], capture_output=True, text=True, check=True).stdout
    assert f"-l {option} -x -a '{' '.join(words)}'" in offered
    for word in words:                                        # the folder is missing, which is found out after the options
        done = subprocess.run([DRAY, "serve", "--ftp", "0", f"--{option}", word, tmp_path / "none"],
                              capture_output=True, text=True, timeout=WAIT)
        assert done.returncode == 2 and ("cannot serve" in done.stderr or "nobody who could log in" in done.stderr)


def test_files_and_bookmarks(shell):
    assert "home" in str(shell.complete("get", "@"))
    if shell.name == "zsh":
        return                                                # its own functions find files
    found = shell.complete("put", "su")
    assert {"su.txt"} < found and any(name.startswith("sub") for name in found)
    assert "su.txt" not in shell.complete("serve", "su")
    assert "@home" in shell.complete("get", "") and "home" in shell.complete("open", "ho")


def test_usage():
    for words in ([], ["ksh"], ["bash", "zsh"]):
        assert subprocess.run([DRAY, "completion", *words], capture_output=True).returncode == 2
