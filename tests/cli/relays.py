"""What the tests of `relay` share: lines of an older pipeline, and killing."""

import json

from tests.message_servers import wait_until
from tests.program import ledger_events

FLAT = [
    {"event": "task_started", "task_id": "demo-001", "goal": "x", "timestamp": "2026-02-14T19:01:23.456Z"},
    {"event": "eval", "task_id": "demo-001", "quality": 0.85, "ts": 1771095683.5},
    {"event": "alert_triggered", "message": "Down", "severity": "critical", "port": 18091, "ts": 1771095684.5},
    {"event": "health_check", "api_key": "sk-live-1234567890abcdef1234", "ts": 1771095685.5},
]


def lines(*said):
    return "".join(json.dumps(one) + "\n" for one in said)


def kept(collector):
    """Return what the server has, in its order."""
    return ledger_events(collector.ledger)


def keep_killing(start, collector, *, wanted):
    """Kill relays in the middle of their work, one after the other, until all *wanted* events are there."""
    kills = 0
    while count_lines(collector) < wanted:
        before, process = count_lines(collector), start()
        wait_until(lambda: count_lines(collector) > before or process.poll() is not None)
        assert process.poll() is None, process.communicate()
        if kills >= 4:
            while (had := count_lines(collector)) < wanted:  # however slowly, as long as more comes
                wait_until(lambda had=had: count_lines(collector) > had)
        process.kill()
        process.communicate()
        kills += 1
    return kills


def count_lines(collector):
    """Return how many events the server has; to look at each would take longer than the relay needs."""
    text = collector.ledger.read_bytes() if collector.ledger.exists() else b""
    return text.count(b"\n") - text.count(b'"event":"otel_events.ledger.header"')
