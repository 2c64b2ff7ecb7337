"""The next row of a kind, however far away: at once where it is near, else as an errand."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

from otel_events.tui.errands import Errand
from otel_events.tui.timeline import Key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from otel_events.reading.record import Record
    from otel_events.tui.chunk import Chunk
    from otel_events.tui.errands import Errands
    from otel_events.tui.feed import Feed
    from otel_events.tui.log_view import LogView
    from otel_events.tui.older_events import OlderEvents
    from otel_events.tui.timeline import Timeline

# Tells of some events of a chunk, by their indices, which of them are wanted.
Wanted: TypeAlias = "Callable[[Chunk, Sequence[int]], Sequence[bool]]"
_ERROR = 17
_PIECE = 256
_AT_ONCE = 0.02  # seconds that the screen may stand still
_PAUSE = 0.02  # seconds until rows that are being made are asked for again


class _Log(Protocol):
    """The widget whose rows they are."""

    feed: Feed
    log_view: LogView
    older: OlderEvents
    errands: Errands

    def say(self, text: str) -> None: ...


class Looked(NamedTuple):
    """How a search goes on.

    Attributes:
        rows: that were looked at in vain since the last one; 0 if these rows are not made yet.
        found: the one that is wanted.
    """

    rows: int
    found: Key | None = None


def search(timeline: Timeline, begin: Key | None, step: int, is_wanted: Wanted) -> Iterator[Looked]:
    """Look through the rows behind *begin* (before it, with a *step* of -1; all of them for None), piece by piece."""
    for chunk in timeline.chunks()[::step]:
        if begin is not None and (chunk.number - begin.chunk) * step < 0:
            continue
        while (rows := chunk.rows) is None:
            yield Looked(0)
        numbers = list(range(len(rows.shown)))[::step]
        if begin is not None and chunk.number == begin.chunk:
            numbers = [number for number in numbers if (number - begin.row) * step > 0]
        for start in range(0, len(numbers), _PIECE):
            piece = [number for number in numbers[start : start + _PIECE] if rows.event_at(number) >= 0]
            wanted = is_wanted(chunk, [rows.event_at(number) for number in piece])
            found = next((number for number, is_it in zip(piece, wanted, strict=True) if is_it), None)
            yield Looked(min(_PIECE, len(numbers) - start), None if found is None else Key(chunk.number, found))


def is_error(chunk: Chunk, indices: Sequence[int]) -> list[bool]:
    """Tell which events are errors."""
    return [chunk.severities[index] >= _ERROR for index in indices]


def fitting(timeline: Timeline, fits: Callable[[Record], bool]) -> Wanted:
    """Return what tells which events fit."""

    def is_wanted(chunk: Chunk, indices: Sequence[int]) -> list[bool]:
        return [record is not None and fits(record) for record in timeline.read(chunk, indices)]

    return is_wanted


class Finder:
    """Goes to rows from where the cursor is.

    Args:
        log: whose rows they are.
    """

    def __init__(self, log: _Log) -> None:
        self._log = log

    def go(self, what: str, step: int, is_wanted: Wanted) -> None:
        """Go to the next row that is wanted (the one before, with a *step* of -1), or say that there is none.

        Args:
            what: it is, for people.
            step: 1 or -1.
            is_wanted: tells it.
        """
        log, timeline = self._log, self._log.feed.timeline
        where = "after" if step > 0 else "before"
        none = partial(log.say, f"no {what} {where} this")
        begin = timeline.key(log.log_view.cursor) if log.log_view.count else None
        pieces = search(timeline, begin, step, is_wanted)
        end, rows = time.monotonic() + _AT_ONCE, 0
        for looked in pieces:
            if looked.found is not None:
                self._arrive(looked.found, none)
                return
            rows += looked.rows
            if time.monotonic() > end or not looked.rows:
                break
        else:
            if step > 0 or log.older.has_all:
                none()
                return
        errand = Errand(f"looking for the {what} {where}", gives_way=True)
        errand.note(rows)
        log.errands.begin(errand, partial(self._look_on, pieces, step, is_wanted, none))

    def _look_on(
        self, pieces: Iterator[Looked], step: int, is_wanted: Wanted, none: Callable[[], None], errand: Errand
    ) -> Callable[[], object]:
        """Go on with what was begun, and with older events; on a thread of its own."""
        timeline, older = self._log.feed.timeline, self._log.older
        while True:
            for looked in pieces:
                errand.note(looked.rows)
                if looked.found is not None:
                    return partial(self._arrive, looked.found, none)
                if not looked.rows:
                    errand.wait(_PAUSE)
            begin = Key(timeline.chunks()[0].number, 0)
            if step > 0 or not older.fetch():
                return none
            errand.note(0)
            pieces = search(timeline, begin, step, is_wanted)

    def _arrive(self, key: Key, none: Callable[[], None]) -> None:
        log = self._log
        index = log.feed.timeline.index(key)
        if index >= log.log_view.count:  # it waits, unseen
            none()
            return
        log.log_view.follows = False
        log.log_view.go_to(index)
