"""The ledger emitter's calls: their lines, as jq scripts read them, and their events."""

import inspect
import json
import time
from datetime import datetime

import pytest

import otel_events as ev
from otel_events.compat.ledger_emitter import (
    append_ledger,
    emit_alert,
    emit_event,
    emit_monitoring_snapshot,
    emit_system_event,
    emit_task_lifecycle,
)


class Hostile:
    """A value that breaks whoever looks at it."""

    def __str__(self):
        raise RuntimeError("no")

    __repr__ = __str__


def problems():
    return ev.stats().problems


@pytest.mark.parametrize(
    ("call", "line"),
    [
        pytest.param(
            lambda: emit_event(
                "task_started", {"goal": "g", "priority": "high"}, task_id="t", persona_id="gitko", session_id="s"
            ),
            {
                "event": "task_started",
                "task_id": "t",
                "persona_id": "gitko",
                "session_id": "s",
                "goal": "g",
                "priority": "high",
            },
            id="emit_event",
        ),
        pytest.param(
            lambda: emit_event("health_check", {"status": "HEALTHY"}, "t", "p", "s"),
            {"event": "health_check", "status": "HEALTHY", "task_id": "t", "persona_id": "p", "session_id": "s"},
            id="in order",
        ),
        pytest.param(lambda: emit_event("replan"), {"event": "replan"}, id="a name alone"),
        pytest.param(
            lambda: emit_task_lifecycle("completed", "t", quality=0.85, evidence_added=5, cache_hit=True),
            {"event": "task_completed", "task_id": "t", "quality": 0.85, "evidence_added": 5, "cache_hit": True},
            id="emit_task_lifecycle",
        ),
        pytest.param(
            lambda: emit_task_lifecycle("started", "t", goal="g", persona="gitko"),
            {"event": "task_started", "task_id": "t", "goal": "g", "persona": "gitko"},
            id="persona",
        ),
        pytest.param(
            lambda: emit_alert("warning", "Proxy port not responding", component="proxy", port=18091),
            {
                "event": "alert_triggered",
                "severity": "warning",
                "message": "Proxy port not responding",
                "component": "proxy",
                "port": 18091,
            },
            id="emit_alert",
        ),
        pytest.param(
            lambda: emit_system_event("migration", "D to C drive", reason="SSD_performance", status="completed"),
            {"event": "migration", "message": "D to C drive", "reason": "SSD_performance", "status": "completed"},
            id="emit_system_event",
        ),
        pytest.param(
            lambda: emit_monitoring_snapshot({"confidence": 0.786, "cpu_percent": 12}),
            {"event": "performance_metric", "confidence": 0.786, "cpu_percent": 12},
            id="emit_monitoring_snapshot",
        ),
        pytest.param(
            lambda: append_ledger({"event": "eval", "task_id": "t", "quality": 0.85}),
            {"event": "eval", "task_id": "t", "quality": 0.85},
            id="append_ledger",
        ),
    ],
)
def test_each_call_has_appended_its_flat_line_when_it_returns(ledger, events, call, line):
    """The name as given, the payload's keys at the top; and the line is there when the call returns."""
    call()

    assert ledger.only == line


def test_a_line_says_when_in_two_ways(ledger, events):
    """ISO 8601 with an offset, which every Python reads, and Unix seconds: of the same instant."""
    before = time.time()
    emit_event("eval")

    (record,) = ledger.records
    assert before <= record["ts"] <= time.time()
    assert abs(datetime.fromisoformat(record["timestamp"]).timestamp() - record["ts"]) < 1e-5


def test_a_line_is_spaced_as_json_dumps_does_it(ledger, events):
    """Scripts grep for `"event": "eval"`; what is not ASCII stays readable."""
    emit_event("eval", {"goal": "요약"})

    text = ledger.path.read_text(encoding="utf-8")
    assert '{"event": "eval", "goal": "요약", ' in text
    assert text.endswith("}\n")


