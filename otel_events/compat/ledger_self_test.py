"""The self-test of the ledger emitter: one call of each kind, and whether its line and its event are where they should be."""

from __future__ import annotations

import json
import secrets
import sys
from pathlib import Path
from typing import Any

import otel_events

_SECONDS = 5.0


def run(emitter: Any, ledger: str) -> int:
    """Make each call of *emitter* once, say what is in *ledger*, and return 0 if all are there, else 1."""
    path = Path(ledger).absolute()
    mark = f"self-test-{secrets.token_hex(4)}"
    expected = _call_each(emitter, mark)
    emitter.flush()
    is_handed_over = otel_events.flush(_SECONDS)
    missing = [name for name in expected if name not in _names(path, mark)]
    say = sys.stdout.write
    say(f"ledger: {path}\n")
    say(f"lines:  {len(expected) - len(missing)} of {len(expected)}, under session_id {mark}\n")
    say(f"events: {'recorded' if is_handed_over else 'not all recorded yet'}\n")
    for name in missing:
        say(f"missing: {name}\n")
    problems = otel_events.stats().problems
    if problems:
        say(f"problems: {json.dumps(dict(problems))}\n")
    return 1 if missing or not is_handed_over else 0


def _call_each(emitter: Any, mark: str) -> list[str]:
    """Make each call once; return the names that the lines must have."""
    emitter.emit_event("health_check", {"status": "HEALTHY"}, session_id=mark)
    emitter.emit_task_lifecycle("started", mark, session_id=mark, goal="self test")
    emitter.emit_task_lifecycle("completed", mark, session_id=mark, quality=1.0)
    emitter.emit_alert("info", "Self test of the ledger emitter", session_id=mark)
    emitter.emit_system_event("configuration_change", "Self test of the ledger emitter", session_id=mark)
    emitter.emit_monitoring_snapshot({"confidence": 1.0, "session_id": mark})
    emitter.append_ledger({"event": "eval", "task_id": mark, "session_id": mark, "quality": 1.0})
    return [
        "health_check",
        "task_started",
        "task_completed",
        "alert_triggered",
        "configuration_change",
        "performance_metric",
        "eval",
    ]


def _names(path: Path, mark: str) -> set[str]:
    """Return the names of the lines with *mark*; none if there is no such file."""
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            return {json.loads(line)["event"] for line in lines if mark in line}
    except OSError:
        return set()
