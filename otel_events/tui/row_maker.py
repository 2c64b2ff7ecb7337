"""Which rows are made of events: what does not fit is hidden, what is frequent is counted, groups have headings."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from otel_events.tui.chunk import Heading, RolledUp, Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from otel_events.reading.record import Record
    from otel_events.tui.chunk import Chunk
    from otel_events.tui.view import View

_SECOND = 1_000_000_000
_MAX_OPEN = 1_000


class RowMaker:
    """Makes rows of events, in their order.

    Args:
        view: which events are rows.
        is_frequent: tells whether an event is one of many that say little each.
    """

    def __init__(self, view: View, is_frequent: Callable[[Record], bool]) -> None:
        self._view = view
        self._fits = view.compile()
        self._is_frequent = is_frequent
        self._open: dict[tuple[int, str, str, str], RolledUp] = {}
        self._group = ""

    def make(self, chunk: Chunk, records: Sequence[Record | None]) -> Rows:
        """Return the rows of *chunk*, whose events are *records*."""
        rows, losses = Rows(), deque(chunk.losses)
        for index, record in enumerate(records):
            while losses and losses[0][0] <= index:
                rows.add_extra(losses.popleft()[1])
            if record is not None:
                self.add(rows, index, record)
        for _, loss in losses:
            rows.add_extra(loss)
        return rows

    def add(self, rows: Rows, index: int, record: Record) -> None:
        """Add to *rows* what is to be seen of *record*, the event at *index*."""
        fits, view = self._fits, self._view
        if fits is not None and not fits(record):
            return
        if view.group_by and (group := view.group_of(record)) and group != self._group:
            self._group = group
            self._open.clear()
            rows.add_extra(Heading(group))
        if view.rolls_up and self._is_frequent(record):
            self._roll_up(rows, index, record)
        else:
            rows.add_event(index)

    def begin_chunk(self) -> None:
        """Go on in another chunk, into which no roll-up reaches."""
        self._open.clear()

    def _roll_up(self, rows: Rows, index: int, record: Record) -> None:
        env = record.text("env_id") if self._view.is_per_env else ""
        key = (record.timestamp // _SECOND, record.name, record.text("service"), env)
        rolled = self._open.get(key)
        if rolled is None:
            if len(self._open) > _MAX_OPEN:
                self._open.clear()
            rolled = self._open[key] = RolledUp(index)
            rows.add_extra(rolled)
        rolled.add(index, record)
