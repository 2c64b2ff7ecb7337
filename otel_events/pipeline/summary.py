"""The event that stands for many: how they are counted, and what it says of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_events.event import Event, Value

COUNT = "otel_events.summary.count"
FIRST_TIME = "otel_events.summary.first_time"
LAST_TIME = "otel_events.summary.last_time"

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class Run:
    """Events that were held back for the same reason, of which only the last is kept.

    Attributes:
        count: how many.
        first_time: when the first of them happened, nanoseconds since the Unix epoch.
        last_time: when the last of them happened.
        last: the last of them.
    """

    __slots__ = ("count", "first_time", "last", "last_time")

    def __init__(self) -> None:
        self.count = 0
        self.first_time = 0
        self.last_time = 0
        self.last: Event | None = None

    def add(self, event: Event) -> None:
        """Hold *event* back."""
        if self.count == 0:
            self.first_time = self.last_time = event.timestamp
        self.count += 1
        self.first_time = min(self.first_time, event.timestamp)
        self.last_time = max(self.last_time, event.timestamp)
        self.last = event

    def facts(self) -> dict[str, Value]:
        """Return how many there were, and when the first and the last."""
        return {COUNT: self.count, FIRST_TIME: iso(self.first_time), LAST_TIME: iso(self.last_time)}


def with_facts(event: Event, run: Run, body: str, attributes: dict[str, Value] | None = None) -> Event:
    """Return the event that goes out for *run*: *event*, which is one of them and keeps its id, saying so."""
    own = event.attributes if attributes is None else attributes
    return replace(event, body=body, attributes={**own, **run.facts()})


def seconds(value: float) -> str:
    """Return a time for people: `10 s`, `0.5 s`."""
    return f"{value:g} s"


def iso(nanoseconds: int) -> str:
    """Return an instant in ISO 8601, UTC, in microseconds."""
    try:
        moment = _EPOCH + timedelta(microseconds=nanoseconds // 1_000)
    except OverflowError:  # a year that the calendar lacks
        return str(nanoseconds)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
