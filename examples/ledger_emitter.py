"""The agent pipeline's calls, unchanged but for the import: what was promised, and what stands in its ledger.

python examples/ledger_emitter.py
"""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import otel_events as ev

# Was: from ledger_emitter import ...
from otel_events.compat.ledger_emitter import (
    append_ledger,
    emit_alert,
    emit_event,
    emit_monitoring_snapshot,
    emit_system_event,
    emit_task_lifecycle,
)


def main() -> None:
    """Make each call once."""
    started = {"goal": "a summary", "priority": "high"}
    emit_event("task_started", started, task_id="demo-001", persona_id="gitko", session_id=None)
    emit_event("evidence_added", {"source": "paper.pdf", "quality": 0.82}, task_id="demo-001")
    append_ledger({"event": "eval", "task_id": "demo-001", "quality": 0.85})
    emit_task_lifecycle("completed", "demo-001", quality=0.85, confidence=0.78, evidence_added=5, cache_hit=True)
    emit_alert("warning", "Proxy port not responding", component="proxy", port=18091)
    emit_system_event("migration", "D to C drive", reason="SSD_performance", status="completed")
    rates = {"confidence": 0.786, "quality": 0.691, "second_pass_rate": 0.137}
    emit_monitoring_snapshot({**rates, "cpu_percent": 12, "memory_percent": 40})


def compare(promised: str, seen: object) -> None:
    """Print the two, one below the other."""
    print(f"promised  {promised}\n    seen  {json.dumps(seen, ensure_ascii=False)}\n")


def show(records: list[dict[str, Any]]) -> None:
    """Compare what was promised with what the ledger holds."""
    by_name = {record["event"]: record for record in records}

    def fields(name: str) -> dict[str, Any]:
        return {key: value for key, value in by_name[name].items() if key not in {"timestamp", "ts"}}

    first = records[0]
    times = datetime.fromisoformat(first["timestamp"]).timestamp(), first["ts"]
    compare("a call has appended its line when it returns, under its name", [record["event"] for record in records])
    compare("ISO 8601 and Unix time, of one instant", abs(times[0] - times[1]) < 1e-5)
    compare("emit_event: the payload's keys at the top, correlation by id", fields("task_started"))
    compare("emit_task_lifecycle('completed', id, ...) -> task_completed", fields("task_completed"))
    compare("emit_alert(severity, message, ...) -> alert_triggered", fields("alert_triggered"))
    compare("emit_system_event(kind, text, ...): the text is the message", fields("migration"))
    compare("emit_monitoring_snapshot({...}) -> performance_metric", fields("performance_metric"))
    compare("append_ledger({...}), the old call, goes on working", fields("eval"))
    compare("each is recorded, at once and not a day later", [ev.flush(timeout=10.0), ev.stats().emitted])
    wrong: Any = emit_event
    compare("silent failure: logging never breaks the caller", wrong(None, object(), unknown=1))


if __name__ == "__main__":
    # In your programs the ledger stays where it is; an example leaves none behind in a directory of yours.
    ledger = Path(os.environ.setdefault("AGI_LEDGER_PATH", str(Path(mkdtemp()) / "ledger.jsonl")))
    main()
    show([json.loads(line) for line in ledger.read_text(encoding="utf-8").splitlines()])
