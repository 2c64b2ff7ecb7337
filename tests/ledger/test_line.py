"""One event as one line of the ledger."""

import json
import math
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_events.event import CORRELATION, Event, InstrumentationScope
from otel_events.ledger.line import EventsFormat
from otel_events.ledger.read import LedgerReader

RESOURCE = {"service.name": "orchestrator", "host.name": "h", "blob": b"\x00\xff"}
NOW = 1_771_095_683_456_789_012

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(2**70), max_value=2**70)
    | st.floats(allow_nan=True, allow_infinity=True)
    | text
    | st.binary(max_size=20)
)
keys = text | st.sampled_from(
    ["bytesValue", "doubleValue", "intValue", "kvlistValue", "event", "time", "uid", *CORRELATION]
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=8
)
mappings = st.dictionaries(keys, values, max_size=6)
scopes = st.builds(
    InstrumentationScope,
    name=text,
    version=text,
    schema_url=text,
    attributes=st.dictionaries(text, values, max_size=3).map(lambda pairs: tuple(pairs.items())),
)


@st.composite
def events(draw):
    own, bound = draw(mappings), draw(mappings)
    return Event(
        name=draw(text),
        timestamp=draw(st.integers(0, 2**64 - 1) | st.integers(-(2**70), 2**70)),
        observed_timestamp=draw(st.integers(0, 2**64 - 1)),
        severity=draw(st.integers(0, 30)),
        severity_text=draw(text | st.sampled_from(["INFO", "WARN", "warning"])),
        body=draw(values),
        attributes=own,
        bound={key: value for key, value in bound.items() if key not in own},
        trace_id=draw(st.integers(0, 2**128 - 1)),
        span_id=draw(st.integers(0, 2**64 - 1)),
        trace_flags=draw(st.integers(0, 255)),
        scope=draw(scopes),
        uid=draw(text),
        dropped_attributes=draw(st.integers(0, 5)),
        given_name=draw(text),
    )


def facts(event):
    """Everything an event says, comparable: NaN is told apart from nothing but NaN, True from 1, 1 from 1.0."""
    told = {field.name: getattr(event, field.name) for field in fields(event) if field.name not in ("context", "bound")}
    told["attributes"] = event.all_attributes()
    return exact(told)


def exact(value):
    if isinstance(value, float):
        return ("float", repr(value))
    if isinstance(value, dict):
        return {key: exact(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [exact(item) for item in value]
    if isinstance(value, InstrumentationScope):
        return exact([value.name, value.version, value.schema_url, dict(value.attributes)])
    return (("int" if isinstance(value, int) and not isinstance(value, bool) else type(value).__name__), value)


def events_format(writer_id="w1"):
    return EventsFormat(service="orchestrator", resource=RESOURCE, writer_id=writer_id)


def test_a_line_has_the_documented_shape_and_order():
    """People and jq find the same keys in the same order on every line."""
    event = Event(
        "evidence.added",
        NOW,
        NOW,
        body="Evidence added",
        attributes={"source": "paper.pdf", "quality": 0.82, "env_id": 3},
        bound={"cycle": 42, "task_id": "t-1", "persona": "thesis", "tool": "search"},
        trace_id=0xABC,
        span_id=0xDEF,
        trace_flags=1,
        uid="w1-7",
    )

    line = events_format().encode(event)

    assert line.endswith(b"\n")
    assert list(json.loads(line).items()) == [
        ("time", "2026-02-14T19:01:23.456789012Z"),
        ("unix", 1771095683.456789),
        ("event", "evidence.added"),
        ("severity", "INFO"),
        ("message", "Evidence added"),
        ("task_id", "t-1"),
        ("persona", "thesis"),
        ("cycle", 42),
        ("env_id", 3),
        ("trace_id", "00000000000000000000000000000abc"),
        ("span_id", "0000000000000def"),
        ("uid", "w1-7"),
        ("service", "orchestrator"),
        ("attributes", {"source": "paper.pdf", "quality": 0.82, "tool": "search"}),
    ]


def test_a_plain_log_record_has_an_empty_event_name():
    """Every line has a string `event`, so that jq's startswith never fails."""
    line = json.loads(events_format().encode(Event("", NOW, NOW, body="hello")))

    assert (line["event"], line["message"]) == ("", "hello")


def test_rare_facts_stand_on_the_line_only_when_they_say_something():
    """`observed`, `scope` and the like are absent from an ordinary line and present on an unusual one."""
    plain = json.loads(events_format().encode(Event("a.b", NOW, NOW)))
    rare = json.loads(
        events_format().encode(
            Event(
                "a.b",
                NOW,
                NOW + 1,
                severity=13,
                severity_text="warning",
                trace_flags=1,
                scope=InstrumentationScope("my.library", "1.2"),
                dropped_attributes=2,
                given_name="A_B",
            )
        )
    )

    assert list(plain) == ["time", "unix", "event", "severity", "message", "service", "attributes"]
    assert {key: rare[key] for key in rare if key not in plain} == {
        "observed": "2026-02-14T19:01:23.456789013Z",
        "severity_text": "warning",
        "trace_flags": 1,
        "dropped_attributes": 2,
        "given_name": "A_B",
        "scope": {"name": "my.library", "version": "1.2"},
    }


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (b"\x00\xff", {"bytesValue": "AP8="}),
        (math.nan, {"doubleValue": "NaN"}),
        (-math.inf, {"doubleValue": "-Infinity"}),
        (2**64, {"intValue": "18446744073709551616"}),
        ({"bytesValue": "AP8="}, {"kvlistValue": {"bytesValue": "AP8="}}),
        (2**63 - 1, 2**63 - 1),
        ([1, 1.0, None], [1, 1.0, None]),
        ("lone \ud800", "lone ?"),
    ],
)
def test_values_that_json_lacks_are_tagged(value, written):
    """A tag is the exception: what JSON can carry is carried plainly."""
    line = json.loads(events_format().encode(Event("a.b", NOW, NOW, attributes={"v": value})))

    assert exact(line["attributes"]["v"]) == exact(written)


