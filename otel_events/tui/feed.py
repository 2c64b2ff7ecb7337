"""From a source to rows and panels: what the screen does at each of its ticks, and knows nothing of screens."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from otel_events.tui.drip import Drip
from otel_events.tui.source import Arrival
from otel_events.tui.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from otel_events.reading.record import Record
    from otel_events.tui.source import Notice, Source
    from otel_events.tui.view import View

_AT_ONCE = 500  # more than a list can show one by one: they were there before, or somebody reads a file
_RECENT = 2.0  # seconds
_SLICE = 0.02  # seconds that a tick may take for very many
_LONGEST_SLICE = 0.25  # where ticks are far apart
_FEW = 100
_MOST_HELD = 20_000  # the source keeps the rest


class Feed:
    """Takes what a source gives, at the rate at which it came.

    Args:
        source: started by `start`.
        view: which events are rows.
        observers: are told of every event, also of those that are no rows.
    """

    def __init__(self, source: Source, view: View, observers: Sequence[Callable[[Record], object]] = ()) -> None:
        self.source = source
        self.timeline = Timeline(source, view)
        self._observers = observers
        self._drip = Drip()
        self._bulk: deque[Arrival | Notice] = deque()
        self._last_tick = 0.0
        self._before = time.monotonic()
        self._is_live = False  # what was there before the screen began has been taken in
        self.behind = 0.0

    def start(self) -> None:
        """Begin to read."""
        self.source.start()

    def is_moving(self) -> bool:
        """Return whether events have come in the last two seconds."""
        return time.monotonic() - self._last_tick < _RECENT

    @property
    def is_filling(self) -> bool:
        """Return whether more waits than there was time for."""
        return bool(self._bulk)

    def tick(self) -> bool:
        """Take in what is due now, of very many no more than there is time for; return whether there was anything."""
        now = time.monotonic()
        is_begun = self.source.condition().state != "starting"  # asked first: what was there is in what it gives now
        came = self.source.take() if len(self._bulk) < _MOST_HELD else []
        passed, self._before = now - self._before, now
        if self._bulk or len(came) > _AT_ONCE or not self._is_live:
            self._bulk.extend(self._drip.all())
            self._bulk.extend(came)
            return self._take_bulk(max(_SLICE, min(_LONGEST_SLICE, passed / 4)), is_begun=is_begun)
        self._drip.put(came, now)
        due = self._drip.due(now)
        self._take_in(due)
        return bool(due)

    def _take_bulk(self, seconds: float, *, is_begun: bool) -> bool:
        bulk, end, has_any = self._bulk, time.monotonic() + seconds, bool(self._bulk)
        while bulk and time.monotonic() < end:
            self._take_in([bulk.popleft() for _ in range(min(_FEW, len(bulk)))])
        # What is old by then is late, and no history.
        self._is_live = self._is_live or (not bulk and is_begun)
        return has_any

    def _take_in(self, items: Sequence[Arrival | Notice]) -> None:
        for item in items:
            if isinstance(item, Arrival):
                self._tell(item.record)
        self.timeline.add(items)
        if items and self._is_live:
            self._last_tick = self._before
            self._measure_lag(items[-1])

    def _tell(self, record: Record) -> None:
        for observer in self._observers:
            observer(record)

    def _measure_lag(self, last: Arrival | Notice) -> None:
        if isinstance(last, Arrival) and last.record.timestamp:
            self.behind = max(0.0, time.time() - last.record.timestamp / 1e9)
