"""All events that are known, as rows: none is held in memory but those being looked at."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

from otel_events.reading.frequent import Frequent
from otel_events.tui.chunk import MOST, Chunk, Heading
from otel_events.tui.row_maker import RowMaker
from otel_events.tui.source import Notice

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from otel_events.reading.record import Record
    from otel_events.tui.chunk import Extra, Rows
    from otel_events.tui.source import Arrival, Source
    from otel_events.tui.view import View

_MAX_RECORDS = 2_000
_SECOND = 1_000_000_000
_LONGEST = 4 * MOST  # events of a chunk, also in a second of very many


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

    All of it belongs to the screen's thread, but for `chunks`, `read`, `records`, `records_near` and `make_rows`.

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
        self._second = 0  # of the newest event: a chunk ends with a second, for no roll-up reaches beyond it
        self.events = 0
        self.lost = 0
        self.view = view
        self._newest = RowMaker(view, self._is_frequent)

    def __len__(self) -> int:
        return self._starts[-1] + self._chunks[-1].count

    def add(self, items: Sequence[Arrival | Notice]) -> None:
        """Take in what is newer than everything so far."""
        chunk = self._chunks[-1]
        rows = self._made(chunk)
        for item in items:
            if isinstance(item, Notice):
                self.lost += item.lost
                loss = Heading(item.text, is_loss=True)
                chunk.losses.append((len(chunk), loss))
                rows.add_extra(loss)
                continue
            second = item.record.timestamp // _SECOND
            if len(chunk) >= MOST and (second != self._second or len(chunk) >= _LONGEST):
                chunk = self._append_chunk()
                rows = self._made(chunk)
            self._second = second
            self._newest.add(rows, chunk.append(item), item.record)
            self.events += 1

    def prepend(self, arrivals: Sequence[Arrival]) -> int:
        """Take in what is older than everything so far; return how many rows that made."""
        before = len(self)
        for end in range(len(arrivals), 0, -MOST):
            chunk = Chunk(self._chunks[0].number - 1)
            some = arrivals[max(0, end - MOST) : end]
            for arrival in some:
                chunk.append(arrival)
            chunk.rows = RowMaker(self.view, self._is_frequent).make(chunk, [arrival.record for arrival in some])
            self._chunks.insert(0, chunk)
            self.events += len(some)
        self._count()
        return len(self) - before

    def show_as(self, view: View, *, at: int) -> Chunk:
        """Look at the events in another way: the newest at once and the chunk *at*, which is returned; others by `take_rows`."""
        self.view = view
        for chunk in self._chunks:
            chunk.rows = None
        newest, here = self._chunks[-1], self._chunk(at)
        self._newest = RowMaker(view, self._is_frequent)
        newest.rows = self._newest.make(newest, self._source.read(newest.places()))
        if here is not newest:
            here.rows = self.make_rows(here, view)
        self._count()
        return here

    def make_rows(self, chunk: Chunk, view: View) -> Rows:
        """Return the rows that *view* makes of *chunk*, which grows no more."""
        return RowMaker(view, self._is_frequent).make(chunk, self._source.read(chunk.places()))

    def next_without_rows(self, near: int) -> Chunk | None:
        """Return the chunk without rows that is nearest to the one with the number *near*, None if all have theirs."""
        without = (chunk for chunk in self._chunks if chunk.rows is None)
        return min(without, key=lambda chunk: abs(chunk.number - near), default=None)

    def take_rows(self, chunk: Chunk, rows: Rows) -> int:
        """Have *chunk* shown as *rows*; return the index of the first of them."""
        chunk.rows = rows
        self._count()
        return self._starts[chunk.number - self._chunks[0].number]

    def row(self, index: int) -> Row:
        """Return the row at *index*, which is there."""
        key = self.key(index)
        chunk = self._chunk(key.chunk)
        rows = self._made(chunk)
        extra, event = rows.extra_at(key.row), rows.event_at(key.row)
        return Row(key, None if event < 0 else self._record(chunk, event), extra)

    def has_rows(self, begin: int, end: int) -> bool:
        """Return whether no rows are still to be made between those at *begin*, which is there, and at *end*, or the end of all."""
        low, high = min(begin, end), max(begin, end)
        first = self._position(low) if low >= 0 else 0
        last = self._position(high) if high < len(self) else len(self._chunks) - 1
        return all(chunk.rows is not None for chunk in self._chunks[first : last + 1])

    def key(self, index: int) -> Key:
        """Return which row is at *index*."""
        position = self._position(index)
        return Key(self._chunks[position].number, index - self._starts[position])

    def index(self, key: Key) -> int:
        """Return where the row *key* is now."""
        return self._starts[key.chunk - self._chunks[0].number] + key.row

    def index_of_event(self, key: Key) -> tuple[int, int]:
        """Return the chunk and the index in it of the event that the row *key* shows, or of the next one behind a heading."""
        rows = self._made(self._chunk(key.chunk))
        events = (rows.event_at(row) for row in range(key.row, len(rows.shown)))
        return key.chunk, next((event for event in events if event >= 0), len(self._chunk(key.chunk)) - 1)

    def find_event(self, chunk_number: int, event: int) -> int:
        """Return the row nearest to an event, which may be hidden."""
        chunk = self._chunk(chunk_number)
        rows, start = chunk.rows, self.index(Key(chunk_number, 0))
        lasts = [rows.event_at(row) for row in range(len(rows.shown))] if rows is not None else []
        at = next((row for row, last in enumerate(lasts) if last >= event), len(lasts) - 1)
        return max(0, min(start + max(0, at), len(self) - 1))

    def chunks(self) -> list[Chunk]:
        """Return all events, oldest first, in chunks."""
        return list(self._chunks)

    def read(self, chunk: Chunk, indices: Iterable[int]) -> list[Record | None]:
        """Return the events at *indices* of *chunk*, None for one that is gone."""
        return self._source.read([chunk.place(index) for index in indices])

    def records(self) -> Iterator[Record]:
        """Yield all events that are known, oldest first, whatever is shown of them."""
        for chunk in self.chunks():
            yield from (record for record in self._source.read(chunk.places()) if record is not None)

    def records_near(self, number: int) -> Iterator[Record]:
        """Yield the events, shown or not, of the chunk with this *number* and of the ones beside it."""
        for chunk in self.chunks():
            if abs(chunk.number - number) <= 1:
                yield from (record for record in self._source.read(chunk.places()) if record is not None)

    def _position(self, index: int) -> int:
        return bisect_right(self._starts, index) - 1

    def _chunk(self, number: int) -> Chunk:
        return self._chunks[number - self._chunks[0].number]

    def _made(self, chunk: Chunk) -> Rows:
        """Return the rows of a chunk of which some are seen, or which is the newest: it has them."""
        assert chunk.rows is not None
        return chunk.rows

    def _append_chunk(self) -> Chunk:
        chunk = Chunk(self._chunks[-1].number + 1)
        self._starts.append(len(self))
        self._chunks.append(chunk)
        self._newest.begin_chunk()
        return chunk

    def _count(self) -> None:
        total, self._starts = 0, []
        for chunk in self._chunks:
            self._starts.append(total)
            total += chunk.count

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
