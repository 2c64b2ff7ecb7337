"""The Collector's JSON files, read as events."""

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from otel_events.event import InstrumentationScope
from otel_events.ledger.read import LedgerReader

RECORD = {
    "timeUnixNano": "1771095683456789012",
    "observedTimeUnixNano": "1771095683456789999",
    "severityNumber": 13,
    "severityText": "WARN",
    "eventName": "alert.triggered",
    "body": {"stringValue": "Proxy port not responding"},
    "traceId": "5b8efff798038103d269b633813fc60c",
    "spanId": "eee19b7ec3c1b174",
    "flags": 1,
    "droppedAttributesCount": 2,
    "attributes": [
        {"key": "port", "value": {"intValue": "18091"}},
        {"key": "huge", "value": {"intValue": 9223372036854775807}},
        {"key": "ratio", "value": {"doubleValue": 1}},
        {"key": "nan", "value": {"doubleValue": "NaN"}},
        {"key": "ok", "value": {"boolValue": False}},
        {"key": "raw", "value": {"bytesValue": "AP8="}},
        {"key": "nothing", "value": {}},
        {"key": "list", "value": {"arrayValue": {"values": [{"intValue": "1"}, {"stringValue": "x"}]}}},
        {"key": "map", "value": {"kvlistValue": {"values": [{"key": "a", "value": {"intValue": 1}}]}}},
        {"key": "session_id", "value": {"stringValue": "s-1"}},
        {"key": "session.id", "value": {"stringValue": "s-1"}},
        {"key": "log.record.uid", "value": {"stringValue": "w1-7"}},
    ],
}


def envelope(*records, resource=(("service.name", "orchestrator"),)):
    return {
        "resourceLogs": [
            {
                "resource": {"attributes": [{"key": k, "value": {"stringValue": v}} for k, v in resource]},
                "scopeLogs": [
                    {
                        "scope": {"name": "my.library", "version": "1.2"},
                        "logRecords": list(records),
                        "schemaUrl": "https://schema/1",
                    }
                ],
            }
        ]
    }


def read(line):
    reader = LedgerReader()
    return reader.parse_line(json.dumps(line).encode()), reader.report


def test_a_record_comes_back_with_every_fact_and_type():
    """What the Collector wrote is the event that was sent, types and identity included."""
    (recorded,), _ = read(envelope(RECORD))
    event = recorded.event

    assert math.isnan(event.attributes.pop("nan"))
    assert event.attributes == {
        "port": 18091,
        "huge": 2**63 - 1,
        "ratio": 1.0,
        "ok": False,
        "raw": b"\x00\xff",
        "nothing": None,
        "list": [1, "x"],
        "map": {"a": 1},
        "session_id": "s-1",
    }
    assert isinstance(event.attributes["ratio"], float)
    assert (event.name, event.body, event.severity, event.severity_text, event.uid) == (
        "alert.triggered", "Proxy port not responding", 13, "WARN", "w1-7",
    )  # fmt: skip
    assert (event.timestamp, event.observed_timestamp) == (1771095683456789012, 1771095683456789999)
    assert (event.trace_id, event.span_id, event.trace_flags, event.dropped_attributes) == (
        0x5B8EFFF798038103D269B633813FC60C, 0xEEE19B7EC3C1B174, 1, 2,
    )  # fmt: skip
    assert event.scope == InstrumentationScope("my.library", "1.2", "https://schema/1")
    assert (recorded.service, recorded.resource, recorded.source_kind) == (
        "orchestrator", {"service.name": "orchestrator"}, "otlp",
    )  # fmt: skip


def test_one_line_may_hold_many_records():
    """A Collector writes a batch as one line; every record counts."""
    found, report = read(envelope(RECORD, RECORD, {}))

    assert (len(found), report.events, report.passed_over) == (3, 3, 0)


def test_traces_and_metrics_are_foreign():
    """A file with other signals is read without a complaint; their lines are counted."""
    found, report = read({"resourceSpans": []})

    assert (found, report.foreign) == ([], 1)


def test_numbers_out_of_range_and_wrong_types_are_survived():
    """A broken field counts as not set; the rest of its record is kept."""
    (recorded,), _ = read(
        envelope(
            {
                "timeUnixNano": "x",
                "severityNumber": "SEVERITY_NUMBER_ERROR",
                "eventName": 7,
                "traceId": "zz",
                "spanId": "f" * 40,
                "attributes": [
                    {"key": 1},
                    3,
                    {"key": "i", "value": {"intValue": "1e5"}},
                    {"key": "ok", "value": {"intValue": 3.0}},
                ],
            }
        )
    )
    event = recorded.event

    assert (event.timestamp, event.severity, event.name, event.trace_id, event.span_id) == (0, 17, "", 0, 0)
    assert event.attributes == {"i": 0, "ok": 3}


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from([*RECORD, "resource", "scopeLogs", "logRecords", "scope", "key", "value", "values", "arrayValue", "kvlistValue", "intValue", "bytesValue"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(junk)
def test_no_envelope_makes_the_reader_raise(inside):
    """Whatever stands in an OTLP line, it is read or passed over."""
    for line in ({"resourceLogs": [inside]}, {"resourceLogs": [{"scopeLogs": [{"logRecords": [inside]}]}]}):
        _, report = read(line)
        assert report.malformed == 0
