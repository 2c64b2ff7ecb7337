"""`replay` of the Collector's traces files: spans arrive again as they were."""

from __future__ import annotations

import json
import time
from functools import partial

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests import acceptor

MARK = "otel_events.replayed_at"


@pytest.fixture
def call(invoke):
    return partial(invoke, "replay")


SPAN = {
    "traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "parentSpanId": "eee19b7ec3c1b173",
    "traceState": "a=b", "flags": 257, "name": "draft", "kind": 1,
    "startTimeUnixNano": "1771095683000000001", "endTimeUnixNano": "1771095684000000002",
    "attributes": [{"key": "n", "value": {"intValue": "7"}}, {"key": "raw", "value": {"bytesValue": "AP8="}}],
    "events": [{"timeUnixNano": "1771095683500000000", "name": "evidence.added", "droppedAttributesCount": 1}],
    "links": [{"traceId": "5b8efff798038103d269b633813fc60d", "spanId": "eee19b7ec3c1b175"}],
    "status": {"code": 2, "message": "no"}, "droppedEventsCount": 4,
}  # fmt: skip


@pytest.fixture
def traces(tmp_path):
    """A traces file of the Collector's, with a span of each name."""

    def write(*names):
        spans = [{**SPAN, "name": name} for name in names]
        scope = {"scope": {"name": "my.lib", "version": "1"}, "spans": spans, "schemaUrl": "https://example.com/scope"}
        resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "orchestrator"}}]}
        line = {"resourceSpans": [{"resource": resource, "scopeSpans": [scope], "schemaUrl": "https://example.com/r"}]}
        path = tmp_path / "traces.jsonl"
        path.write_text(json.dumps(line, separators=(",", ":")) + "\n")
        return path

    return write


def test_spans_arrive_as_they_were(call, traces):
    """Ids, times, kind, state, flags, status, events, links, resource: all but the mark."""
    with acceptor.HttpAcceptor() as receiver:
        replayed = call(traces("draft"), "--to", f"http://127.0.0.1:{receiver.port}", "--speed", "max")

    assert (replayed.code, replayed.err) == (0, "")
    message = ExportTraceServiceRequest.FromString(receiver.requests[0].posted)
    (span,) = message.resource_spans[0].scope_spans[0].spans
    assert span.attributes.pop().key == MARK
    assert message == ExportTraceServiceRequest(
        resource_spans=[
            {
                "resource": {"attributes": [{"key": "service.name", "value": {"string_value": "orchestrator"}}]},
                "schema_url": "https://example.com/r",
                "scope_spans": [
                    {
                        "scope": {"name": "my.lib", "version": "1"},
                        "schema_url": "https://example.com/scope",
                        "spans": [
                            {
                                "trace_id": bytes.fromhex("5b8efff798038103d269b633813fc60c"),
                                "span_id": bytes.fromhex("eee19b7ec3c1b174"),
                                "parent_span_id": bytes.fromhex("eee19b7ec3c1b173"),
                                "trace_state": "a=b",
                                "flags": 257,
                                "name": "draft",
                                "kind": 1,
                                "start_time_unix_nano": 1771095683000000001,
                                "end_time_unix_nano": 1771095684000000002,
                                "attributes": [
                                    {"key": "n", "value": {"int_value": 7}},
                                    {"key": "raw", "value": {"bytes_value": b"\x00\xff"}},
                                ],
                                "events": [
                                    {
                                        "time_unix_nano": 1771095683500000000,
                                        "name": "evidence.added",
                                        "dropped_attributes_count": 1,
                                    }
                                ],
                                "links": [
                                    {
                                        "trace_id": bytes.fromhex("5b8efff798038103d269b633813fc60d"),
                                        "span_id": bytes.fromhex("eee19b7ec3c1b175"),
                                    }
                                ],
                                "status": {"code": 2, "message": "no"},
                                "dropped_events_count": 4,
                            }
                        ],
                    }
                ],
            }
        ]
    )


def test_spans_are_chosen_by_the_filter_and_rebased_as_a_whole(call, traces):
    """Those of other names stay; the end of the last one is now."""
    begin = time.time_ns()
    with acceptor.HttpAcceptor() as receiver:
        call(
            *(traces("draft", "other"), "draft", "--to", f"http://127.0.0.1:{receiver.port}"),
            *("--speed", "max", "--rebase-time"),
        )

    message = ExportTraceServiceRequest.FromString(receiver.requests[0].posted)
    (span,) = message.resource_spans[0].scope_spans[0].spans
    assert span.name == "draft"
    assert begin <= span.end_time_unix_nano <= time.time_ns()
    assert span.end_time_unix_nano - span.start_time_unix_nano == 1_000_000_001
    assert span.events[0].time_unix_nano - span.start_time_unix_nano == 499_999_999


def test_replayed_spans_are_not_replayed_again(call, traces):
    """As with events."""
    path = traces("draft")
    mark = '{"key":"otel_events.replayed_at","value":{"stringValue":"x"}},'
    path.write_text(path.read_text().replace('"attributes":[{"key":"n"', f'"attributes":[{mark}{{"key":"n"'))

    with acceptor.HttpAcceptor() as receiver:
        account = call(path, "--to", f"http://127.0.0.1:{receiver.port}", "--speed", "max", "--json")

    told = json.loads(account.out)
    assert (told["read"], told["replayed_before"], receiver.requests) == (0, 1, [])


@pytest.mark.parametrize(
    "line",
    ['{"resourceSpans":[{"scopeSpans":7}]}', '{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"xyz"}]}]}]}',
     '{"resourceSpans":[{"sco', '{"resourceSpans":[7]}', '{"resourceSpans":[{"scopeSpans":[{"spans":[7]}]}]}'],
)  # fmt: skip
def test_a_line_of_spans_that_is_none_is_passed_over(call, tmp_path, line):
    """And counted."""
    (tmp_path / "traces.jsonl").write_text(line + "\n")

    with acceptor.HttpAcceptor() as receiver:
        replayed = call("traces.jsonl", "--to", f"http://127.0.0.1:{receiver.port}", "--speed", "max")

    assert replayed.code == 0, replayed.err
    assert "Passed over 1 line (1 malformed)" in replayed.err
