"""A record on its way into the index."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from otel_events.reading.record import Record


class Entry(NamedTuple):
    """A record and where it stands.

    Attributes:
        seq: its number.
        offset: of its line in the file.
        length: of the line, without the newline.
        part: which one of the line's records it is, from 0.
        record: the record.
        instance: of a record without a writer's number, which instance of its service it is of, as far as is known.
    """

    seq: int
    offset: int
    length: int
    part: int
    record: Record
    instance: str = ""


class Told(NamedTuple):
    """An event as the tables of tasks, sessions and cycles look at it.

    Attributes:
        entry: the event.
        time: when it happened, within what a table can hold.
        trace: that it was in, empty for none.
        writer: who says so, empty if that is not known.
    """

    entry: Entry
    time: int
    trace: str
    writer: str
