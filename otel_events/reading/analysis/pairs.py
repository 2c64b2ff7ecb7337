"""What began and what ended: which never did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from otel_events.reading.record import Record

Role: TypeAlias = Literal["opens", "closes"]

_TASK: dict[str, Role] = {
    "task.started": "opens",
    "task.completed": "closes",
    "task.failed": "closes",
    "task.cancelled": "closes",
}
_ENDINGS: dict[str, Role] = {"start": "opens", "end": "closes", "stop": "closes"}
# What tells one from another of the same family; for every other family its span does.
_IDENTITY = {"task": ("task_id",), "session": ("session_id",), "cycle": ("cycle", "session_id"), "daemon": ("service",)}
_MAX_OPEN = 1_000_000


class Part(NamedTuple):
    """Which end of what an event is."""

    family: str
    role: Role


@dataclass(frozen=True, slots=True)
class Orphan:
    """Something that began and never ended, as far as was read.

    Attributes:
        family: `task`, `cycle`, `session`, `thesis`, ...
        identity: its id, or what else tells it apart.
        record: its opening event.
    """

    family: str
    identity: str
    record: Record


def part_of(name: str) -> Part | None:
    """Return which end of what an event of that name is, None if it is neither."""
    if name in _TASK:
        return Part("task", _TASK[name])
    stem, _, ending = name.rpartition(".")
    role = _ENDINGS.get(ending)
    return Part(stem, role) if role is not None and stem else None


def identity_of(record: Record, family: str) -> tuple[str, ...]:
    """Return what tells what *record* opens or closes from everything else, its family first."""
    return (family, *(record.text(key) for key in _IDENTITY.get(family, ("task_id", "span_id"))))


class Pairs:
    """Match openings with closings, in whatever order they are read."""

    def __init__(self) -> None:
        self._parts: dict[str, Part | None] = {}
        self._open: dict[tuple[str, ...], list[Record]] = {}
        self._early: dict[tuple[str, ...], int] = {}

    def add(self, record: Record) -> None:
        """Take note of *record* if it opens or closes something."""
        try:
            part = self._parts[record.name]
        except KeyError:
            part = self._parts[record.name] = part_of(record.name)
        if part is None or record.kind == "span":
            return
        identity = identity_of(record, part.family)
        if part.role == "opens":
            self._note_opening(identity, record)
        else:
            self._note_closing(identity)

    def orphans(self) -> list[Orphan]:
        """Return what is open still, oldest first."""
        found = [
            Orphan(identity[0], " ".join(filter(None, identity[1:])), record)
            for identity, records in self._open.items()
            for record in records
        ]
        return sorted(found, key=lambda orphan: orphan.record.timestamp)

    def _note_opening(self, identity: tuple[str, ...], record: Record) -> None:
        if self._early.get(identity):
            self._early[identity] -= 1
        elif len(self._open) < _MAX_OPEN:
            self._open.setdefault(identity, []).append(record)

    def _note_closing(self, identity: tuple[str, ...]) -> None:
        records = self._open.get(identity)
        if not records:
            if len(self._early) < _MAX_OPEN:
                self._early[identity] = self._early.get(identity, 0) + 1
            return
        records.pop()
        if not records:
            del self._open[identity]
