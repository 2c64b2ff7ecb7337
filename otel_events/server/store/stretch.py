"""Events that came one after the other from one place: what holds for one of them holds for all."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from otel_events.server.store.own import is_own

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from otel_events.server.store.entry import Entry

_ERROR = 17
_EXCEPTION = "exception.type"
# Names of events that open or close something: which run they belong to is for each of them to be found out.
TASK_CLOSING = {"task.completed": "completed", "task.failed": "failed", "task.cancelled": "cancelled"}
_BOUNDS = frozenset({"task.started", *TASK_CLOSING, "session.start", "session.end", "cycle.start", "cycle.end"})


class Around(NamedTuple):
    """What lines say of where their events came from.

    Attributes:
        writer: who says so, empty if that is not known.
        instance: of a program without numbers, which instance of its service it is.
    """

    task_id: object
    session_id: object
    cycle: object
    trace_id: object
    service: object
    persona: object
    writer: str
    instance: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some events with the same around them, none earlier than the one before it.

    What opens or closes something, is an error or a stall, or what a writer says of itself, stands alone.

    Attributes:
        entries: the events, one or more.
        times: when they happened, within what a table can hold.
        around: where they came from.
    """

    entries: Sequence[Entry]
    times: Sequence[int]
    around: Around

    @property
    def trace(self) -> str:
        """Return the trace that they were in, empty for none."""
        trace = self.around.trace_id
        return trace if type(trace) is str else ""

    @property
    def writer(self) -> str:
        """Return who says so, empty if that is not known."""
        return self.around.writer or self.around.instance

    @property
    def errors(self) -> int:
        """Return how many are errors by their severity."""
        return int(self.entries[0].record.severity >= _ERROR)

    @property
    def stalls(self) -> int:
        """Return how many say that something stalled."""
        return int(self.entries[0].record.name.endswith(".stalled"))


def stretches(entries: Sequence[Entry], times: Sequence[int], writers: Sequence[str]) -> Iterator[Stretch]:
    """Yield *entries* in stretches, in their order."""
    start, last, latest, is_alone = 0, None, 0, True
    for place, (entry, time, writer) in enumerate(zip(entries, times, writers, strict=True)):
        record = entry.record
        lookup = record.facts.get if record.raw else record.get
        # A plain tuple: most are equal to the one before.
        around = (
            *(lookup("task_id"), lookup("session_id"), lookup("cycle"), lookup("trace_id")),
            *(lookup("service"), lookup("persona"), writer, entry.instance),
        )
        stands_alone = record.severity >= _ERROR or _EXCEPTION in record.attributes or _is_remarkable(record.name)
        if last is not None and (around != last or time < latest or stands_alone or is_alone):
            yield Stretch(entries[start:place], times[start:place], Around(*last))
            start = place
        last, latest, is_alone = around, time, stands_alone
    if last is not None:
        yield Stretch(entries[start:], times[start:], Around(*last))


@lru_cache(maxsize=4_096)
def _is_remarkable(name: str) -> bool:
    return name in _BOUNDS or name.endswith((".stalled", ".failed")) or is_own(name)
