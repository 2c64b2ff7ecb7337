"""Processes that share a spool and are killed at random: nothing that was acknowledged is lost."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("processes", "trials"),
    [
        pytest.param(1, 20, marks=pytest.mark.slow),
        pytest.param(2, 20, marks=pytest.mark.slow),
        pytest.param(4, 20, marks=pytest.mark.slow),
        pytest.param(1, 200, marks=pytest.mark.slow),
        pytest.param(2, 200, marks=pytest.mark.slow),
        pytest.param(4, 200, marks=pytest.mark.slow),
    ],
)
def test_kills_lose_nothing_that_was_acknowledged(tmp_path, processes, trials):
    """However many share the directory: each batch whose append had returned is delivered; nothing is left behind."""
    program = [sys.executable, "-m", "tests.spool.killing", str(tmp_path), str(processes), str(trials), "7"]
    done = subprocess.run(program, capture_output=True, text=True, cwd=ROOT, timeout=300, check=False)

    assert done.returncode == 0, done.stderr
    assert "damaged" not in done.stderr
    told = json.loads(done.stdout)
    print(told)
    assert (told["lost"], told["left"]) == (0, ["about.json"])
    assert told["acknowledged"] > trials
