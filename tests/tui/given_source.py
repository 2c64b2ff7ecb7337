"""A source that gives what a test hands it, when the test lets it."""

from __future__ import annotations

import threading

from otel_events.reading.decode import Decoder
from otel_events.reading.lines import Block
from otel_events.tui.source import Arrival, Condition, Place
from tests.cli.conftest import as_ledger

PATIENCE = 60  # seconds; reached only by a failing test


class GivenSource:
    """Events that are there, those before them, and those that are still to come.

    Other threads than the screen's own wait in `read` and `older` while `gate` is closed; `reads` counts theirs.
    """

    name = "given"

    def __init__(self, events, *, older=()):
        records = list(Decoder().decode(Block(as_ledger([*older, *events], header=False).splitlines())))
        self._arrivals = [Arrival(record, Place(1, at, 0)) for at, record in enumerate(records)]
        self._begin = len(older)
        self._coming = self._arrivals[len(older) :]
        self._screens_own = threading.current_thread()
        self.gate = threading.Event()
        self.gate.set()
        self.reads = 0

    def start(self):
        pass

    def take(self):
        coming, self._coming = self._coming, []
        return coming

    def come(self, *events):
        for record in Decoder().decode(Block(as_ledger(events, header=False).splitlines())):
            self._arrivals.append(Arrival(record, Place(1, len(self._arrivals), 0)))
            self._coming.append(self._arrivals[-1])

    def older(self, most):
        self._wait()
        end, self._begin = self._begin, max(0, self._begin - most)
        return self._arrivals[self._begin : end]

    def read(self, places):
        self.reads += self._wait()
        return [self._arrivals[place.offset].record for place in places]

    def condition(self):
        return Condition("live", self.name)

    def close(self):
        self.gate.set()

    def _wait(self):
        """Wait for the gate on another thread than the screen's; return whether it is one."""
        is_other = threading.current_thread() is not self._screens_own
        return is_other and self.gate.wait(PATIENCE)
