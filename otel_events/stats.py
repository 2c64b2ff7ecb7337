"""What `stats()` tells."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from otel_events.runtime import Capture


@dataclass(frozen=True, slots=True)
class SpoolState:
    """What waits in front of the network for one signal and destination.

    Attributes:
        signal: `logs` or `traces`; for a sink that speaks no OTLP its name.
        destination: the address, without credentials.
        directory: where it is on disk; None for a spool in memory.
        records: how many log records or spans; after the end, those that are left on disk.
        bytes: how large their requests are.
        adopted: records that earlier processes of this service had left there.
        is_on_disk: all of it is on disk, and outlives this process.
    """

    signal: str
    destination: str
    directory: str | None
    records: int
    bytes: int
    adopted: int
    is_on_disk: bool


def join_spools(states: Iterable[SpoolState]) -> list[SpoolState]:
    """Return *states* with the numbers of those for the same signal and destination added up."""
    joined: dict[tuple[str, str], SpoolState] = {}
    for state in states:
        key = (state.signal, state.destination)
        known = joined.get(key)
        if known is not None:
            state = replace(  # noqa: PLW2901  # the sum of both
                state,
                records=known.records + state.records,
                bytes=known.bytes + state.bytes,
                adopted=known.adopted + state.adopted,
            )
        joined[key] = state
    return list(joined.values())


@dataclass(frozen=True, slots=True)
class Stats:
    """What became of this process's events so far.

    With one sink, `emitted`, `own` and `adopted` together are the sum of `delivered`, `dropped`, `summarised`, `queued`,
    `spooled` and `handed_on`; with several this holds for each. The same holds of the spans.

    Attributes:
        writer: the process's id, the first part of each `log.record.uid`.
        emitted: events that were captured, those dropped for want of room included.
        own: events that the writer added, about itself: that it started, how it fares.
        adopted: events that earlier processes, or this one before its last `configure`, had left on disk.
        queued: events that wait for the pipeline thread, or are on their way through it.
        spooled: events that wait to be sent; after the end, those that are left on disk.
        handed_on: events that were left on disk when `configure` put others in the place of the sinks.
        delivered: events safely handed over, by sink.
        dropped: events lost, by reason.
        summarised: events for which another one stands, by the stage that made it.
        redacted: what was taken out of events, by kind.
        spools: what waits where.
        retries: requests that were sent again.
        problems: things that were not as they should be, though the event went on, by cause.
        cut: what limits took away, by kind.
        unknown_names: events that the catalogue does not know, by name.
        spans_queued: spans that wait for the pipeline thread.
        spans_adopted: as `adopted`.
        spans_spooled: spans that wait to be sent; after the end, those that are left on disk.
        spans_handed_on: as `handed_on`.
        spans_delivered: spans safely handed over, by sink.
        spans_dropped: spans lost, by reason.
    """

    writer: str
    emitted: int
    own: int
    adopted: int
    queued: int
    spooled: int
    handed_on: int
    delivered: Mapping[str, int]
    dropped: Mapping[str, int]
    summarised: Mapping[str, int]
    redacted: Mapping[str, int]
    spools: Sequence[SpoolState]
    retries: int
    problems: Mapping[str, int]
    cut: Mapping[str, int]
    unknown_names: Mapping[str, int]
    spans_queued: int
    spans_adopted: int
    spans_spooled: int
    spans_handed_on: int
    spans_delivered: Mapping[str, int]
    spans_dropped: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """Return the same as plain values."""
        return asdict(self)


# Counted without having been in the queue.
_LOST_AT_CAPTURE = ("queue_full", "after_shutdown", "suppressed", "emit_failed")
_RETRY = "_retry"  # behind the name of the sink


class _Pipeline(Protocol):
    @property
    def in_hand(self) -> int: ...

    def spools_now(self) -> Sequence[SpoolState]: ...

    def spools_before(self) -> Sequence[SpoolState]: ...


def count_emitted(capture: Capture) -> int:
    """Return how many events *capture* has seen."""
    waiting = sum(type(item) is tuple for item in capture.waiting())
    dropped = capture.accounts.dropped.counts()
    return capture.taken + waiting + sum(dropped.get(reason, 0) for reason in _LOST_AT_CAPTURE)


def stats_of(capture: Capture, pipeline: _Pipeline | None) -> Stats:
    """Return the counts of *capture* and of all that came after it, *pipeline* first, if there is one."""
    accounts, spans = capture.accounts, capture.span_accounts
    problems = accounts.problems.counts()
    waiting = capture.waiting()
    drafts = sum(type(item) is tuple for item in waiting)
    now, before = (pipeline.spools_now(), pipeline.spools_before()) if pipeline is not None else ((), ())
    every = (*now, *before)
    return Stats(
        writer=capture.writer,
        emitted=count_emitted(capture),
        own=capture.own,
        adopted=_sum("logs", every, "adopted"),
        queued=drafts + (pipeline.in_hand if pipeline is not None else 0),
        spooled=_sum("logs", now, "records"),
        handed_on=_sum("logs", before, "records"),
        delivered=accounts.delivered.counts(),
        dropped=accounts.dropped.counts(),
        summarised=accounts.summarised.counts(),
        redacted=accounts.redacted.counts(),
        spools=tuple(now),
        retries=_retries(problems) + _retries(spans.problems.counts()),
        problems=problems,
        cut=accounts.cut.counts(),
        unknown_names=accounts.unknown_names.counts(),
        spans_queued=len(waiting) - drafts,
        spans_adopted=_sum("traces", every, "adopted"),
        spans_spooled=_sum("traces", now, "records"),
        spans_handed_on=_sum("traces", before, "records"),
        spans_delivered=spans.delivered.counts(),
        spans_dropped=spans.dropped.counts(),
    )


def _retries(problems: Mapping[str, int]) -> int:
    return sum(count for cause, count in problems.items() if cause.endswith(_RETRY))


def _sum(signal: str, spools: Sequence[SpoolState], what: str) -> int:
    # What is in front of a sink that speaks no OTLP is events.
    return sum(getattr(spool, what) for spool in spools if (spool.signal == "traces") is (signal == "traces"))
