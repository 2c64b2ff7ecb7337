"""Encoded requests, halved and counted without being decoded."""

import os
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope as ScopeMessage
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

from otel_events.event import Event, InstrumentationScope
from otel_events.otlp.encode import LogEncoder, WireError, count_records, split
from tests.effort import examples

unhurried = settings(deadline=None, max_examples=examples(100), suppress_health_check=[HealthCheck.too_slow])
urls = st.sampled_from(["", "https://example.org/schema"])

logs = st.builds(
    ExportLogsServiceRequest,
    resource_logs=st.lists(
        st.builds(
            ResourceLogs,
            resource=st.builds(Resource, dropped_attributes_count=st.integers(0, 300)),
            schema_url=urls,
            scope_logs=st.lists(
                st.builds(
                    ScopeLogs,
                    scope=st.builds(ScopeMessage, name=st.text(max_size=3)),
                    schema_url=urls,
                    log_records=st.lists(st.builds(LogRecord, event_name=st.text(max_size=200)), max_size=4),
                ),
                max_size=3,
            ),
        ),
        max_size=3,
    ),
)
traces = st.builds(
    ExportTraceServiceRequest,
    resource_spans=st.lists(
        st.builds(
            ResourceSpans,
            schema_url=urls,
            scope_spans=st.lists(
                st.builds(ScopeSpans, spans=st.lists(st.builds(Span, name=st.text()), max_size=4)), max_size=3
            ),
        ),
        max_size=3,
    ),
)


def flatten(message):
    """List the items of a request with all that stands around them, in order."""
    flat = []
    for resource in getattr(message, "resource_logs", None) or getattr(message, "resource_spans", ()):
        for scope in getattr(resource, "scope_logs", None) or getattr(resource, "scope_spans", ()):
            around = (resource.resource.SerializeToString(), resource.schema_url)
            around += (scope.scope.SerializeToString(), scope.schema_url)
            items = getattr(scope, "log_records", None) or getattr(scope, "spans", ())
            flat += [(*around, item.SerializeToString()) for item in items]
    return flat


@unhurried
@given(message=logs | traces)
def test_two_halves_hold_what_the_whole_held(message):
    """Halves of any request, of logs or spans, hold together every item with its own resource and scope."""
    halves = split(message.SerializeToString())

    whole = flatten(message)
    if len(whole) < 2:
        assert halves is None
        return
    (first, first_count), (second, second_count) = halves
    parts = [flatten(type(message).FromString(half)) for half in (first, second)]
    assert sorted(parts[0] + parts[1]) == sorted(whole)
    assert ([len(part) for part in parts], abs(first_count - second_count) <= 1) == ([first_count, second_count], True)


@unhurried
@given(message=logs | traces)
def test_the_count_is_that_of_the_items(message):
    """Counting bytes gives the number of log records or spans."""
    assert count_records(message.SerializeToString()) == len(flatten(message))


def test_the_order_of_records_survives_halving():
    """Records of one scope keep their order across the halves."""
    events = [Event(f"event.{number}", 1, 1) for number in range(7)]

    (first, _), (second, _) = split(LogEncoder({"service.name": "test"}).encode(events))

    names = [
        record.event_name
        for half in (first, second)
        for record in ExportLogsServiceRequest.FromString(half).resource_logs[0].scope_logs[0].log_records
    ]
    assert names == [event.name for event in events]


def test_halving_ends_at_single_records():
    """Halved again and again, as for a server that calls everything too large, a request ends as its single records."""
    scopes = [InstrumentationScope("a"), InstrumentationScope("b", "1", "https://example.org")]
    events = [Event(f"event.{number}", 1, 1, scope=scopes[number % 2]) for number in range(13)]
    waiting, single = [LogEncoder({}).encode(events)], []

    while waiting:
        request = waiting.pop()
        halves = split(request)
        if halves is None:
            single.append(request)
        else:
            waiting += [half for half, _ in halves]

    assert [count_records(request) for request in single] == [1] * 13


@unhurried
@given(junk=st.binary(max_size=200))
def test_junk_is_never_halved_wrongly(junk):
    """Bytes that are no request are told as such: not halved, or halved into as many items as were counted."""
    halves = split(junk)

    try:
        count = count_records(junk)
    except WireError:
        assert halves is None
    else:
        assert (halves is None) == (count < 2)


def test_a_torn_request_is_not_halved():
    """A request that lost its end, anywhere, is neither halved nor counted."""
    request = LogEncoder({"service.name": "test"}).encode([Event("a", 1, 1), Event("b", 1, 1)])

    assert [split(request[:end]) for end in range(1, len(request))] == [None] * (len(request) - 1)
    with pytest.raises(WireError):
        count_records(request[:-1])


def test_encoding_needs_neither_the_sdk_nor_protobuf():
    """Importing the encoders is light: no SDK, no protobuf, no exporter comes along."""
    check = (
        "import sys, otel_events.otlp.encode\n"
        "heavy = ('opentelemetry.sdk', 'opentelemetry.exporter', 'opentelemetry.proto', 'google.protobuf', 'grpc')\n"
        "print([name for name in heavy if name in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", check],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )

    assert done.stdout.strip() == "[]"
