"""What each writer's numbers say: duplicates, holes, and ends without a word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from otel_events.reading.own_words import BEGINNING

if TYPE_CHECKING:
    from otel_events.reading.record import Record

_STARTED = f"{BEGINNING}started"
_REPORT = f"{BEGINNING}report"
_STOPPED = f"{BEGINNING}stopped"
OWN = frozenset({_STARTED, _REPORT, _STOPPED})
_SUMMARY = "otel_events.summary.count"
# A number far beyond what was seen is somebody's own id, and must not make us count up to it.
_MAX_STEP = 1 << 24
_GROWTH = 64
# A writer says how it fares every five minutes, if there is anything to write.
_QUIET_NANOSECONDS = 600 * 1_000_000_000

End: TypeAlias = Literal["stopped", "open", "unclean"]


@dataclass(frozen=True, slots=True)
class WriterState:
    """What is known of one writer.

    Attributes:
        writer: its id.
        service: `service.name` of its program.
        pid: its process, None if it did not say.
        events: different events of it that were read.
        first_number: the lowest of their numbers; 1 if the writer's start was read.
        last_number: the highest of their numbers, or the one that the writer gave as its last.
        missing: numbers between these that were not read.
        explained: how many events the writer itself says it has dropped or summed up.
        end: `stopped` by its own word; `open` if the last word of it is recent, so that it may run; else `unclean`: killed, most likely.
        last_time: of its latest event, nanoseconds since the Unix epoch.
    """

    writer: str
    service: str
    pid: int | None
    events: int
    first_number: int
    last_number: int
    missing: int
    explained: int
    end: End
    last_time: int

    @property
    def unexplained(self) -> int:
        """Return how many events are missing without a word."""
        return max(0, self.missing - self.explained)


class Writers:
    """Keep a mark for every number of every writer: one byte each."""

    def __init__(self) -> None:
        self._writers: dict[str, _Writer] = {}
        self.duplicates = 0

    def add(self, record: Record) -> bool:
        """Take note of *record*; return False if the very same one was there before."""
        uid = record.facts.get("uid")
        if not uid or type(uid) is not str:
            return True
        name, _, number = uid.rpartition("-")
        try:
            position = int(number, 16)
        except ValueError:  # somebody else's id
            return True
        if not name or position < 0:
            return True
        writer = self._writers.get(name)
        if writer is None:
            writer = self._writers[name] = _Writer()
        is_new = writer.mark(position, record)
        if not is_new:
            self.duplicates += 1
        return is_new

    def states(self, now: int) -> list[WriterState]:
        """Return what is known of each, those that began first first.

        Args:
            now: nanoseconds since the Unix epoch.
        """
        return [writer.state(name, now) for name, writer in self._writers.items()]


class _Writer:
    __slots__ = ("dropped", "events", "high", "last", "low", "marks", "pid", "service", "started", "stopped", "summed")

    def __init__(self) -> None:
        self.marks = bytearray(_GROWTH)
        self.events = self.high = self.last = self.dropped = self.summed = 0
        self.low = 1 << 62
        self.started = self.stopped = False
        self.service = ""
        self.pid: int | None = None

    def mark(self, number: int, record: Record) -> bool:
        if number >= len(self.marks):
            if number > self.high + _MAX_STEP:
                return True
            self.marks.extend(bytes(max(_GROWTH, number - len(self.marks) + 1, len(self.marks) // 2)))
        if self.marks[number]:
            return False
        self.marks[number] = 1
        self.events += 1
        self.high = max(self.high, number)
        self.low = min(self.low, number)
        self.last = max(self.last, record.timestamp)
        if record.name in OWN or _SUMMARY in record.attributes:
            self._listen(record)
        if not self.service:
            self.service = record.text("service")
        return True

    def _listen(self, record: Record) -> None:
        summed = record.attributes.get(_SUMMARY)
        if isinstance(summed, int):
            self.summed += max(0, summed - 1)
        if record.name == _STARTED:
            self.started, self.pid = True, _int(record.attributes.get("pid"))
        elif record.name in {_REPORT, _STOPPED}:
            self.dropped = max(self.dropped, _sum(record.attributes.get("dropped")))
            last = _int(record.attributes.get("last_sequence")) or 0
            self.high = max(self.high, last if last < self.high + _MAX_STEP else 0)
            self.stopped = self.stopped or record.name == _STOPPED

    def state(self, name: str, now: int) -> WriterState:
        low = 1 if self.started else self.low
        is_recent = now - self.last < _QUIET_NANOSECONDS
        return WriterState(
            writer=name,
            service=self.service,
            pid=self.pid,
            events=self.events,
            first_number=low,
            last_number=self.high,
            missing=max(0, self.high - low + 1 - self.events),
            explained=self.dropped + self.summed,
            end="stopped" if self.stopped else "open" if is_recent else "unclean",
            last_time=self.last,
        )


def _int(value: Any) -> int | None:
    return value if isinstance(value, int) else None


def _sum(counts: Any) -> int:
    if not isinstance(counts, dict):
        return 0
    return sum(count for count in counts.values() if isinstance(count, int))
