"""A page of events: what was found in the time and the space that a page has, and where the next one begins."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_events.filter_language import FilterSettings
    from otel_events.server.store.store import Store
    from otel_events.server.store.stored import StoredEvent

_FIRST_WINDOW = 20_000
_PATIENCE = 0.7  # seconds
_SOME = 16
_MOST_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Question:
    """Which events are wanted, between which times and in which order."""

    chosen: FilterSettings | None
    since: int | None
    until: int | None
    is_newest: bool


class Pager:
    """Look for events between two numbers, in windows.

    What no index answers would else be looked for through the whole store: so the windows grow only as far as they are
    likely to be done in time, and a page ends where its time does.

    Args:
        store: has the events.
        question: which are wanted.
        low: only greater numbers.
        high: only lesser numbers.
    """

    def __init__(self, store: Store, question: Question, low: int, high: int) -> None:
        self._store = store
        self._question = question
        self._low, self._high = low, high
        self._window = _FIRST_WINDOW
        self._looked = 0
        self._began = time.monotonic()

    @property
    def next(self) -> int | None:
        """Return the cursor behind what was looked at; None if nothing is left."""
        if self._low >= self._high - 1:
            return None
        return self._high if self._question.is_newest else self._low

    def find(self, limit: int) -> list[StoredEvent]:
        """Return up to *limit* events."""
        found: list[StoredEvent] = []
        size = 0
        while self.next is not None and len(found) < limit and size < _MOST_BYTES and self._rest() > 0:
            # A few first: they tell how many more there is room for.
            room = (_MOST_BYTES - size) * len(found) // size + 1 if size else _SOME
            some = self._look(min(limit - len(found), room))
            found += some
            size += sum(len(event.line) for event in some)
        return found

    def _look(self, wanted: int) -> list[StoredEvent]:
        """Return up to *wanted* events of the next window, and move on behind them, or behind the window."""
        asked, low, high = self._question, self._low, self._high
        if asked.is_newest:
            low = max(low, high - 1 - self._window)
        else:
            high = min(high, low + 1 + self._window)
        some = self._store.select(
            asked.chosen,
            after=low,
            before=high,
            since=asked.since,
            until=asked.until,
            limit=wanted,
            newest_first=asked.is_newest,
        )
        is_done = len(some) < wanted
        if asked.is_newest:
            self._high = low + 1 if is_done else some[-1].seq
        else:
            self._low = high - 1 if is_done else some[-1].seq
        if is_done:
            self._looked += high - low - 1
            self._grow()
        return some

    def _grow(self) -> None:
        spent = max(1e-6, time.monotonic() - self._began)
        likely = int(self._looked / spent * self._rest())
        self._window = max(_FIRST_WINDOW, min(self._window * 4, likely))

    def _rest(self) -> float:
        return self._began + _PATIENCE - time.monotonic()
