"""Log records in OTLP bytes: the same bytes that OpenTelemetry's own classes make."""

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry._logs import LogRecord as ApiLogRecord
from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope as ScopeMessage
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk.resources import Resource as SdkResource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope as SdkScope

from otel_events.event import UID_ATTRIBUTE, Event, InstrumentationScope
from otel_events.otlp.encode import EncodeError, LogEncoder
from otel_events.otlp.encode_values import MAX_DEPTH
from tests.effort import examples

thorough = settings(deadline=None, max_examples=examples(60), suppress_health_check=[HealthCheck.too_slow])

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.sampled_from([0, 1, 127, 128, 16383, 16384, 2**31, 2**63 - 1, -1, -(2**63)])
    | st.floats()
    | st.text()
    | st.text(min_size=100, max_size=300)
    | st.binary()
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=12
)
attributes = st.dictionaries(st.text(), values, max_size=6)
uint32 = st.integers(0, 2**32 - 1)
uint64 = st.just(0) | st.integers(0, 2**64 - 1)
scopes = st.builds(
    InstrumentationScope,
    name=st.text(max_size=4),
    version=st.text(max_size=4),
    schema_url=st.text(max_size=4),
    attributes=st.dictionaries(st.text(max_size=4), values, max_size=2).map(lambda pairs: tuple(pairs.items())),
)
events = st.builds(
    Event,
    name=st.text(),
    timestamp=uint64,
    observed_timestamp=uint64,
    severity=st.integers(0, 24),
    severity_text=st.text(),
    body=values,
    attributes=attributes.map(lambda given: {f"own.{key}": value for key, value in given.items()}),
    bound=attributes.map(lambda given: {f"bound.{key}": value for key, value in given.items()}),
    trace_id=st.just(0) | st.integers(0, 2**128 - 1),
    span_id=uint64,
    trace_flags=uint32,
    scope=scopes,
    uid=st.text(),
    dropped_attributes=uint32,
)


def any_value(value):
    """Write *value* as the protocol says, with the official class."""
    if value is None:
        return AnyValue()
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, list):
        return AnyValue(array_value=ArrayValue(values=[any_value(entry) for entry in value]))
    if isinstance(value, dict):
        return AnyValue(kvlist_value=KeyValueList(values=key_values(value)))
    field = {int: "int_value", float: "double_value", str: "string_value", bytes: "bytes_value"}[type(value)]
    return AnyValue(**{field: value})


def key_values(pairs):
    return [KeyValue(key=key, value=any_value(value)) for key, value in pairs.items()]


def log_record(event):
    uid = {UID_ATTRIBUTE: event.uid} if event.uid else {}
    return LogRecord(
        time_unix_nano=event.timestamp,
        observed_time_unix_nano=event.observed_timestamp,
        severity_number=event.severity,
        severity_text=event.severity_text,
        body=any_value(event.body),
        attributes=key_values({**event.attributes, **event.bound, **uid}),
        dropped_attributes_count=event.dropped_attributes,
        flags=event.trace_flags,
        trace_id=event.trace_id.to_bytes(16, "big") if event.trace_id else b"",
        span_id=event.span_id.to_bytes(8, "big") if event.span_id else b"",
        event_name=event.name,
    )


def request(resource, schema_url, batch):
    """Build the whole request with the official classes, records grouped by scope in order of appearance."""
    groups = {}
    for event in batch:
        scope = event.scope
        message = ScopeMessage(name=scope.name, version=scope.version, attributes=key_values(dict(scope.attributes)))
        key = (message.SerializeToString(), scope.schema_url)
        groups.setdefault(key, ScopeLogs(scope=message, schema_url=scope.schema_url)).log_records.append(
            log_record(event)
        )
    if not groups:
        return ExportLogsServiceRequest()
    whole = ResourceLogs(
        resource=Resource(attributes=key_values(resource)), scope_logs=groups.values(), schema_url=schema_url
    )
    return ExportLogsServiceRequest(resource_logs=[whole])


def parse(encoded):
    return ExportLogsServiceRequest.FromString(encoded)


def one_record(encoded):
    return parse(encoded).resource_logs[0].scope_logs[0].log_records[0]


@thorough
@given(resource=attributes, schema_url=st.text(), batch=st.lists(events, max_size=4))
def test_our_bytes_are_those_of_the_official_classes(resource, schema_url, batch):
    """Whatever a batch of events holds, the bytes equal those of the official protobuf classes."""
    ours = LogEncoder(resource, schema_url).encode(batch)

    assert ours == request(resource, schema_url, batch).SerializeToString(deterministic=True)


