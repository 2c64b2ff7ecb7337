"""A program of system A, by the calls that its documents show."""

# The ledger.
from ledger_emitter import (
    append_ledger,
    emit_alert,  # for people
    emit_event,
    emit_monitoring_snapshot,
    emit_system_event,
    emit_task_lifecycle,
)


def main():
    task_id = "demo-001"
    emit_event(
        "task_started", {"goal": "요약", "priority": "high"}, task_id="demo-001", persona_id="gitko", session_id=None
    )
    emit_event(
        "evidence_correction",  # a second pass
        {"pass": 2, "cache_hit": True, "added": 3, "total_citations": 5},
        task_id,
    )
    emit_task_lifecycle(
        "completed", "demo-001", quality=0.85, confidence=0.78, evidence_added=5, cache_hit=True
    )  # the end
    emit_alert("warning", "Proxy port not responding", component="proxy", port=18091)
    emit_system_event("migration", "D to C drive", reason="SSD_performance", status="completed")
    emit_monitoring_snapshot(
        {"confidence": 0.786, "quality": 0.691, "second_pass_rate": 0.137, "cpu_percent": 12, "memory_percent": 40}
    )
    append_ledger({"event": "eval", "task_id": task_id, "quality": 0.85})


if __name__ == "__main__":
    main()
