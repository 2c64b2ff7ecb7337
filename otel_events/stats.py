"""What `stats()` tells."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from otel_events.runtime import Capture


@dataclass(frozen=True, slots=True)
class Stats:
    """What became of this process's events so far.

    Attributes:
        writer: the process's id, the first part of each `log.record.uid`.
        emitted: events that were captured, those dropped for want of room included.
        queued: events and spans that wait for the pipeline thread.
        delivered: events safely handed over, by sink.
        dropped: events lost, by reason.
        problems: things that were not as they should be, though the event went on, by cause.
        cut: what limits took away, by kind.
        unknown_names: events that the catalogue does not know, by name.
        spans_delivered: spans safely handed over, by sink.
        spans_dropped: spans lost, by reason.
    """

    writer: str
    emitted: int
    queued: int
    delivered: Mapping[str, int]
    dropped: Mapping[str, int]
    problems: Mapping[str, int]
    cut: Mapping[str, int]
    unknown_names: Mapping[str, int]
    spans_delivered: Mapping[str, int]
    spans_dropped: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """Return the same as plain values."""
        return asdict(self)


_LOST_AT_CAPTURE = ("queue_full", "after_shutdown")


def stats_of(capture: Capture) -> Stats:
    """Return the counts of *capture* and of all that came after it."""
    accounts, spans = capture.accounts, capture.span_accounts
    dropped = accounts.dropped.counts()
    waiting = list(capture.items)
    return Stats(
        writer=capture.writer,
        emitted=capture.taken
        + sum(type(item) is tuple for item in waiting)
        + sum(dropped.get(reason, 0) for reason in _LOST_AT_CAPTURE),
        queued=len(waiting),
        delivered=accounts.delivered.counts(),
        dropped=dropped,
        problems=accounts.problems.counts(),
        cut=accounts.cut.counts(),
        unknown_names=accounts.unknown_names.counts(),
        spans_delivered=spans.delivered.counts(),
        spans_dropped=spans.dropped.counts(),
    )
