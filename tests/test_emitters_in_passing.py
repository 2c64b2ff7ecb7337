"""Emitters that are made for one call each."""

from __future__ import annotations

import gc

import otel_events as ev
from otel_events.testing import capture_events


def test_an_emitter_made_for_each_call_leaves_nothing_behind():
    """Neither it nor what was around its event is kept for ever."""
    with capture_events() as events:
        before = emitters()
        for number in range(500):
            ev.get_emitter("my.library").emit("a.b", number=number)
        left = emitters() - before  # before anything is asked of the events, which makes everybody forget

        assert left < 100
        assert len(events) == 500


def emitters():
    gc.collect()
    return sum(issubclass(type(each), ev.Emitter) for each in gc.get_objects())  # isinstance asks things that lie
