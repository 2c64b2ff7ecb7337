"""A process set-up of its own for each test that configures."""

from __future__ import annotations

import os
import time
from collections import deque

import pytest

import otel_events as ev
from otel_events import catalog, process
from otel_events.binding import bind_process
from otel_events.pipeline.writer_events import NAMES
from tests.effort import little_room
from tests.program import PATIENCE


@pytest.fixture
def fresh(monkeypatch, tmp_path):
    """Give the test a set-up as of a program that has just begun; end it, and restore what was before."""
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("OTEL_EVENTS_EXIT_TIMEOUT", "20")  # a machine may pause for longer than the 2 s of the default
    for name, value in little_room().items():
        monkeypatch.setenv(name, value)
    known = catalog.current()
    with process.stand_in(None) as made:
        bind_process({})
        yield made
        if made.pipeline is not None:
            made.pipeline.stop(time.monotonic() + 0.3)
    catalog.set_current(known)


class KeepingSink:
    """Keeps what it is given; what the writer says of itself apart from the program's events."""

    def __init__(self, name="kept"):
        self.name = name
        self.events = deque()
        self.own = []
        self.spans = []
        self.is_closed = False

    def write(self, events):
        self.events.extend(event for event in events if event.name not in NAMES)
        self.own.extend(event for event in events if event.name in NAMES)

    def flush(self, deadline):
        return True

    def close(self, deadline):
        self.is_closed = True
        return True

    @property
    def names(self):
        return [event.name for event in self.events]


class SpanKeepingSink(KeepingSink):
    """Keeps events and spans."""

    def write_spans(self, spans):
        self.spans.extend(spans)


def stats_once(condition):
    """Wait until *condition* holds of `ev.stats()`, and return them as they were then."""
    until = time.monotonic() + PATIENCE
    while not condition(stats := ev.stats()):
        assert time.monotonic() < until, stats
        time.sleep(0.01)
    return stats


def assert_accounted(stats, sink):
    """Emitted events are delivered to *sink*, dropped, stood for by another, queued or spooled, and nothing else."""
    parts = (stats.delivered.get(sink, 0), sum(stats.dropped.values()), sum(stats.summarised.values()))
    waiting = (stats.queued, stats.spooled, stats.handed_on)
    assert stats.emitted + stats.own + stats.adopted == sum(parts) + sum(waiting), stats
