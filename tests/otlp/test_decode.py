"""OTLP read back: our own requests without loss, and whatever a server answers without an error."""

import json

import pytest
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import DebugInfo, RetryInfo
from google.rpc.status_pb2 import Status as RpcStatus
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsPartialSuccess,
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event as SpanEvent
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope as SdkScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode

from otel_events.event import UID_ATTRIBUTE, Event, InstrumentationScope
from otel_events.otlp.decode import (
    DecodeError,
    decode_logs,
    decode_logs_response,
    decode_spans,
    decode_status,
    decode_traces_response,
)
from otel_events.otlp.encode import LogEncoder, SpanEncoder
from tests.effort import examples

unhurried = settings(deadline=None, max_examples=examples(100), suppress_health_check=[HealthCheck.too_slow])
scalars = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text() | st.binary()
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=8
)
keys = st.text().filter(lambda key: key != UID_ATTRIBUTE)  # an event's own uid wins over it: see test_encode_logs
attributes = st.dictionaries(keys, values, max_size=5)
events = st.builds(
    Event,
    name=st.text(),
    timestamp=st.integers(0, 2**64 - 1),
    observed_timestamp=st.integers(0, 2**64 - 1),
    severity=st.integers(0, 24),
    severity_text=st.text(),
    body=values,
    attributes=attributes,
    trace_id=st.integers(0, 2**128 - 1),
    span_id=st.integers(0, 2**64 - 1),
    trace_flags=st.integers(0, 2**32 - 1),
    scope=st.sampled_from([InstrumentationScope("a"), InstrumentationScope("b", "1", "url", (("k", [1, None]),))]),
    uid=st.text(),
    dropped_attributes=st.integers(0, 2**32 - 1),
)


def facts(event):
    """All that travels of an event, comparable."""
    kept = [name for name in Event.__slots__ if name not in {"attributes", "bound", "context", "given_name"}]
    return [getattr(event, name) for name in kept] + [event.all_attributes()]


@unhurried
@given(resource=attributes, batch=st.lists(events, max_size=1))
def test_an_event_comes_back_as_it_went(resource, batch):
    """What was encoded decodes to an equal event, uid, scope and values with their types included."""
    [*decoded] = decode_logs(LogEncoder(resource, "schema").encode(batch))

    assert [facts(event) for group in decoded for event in group.events] == [facts(event) for event in batch]
    assert [(group.resource, group.schema_url) for group in decoded] == [(resource, "schema")] * len(batch)


def test_a_span_comes_back_with_all_its_parts():
    """A span decodes to a mapping with the field names of the protocol."""
    span = ReadableSpan(
        name="work",
        context=SpanContext(5, 6, is_remote=False),
        parent=SpanContext(5, 7, is_remote=True),
        resource=Resource({"service.name": "test"}, "https://example.org/r"),
        attributes={"a": [1, 2]},
        events=[SpanEvent("evidence.added", {"quality": 0.5}, 3)],
        links=[Link(SpanContext(8, 9, is_remote=False), {"why": "asked"})],
        kind=SpanKind.CLIENT,
        status=Status(StatusCode.ERROR, "broken"),
        start_time=1,
        end_time=2,
        instrumentation_scope=SdkScope("library", "1", "https://example.org/s", {"k": True}),
    )

    [group] = decode_spans(SpanEncoder().encode([span]))

    assert (group.resource, group.schema_url) == ({"service.name": "test"}, "https://example.org/r")
    assert group.spans == [
        {
            "trace_id": f"{5:032x}",
            "span_id": f"{6:016x}",
            "trace_state": "",
            "parent_span_id": f"{7:016x}",
            "flags": 0x300,
            "name": "work",
            "kind": 3,
            "start_time_unix_nano": 1,
            "end_time_unix_nano": 2,
            "attributes": {"a": [1, 2]},
            "dropped_attributes_count": 0,
            "events": [
                {
                    "name": "evidence.added",
                    "time_unix_nano": 3,
                    "attributes": {"quality": 0.5},
                    "dropped_attributes_count": 0,
                }
            ],
            "dropped_events_count": 0,
            "links": [
                {
                    "trace_id": f"{8:032x}",
                    "span_id": f"{9:016x}",
                    "trace_state": "",
                    "attributes": {"why": "asked"},
                    "dropped_attributes_count": 0,
                    "flags": 0x100,
                }
            ],
            "dropped_links_count": 0,
            "status": {"code": 2, "message": "broken"},
            "scope": InstrumentationScope("library", "1", "https://example.org/s", (("k", True),)),
        }
    ]


