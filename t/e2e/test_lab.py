"""The experiments of docs/models.md: each one runs and says what it has learned, and its lesson holds. No model, no server, and
nothing here is timed. They are built with everything else, beside the server that is tested."""
import re
import subprocess
from pathlib import Path

import pytest

from server import DRAY

pytestmark = pytest.mark.needs("lean")      # no server, so one run is enough; and the race is meant
NAMES = sorted(path.stem for path in (Path(__file__).resolve().parents[2] / "bench" / "lab").glob("*.c"))


def lab(name):
    """What the experiment prints; it must succeed and end with its lesson."""
    done = subprocess.run([Path(DRAY).parent / "bench" / f"lab_{name}"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith("Learned: ")
    return done.stdout


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"race", "zombie", "crash"}))
def test_an_experiment_runs_and_its_own_check_holds(name):
    lab(name)


def test_a_zombie_is_seen_and_then_gone():
    said = lab("zombie")
    assert [line[0] for line in said.splitlines()[:-1]] == list("RTZZ-SD-") and "the zombie is gone" in said


def test_the_cures_of_a_lost_update_are_exact():
    rows = re.findall(r"^(.+?) +(\d+) of +(\d+), lost +(\d+)", lab("race"), re.M)
    assert len(rows) == 4 and all(int(got) <= int(expected) for _, got, expected, _ in rows)
    assert all(got == expected for _, got, expected, _ in rows[1:])


def test_a_crash_ends_one_process_or_all_threads():
    assert re.findall(r"(\d) of 4 sessions .*; the server (.*)", lab("crash")) == [("3", "went on"), ("0", "was ended by SIGSEGV")]
