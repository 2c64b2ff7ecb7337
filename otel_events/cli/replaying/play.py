"""The replay itself: records in, batches out, each when it is due."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from otel_events.cli.replaying.lossless import REPLAYED
from otel_events.event import Event
from otel_events.ledger.instants import format_instant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from otel_events.cli.progress import Progress
    from otel_events.cli.replaying.pace import Pace
    from otel_events.cli.replaying.spans import SpanBatch
    from otel_events.cli.replaying.targets import Target

_MOST = 512  # records in a batch
_TOGETHER = 0.02  # seconds within which records go out together
_SLICE = 0.2  # of a wait, between two looks at the progress


@dataclass(slots=True)
class Played:
    """How far a replay is.

    Attributes:
        read: records that were to be sent.
        last: the time of the last one that the target has, as it was in the file.
    """

    read: int = 0
    last: int = 0


def play(items: Iterable[Event | SpanBatch], pace: Pace, target: Target, played: Played, progress: Progress) -> bool:
    """Send *items* to *target*, each marked as replayed; return False if it had to stop before the end."""
    stamp = format_instant(pace.begin)
    batch: list[Event] = []
    for item in items:
        due = pace.due(item)
        is_apart = not isinstance(item, Event) or len(batch) >= _MOST or _seconds_to(due) > _TOGETHER
        if batch and is_apart:
            if not _send(batch, pace, target, played):
                return False
            batch = []
        progress.show(target.accepted, format_instant(item.timestamp))
        _wait_until(due, progress, target)
        if isinstance(item, Event):
            played.read += 1
            item.attributes[REPLAYED] = stamp
            batch.append(item)
            continue
        played.read += item.count
        _wait_out(due)
        if not target.send_spans(item.encode((REPLAYED, stamp), pace.offset), item.count):
            return False
        played.last = item.timestamp
    return not batch or _send(batch, pace, target, played)


def _send(batch: list[Event], pace: Pace, target: Target, played: Played) -> bool:
    _wait_out(pace.due(batch[-1]))
    if not target.send([pace.move(event) for event in batch]):
        return False
    played.last = batch[-1].timestamp
    return True


def _wait_until(due: int, progress: Progress, target: Target) -> None:
    while (left := _seconds_to(due)) > _TOGETHER:
        if left > 1:
            progress.show(target.accepted, f"next in {left:,.0f} s")
        time.sleep(min(left, _SLICE))


def _wait_out(due: int) -> None:
    """Wait what is left of those moments in which records gather, so that none is sent before its time."""
    time.sleep(max(0.0, _seconds_to(due)))


def _seconds_to(instant: int) -> float:
    return (instant - time.time_ns()) / 1e9
