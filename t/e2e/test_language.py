"""In which language people are spoken to: the catalogue is complete, is found, and programs are still spoken to in English."""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import unicodedata

import pexpect
import pytest

from fakeserver import Fake
from server import DRAY, environment
from test_menu import Dripping
from tools import WAIT

TOP = pathlib.Path(__file__).resolve().parents[2]
KEYWORDS = ["--keyword=_", "--keyword=N_", "--keyword=ngettext:1,2", "--keyword=CONF:6", "--keyword=STAT:2", "--from-code=UTF-8", "--language=C"]
CHINESE = {"LC_ALL": "C.UTF-8", "LANGUAGE": "zh_CN"}
SAID = re.compile(r'\b(?:ui_(?:say|note|fail)|failure_set|wrong|mistake|refuse|report_skip|start_over|note)\(([^;]*?)\);', re.S)
SERVER_SAYS = re.compile(r'\b(?:serve_complain|wrong|bad|bad_account|refuse|f?printf|snprintf|fputs|buf_(?:printf|text)|text_row|count|put_part)\(([^;]*?)\);', re.S)
SERVER_SIDE = ("serve", "user", "status", "unban", "verify")
BELOW = ("auth/auth", "conf/conf", "conf/rates", "io/announce", "store/quota_conf")      # what they say of an option; none of it is logged
LITERAL = re.compile(r'(?<![\w(])"((?:[^"\\]|\\.)*)"')


def run(*words, code=0, lines="", **env):
    done = subprocess.run([DRAY, *words], input=lines, capture_output=True, text=True, timeout=WAIT, env=environment(TERM="xterm", **env))
    assert done.returncode == code, done.stderr
    return done.stdout, done.stderr


