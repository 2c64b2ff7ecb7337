"""When each record of a replay is due, and what its time becomes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from otel_events.cli.replaying.spans import SpanBatch
    from otel_events.event import Event


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast records are replayed, and by how much their times are moved.

    Attributes:
        speed: 1 as it happened, 2 twice as fast; None without waiting.
        begin: when the replay begins, nanoseconds since the Unix epoch.
        first: the time of the record that is due then.
        offset: what is added to every time.
    """

    speed: float | None
    begin: int
    first: int
    offset: int = 0

    def due(self, item: Event | SpanBatch) -> int:
        """Return when *item* is due, nanoseconds since the Unix epoch; in the past for one that need not wait."""
        if self.speed is None or not item.timestamp:
            return self.begin
        return self.begin + round((item.timestamp - self.first) / self.speed)

    def move(self, event: Event) -> Event:
        """Return *event* with its times moved."""
        if not self.offset or not event.timestamp:
            return event
        at, observed = event.timestamp + self.offset, event.observed_timestamp + self.offset
        return replace(event, timestamp=at, observed_timestamp=max(observed, 0)) if at >= 0 else event


def pace_from(speed: float | None, begin: int, bounds: tuple[int, int], *, is_rebased: bool) -> Pace:
    """Return the pace for records whose times lie within *bounds*.

    With *is_rebased* all times are moved alike, so that the last record has the time at which it is sent: what lies
    between records stays as it was, and none comes from the future, which backends refuse.
    """
    first, last = bounds
    takes = 0 if speed is None else round((last - first) / speed)
    return Pace(speed, begin, first, begin + takes - last if is_rebased else 0)


def bounds_of(items: Iterable[Event | SpanBatch]) -> tuple[int, int] | None:
    """Return the earliest and the latest time of *items*, ends of spans included; None if none has a time."""
    first = last = 0
    for item in items:
        at = item.timestamp
        if at:
            latest = getattr(item, "latest", at)
            first, last = (min(first, at), max(last, latest)) if first else (at, latest)
    return (first, last) if first else None
