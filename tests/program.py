"""Programs that tests run in a process of their own, where what is global may be set and the end is a real one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

from otel_events.pipeline.writer_events import NAMES
from tests.effort import little_room

ROOT = Path(__file__).parents[1]
PATIENCE = 60.0  # seconds; reached only by a failing test
UNHURRIED = {"OTEL_EVENTS_EXIT_TIMEOUT": "20"}  # for an end that has to be whole: a machine may pause for more than 2 s


@dataclass(frozen=True)
class Ran:
    """What a program left behind."""

    code: int
    out: str
    err: str
    state: Path

    @property
    def said(self):
        """Its last line, as JSON."""
        return json.loads(self.out.splitlines()[-1])

    @property
    def default_ledger(self):
        """The events in the ledger of the user's state directory."""
        return ledger_events(self.state / "otel-events" / "events.jsonl")


def ledger_events(path, *, with_own=False, of_killed=False):
    """Return the events in a ledger, without headers and what writers say of themselves; none if there is no such file.

    A line without an end is being written just now: who waits for it sees the first pages of a write before the rest.

    Args:
        path: the ledger.
        with_own: with what writers say of themselves.
        of_killed: writers were killed, perhaps in the middle of a write: pass over half lines, which the next one has closed.
    """
    if not Path(path).exists():
        return []
    whole, _, _ = Path(path).read_bytes().rpartition(b"\n")
    texts = whole.splitlines()
    lines = map(json.loads, filter(_is_whole, texts) if of_killed else texts)
    left_out = {"otel_events.ledger.header", *([] if with_own else NAMES)}
    return [line for line in lines if line["event"] not in left_out]


def _is_whole(text):
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def environment(home: Path, **env: str) -> dict[str, str]:
    """Return an environment without anything of OpenTelemetry's but *env*, and with *home* as the user's home."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("OTEL_", "PYTEST_"))}
    for name in ("TRACEPARENT", "TRACESTATE", "BAGGAGE"):
        kept.pop(name, None)
    state = str(home / "state")
    return {
        **kept,
        "HOME": str(home),
        "XDG_STATE_HOME": state,
        "LOCALAPPDATA": state,
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "error",
        **little_room(),
        **env,
    }


def run_program(source: str, home: Path, *arguments: str, **env: str) -> Ran:
    """Run *source*; `ev`, `json` and `sys` are imported for it."""
    path = home / "program.py"
    path.write_text("import json, sys\nimport otel_events as ev\n" + textwrap.dedent(source), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(path), *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env=environment(home, **env),
        cwd=home,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr, home / "state")


def send_rest(home: Path, **env: str) -> bool:
    """Send what the programs that ran in *home* have left on disk at their end; return whether they have left anything.

    An end waits a third of a second for a receiver that makes no progress: one on a busy machine may need more. It may have
    taken what was left, too: then that comes twice.
    """
    if not any((home / "state" / "otel-events" / "spool").rglob("*.spool")):
        return False
    command = [sys.executable, "-m", "otel_events", "spool", "drain"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE, env=environment(home, **env), cwd=home, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return True