def test_payload_keys_stay_payload(ledger, events):
    """Keys that mean something to others, or are Python's words, are the payload's own, on the line and on the event."""
    payload = {"from": "D", "to": "C", "pass": 2, "message": "m", "severity": "high", "attributes": {"a": 1}}
    emit_event("migration", payload)

    assert ledger.only == {"event": "migration", **payload}
    assert events.only().attributes == payload


def test_a_payload_key_of_ours_stands_aside(ledger, events):
    """The times and the name of a line are its own; a payload's `timestamp` is neither lost nor taken for them."""
    emit_event("eval", {"timestamp": "yesterday", "event": "e", "ts": 1, "attributes": 2})

    assert ledger.only == {
        "event": "eval",
        "attributes": {"timestamp": "yesterday", "event": "e", "ts": 1, "attributes": 2},
    }
    assert events.only().attributes == {"timestamp": "yesterday", "event": "e", "ts": 1, "attributes": 2}


def test_an_old_record_keeps_the_times_that_it_has(ledger, events):
    """`append_ledger` adds what is missing, and changes nothing."""
    append_ledger({"event": "eval", "timestamp": "2026-01-01", "ts": 5})
    append_ledger({"event": "eval", "ts": 5})
    append_ledger({"quality": 1})

    first, second, third = ledger.records
    assert first == {"event": "eval", "timestamp": "2026-01-01", "ts": 5}
    assert second["ts"] == 5
    assert set(third) == {"quality", "timestamp", "ts"}
    assert [event.name for event in events] == ["eval", "eval", ""]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (
            lambda: emit_event("thesis_start", {"a": 1}, "t", "gitko", "s"),
            ("thesis.start", "INFO", {"a": 1, "task_id": "t", "persona": "gitko", "session_id": "s"}),
        ),
        (
            lambda: emit_task_lifecycle("failed", "t", reason="r"),
            ("task.failed", "ERROR", {"task_id": "t", "reason": "r"}),
        ),
        (lambda: emit_alert("warning", "m", port=1), ("alert.triggered", "WARN", {"port": 1})),
        (lambda: emit_alert("critical", "m"), ("alert.triggered", "FATAL", {})),
        (lambda: emit_alert("dire", "m"), ("alert.triggered", "WARN", {"severity": "dire"})),
        (lambda: emit_system_event("migration", "m", to="C"), ("migration", "INFO", {"to": "C"})),
        (lambda: emit_monitoring_snapshot({"cpu_percent": 12}), ("performance.metric", "INFO", {"cpu_percent": 12})),
        (lambda: append_ledger({"event": "eval", "task_id": "t"}), ("eval", "INFO", {"task_id": "t"})),
    ],
)
def test_each_call_is_an_event(ledger, events, call, expected):
    """Under the canonical name, with severity and ids where OpenTelemetry has them."""
    call()

    event = events.only()
    assert (event.name, ev.Severity(event.severity).name, event.attributes) == expected


def test_messages_are_the_body(ledger, events):
    """The text of an alert or a system event is what people read."""
    emit_alert("info", "one")
    emit_system_event("deployment", "two")

    assert [event.message for event in events] == ["one", "two"]


def test_scopes_around_a_call_say_its_ids(ledger, events):
    """Inside a session and a task the line has their ids, unless the call says others."""
    with ev.session("s-1"), ev.context(task_id="t-1", persona="gitko"):
        emit_event("eval")
        emit_event("eval", {"session_id": "s-3", "persona": "x"}, task_id="t-2")

    first, second = ledger.records
    assert (first["session_id"], first["task_id"], first["persona_id"]) == ("s-1", "t-1", "gitko")
    assert (second["session_id"], second["task_id"], second["persona"]) == ("s-3", "t-2", "x")
    assert "persona_id" not in second


