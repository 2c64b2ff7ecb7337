"""Two programs, one of ours and one with OpenTelemetry's SDK for JavaScript, as one story."""

from __future__ import annotations

import json

import pytest
from websockets.sync.client import connect

from tests.program import ROOT
from tests.server.page.visiting import wait_for
from tests.server.served import BEARER, run_program, serving

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("javascript")]

READ = {"page.read", "page.torn", "page.lost"}
ORCHESTRATE = """
import os, subprocess, sys
import otel_events as ev

with ev.session("night-7"), ev.task("draft", task_id="draft-1", persona="thesis"):
    ev.emit("evidence.added", source="paper.pdf")
    child = ev.inject(dict(os.environ), environment=True)
    subprocess.run(sys.argv[1:], env=child, check=True, timeout=40)
"""


@pytest.fixture(scope="module", params=["http", "proto"])
def told(request, tmp_path_factory):
    """What a server knows of the two, and what it streamed meanwhile: the reader's exporters speak JSON, then protobuf."""
    folder = tmp_path_factory.mktemp(request.param)
    with serving(folder) as server, _stream(server) as stream:
        script = str(ROOT / "tests" / "server" / "js" / "emit.mjs")
        run_program(server, ORCHESTRATE, "node", script, request.param)
        streamed = _until_closed(stream)
        # A trace is acknowledged when it stands in the file; the index follows.
        wait_for(lambda: len(server.client.get(f"/api/traces/{_trace_of(server)}").json()["spans"]) == 2)
        yield server, streamed


def _stream(server):
    url = f"{server.url.replace('http', 'ws')}/stream?from=now"
    return connect(url, additional_headers=BEARER, max_size=None, proxy=None)


def _until_closed(stream):
    """Return what the stream says until both programs have said everything."""
    events: list[dict] = []
    while not {*READ, "task.completed"} <= {event["event"] for event in events}:
        events += json.loads(stream.recv(timeout=60)).get("events", ())
    return events


def _trace_of(server):
    """Return the one trace of the task."""
    return server.client.get("/api/tasks/draft-1").json()["task"]["trace_id"]


def test_the_child_s_spans_and_events_are_of_its_parent_s_trace(told):
    """One trace holds the spans of both programs, the reader's beneath the orchestrator's, and the events of both."""
    server, _ = told

    told_of_trace = server.client.get(f"/api/traces/{_trace_of(server)}").json()

    spans = {span["name"]: span for span in told_of_trace["spans"]}
    assert {(span["name"], span["service"], span["status"]) for span in spans.values()} == {
        ("draft", "orchestrator", "ok"),
        ("read", "reader-js", "error"),
    }
    assert spans["read"]["parent_span_id"] == spans["draft"]["span_id"]
    assert spans["read"]["task_id"] == "draft-1"
    assert {event["event"] for event in told_of_trace["events"]} == {
        *("task.started", "evidence.added", *READ, "task.completed"),
    }
    of_reader = {event["span_id"] for event in told_of_trace["events"] if event["service"] == "reader-js"}
    assert of_reader == {spans["read"]["span_id"]}


def test_a_record_of_the_javascript_sdk_is_an_event_like_ours(told):
    """Name, severity, message, typed values, the task from the baggage and the trace arrive as they were said."""
    server, _ = told

    events = server.client.get("/api/events", params={"filter": "page.*"}).json()["events"]

    assert [(event["event"], event["severity"], event["message"]) for event in events] == [
        ("page.read", "INFO", "Read “the tide”"),
        ("page.torn", "WARN3", None),
        ("page.lost", "ERROR", "It is gone"),
    ]
    assert events[0]["attributes"] == {
        "page": 3,
        "quality": 0.82,
        "final": False,
        "words": ["tide", "néedle"],
        "position": {"line": 7, "column": 1.5},
    }
    correlation = ("service", "task_id", "persona", "session_id", "trace_id")
    assert {tuple(event[key] for key in correlation) for event in events} == {
        ("reader-js", "draft-1", "thesis", "night-7", _trace_of(server)),
    }


def test_the_stream_tells_both_programs_once_and_as_they_are_stored(told):
    """Whoever watched has each event once, in the order of its number, with the same content as the API gives."""
    server, streamed = told

    stored = server.client.get("/api/events").json()["events"]

    seqs = [event["seq"] for event in streamed]
    assert seqs == sorted(set(seqs))
    assert streamed == stored[: len(streamed)]
    assert [event["service"] for event in streamed if event["event"] in READ] == ["reader-js"] * 3


def test_one_filter_finds_what_either_said(told):
    """Warnings and worse of one task, whoever said them."""
    server, _ = told

    found = server.client.get("/api/events", params={"filter": "task_id=draft-1 severity>=warn"}).json()["events"]

    assert [event["event"] for event in found] == ["page.torn", "page.lost"]
