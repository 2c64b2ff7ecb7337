"""Lines put together of pieces: the same as those that are written the long way."""

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from otel_events.event import DEFAULT_SCOPE, Event, InstrumentationScope, Resource
from otel_events.ledger.line import EventsFormat
from tests.ledger.test_line import NOW, events, events_format

instants = st.integers(0, 2**64 - 1) | st.just(NOW) | st.sampled_from([0, -1, 253_402_300_800 * 10**9])
library = InstrumentationScope("library", "1")


@st.composite
def usual(draw):
    """Draw events that were seen when they happened, with text to say and few scopes: those that share pieces."""
    event = draw(events())
    timestamp = draw(instants)
    event.timestamp = event.observed_timestamp = timestamp
    event.body = draw(st.none() | st.text(max_size=5))
    event.uid = draw(st.text(max_size=5) | st.sampled_from(["w1-1", "w1-2"]))
    event.scope = draw(st.sampled_from([DEFAULT_SCOPE, library]))
    return event


def left_out(event, error):
    raise AssertionError(f"{event} has no line: {error}")


def together(format_, said):
    """Return the lines of events that were written together."""
    lines = format_.encode_all(said, left_out)
    each = lines.text.splitlines(keepends=True)
    assert len(each) == lines.count
    return each


def one_by_one(said):
    """Return the lines of events that were written the long way."""
    return [events_format().encode(event) for event in said]


@given(said=st.lists(usual(), min_size=1, max_size=5))
def test_a_line_says_what_it_would_say_the_long_way(said):
    """Byte for byte, whatever was written before with the same pieces, and whatever shares them."""
    format_ = events_format()
    for event in said:
        event.bound = said[0].bound if said[0].bound.keys().isdisjoint(event.attributes) else event.bound

    lines = [line for event in said + said for line in together(format_, [event])]

    assert lines == one_by_one(said + said)


@given(said=st.lists(usual(), max_size=6))
def test_lines_of_a_batch_are_those_of_its_events(said):
    """Written together they are the same, in their order, also beside one that needs the long way."""
    odd = [replace(event, observed_timestamp=event.timestamp + 1) for event in said[:2]]
    mixed = [*said[:3], *odd, *said[3:]]

    lines = together(events_format(), mixed)

    assert lines == one_by_one(mixed)


def test_an_event_without_a_form_is_left_out_alone():
    """The others have their lines, in their order."""
    said = [Event("a.b", NOW, NOW, attributes={"number": number}, uid=f"w1-{number}") for number in range(3)]
    bad = replace(said[1], attributes={"number": object()})
    told = []

    lines = events_format().encode_all([said[0], bad, said[2]], lambda event, _: told.append(event))

    assert (lines.text.splitlines(keepends=True), lines.count) == (one_by_one([said[0], said[2]]), 2)
    assert told == [bad]


def test_events_that_differ_in_one_fact_have_lines_that_differ():
    """Each fact stands on the line of its own event, though all else is shared."""
    format_ = events_format()
    bound = {"task_id": "t-1", "tool": "search"}
    first = Event("a.b", NOW, NOW, body="said", attributes={"number": 1}, bound=bound, uid="w1-1")
    changes = [
        {"attributes": {"number": True}},
        {"attributes": {"number": 1.0}},
        {"attributes": {"number": float("nan")}},
        {"attributes": {"number": {"intValue": "1"}}},
        {"attributes": {"number": b"1"}},
        {"attributes": {"task_id": "t-2"}},
        {"attributes": {"tool": "own"}},
        {"severity": 17},
        {"severity_text": "info"},
        {"trace_id": 1},
        {"span_id": 1},
        {"trace_flags": 1},
        {"dropped_attributes": 1},
        {"given_name": "AB"},
        {"scope": library},
        {"name": "a.c"},
        {"body": "other"},
        {"body": None},
        {"uid": ""},
        {"bound": {"task_id": "t-1"}},
        {"resource": Resource({"service.name": "other"})},
        {"timestamp": first.timestamp + 1, "observed_timestamp": first.timestamp + 1},
    ]
    said = [first, *(replace(first, **change) for change in changes)]

    lines = together(format_, said)

    assert len(set(lines)) == len(said)
    assert lines == one_by_one(said)
    assert [json.loads(line)["service"] for line in lines].count("other") == 1


def test_thousands_of_scopes_and_names_are_written_right():
    """However much has been forgotten of what was known."""
    format_ = EventsFormat(service="s", resource={}, writer_id="w1")
    said = [
        Event(f"name.{n}", NOW, NOW, body=str(n), bound={"task_id": str(n % 200)}, uid=f"w1-{n}") for n in range(2000)
    ]

    lines = [json.loads(line) for line in together(format_, said)]

    assert [(line["event"], line["uid"], line["message"], line["task_id"]) for line in lines] == [
        (f"name.{n}", f"w1-{n}", str(n), str(n % 200)) for n in range(2000)
    ]
