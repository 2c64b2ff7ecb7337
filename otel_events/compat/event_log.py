"""Drop-in for a training run's event log: its entries, as displays show them; see docs/migrate/event-log.md.

What an emitter hands to `process_event` is an event of otel_events, every time; only the log rolls frequent types up.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import count
from typing import TYPE_CHECKING, Any

from otel_events import catalog
from otel_events.compat.silent import silent
from otel_events.context import bound_attributes
from otel_events.emit import emit
from otel_events.event import parse_timestamp
from otel_events.values import freeze

if TYPE_CHECKING:
    from otel_events.catalog import EventDefinition

__all__ = ["LOG_LENGTH", "EventLogAggregator", "EventLogEntry", "EventLogSnapshot", "domain_of"]

LOG_LENGTH = 100
_SECOND = 1_000_000_000
_UNITS = ((3_600, "h"), (60, "m"), (1, "s"))


@dataclass(slots=True)
class EventLogEntry:
    """One entry of the log.

    Attributes:
        timestamp: local time, `HH:MM:SS`.
        event_type: as the program calls it: `SEED_GERMINATED`.
        env_id: the environment; None if the event is of none, or rolls up several.
        message: what all events of the type have in common: `Germinated`.
        metadata: what this one has; of a rolled up one `count`.
        episode: in which it happened.
        relative_time: how long before the snapshot that was: `(2s ago)`.
    """

    timestamp: str
    event_type: str
    env_id: int | None
    message: str
    metadata: dict[str, Any] = field(default_factory=dict)
    episode: int = 0
    relative_time: str = ""


@dataclass(frozen=True, slots=True)
class EventLogSnapshot:
    """How things stood at one instant.

    Attributes:
        event_log: the last 100 entries, oldest first; the snapshot's own.
    """

    event_log: deque[EventLogEntry]


class EventLogAggregator:
    """Keeps the last entries for a display, and emits each event. May be called from any thread."""

    def __init__(self) -> None:
        self._log: deque[_Logged] = deque(maxlen=LOG_LENGTH)
        self._rolled_up: dict[tuple[str, int], _Logged] = {}
        self._places = count()
        self._last_place = 0
        self._episode = 0

    @silent
    def process_event(self, event: Any, payload: Any = None) -> None:
        """Log and emit that something happened; wrong arguments are counted, and nothing else.

        Args:
            event: what, as a member of an Enum or by its name; or a dataclass that has that as `event_type`, and the payload as
                `data` or in its other fields.
            payload: a dataclass or a mapping; a field that is None says nothing.
        """
        event, facts = _opened(event) if payload is None and _is_envelope(event) else (event, _facts_of(payload))
        event_type = _type_of(event)
        moment = _instant_of(facts.get("timestamp"))
        if moment is not None:
            del facts["timestamp"]
        emit(event, attributes=facts, timestamp=moment)
        known = {**bound_attributes(), **facts}
        episode = known.get("episode")
        if type(episode) is int:
            self._episode = episode
        facts.pop("episode", None)
        facts.pop("env_id", None)
        env_id = known.get("env_id")
        when = time.time_ns() if moment is None else moment
        logged = _Logged(when, event_type, env_id if type(env_id) is int else None, self._episode, facts)
        self._add(logged, _definition_of(event))

    @property
    def snapshot(self) -> EventLogSnapshot:
        """Return how things stand now."""
        now = time.time_ns()
        return EventLogSnapshot(deque((logged.entry(now) for logged in self._log.copy()), maxlen=LOG_LENGTH))

    def _add(self, logged: _Logged, definition: EventDefinition | None) -> None:
        if definition is not None:
            logged.message = definition.message or logged.message
        if definition is None or not definition.rolled_up_in_displays:
            self._append(logged)
            return
        # One step each, so that two threads need no lock, which a signal handler might find taken.
        key = logged.event_type, logged.when // _SECOND
        standing = self._rolled_up.setdefault(key, logged)
        if standing is not logged and not self._is_in_log(standing):
            standing = self._rolled_up[key] = logged  # the other was pushed out of the log meanwhile
        standing.roll_up(logged)
        if standing is logged:
            self._append(logged)
            self._rolled_up = {one: kept for one, kept in self._rolled_up.copy().items() if self._is_in_log(kept)}

    def _is_in_log(self, logged: _Logged) -> bool:
        """Return whether *logged* is there, or about to be."""
        return self._last_place - logged.place < LOG_LENGTH

    def _append(self, logged: _Logged) -> None:
        self._last_place = logged.place = next(self._places)
        self._log.append(logged)


def domain_of(event: Enum | str) -> str:
    """Return to which part of the program a type of event belongs: `Kasmina` for seeds, `Simic` for all else."""
    name = _type_of(event)
    definition = _definition_of(event)
    if definition is not None and definition.domain:
        return definition.domain.capitalize()
    return "Kasmina" if name.upper().startswith(("SEED_", "SEED.")) else "Simic"


class _Logged:
    """What is kept of an event, or of those of one type in one second."""

    __slots__ = ("_facts", "_marks", "env_id", "episode", "event_type", "message", "place", "when")

    def __init__(self, when: int, event_type: str, env_id: int | None, episode: int, facts: dict[str, Any]) -> None:
        self.when = when
        self.event_type = event_type
        self.env_id = env_id
        self.episode = episode
        self.message = event_type.replace("_", " ").replace(".", " ").capitalize()
        self.place = sys.maxsize  # until it has one
        self._facts = facts
        self._marks = (
            bytearray()
        )  # one for each that is rolled up: to append one takes a single step, to add 1 does not

    def roll_up(self, other: _Logged) -> None:
        """Count *other*, which may be itself, and keep of both what they have in common."""
        self._marks.append(0)
        self.episode = other.episode
        if self.env_id != other.env_id:
            self.env_id = None

    def entry(self, now: int) -> EventLogEntry:
        """Return it as it is to be shown at *now*."""
        return EventLogEntry(
            timestamp=time.strftime("%H:%M:%S", time.localtime(self.when // _SECOND)),
            event_type=self.event_type,
            env_id=self.env_id,
            message=self.message,
            metadata={"count": len(self._marks)} if self._marks else dict(self._facts),
            episode=self.episode,
            relative_time=_show_ago(now - self.when),
        )


def _type_of(event: Any) -> str:
    if isinstance(event, Enum):
        return event.name
    if isinstance(event, str) and event:
        return str.__str__(event)
    raise TypeError(f"{type(event).__name__} is no name of an event")


def _definition_of(event: Enum | str) -> EventDefinition | None:
    name = catalog.event_name_of(event) if isinstance(event, Enum) else event
    return catalog.current().find(name)


def _facts_of(payload: Any) -> dict[str, Any]:
    """Return what *payload* says, without asking a tensor for its values; or raise TypeError."""
    facts: Any = {} if payload is None else freeze(payload)
    if not isinstance(facts, dict) or not (payload is None or _has_fields(payload)):
        raise TypeError(f"{type(payload).__name__} has no fields")
    return {key: value for key, value in facts.items() if value is not None}


def _is_envelope(event: Any) -> bool:
    return "event_type" in getattr(type(event), "__dataclass_fields__", ())


def _opened(event: Any) -> tuple[Any, dict[str, Any]]:
    """Return the type of an event that holds its payload, and what it says of it."""
    facts = _facts_of(event)
    del facts["event_type"]
    if _has_fields(getattr(event, "data", None)):
        del facts["data"]
        facts |= _facts_of(event.data)
    return event.event_type, facts


def _has_fields(payload: Any) -> bool:
    # By its type, as `freeze` does; a tensor has a form of its own there, and is no payload.
    return issubclass(type(payload), Mapping) or hasattr(type(payload), "__dataclass_fields__")


def _instant_of(timestamp: Any) -> int | None:
    """Return what a payload's time means, a number being Unix seconds; None if it means none."""
    return parse_timestamp(float(timestamp) if type(timestamp) is int else timestamp)


def _show_ago(nanoseconds: int) -> str:
    seconds = max(nanoseconds, 0) // _SECOND
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds >= size), (1, "s"))
    return f"({seconds // size}{unit} ago)"