@given(st.lists(events(), max_size=4))
def test_nothing_is_lost_on_the_way_to_a_line_and_back(originals):
    """Whatever an event says, its line says: replay gives the same records."""
    written = events_format()
    reader = LedgerReader()

    recorded = [found for event in originals for found in reader.parse_line(written.encode(event))]

    assert [facts(found.event) for found in recorded] == [facts(event) for event in originals]
    assert {(found.service, found.source_kind) for found in recorded} <= {("orchestrator", "ledger")}
    assert reader.report.passed_over == 0


def test_the_header_gives_each_writers_events_their_resource():
    """Two programs share a file; each event gets the resource of its own writer."""
    reader = LedgerReader()
    other = EventsFormat(service="other", resource={"service.name": "other"}, writer_id="w12")

    for line in (events_format().header(), other.header()):
        assert reader.parse_line(line) == []
    (mine,) = reader.parse_line(events_format().encode(Event("a.b", NOW, NOW, uid="w1-1")))
    (theirs,) = reader.parse_line(other.encode(Event("a.b", NOW, NOW, uid="w12-1")))

    assert (mine.resource, theirs.resource) == (RESOURCE, {"service.name": "other"})
    assert reader.report.headers == 2


def test_a_header_looks_like_any_line_to_jq():
    """The header has the first keys of every line, with types that jq filters expect."""
    header = json.loads(events_format().header())

    assert header["event"] == "otel_events.ledger.header"
    assert isinstance(header["time"], str)
    assert isinstance(header["unix"], float)
    assert isinstance(header["message"], str)
    assert header["resource"]["host.name"] == "h"


def test_an_event_may_have_the_headers_name():
    """Only a line with a resource is a header, so that no program's event is taken for one."""
    (recorded,) = LedgerReader().parse_line(
        events_format().encode(Event("otel_events.ledger.header", NOW, NOW, attributes={"resource": {}, "writer": "x"}))
    )

    assert recorded.event.attributes == {"resource": {}, "writer": "x"}


def test_without_its_header_an_event_still_names_its_service():
    """A line cut out of a ledger says which program it came from."""
    (recorded,) = LedgerReader().parse_line(events_format().encode(Event("a.b", NOW, NOW, uid="w1-1")))

    assert recorded.resource == {"service.name": "orchestrator"}


def test_bound_attributes_that_are_replaced_are_not_mixed_up():
    """The mapping shared by many events is looked at again when it is another one."""
    written = events_format()

    lines = [
        json.loads(written.encode(Event("a.b", NOW, NOW, bound=bound)))
        for bound in ({"task_id": "1", "x": 1}, {"task_id": "2"}, {"task_id": "1", "x": 1})
    ]

    assert [(line["task_id"], line["attributes"]) for line in lines] == [("1", {"x": 1}), ("2", {}), ("1", {"x": 1})]
