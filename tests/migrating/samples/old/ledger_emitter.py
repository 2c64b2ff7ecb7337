"""System A as it was: a line of JSON for each call."""

import json
import os
import threading
import time
from datetime import datetime, timezone
from pathlib import Path

_lock = threading.Lock()


def append_ledger(record):
    try:
        now = time.time()
        stamped = {**record, "timestamp": datetime.fromtimestamp(now, timezone.utc).isoformat(), "ts": now}
        with _lock, Path(os.environ["AGI_LEDGER_PATH"]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(stamped, ensure_ascii=False) + "\n")
    except Exception:
        pass


def emit_event(event_type, payload=None, task_id=None, persona_id=None, session_id=None):
    ids = {"task_id": task_id, "persona_id": persona_id, "session_id": session_id}
    append_ledger({"event": event_type, **(payload or {}), **{k: v for k, v in ids.items() if v is not None}})


def emit_task_lifecycle(status, task_id, **details):
    emit_event(f"task_{status}", details, task_id=task_id)


def emit_alert(severity, message, **details):
    emit_event("alert_triggered", {"severity": severity, "message": message, **details})


def emit_system_event(event_type, message, **details):
    emit_event(event_type, {"message": message, **details})


def emit_monitoring_snapshot(metrics):
    emit_event("performance_metric", metrics)
