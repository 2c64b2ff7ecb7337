"""`heartbeat`: a sign of life from a shell, alone or around a command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from otel_events.cli import exit_codes
from tests.program import ledger_events

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
PATIENCE = 30.0


def beats(tmp_path):
    return [line for line in ledger_events(tmp_path / "ledger.jsonl") if line["event"] == "heartbeat"]


def test_it_beats_as_long_as_a_command_runs_and_ends_as_that_does(process, tmp_path):
    """With the command's output and its exit code."""
    code = f"""if True:
        import pathlib, time
        print("out")
        ledger, end = pathlib.Path("ledger.jsonl"), time.monotonic() + {PATIENCE}
        while time.monotonic() < end:
            if ledger.exists() and ledger.read_text().count('"event":"heartbeat"') > 1:
                break
            time.sleep(0.02)
        raise SystemExit(3)
    """
    run = process("heartbeat", "courier", "--every", "100ms", "--status", "ok", "--", sys.executable, "-c", code)

    assert (run.returncode, run.stdout, run.stderr) == (3, "out\n", "")
    assert len(beats(tmp_path)) > 1
    assert beats(tmp_path)[0]["attributes"] == {"component": "courier", "interval": 0.1, "status": "ok"}


@POSIX
@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [("SIGTERM", exit_codes.OK), ("SIGINT", exit_codes.INTERRUPTED)])
def test_alone_it_beats_until_a_signal(number, code, environment, tmp_path):
    """Which is its usual end: nothing is complained of, and what it said is kept."""
    command = [sys.executable, "-m", "otel_events", "heartbeat", "courier", "--every", "0.1"]
    with subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE) as running:
        end = time.monotonic() + PATIENCE
        while len(beats(tmp_path)) < 2 and time.monotonic() < end:
            time.sleep(0.05)
        running.send_signal(getattr(signal, number))
        _, err = running.communicate(timeout=PATIENCE)

    assert (running.returncode, err) == (code, b"")
    assert len(beats(tmp_path)) >= 2


def test_what_is_no_interval_is_a_mistake_of_usage(process):
    """Told with what would be right."""
    run = process("heartbeat", "courier", "--every", "soon")

    assert run.returncode == exit_codes.USAGE
    assert "such as '30s', not 'soon'" in run.stderr
