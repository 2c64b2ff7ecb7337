"""Severity, timestamp, exception and attributes beside keywords of any kind: what they mean does not depend on these."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.sdk.trace import TracerProvider

import otel_events as ev
from otel_events.testing import capture_events
from tests.effort import examples

options = st.fixed_dictionaries(
    {},
    optional={
        "severity": st.sampled_from([None, "warn", "no such", 13, 99, True, 2.0]),
        "timestamp": st.sampled_from(
            [None, 1767323045_000_000_000, 1767323045.0, "2026-01-02T03:04:05Z", "tomorrow", 0, True]
        ),
        "exception": st.sampled_from([None, False, True, "boom", 0]),
        "attributes": st.sampled_from([None, {"a": 1}, {"a": 1, "severity": "mine"}, {}, "no mapping", 7]),
    },
)
fields = st.dictionaries(
    st.sampled_from(["a", "b", "from_"]), st.sampled_from([1, 0.5, True, None, "text"]), max_size=3
)
seconds = st.sampled_from([None, "a message", {"a": 2, "timestamp": "mine"}])


def said(odd, names, second, own, chosen):
    """Return what comes of a call, *odd* beside its other keywords, less that; and what is counted."""
    with capture_events() as events:
        for name in names:
            ev.emit(name, second, **own, **chosen, **odd)
        told = [
            replace(
                event,
                uid="",
                timestamp=event.timestamp if event.has_own_timestamp else 0,
                attributes={key: value for key, value in event.attributes.items() if key != "odd"},
            )
            for event in events
        ]
        return told, ev.stats().problems


@settings(deadline=None, max_examples=examples(300))
@given(
    names=st.lists(st.sampled_from(["a.b", "alert.triggered"]), min_size=1, max_size=20),
    second=seconds,
    own=fields,
    chosen=options,
)
def test_options_mean_the_same_beside_plain_values_and_others(names, second, own, chosen):
    """A call whose keywords are all plain leaves the options to the pipeline; one with a list has them looked at at once."""
    assert said({}, names, second, own, chosen) == said({"odd": [1]}, names, second, own, chosen)


@pytest.mark.parametrize("strict", [False, True])
def test_options_beside_plain_values_are_no_attributes(strict):
    """Neither for strict mode, nor on the copy in the span, which happened when the call says."""
    with capture_events(strict=strict) as events:
        with TracerProvider().get_tracer("t").start_as_current_span("work") as span:
            ev.emit("evidence.added", severity="warn", timestamp=1767323045_000_000_000, source="a", quality=0.5)
        (copy,) = span.events
        copied = copy.timestamp, list(copy.attributes)

    assert events.only().severity is ev.Severity.WARN
    assert events.only().timestamp == 1767323045_000_000_000
    assert list(events.only().attributes) == ["source", "quality"]
    assert copied == (1767323045_000_000_000, ["source", "quality", "log.record.uid"])


def test_what_is_bound_process_wide_holds_from_the_next_event_on(events):
    """Also where the one before came from the same place, by whatever emitter."""
    library = ev.get_emitter("my.library")
    for emit in (ev.emit, library.emit):
        emit("a.b")
    ev.bind(persona="thesis")
    for emit in (ev.emit, library.emit):
        emit("a.b")

    assert [event.attributes for event in events] == [{}, {}, {"persona": "thesis"}, {"persona": "thesis"}]
