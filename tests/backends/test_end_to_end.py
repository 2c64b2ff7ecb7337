"""One event, from `emit` to the ledger, the Collector's file, Jaeger and Loki: the same everywhere."""

from __future__ import annotations

import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from otel_events.ledger.read import read_lines
from tests.program import environment, send_rest
from tools.backends.waiting import wait_for

pytestmark = pytest.mark.backends

PROGRAM = Path(__file__).parents[1] / "programs" / "story.py"
NAMES = [
    "otel_events.writer.started",
    "session.start",
    "cycle.start",
    "task.started",
    "evidence.added",
    "task.completed",
    "task.started",
    "task.failed",
    "alert.triggered",
    "cycle.end",
    "session.end",
    "otel_events.writer.stopped",
]


class Told:
    """What one run of the story left in each place."""

    def __init__(self, collector, ledger, protocol):
        self.task_id = f"t-{secrets.token_hex(4)}"
        self.service = f"story-{self.task_id}"
        endpoint = collector.http_endpoint if protocol == "http/protobuf" else collector.grpc_endpoint
        variables = environment(
            ledger.parent,
            OTEL_EXPORTER_OTLP_ENDPOINT=endpoint,
            OTEL_EXPORTER_OTLP_PROTOCOL=protocol,
            OTEL_EVENTS_LEDGER_PATH=str(ledger),
        )
        run = subprocess.run(
            [sys.executable, PROGRAM, self.task_id], env=variables, capture_output=True, text=True, check=False
        )
        assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
        send_rest(ledger.parent, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, OTEL_EXPORTER_OTLP_PROTOCOL=protocol)
        self._collector = collector
        self.ledger = [recorded.event for recorded in read_lines(ledger)]

    def in_file(self):
        rows = [row for row in self._collector.events() if row["resource"].get("service.name") == self.service]
        return rows if len(rows) >= len(NAMES) else None


@pytest.fixture(scope="module", params=["http/protobuf", "grpc"])
def told(request, collector, tmp_path_factory):
    return Told(collector, tmp_path_factory.mktemp("story") / "events.jsonl", request.param)


def span_of_task(jaeger, told, task_id):
    """Return the one span of a task; Jaeger answers a search with all spans of the traces that it finds."""

    def find():
        spans = jaeger.spans(told.service, {"task_id": task_id})
        return [span for span in spans if span["attributes"].get("task_id") == task_id]

    (span,) = wait_for(find, f"the span of {task_id} in Jaeger")
    return span


def test_every_event_arrives_once_and_in_order(told):
    """What was emitted is in the ledger and in the Collector's file: all of it, once, in order."""
    rows = wait_for(told.in_file, "the events in the Collector's file")

    assert [event.name for event in told.ledger] == NAMES
    assert [row["name"] for row in sorted(rows, key=lambda row: row["time_unix_nano"])] == NAMES


def test_ledger_and_collector_hold_the_same(told):
    """Names, ids, timestamps, severities, messages and typed values agree between ledger and Collector."""
    rows = {row["attributes"]["log.record.uid"]: row for row in wait_for(told.in_file, "the events")}

    for event in told.ledger:
        row = rows[event.uid]
        attributes = {key: value for key, value in row["attributes"].items() if key != "session.id"}
        assert attributes == {**event.all_attributes(), "log.record.uid": event.uid}
        assert row["attributes"].get("session.id") == event.all_attributes().get("session_id")
        assert (row["name"], row["time_unix_nano"], row["severity"], row["body"]) == (
            event.name,
            event.timestamp,
            event.severity_text,
            event.body,
        )
        assert (int(row["trace_id"] or "0", 16), int(row["span_id"] or "0", 16)) == (event.trace_id, event.span_id)


def test_jaeger_shows_the_task_with_its_events(told, jaeger):
    """The task's span is found by `task_id`; its span events are the events, with their times and values."""
    span = span_of_task(jaeger, told, told.task_id)
    events = {event.name: event for event in told.ledger if event.all_attributes().get("task_id") == told.task_id}

    assert (span["name"], span["attributes"]["confidence"], span["attributes"]["persona"]) == ("draft", 0.78, "thesis")
    assert [event["name"] for event in span["events"]] == list(events)
    evidence = span["events"][1]
    event = events["evidence.added"]
    assert evidence["time_unix_micro"] == event.timestamp // 1000
    assert evidence["attributes"]["log.record.uid"] == event.uid
    assert (evidence["attributes"]["quality"], evidence["attributes"]["größe"]) == (0.82, "naïve")
    assert (int(span["trace_id"], 16), int(span["span_id"], 16)) == (event.trace_id, event.span_id)


def test_jaeger_shows_the_failure(told, jaeger):
    """A failed task's span is an error, and says which."""
    span = span_of_task(jaeger, told, f"{told.task_id}-review")

    assert span["attributes"]["error"] is True
    assert span["attributes"]["otel.status_description"] == "ValueError: nothing to review"
    assert span["attributes"]["error.type"] == "ValueError"


def test_loki_finds_the_event_by_name_and_task(told, loki):
    """`{event_name="task.completed"} | task_id="..."` finds the one event, at its own time."""
    question = f'{{event_name="task.completed"}} | task_id="{told.task_id}"'
    (row,) = wait_for(lambda: loki.query(question), "the event in Loki")
    (event,) = (event for event in told.ledger if event.name == "task.completed")

    assert (row["time_unix_nano"], row["body"]) == (event.timestamp, event.body)
    assert row["attributes"]["log_record_uid"] == event.uid
    assert row["attributes"]["confidence"] == "0.78"
    assert row["attributes"]["trace_id"] == f"{event.trace_id:032x}"
