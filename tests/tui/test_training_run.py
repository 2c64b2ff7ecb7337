"""The example to look at: a training run."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

from otel_events.ledger.read import read_ledger
from tests.cli.conftest import ROOT, clean_environment

# What the display of a training run has always shown one by one, and by the second.
SINGLE = {
    "seed.germinated", "seed.stage_changed", "seed.gate_evaluated", "seed.fossilized", "seed.pruned",
    "ppo.update_completed", "batch.epoch_completed", "training.started",
}  # fmt: skip
FREQUENT = {"epoch.completed", "reward.computed"}


@pytest.mark.room
@pytest.mark.slow
def test_a_training_run_says_all_that_such_runs_say(tmp_path):
    """Every type of event that its display knows, an episode that fails, and every step on record."""
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "training_run.py", "--seconds", "4", "--rate", "2000", "--episode", "0.2"],
        env=clean_environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    events = [recorded.event for recorded in read_ledger(tmp_path / "ledger.jsonl")]
    names = Counter(event.name for event in events)
    failed = [event.attributes["task_name"] for event in events if event.name == "task.failed"]
    assert set(names) >= SINGLE | FREQUENT
    assert failed[:2] == ["update", "episode"]
    assert "all of them handed over" in done.stdout
    assert not done.stderr
    assert names["reward.computed"] == int(done.stdout.split()[0]) * 400