@thorough
@given(batch=st.lists(events, min_size=1, max_size=4))
def test_an_encoder_that_has_learnt_writes_the_same(batch):
    """What an encoder remembers of earlier batches never changes what it writes."""
    encoder = LogEncoder({"service.name": "test"})

    first = encoder.encode(batch)

    assert encoder.encode(list(batch)) == first


@thorough
@given(batch=st.lists(events, max_size=6), max_bytes=st.integers(0, 2000))
def test_bounded_requests_hold_every_record_once(batch, max_bytes):
    """Cut into bounded requests, no record is lost or doubled, and only a lone record may exceed the bound."""
    encoder = LogEncoder({"service.name": "test"})

    requests = encoder.encode_bounded(batch, max_bytes)

    records = [r for body, _ in requests for s in parse(body).resource_logs[0].scope_logs for r in s.log_records]
    assert sorted(r.SerializeToString() for r in records) == sorted(log_record(e).SerializeToString() for e in batch)
    assert sum(count for _, count in requests) == len(batch)
    assert all(len(body) <= max_bytes or count == 1 for body, count in requests)


def ordinary(**changes):
    fields = {
        "name": "evidence.added",
        "timestamp": 1_800_000_000_000_000_001,
        "observed_timestamp": 1_800_000_000_000_000_002,
        "body": "Evidence added",
        "attributes": {"source": "paper.pdf", "quality": 0.82, "step": 7, "accepted": True},
        "bound": {"task_id": "t-1", "persona": "thesis", "cycle": 42},
        "trace_id": 2**127 + 5,
        "span_id": 2**63 + 3,
        "trace_flags": 1,
        "uid": "0123456789abcdef-1",
    }
    return Event(**{**fields, **changes})


def test_a_batch_equals_what_the_exporter_of_the_sdk_makes():
    """For events that both can carry, our request is byte for byte that of OpenTelemetry's exporter."""
    batch = [ordinary(uid=f"u-{number}", timestamp=number + 1) for number in range(20)]
    resource = SdkResource({"service.name": "test", "service.version": "1"}, "https://example.org/schema")
    scope = SdkScope("otel_events", "", "", {})

    theirs = []
    for event in batch:
        record = ApiLogRecord(
            timestamp=event.timestamp,
            observed_timestamp=event.observed_timestamp,
            severity_number=SeverityNumber(int(event.severity)),
            severity_text=event.severity_text,
            body=event.body,
            attributes={**event.all_attributes(), UID_ATTRIBUTE: event.uid},
            event_name=event.name,
        )
        record.trace_id, record.span_id, record.trace_flags = event.trace_id, event.span_id, event.trace_flags
        theirs.append(ReadableLogRecord(record, resource, scope))

    ours = LogEncoder(resource.attributes, resource.schema_url).encode(batch)

    assert ours == encode_logs(theirs).SerializeToString(deterministic=True)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 128, 16_383, 16_384, 70_000])
def test_text_of_any_length_arrives(size):
    """Lengths on both sides of every change in framing arrive as they were, as body, name and attribute."""
    text = "ä" * size
    event = ordinary(name=text, body=text, severity_text=text, attributes={"text": text}, bound={text: text})

    assert LogEncoder({}).encode([event]) == request({}, "", [event]).SerializeToString(deterministic=True)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, -0.0, 5e-324])
def test_unusual_floats_arrive(number):
    """Floats that JSON has no words for arrive bit by bit."""
    event = ordinary(body=number, attributes={"": number, "list": [number], "map": {"": number}})

    assert LogEncoder({}).encode([event]) == request({}, "", [event]).SerializeToString(deterministic=True)


def test_every_bound_is_kept_to_the_byte():
    """However the bound falls between records, no request of several records is larger."""
    encoder = LogEncoder({"service.name": "test"})
    batch = [Event("event", 1, 1, scope=InstrumentationScope("ab"[number % 2])) for number in range(8)]

    largest = {bound: encoder.encode_bounded(batch, bound) for bound in range(60, 500)}

    assert [bound for bound, parts in largest.items() for body, n in parts if n > 1 and len(body) > bound] == []
    assert len(largest[499]) == 1


def test_no_events_make_no_request():
    """An empty batch is empty bytes, and no bounded request at all."""
    encoder = LogEncoder({"service.name": "test"})

    assert (encoder.encode([]), encoder.encode_bounded([])) == (b"", [])


def test_equal_scopes_become_one_group():
    """Scopes that are equal without being the same object stand once in a request."""
    first, second = InstrumentationScope("library", "1"), InstrumentationScope("library", "1")

    encoded = LogEncoder({}).encode([ordinary(scope=first), ordinary(scope=second)])

    assert [len(s.log_records) for s in parse(encoded).resource_logs[0].scope_logs] == [2]


