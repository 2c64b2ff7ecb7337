"""All events that are known, as rows: none is held in memory but those being looked at."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

from otel_events.reading.frequent import Frequent
from otel_events.tui.chunk import MOST, Chunk, Heading, RolledUp
from otel_events.tui.source import Notice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from otel_events.reading.record import Record
    from otel_events.tui.chunk import Extra
    from otel_events.tui.source import Arrival, Source
    from otel_events.tui.view import View

_ERROR = 17
_SECOND = 1_000_000_000
_MAX_RECORDS = 2_000
_MAX_OPEN = 1_000


class Key(NamedTuple):
    """Which row, whatever comes before or after it."""

    chunk: int
    row: int


class Row(NamedTuple):
    """One row.

    Attributes:
        key: which one.
        record: the event, of a roll-up the last one; None if it is gone or the row is a heading.
        extra: what the row is, if it is no single event.
    """

    key: Key
    record: Record | None
    extra: Extra | None


class Timeline:
    """Rows in the order in which their events came.

    Args:
        source: gives events back by their places.
        view: which events are rows.
    """

    def __init__(self, source: Source, view: View) -> None:
        self._source = source
        self._is_frequent = Frequent()
        self._chunks: list[Chunk] = [Chunk(0)]
        self._starts: list[int] = [0]  # row at which each chunk begins
        self._records: OrderedDict[tuple[int, int], Record | None] = OrderedDict()
        self.events = 0
        self.lost = 0
        self._set(view)

    def _set(self, view: View) -> None:
        self.view = view
        self._fits = view.compile()
        self._open: dict[tuple[int, str, str, str], RolledUp] = {}
        self._group = ""

    def __len__(self) -> int:
        return self._starts[-1] + len(self._chunks[-1].shown)

    def add(self, items: Sequence[Arrival | Notice]) -> None:
        """Take in what is newer than everything so far."""
        for item in items:
            if isinstance(item, Notice):
                self.lost += item.lost
                self._chunks[-1].show_extra(Heading(item.text, is_loss=True))
                continue
            chunk = self._chunks[-1]
            if len(chunk) >= MOST:
                chunk = self._append_chunk()
            self._show(chunk, chunk.append(item), item.record)
            self.events += 1

    def prepend(self, arrivals: Sequence[Arrival]) -> int:
        """Take in what is older than everything so far; return how many rows that made."""
        before = len(self)
        for end in range(len(arrivals), 0, -MOST):
            chunk = Chunk(self._chunks[0].number - 1)
            some = arrivals[max(0, end - MOST) : end]
            for arrival in some:
                chunk.append(arrival)
            self._project(chunk, [arrival.record for arrival in some])
            self._chunks.insert(0, chunk)
            self.events += len(some)
        self._count()
        return len(self) - before

    def show_as(self, view: View) -> None:
        """Look at the events in another way: the newest at once, the others by `project_more`."""
        self._set(view)
        for chunk in self._chunks:
            chunk.is_projected = False
            chunk.forget_rows()
        self._count()
        self.project_more()

    def project_more(self) -> int | None:
        """Make the rows of the newest chunk that has none yet; return how many these are, None if all have theirs."""
        for chunk in reversed(self._chunks):
            if not chunk.is_projected:
                before = len(self)
                self._project(chunk, self._source.read(chunk.places()))
                self._count()
                return len(self) - before
        return None

    def is_projected(self, chunk_number: int) -> bool:
        """Return whether that chunk's rows are as the view in force wants them."""
        return self._chunks[chunk_number - self._chunks[0].number].is_projected

    def row(self, index: int) -> Row:
        """Return the row at *index*, which is there."""
        position = bisect_right(self._starts, index) - 1
        return self._row(self._chunks[position], index - self._starts[position])

    def key(self, index: int) -> Key:
        """Return which row is at *index*."""
        position = bisect_right(self._starts, index) - 1
        return Key(self._chunks[position].number, index - self._starts[position])

    def index(self, key: Key) -> int:
        """Return where the row *key* is now."""
        position = key.chunk - self._chunks[0].number
        return self._starts[position] + key.row

    def index_of_event(self, key: Key) -> tuple[int, int]:
        """Return the chunk and the index in it of the event that the row *key* shows, or the last that it stands for."""
        chunk = self._chunks[key.chunk - self._chunks[0].number]
        entry = chunk.shown[key.row]
        extra = chunk.extras[~entry] if entry < 0 else None
        return chunk.number, extra.last if isinstance(extra, RolledUp) else max(entry, 0)

    def find_event(self, chunk_number: int, event: int) -> int:
        """Return the row nearest to an event, which may be hidden."""
        position = chunk_number - self._chunks[0].number
        chunk = self._chunks[position]
        lasts = (entry if entry >= 0 else getattr(chunk.extras[~entry], "last", -1) for entry in chunk.shown)
        at = next((row for row, last in enumerate(lasts) if last >= event), len(chunk.shown) - 1)
        return max(0, min(self._starts[position] + max(0, at), len(self) - 1))

    def next_error(self, index: int, step: int) -> int | None:
        """Return the nearest row after (or before, with a *step* of -1) *index* whose event is an error."""
        index += step
        while 0 <= index < len(self):
            position = bisect_right(self._starts, index) - 1
            chunk, start = self._chunks[position], self._starts[position]
            end = start + len(chunk.shown) if step > 0 else start - 1
            for at in range(index, end, step):
                entry = chunk.shown[at - start]
                if entry >= 0 and chunk.severities[entry] >= _ERROR:
                    return at
            index = end
        return None

    def records(self) -> Iterator[Record]:
        """Yield all events that are known, oldest first, whatever is shown of them."""
        for chunk in list(self._chunks):
            yield from (record for record in self._source.read(chunk.places()) if record is not None)

    def records_near(self, index: int) -> Iterator[Record]:
        """Yield the events, shown or not, of the chunk with the row at *index* and of the ones beside it."""
        position = bisect_right(self._starts, index) - 1
        for chunk in self._chunks[max(0, position - 1) : position + 2]:
            yield from (record for record in self._source.read(chunk.places()) if record is not None)

    def shown_records(self) -> Iterator[Record]:
        """Yield the events that the view in force wants, oldest first, also those inside roll-ups."""
        fits = self._fits
        yield from (record for record in self.records() if fits is None or fits(record))

    def _append_chunk(self) -> Chunk:
        chunk = Chunk(self._chunks[-1].number + 1)
        self._starts.append(len(self))
        self._chunks.append(chunk)
        self._open.clear()
        return chunk

    def _project(self, chunk: Chunk, records: Sequence[Record | None]) -> None:
        is_last = chunk is self._chunks[-1]
        open_, group = self._open, self._group
        self._open, self._group = {}, ""
        for index, record in enumerate(records):
            if record is not None:
                self._show(chunk, index, record)
        chunk.is_projected = True
        if not is_last:
            self._open, self._group = open_, group

    def _show(self, chunk: Chunk, index: int, record: Record) -> None:
        fits = self._fits
        if fits is not None and not fits(record):
            return
        view = self.view
        if view.group_by and (group := view.group_of(record)) and group != self._group:
            self._group = group
            self._open.clear()
            chunk.show_extra(Heading(group))
        if view.rolls_up and self._is_frequent(record):
            key = (record.timestamp // _SECOND, record.name, record.text("service"), record.text("env_id"))
            rolled = self._open.get(key)
            if rolled is None:
                if len(self._open) > _MAX_OPEN:
                    self._open.clear()
                rolled = self._open[key] = RolledUp(index)
                chunk.show_extra(rolled)
            rolled.add(index, record)
            return
        chunk.show_event(index)

    def _count(self) -> None:
        total, self._starts = 0, []
        for chunk in self._chunks:
            self._starts.append(total)
            total += len(chunk.shown)

    def _row(self, chunk: Chunk, row: int) -> Row:
        key, entry = Key(chunk.number, row), chunk.shown[row]
        extra = chunk.extras[~entry] if entry < 0 else None
        if isinstance(extra, Heading):
            return Row(key, None, extra)
        return Row(key, self._record(chunk, extra.last if extra is not None else entry), extra)

    def _record(self, chunk: Chunk, index: int) -> Record | None:
        key = (chunk.number, index)
        try:
            self._records.move_to_end(key)
            return self._records[key]
        except KeyError:
            record = self._records[key] = self._source.read([chunk.place(index)])[0]
            if len(self._records) > _MAX_RECORDS:
                self._records.popitem(last=False)
            return record