def test_secrets_reach_neither_line_nor_event(ledger, events):
    """A drop-in writes nothing that the product would not."""
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    emit_event("eval", {"password": "hunter2hunter2", "note": f"token {token}", "inner": {"api_key": "abc123def456"}})
    emit_alert("info", f"use {token}")
    append_ledger({"event": "eval", "note": token})

    written = ledger.path.read_text(encoding="utf-8") + str([(e.message, e.attributes) for e in events])
    assert [secret for secret in (token, "hunter2", "abc123def456") if secret in written] == []


@pytest.mark.parametrize(
    "call",
    [
        lambda: emit_event(),
        lambda: emit_event(5),
        lambda: emit_event(None),
        lambda: emit_event("eval", ["no", "mapping"]),
        lambda: emit_event("eval", {}, unknown=1),
        lambda: emit_task_lifecycle("started"),
        lambda: emit_alert("warning"),
        lambda: emit_alert("warning", "m", message="twice"),
        lambda: emit_system_event("migration"),
        lambda: emit_monitoring_snapshot(5),
        lambda: append_ledger("line"),
        lambda: append_ledger(),
    ],
)
def test_wrong_arguments_are_silent_and_counted(ledger, events, call):
    """A call that the original could not have made a line of makes none, raises nothing, and is counted."""
    before = problems().get("compat_call_failed", 0)

    assert call() is None

    assert problems()["compat_call_failed"] == before + 1
    assert (ledger.path.exists(), list(events)) == (False, [])


def test_values_without_a_form_in_json_are_written_all_the_same(ledger, events):
    """What cost the original its line has one here: text for objects, an honest mark for numbers that are none."""
    emit_event("eval", {"a": {1, 2}, "b": float("nan"), "c": Hostile(), "d": b"\xff", "e": "\ud800", 5: 1})

    (record,) = ledger.records
    assert (record["a"], record["b"], record["5"]) == ([1, 2], {"doubleValue": "NaN"}, 1)
    assert "unprintable" in record["c"]


def test_a_ledger_that_cannot_be_written_costs_nothing_but_a_count(ledger, events):
    """The program goes on; the lines are written once that can be done."""
    ledger.path.parent.write_bytes(b"")
    emit_event("eval", {"n": 1})
    emit_event("eval", {"n": 2})

    assert problems()["compat_write_failed"] == 2
    assert len(events) == 2

    ledger.path.parent.unlink()
    emit_event("eval", {"n": 3})
    assert [record["n"] for record in ledger.records] == [1, 2, 3]


def test_half_a_line_of_another_costs_no_line_of_ours(ledger, events):
    """What a killed program left half written is closed with a newline."""
    ledger.path.parent.mkdir()
    ledger.path.write_text('{"event": "ev')
    emit_event("eval")

    torn, ours = ledger.path.read_text().splitlines()
    assert torn == '{"event": "ev'
    assert json.loads(ours)["event"] == "eval"


def test_a_status_may_be_said_by_its_name(ledger, events):
    """By its place it leaves the name to a detail."""
    emit_task_lifecycle(status="started", task_id="t-1")
    emit_task_lifecycle("completed", task_id="t-1", status="ok")

    assert [(line["event"], line.get("status")) for line in ledger.records] == [
        ("task_started", None),
        ("task_completed", "ok"),
    ]


@pytest.mark.parametrize(
    ("call", "signature"),
    [
        (emit_event, ["event_type", "payload", "task_id", "persona_id", "session_id"]),
        (emit_task_lifecycle, ["status", "task_id", "details"]),
        (emit_alert, ["severity", "message", "details"]),
        (emit_system_event, ["event_type", "message", "details"]),
        (emit_monitoring_snapshot, ["metrics"]),
        (append_ledger, ["record"]),
    ],
)
def test_tools_see_the_signatures(call, signature):
    """That a call never raises does not hide from editors and checkers what it takes."""
    assert list(inspect.signature(call).parameters) == signature