def test_a_bound_mapping_shared_by_many_is_on_each():
    """Events that share one mapping of bound attributes all carry it, beside others that do not."""
    shared = {"task_id": "t-1"}
    batch = [ordinary(bound=shared), ordinary(bound={}), ordinary(bound=shared), ordinary(bound={"task_id": "t-2"})]

    assert LogEncoder({}).encode(batch) == request({}, "", batch).SerializeToString(deterministic=True)


@pytest.mark.parametrize("where", ["attributes", "bound"])
def test_the_uid_stands_once(where):
    """An attribute that a program named log.record.uid gives way to the event's own."""
    event = ordinary(uid="ours-1", **{where: {UID_ATTRIBUTE: "theirs", "other": 1}})

    record = one_record(LogEncoder({}).encode([event]))

    assert [pair.value.string_value for pair in record.attributes if pair.key == UID_ATTRIBUTE] == ["ours-1"]


BROKEN = {
    "a number beyond int64": {"attributes": {"broken": 2**63}},
    "a number below int64": {"bound": {"broken": -(2**63) - 1}},
    "a lone surrogate": {"attributes": {"broken": "\ud800"}},
    "a lone surrogate in a key": {"attributes": {"\ud800": 1}},
    "an object": {"attributes": {"broken": object()}},
    "a nested object": {"attributes": {"broken": [{"deep": object()}]}},
    "a key that is no string": {"attributes": {5: 1}},
    "a body that is no value": {"body": {1, 2}},
    "a time beyond 2554": {"timestamp": 2**64},
    "a negative time": {"observed_timestamp": -1},
    "a trace id of 17 bytes": {"trace_id": 2**128},
    "a severity below zero": {"severity": -1},
    "a name with a surrogate": {"name": "\ud800"},
    "a count beyond uint32": {"dropped_attributes": 2**32},
}


@pytest.mark.parametrize("changes", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_event_never_takes_its_batch_along(changes):
    """An event that OTLP cannot carry is left out and told of once; those around it arrive."""
    told = []
    good = [ordinary(uid="u-1"), ordinary(uid="u-2")]

    encoded = LogEncoder({}, on_unencodable=told.append).encode([good[0], ordinary(**changes), good[1]])

    assert encoded == request({}, "", good).SerializeToString(deterministic=True)
    assert [type(problem) for problem in told] == [EncodeError]


def test_without_anyone_to_tell_the_count_shows_what_is_missing():
    """The counts of the requests add up to the events that went in, less those left out."""
    requests = LogEncoder({}).encode_bounded([ordinary(), ordinary(attributes={"broken": object()})])

    assert [count for _, count in requests] == [1]


def test_what_is_told_names_the_place_and_not_the_value():
    """The reason names event and attribute; a value may be a secret and stays out of it."""
    told = []

    LogEncoder({}, on_unencodable=told.append).encode([ordinary(attributes={"token": "hunter2\ud800"})])

    assert str(told[0]) == "event 'evidence.added': attribute 'token' cannot be encoded: UnicodeEncodeError"


def nested(levels, kind):
    value = "bottom"
    for _ in range(levels):
        value = [value] if kind is list else {"in": value}
    return value


@pytest.mark.parametrize("kind", [list, dict])
def test_the_deepest_value_can_be_read_by_a_parser(kind):
    """The deepest nesting that is encoded stays within what protobuf parsers accept."""
    event = ordinary(attributes={"deep": nested(MAX_DEPTH, kind)})

    assert one_record(LogEncoder({}).encode([event])) == log_record(event)


@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 10_000])
@pytest.mark.parametrize("kind", [list, dict])
def test_a_value_nested_deeper_is_left_out(kind, levels):
    """A value so deep that a receiver would refuse the whole request costs only its own event."""
    told = []

    encoded = LogEncoder({}, on_unencodable=told.append).encode([ordinary(attributes={"deep": nested(levels, kind)})])

    assert (encoded, len(told)) == (b"", 1)


def test_many_different_keys_and_names_are_written_right():
    """A program that makes up keys and names as it goes gets right bytes, however much has been forgotten."""
    encoder = LogEncoder({})
    batch = [ordinary(name=f"name.{n}", severity_text=str(n), attributes={f"key.{n}": n}) for n in range(3000)]

    encoder.encode(batch)

    assert encoder.encode(batch) == request({}, "", batch).SerializeToString(deterministic=True)


def test_a_resource_with_odd_values_is_cleaned():
    """A resource is on every record, so a value that OTLP cannot carry is cleaned instead of refused."""
    encoded = LogEncoder({"service.name": "bad \ud800 name", "big": 2**64, "plain": "kept"}).encode([ordinary()])

    resource = {pair.key: pair.value.string_value for pair in parse(encoded).resource_logs[0].resource.attributes}
    assert list(resource) == ["service.name", "big", "plain"]
    assert (resource["big"], resource["plain"]) == (str(2**64), "kept")
