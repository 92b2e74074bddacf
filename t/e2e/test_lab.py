"""The experiments of docs/models.md: each one runs and says what it has learned, and its lesson holds. No model, no server."""
import re
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
LAB = TOP / "build" / "bench"
NAMES = sorted(path.stem for path in (TOP / "bench" / "lab").glob("*.c"))


@pytest.fixture(scope="module")
def lab():
    subprocess.run(["tools/build", "plain", *(f"bench/lab_{name}" for name in NAMES)], cwd=TOP, check=True)

    def run(name):
        done = subprocess.run([LAB / f"lab_{name}"], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.splitlines()[-1].startswith("Learned: ")
        return done.stdout
    return run


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"race", "zombie", "crash"}))
def test_an_experiment_runs_and_its_own_check_holds(lab, name):
    lab(name)


def test_a_zombie_is_seen_and_then_gone(lab):
    said = lab("zombie")
    assert [line[0] for line in said.splitlines()[:-1]] == list("RTZZ-SD-") and "the zombie is gone" in said


def test_the_cures_of_a_lost_update_are_exact(lab):
    rows = re.findall(r"^(.+?) +(\d+) of +(\d+), lost +(\d+)", lab("race"), re.M)
    assert len(rows) == 4 and all(int(got) <= int(expected) for _, got, expected, _ in rows)
    assert all(got == expected for _, got, expected, _ in rows[1:])


def test_a_crash_ends_one_process_or_all_threads(lab):
    assert re.findall(r"(\d) of 4 sessions", lab("crash")) == ["3", "0"]
