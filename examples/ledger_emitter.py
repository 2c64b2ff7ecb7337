"""The agent pipeline's calls, unchanged but for the import: flat lines in its ledger, and events of otel_events.

python examples/ledger_emitter.py
"""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import mkdtemp

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
    emit_event("task_started", {"goal": "a summary", "priority": "high"}, task_id="demo-001", persona_id="gitko")
    emit_event("evidence_added", {"source": "paper.pdf", "quality": 0.82}, task_id="demo-001")
    append_ledger({"event": "eval", "task_id": "demo-001", "quality": 0.85})
    emit_task_lifecycle("completed", "demo-001", quality=0.85, confidence=0.78, evidence_added=5, cache_hit=True)
    emit_alert("warning", "Proxy port not responding", component="proxy", port=18091)
    emit_system_event("migration", "D to C drive", reason="SSD_performance", status="completed")
    emit_monitoring_snapshot({"confidence": 0.786, "quality": 0.691, "cpu_percent": 12, "memory_percent": 40})


if __name__ == "__main__":
    # In your programs the ledger stays where it is; an example leaves none behind in a directory of yours.
    ledger = Path(os.environ.setdefault("AGI_LEDGER_PATH", str(Path(mkdtemp()) / "ledger.jsonl")))
    main()
    print(ledger.read_text(encoding="utf-8"), end="")
