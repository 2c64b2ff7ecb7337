"""An event as it is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from otel_events.reading.decode import Decoder
from otel_events.reading.lines import Block

if TYPE_CHECKING:
    from otel_events.event import Event, Resource
    from otel_events.reading.record import Record
    from otel_events.server.store.entry import Entry


class Arrival(NamedTuple):
    """An event that came in.

    Attributes:
        event: all its attributes are its own; `bound` is empty.
        resource: who emitted it. Events of one program share one.
    """

    event: Event
    resource: Resource


@dataclass(slots=True, eq=False)
class StoredEvent:
    """One event of the store.

    Attributes:
        seq: its number: 1, 2, 3 ...; never given to another one.
        line: the ledger's line, without its newline.
    """

    seq: int
    line: bytes
    _record: Record | None = field(default=None, repr=False)

    @classmethod
    def of(cls, entry: Entry) -> StoredEvent:
        """Return the event that *entry* was read from the ledger as."""
        record = entry.record
        return cls(entry.seq, record.raw or record.line().rstrip(), record)

    @property
    def record(self) -> Record:
        """Return what the line says; made when it is first asked for."""
        if self._record is None:
            self._record = next(Decoder().decode(Block([self.line])))
        return self._record

    def forget_record(self) -> None:
        """Let go of what was made of the line: it takes several times the line's memory, and is made again when asked for."""
        self._record = None

    def wire(self) -> bytes:
        """Return the line with the number in front, as clients get it."""
        return b'{"seq":%d,%b' % (self.seq, self.line[1:])