def test_a_foreign_record_is_an_event_as_well():
    """A record without uid, and with a uid that is no string, keeps what it has."""
    odd = KeyValue(key="log.record.uid", value=AnyValue(int_value=5))
    request = ExportLogsServiceRequest(
        resource_logs=[ResourceLogs(scope_logs=[ScopeLogs(log_records=[LogRecord(attributes=[odd]), LogRecord()])])]
    )

    [group] = decode_logs(request.SerializeToString())

    assert [(event.uid, event.attributes, event.body) for event in group.events] == [
        ("", {"log.record.uid": 5}, None),
        ("", {}, None),
    ]


@pytest.mark.parametrize("decode", [decode_logs, decode_spans])
def test_bytes_that_are_no_request_are_refused(decode):
    """Junk raises one error of ours, and the error is a ValueError."""
    with pytest.raises(DecodeError, match="5 bytes are not an Export"):
        decode(b"\x0a\xffabc")


def test_a_partial_success_tells_how_many_and_why():
    """Answers to logs and to spans tell how many were rejected, and what the server said."""
    logs = ExportLogsServiceResponse(
        partial_success=ExportLogsPartialSuccess(rejected_log_records=3, error_message="too old")
    )
    traces = ExportTraceServiceResponse(
        partial_success=ExportTracePartialSuccess(rejected_spans=4, error_message="too new")
    )

    assert decode_logs_response(logs.SerializeToString()) == (3, "too old")
    assert decode_traces_response(traces.SerializeToString()) == (4, "too new")


def test_full_success_is_an_empty_answer():
    """No bytes mean that nothing was rejected."""
    assert (decode_logs_response(b""), decode_traces_response(b"")) == ((0, ""), (0, ""))


def test_a_nonsensical_answer_is_bounded():
    """A negative count is none, and an endless message is cut."""
    partial = ExportLogsPartialSuccess(rejected_log_records=-5, error_message="x" * 100_000)

    rejected, message = decode_logs_response(ExportLogsServiceResponse(partial_success=partial).SerializeToString())

    assert (rejected, len(message)) == (0, 1024)


def test_no_server_writes_lines_into_our_logs():
    """Messages of servers come as one printable line."""
    partial = ExportLogsPartialSuccess(error_message="too old\x1b[31m\nWARNING forged")

    assert decode_logs_response(ExportLogsServiceResponse(partial_success=partial).SerializeToString()) == (
        0,
        "too old[31m",
    )


def status(message, *details):
    packed = []
    for detail in details:
        packed.append(Any())
        packed[-1].Pack(detail)
    return RpcStatus(code=8, message=message, details=packed).SerializeToString()


def test_a_status_tells_what_is_wrong_and_when_to_come_back():
    """Message and RetryInfo are read, wherever the latter stands among the details."""
    retry = RetryInfo(retry_delay=Duration(seconds=2, nanos=500_000_000))

    assert decode_status(status("slow down", DebugInfo(detail="x"), retry)) == ("slow down", 2.5)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", ("", None)),
        (status("no details"), ("no details", None)),
        (status("no delay", RetryInfo()), ("no delay", None)),
        (status("", RetryInfo(retry_delay=Duration(seconds=-4))), ("", 0.0)),
        (json.dumps({"code": 3, "message": "bad data"}).encode(), ("bad data", None)),
        (b"upstream connect error\nsecond line", ("upstream connect error", None)),
        (b"<html>\x1b[31m502</html>", ("<html>[31m502</html>", None)),
        (b"[" * 100_000, ("[" * 1024, None)),
    ],
)
def test_an_error_is_read_as_far_as_it_can_be(body, expected):
    """Bodies from servers and from the proxies before them give one bounded, printable line."""
    assert decode_status(body) == expected


def test_a_torn_detail_does_not_hide_the_next():
    """A detail that cannot be read is passed over."""
    torn = Any(type_url="type.googleapis.com/google.rpc.RetryInfo", value=b"\xff\xff")
    whole = Any()
    whole.Pack(RetryInfo(retry_delay=Duration(seconds=1)))

    assert decode_status(RpcStatus(message="m", details=[torn, whole]).SerializeToString()) == ("m", 1.0)


@unhurried
@given(body=st.binary(max_size=300) | st.text().map(str.encode))
def test_no_answer_raises(body):
    """Whatever bytes a server answers with, reading them gives an answer."""
    rejected, message = decode_logs_response(body)
    assert rejected >= 0
    assert isinstance(message, str)
    assert isinstance(decode_traces_response(body), tuple)
    assert isinstance(decode_status(body), tuple)
