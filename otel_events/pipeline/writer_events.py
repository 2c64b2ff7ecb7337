"""What a writer says of itself among its events: that it started, how it fares, what it lost, that it stopped."""

from __future__ import annotations

import os
import time
from collections import Counter, deque
from typing import TYPE_CHECKING, Any

from opentelemetry.context import Context

from otel_events import runtime
from otel_events.event import DEFAULT_SCOPE
from otel_events.stats import count_emitted
from otel_events.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from otel_events.event import Draft
    from otel_events.runtime import Capture

STARTED = "otel_events.writer.started"
REPORT = "otel_events.writer.report"
STOPPED = "otel_events.writer.stopped"
DROPPED = "otel_events.spool.dropped"
NAMES = frozenset((STARTED, REPORT, STOPPED, DROPPED))

_REPORT_SECONDS = 300.0


class WriterEvents:
    """Makes these events as they are due. They go with the program's own: an idle process is not woken for them.

    A writer that is killed never says that it stopped: so the end of what it emitted cannot be lost unseen. They are numbered
    as all events are, and counted apart.
    """

    def __init__(self, capture: Capture, clock: Callable[[], float] = time.monotonic) -> None:
        self._capture = capture
        self._clock = clock
        # Both are asked by several threads at once; taking from a deque is one step.
        self._unsaid: deque[str] = deque([STARTED])
        self._said: deque[Any] = deque()
        self._report_at = 0.0
        self._losses: deque[tuple[int, str, str, str]] = deque()

    def note_dropped(self, records: int, reason: str, signal: str, destination: str) -> None:
        """Have it told that a spool dropped *records*."""
        self._losses.append((records, reason, signal, destination))

    def is_due(self) -> bool:
        """Return whether there is something to say."""
        return bool(self._unsaid or self._said or self._losses) or self._clock() >= self._report_at

    def announce(self, journal: Callable[[Draft], Any]) -> None:
        """Put what goes before all into *journal* now: a kill that leaves an event there must leave that as well."""
        self._said += [journal(draft) for draft in self._started()]

    def before(self) -> list[Any]:
        """Return what goes before the program's events that are being written; as the journal gave it, if it was asked."""
        before: list[Any] = []
        while self._said:
            before.append(self._said.popleft())
        return before or self._started()

    def after(self) -> list[Draft]:
        """Return what goes behind them."""
        drafts = list(self._dropped())
        if self._clock() >= self._report_at:
            self._report_at = self._clock() + _REPORT_SECONDS
            drafts.append(self._draft(REPORT, self._counts()))
        return drafts

    def last(self) -> list[Any]:
        """Return what goes behind everything, if anything was written."""
        if self._unsaid and not self._losses:
            return []
        drafts = [*self.before(), *self._dropped()]
        self._unsaid.append(STARTED)
        self._capture.born = time.time_ns()  # of the next one, should there be one
        return [*drafts, self._draft(STOPPED, {**self._counts(), "reason": "shutdown"})]

    def _started(self) -> list[Draft]:
        try:
            self._unsaid.pop()
        except IndexError:
            return []
        self._report_at = self._clock() + _REPORT_SECONDS
        # It began before the first event, though it says so after.
        return [self._draft(STARTED, {"pid": os.getpid(), "version": VERSION}, self._capture.born)]

    def _dropped(self) -> Iterator[Draft]:
        """Yield one event for each place and reason: a spool that is far too small loses a little with each batch."""
        sums: Counter[tuple[str, str, str]] = Counter()
        while self._losses:
            records, *place = self._losses.popleft()
            sums[tuple(place)] += records  # type: ignore[index]  # three words
        for (reason, signal, destination), records in sums.items():
            yield self._draft(
                DROPPED, {"count": records, "reason": reason, "signal_type": signal, "destination": destination}
            )

    def _counts(self) -> dict[str, Any]:
        accounts = self._capture.accounts
        return {
            "emitted": count_emitted(self._capture),
            "delivered": accounts.delivered.counts(),
            "dropped": accounts.dropped.counts(),
        }

    def _draft(self, name: str, attributes: dict[str, Any], timestamp: int | None = None) -> Draft:
        number = next(self._capture.sequence)
        attributes = {"writer_id": self._capture.writer, **attributes}
        if "emitted" in attributes:
            attributes["last_sequence"] = number
        more = None if timestamp is None else (None, timestamp, None)
        around = (None, runtime.process_attributes, DEFAULT_SCOPE)
        return (number, time.time_ns(), name, None, attributes, None, more, Context(), around)
