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
