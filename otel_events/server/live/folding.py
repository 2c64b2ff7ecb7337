"""What a client that is too slow gets instead of everything: counts of frequent types, then a gap."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from otel_events import catalog
from otel_events.pipeline.name_patterns import is_lifecycle
from otel_events.server.live.frames import CountsFrame, EventsFrame, Frame, GapFrame, cut
from otel_events.server.live.naming import name_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from otel_events.server.store.stored import StoredEvent

_FREQUENT = 20  # of one type waiting; fewer are not worth a count unless the catalogue says so


def relieve(waiting: Iterable[Frame], *, first: int, last: int, max_bytes: int) -> list[Frame]:
    """Return what to send in place of *waiting*, which has grown beyond *max_bytes*: far less, with true counts.

    The types that take the most room become counts, those that displays roll up first, lifecycle events and alerts
    never. If half of *max_bytes* is still not enough, all of it becomes one gap.

    Args:
        waiting: what was to be sent.
        first: seq of the first event that it may hold.
        last: seq of the last event that it tells of.
        max_bytes: that may wait.
    """
    events: list[StoredEvent] = []
    counts: Counter[str] = Counter()
    dropped = 0
    for frame in waiting:
        if isinstance(frame, EventsFrame):
            events += frame.events
        elif isinstance(frame, CountsFrame):
            counts.update(frame.counts)
        elif isinstance(frame, GapFrame):
            dropped += frame.dropped
    named = [(name_of(event), event) for event in events]
    frequent, left = _choose(named, set(counts), goal=max_bytes // 2)
    counts.update(name for name, _ in named if name in frequent)
    if dropped or left > max_bytes // 2:
        kept = sum(name not in frequent for name, _ in named)
        return [GapFrame(first, last, dropped + counts.total() + kept)]
    single = [event for name, event in named if name not in frequent]
    frames: list[Frame] = [EventsFrame(piece, first - 1, ids_ascend=False) for piece in cut(single)]
    return [*frames, CountsFrame(first, last, dict(counts))]


def _choose(named: list[tuple[str, StoredEvent]], folded: set[str], *, goal: int) -> tuple[set[str], int]:
    """Return the names of which only counts are sent, and how many bytes the others have."""
    sizes: Counter[str] = Counter()
    for name, event in named:
        sizes[name] += len(event.line)
    numbers = Counter(name for name, _ in named)
    # What was counted once goes on being counted until the client has caught up.
    frequent = folded & set(sizes)
    left = sizes.total() - sum(sizes[name] for name in frequent)
    find = catalog.current().find
    rolled_up = {name for name in sizes if (found := find(name)) is not None and found.rolled_up_in_displays}
    for name in sorted(sizes, key=lambda name: (name not in rolled_up, -sizes[name])):
        if left <= goal:
            break
        if name in frequent or is_lifecycle(name) or (name not in rolled_up and numbers[name] < _FREQUENT):
            continue
        frequent.add(name)
        left -= sizes[name]
    return frequent, left
