"""What `stats()` tells."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from otel_events.runtime import Capture


@dataclass(frozen=True, slots=True)
class Stats:
    """What became of this process's events so far.

    With one sink, `emitted` is the sum of `delivered`, `dropped`, `queued` and `spooled`; with several this holds for each.

    Attributes:
        writer: the process's id, the first part of each `log.record.uid`.
        emitted: events that were captured, those dropped for want of room included.
        queued: events that wait for the pipeline thread, or are on their way through it.
        spooled: events that wait to be sent.
        delivered: events safely handed over, by sink.
        dropped: events lost, by reason.
        retries: requests that were sent again.
        problems: things that were not as they should be, though the event went on, by cause.
        cut: what limits took away, by kind.
        unknown_names: events that the catalogue does not know, by name.
        spans_queued: spans that wait for the pipeline thread.
        spans_spooled: spans that wait to be sent.
        spans_delivered: spans safely handed over, by sink.
        spans_dropped: spans lost, by reason.
    """

    writer: str
    emitted: int
    queued: int
    spooled: int
    delivered: Mapping[str, int]
    dropped: Mapping[str, int]
    retries: int
    problems: Mapping[str, int]
    cut: Mapping[str, int]
    unknown_names: Mapping[str, int]
    spans_queued: int
    spans_spooled: int
    spans_delivered: Mapping[str, int]
    spans_dropped: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """Return the same as plain values."""
        return asdict(self)


# Counted without having been in the queue.
_LOST_AT_CAPTURE = ("queue_full", "after_shutdown", "suppressed", "emit_failed")
_RETRY = "otlp_retry"


class _Wiring(Protocol):
    @property
    def count_spooled(self) -> Callable[[str], int]: ...


class _Pipeline(Protocol):
    in_hand: int

    @property
    def wiring(self) -> _Wiring: ...


def stats_of(capture: Capture, pipeline: _Pipeline | None) -> Stats:
    """Return the counts of *capture* and of all that came after it, *pipeline* first, if there is one."""
    accounts, spans = capture.accounts, capture.span_accounts
    dropped, problems = accounts.dropped.counts(), accounts.problems.counts()
    waiting = list(capture.items)
    drafts = sum(type(item) is tuple for item in waiting)
    count_spooled = pipeline.wiring.count_spooled if pipeline is not None else _nothing
    return Stats(
        writer=capture.writer,
        emitted=capture.taken + drafts + sum(dropped.get(reason, 0) for reason in _LOST_AT_CAPTURE),
        queued=drafts + (pipeline.in_hand if pipeline is not None else 0),
        spooled=count_spooled("logs"),
        delivered=accounts.delivered.counts(),
        dropped=dropped,
        retries=problems.get(_RETRY, 0) + spans.problems.counts().get(_RETRY, 0),
        problems=problems,
        cut=accounts.cut.counts(),
        unknown_names=accounts.unknown_names.counts(),
        spans_queued=len(waiting) - drafts,
        spans_spooled=count_spooled("traces"),
        spans_delivered=spans.delivered.counts(),
        spans_dropped=spans.dropped.counts(),
    )


def _nothing(_signal: str) -> int:
    return 0
