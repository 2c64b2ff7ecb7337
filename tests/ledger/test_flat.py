"""The flat lines of hand-written ledgers, written and read."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_events.event import Event
from otel_events.ledger.flat import FlatFormat
from otel_events.ledger.read import LedgerReader

NOW = 1_771_095_683_456_789_000


def write(event):
    return json.loads(FlatFormat().encode(event))


def read(line):
    (recorded,) = LedgerReader().parse_line(json.dumps(line).encode())
    assert recorded.source_kind == "flat"
    return recorded.event


def test_a_flat_line_has_the_payload_at_the_top():
    """Old jq scripts and learners find every key where it was, under the name the program wrote."""
    event = Event(
        "evidence.added",
        NOW,
        NOW,
        attributes={"quality": 0.85, "from": "C"},
        bound={"task_id": "demo-001"},
        given_name="evidence_added",
    )

    assert list(write(event).items()) == [
        ("event", "evidence_added"),
        ("timestamp", "2026-02-14T19:01:23.456789+00:00"),
        ("ts", 1771095683.456789),
        ("task_id", "demo-001"),
        ("quality", 0.85),
        ("from", "C"),
    ]


def test_a_payload_key_of_ours_is_put_aside_and_comes_back():
    """A payload's timestamp, message or event neither overwrites ours nor is lost."""
    payload = {
        "timestamp": "yesterday",
        "message": "theirs",
        "event": "x",
        "ts": 1,
        "severity": "s",
        "attributes": {"a": 1},
    }
    event = Event("a.b", NOW, NOW, severity=13, severity_text="warning", body="ours", attributes={**payload, "n": 1})

    line = write(event)
    back = read(line)

    assert (line["event"], line["message"], line["severity"], line["n"]) == ("a.b", "ours", "warning", 1)
    assert line["attributes"] == payload
    assert (back.name, back.timestamp, back.body, back.severity) == ("a.b", NOW, "ours", 13)
    assert back.attributes == {**payload, "n": 1}


names = st.sampled_from(
    ["event", "timestamp", "ts", "unix", "time", "message", "severity", "uid", "trace_id", "attributes", "task_id", "k"]
)
plain = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.binary()
)


@given(st.dictionaries(names, plain | st.lists(plain, max_size=2) | st.dictionaries(names, plain, max_size=2)))
def test_no_payload_is_lost_in_the_flat_form(payload):
    """Whatever its keys are called, a payload comes back as it was."""
    event = Event("a.b", NOW, NOW, body="m", attributes=payload, trace_id=5, span_id=6, trace_flags=1, uid="w-1")

    (recorded,) = LedgerReader().parse_line(FlatFormat().encode(event))
    back = recorded.event

    assert repr(sorted(back.attributes.items())) == repr(sorted(payload.items()))
    assert (back.name, back.timestamp, back.body, back.trace_id, back.span_id, back.trace_flags, back.uid) == (
        "a.b", NOW, "m", 5, 6, 1, "w-1",
    )  # fmt: skip


def test_there_is_no_header():
    """Old readers take every line for an event."""
    assert FlatFormat().header() == b""


@pytest.mark.parametrize(
    ("stamps", "timestamp", "left"),
    [
        ({}, 0, {}),
        ({"ts": 1771095683.5}, 1_771_095_683_500_000_000, {}),
        ({"timestamp": "2026-02-14T19:01:23Z"}, 1_771_095_683_000_000_000, {}),
        ({"timestamp": "2026-02-14 19:01:23,25"}, 1_771_095_683_250_000_000, {}),
        ({"timestamp": "2026-02-14T20:01:23.5+01:00", "ts": 1771095683.5}, 1_771_095_683_500_000_000, {}),
        # Local time without a zone beside Unix time: the latter is the one that is certain.
        ({"timestamp": "2026-02-14T14:01:23.400", "ts": 1771095683.5}, 1_771_095_683_500_000_000, {}),
        ({"timestamp": "noon", "ts": 1771095683}, 1_771_095_683_000_000_000, {"timestamp": "noon"}),
        ({"ts": 1771095683, "timestamp": "2020-01-01T00:30:07"}, 1_771_095_683_000_000_000, {"timestamp": "2020-01-01T00:30:07"}),
        ({"time": "2026-02-14T19:01:23Z"}, 1_771_095_683_000_000_000, {}),
        ({"ts": True, "unix": "x"}, 0, {"ts": True, "unix": "x"}),
        # Milliseconds, and other numbers of seconds that no OTLP carries.
        ({"ts": 1771095683500}, 0, {"ts": 1771095683500}),
        ({"ts": 1771095683500, "timestamp": "2026-02-14T19:01:23.5Z"}, 1_771_095_683_500_000_000, {"ts": 1771095683500}),
        ({"ts": -1, "time": 1e300}, 0, {"ts": -1, "time": 1e300}),
    ],
)  # fmt: skip
def test_hand_written_lines_keep_their_time(stamps, timestamp, left):
    """The most certain instant becomes the event's; a time that says something else stays payload."""
    event = read({"event": "eval", "quality": 0.85, **stamps})

    assert (event.name, event.timestamp, event.attributes) == ("eval", timestamp, {"quality": 0.85, **left})


def test_hand_written_words_for_severity_and_message_are_understood():
    """An alert of old is an alert."""
    event = read({"event": "alert_triggered", "severity": "critical", "message": "down", "port": 18091, "task_id": "t"})

    assert (event.severity, event.severity_text, event.body) == (21, "critical", "down")
    assert event.attributes == {"port": 18091, "task_id": "t"}


def test_pythons_own_json_is_read():
    """NaN, huge integers and lone surrogates, as json.dumps writes them, make no line unreadable."""
    (recorded,) = LedgerReader().parse_line(b'{"event": "eval", "q": NaN, "n": 123456789012345678901, "s": "\\ud83d!"}')

    attributes = recorded.event.attributes
    assert math.isnan(attributes["q"])
    assert (attributes["n"], attributes["s"]) == (123456789012345678901, "?!")