@pytest.fixture
def fake(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    one = Fake()
    yield one
    one.stop()


# -- the catalogue

def test_every_sentence_of_the_sources_is_in_the_catalogue(tmp_path):
    files = (TOP / "po/POTFILES").read_text().split()
    subprocess.run(["xgettext", *KEYWORDS, "-o", tmp_path / "now.pot", *files], cwd=TOP, check=True)
    done = subprocess.run(["msgcmp", "--no-fuzzy-matching", TOP / "po/zh_CN.po", tmp_path / "now.pot"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    done = subprocess.run(["msgfmt", "--check-format", "--check-header", "-o", os.devnull, TOP / "po/zh_CN.po"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    done = subprocess.run(["msgcmp", "--no-fuzzy-matching", tmp_path / "now.pot", TOP / "po/dray.pot"], capture_output=True, text=True)
    assert "this message is used but not defined" not in done.stderr, "po/dray.pot is old: ninja -C build dray-pot"


def test_all_files_with_sentences_are_looked_into():
    listed = set((TOP / "po/POTFILES").read_text().split())
    uses = {str(path.relative_to(TOP)) for path in TOP.glob("src/*/*.c") if re.search(r'\b(?:N?_|ngettext)\("', path.read_text())}
    assert uses and not uses - listed, uses - listed


def forgotten(paths, calls):
    found = []
    for path in sorted(paths):
        for call in calls.findall(path.read_text()):
            call = re.sub(r"\bdray (?:%s)\b" % "|".join(SERVER_SIDE), "dray", call)      # who speaks
            bare = re.sub(r'\b(?:N?_|ngettext|SPAN)\((?:[^()"]|"(?:[^"\\]|\\.)*")*\)', "", call)
            found += [f"{path.name}: {text}" for text in LITERAL.findall(bare) if re.search(r"(?<!-)\b[a-z]{2,} [a-z]{2,}", text)]
    return found


def test_no_sentence_of_the_client_is_forgotten():
    assert not forgotten(TOP.glob("src/client/*.c"), SAID)


def test_no_sentence_for_operators_is_forgotten():
    paths = [path for path in TOP.glob("src/cmd/*.c") if path.stem.split("_")[0] in SERVER_SIDE]
    assert len(paths) > 12 and not forgotten(paths + [TOP / f"src/{name}.c" for name in BELOW], SERVER_SAYS)


# -- end to end

def test_the_menu_in_chinese(fake):
    out, err = run("open", fake.address, lines="help\nlist\nget a.txt\ndance\nget nope\n", code=2, **CHINESE)
    assert "2  G  get NAME   下载文件" in out and "已登录为 anonymous。" in out and "再见。" in out
    assert "1 个文件 (4 B)，0 个文件夹" in out and re.search(r"a.txt: 4 B，用时 \d+ 毫秒.*，大小 校验一致", out)
    assert "没有“dance”这个选项" in err and "get nope：服务器回答：no such file (550)" in err


def test_verbs_and_help_in_chinese(fake):
    assert "断点续传" in run("get", "--help", **CHINESE)[0]
    fake.stop()
    assert "无法连接 127.0.0.1 端口" in run("ls", fake.address, code=3, **CHINESE)[1]


def test_programs_are_spoken_to_in_english(fake):
    fake.stop()
    out = run("ls", "--json", fake.address, code=3, **CHINESE)[0]
    assert "cannot connect to" in json.loads(out.splitlines()[0])["message"]
    assert "cannot connect to" in run("ls", fake.address, code=3, LC_ALL="C", LANGUAGE="zh_CN")[1]


def test_operators_are_spoken_to_in_chinese(tmp_path):
    users, folder = tmp_path / "users", tmp_path / "folder"
    folder.mkdir()
    assert "服务器从下次启动起使用它" in run("user", "add", "ann", "--file", users, lines="secret\n", **CHINESE)[0]
    head, ann = run("user", "list", "--file", users, **CHINESE)[0].splitlines()
    assert columns(head[:head.index("权限")]) == columns(ann[:ann.index("add")]) == 18
    assert "名字中含有冒号" in run("user", "add", "a:b", "--file", users, code=1, **CHINESE)[1]
    users.write_text("bad\n")
    users.chmod(0o600)
    assert "第 1 行：不是六个字段" in run("user", "list", "--file", users, code=1, **CHINESE)[1]
    assert "0  完好" in run("verify", folder, **CHINESE)[0]
    assert json.loads(run("verify", "--json", folder, **CHINESE)[0])["good"] == 0
    assert "不是地址" in run("serve", "--bind", "x", folder, code=2, **CHINESE)[1]
    assert "不是字节数和文件数" in run("serve", "--quota", "x=y", folder, code=2, **CHINESE)[1]
    assert "参见" in run("unban", code=2, **CHINESE)[1]


def test_a_server_says_in_chinese_what_it_does_and_logs_in_english(tmp_path):
    words = [DRAY, "serve", "--ftp", "0", "--http", "off", "--bind", "127.0.0.1", tmp_path]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(**CHINESE)) as child:
        said = []
        while not said or not said[-1].startswith("模型"):
            said.append(child.stdout.readline())
            assert said[-1], said
        port = int(said[1].rpartition(":")[2].strip("/\n"))
        with socket.create_connection(("127.0.0.1", port), WAIT) as client:
            assert client.recv(99).startswith(b"220 ")
            head = run("status", str(child.pid), **CHINESE)[0]
            known = json.loads(run("status", "--json", str(child.pid), **CHINESE)[0])
        child.send_signal(signal.SIGINT)
        _, log = child.communicate(timeout=WAIT)
    assert "正在提供" in said[0] and said[2] == "任何能访问这些地址的人都可以：列出、下载和上传新文件。\n"
    assert "开始的会话" in head and "已连接" in head and known["sessions"][0]["doing"] == "connected"
    assert log and log.isascii()


@pytest.mark.parametrize("env", [{"LANG": "zh_CN.UTF-8"}, {"LC_ALL": "zh_CN.UTF-8"}, {"LC_MESSAGES": "zh_CN.GB18030", "LANG": "C"},
                                 {"LANG": "en_US.UTF-8", "LANGUAGE": "zh_CN:en"}], ids=str)
def test_a_locale_that_is_not_installed(env):
    clean = {name: "" for name in ("LC_ALL", "LC_MESSAGES", "LANGUAGE", "LANG")}
    assert "文件服务器" in run("--help", **clean | env)[0]


def columns(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


@pytest.mark.parametrize("width", [30, 50, 80])
def test_a_bar_in_chinese_fits(tmp_path, width):
    one = Dripping()
    child = pexpect.spawn(DRAY, ["open", one.address], cwd=str(tmp_path), env=environment(TERM="xterm", **CHINESE), encoding="utf-8",
                          dimensions=(24, width), timeout=WAIT, use_poll=True)
    child.expect("dray:/> ")
    child.sendline("get x")
    child.expect("剩余 .*?\033\\[K.*?\033\\[K")
    bars = [bar for bar in re.findall(r"\r([^\r\n\033]*)\033\[K", child.before + child.after) if "/s" in bar]
    child.close(force=True)
    one.stop()
    assert bars and max(map(columns, bars)) <= width - 1
