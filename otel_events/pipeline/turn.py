"""A turn: what was captured goes through the stages to the sinks, on one thread at a time."""

from __future__ import annotations

import math
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from otel_events.binding import forget_around
from otel_events.interrupts import is_interrupt
from otel_events.notices import kind_and_place
from otel_events.pipeline.batch import Batch
from otel_events.pipeline.settling import Settling, is_journaled
from otel_events.pipeline.stage import count_held, next_due, run_stages

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from opentelemetry.sdk.trace import ReadableSpan

    from otel_events.event import Draft, Event
    from otel_events.notices import Notices
    from otel_events.pipeline.dispatch import Dispatch
    from otel_events.pipeline.settling import Leftovers
    from otel_events.pipeline.stage import Stage
    from otel_events.pipeline.writer_events import WriterEvents
    from otel_events.runtime import Capture
    from otel_events.stats import SpoolState

# Items that are worked on together: some ten milliseconds of work, after which deadlines are looked at.
_BATCH = 1024


def _no_spools() -> Sequence[SpoolState]:
    return ()


def _nothing() -> None:
    """Stand in where nothing of earlier processes can wait."""


class Journal(Protocol):
    """What keeps events on disk until the sinks have them; see `otel_events.spool.journal`."""

    def __call__(self, draft: Any, /) -> Any:
        """Return *draft* as `Journaled`, or as it is."""

    def guard(self, drafts: Sequence[Any], /) -> Sequence[Event]:
        """Return the events of *drafts*, having passed what an event must before it may touch a disk."""

    def settle(self, place: Any, numbers: list[int], /) -> None:
        """Note that the sinks have these events."""

    def leave(self, count: int, /) -> None:
        """Leave so many events to the next process."""

    def close(self) -> None:
        """Let go of it; what is not settled stays on disk."""


class Wiring(NamedTuple):
    """All that a batch passes through. `configure` replaces it as a whole, between two batches.

    Attributes:
        normalize: makes events of drafts.
        stages: what they pass.
        dispatch: where they go.
        flush_interval: seconds for which events are gathered.
        spools: tells what waits to be sent.
        send_leftovers: begins to send what earlier processes, or sinks, have left on disk.
        prepare: makes sinks ready for a batch, while one is gathered; asked each time.
        writer_events: what the writer says of itself; None if nothing.
        journal: keeps events on disk from the moment `emit` returns; None if that is not wanted.
        leftovers: gives the events that dead processes have left in a journal; None if there are none.
        guard_spans: gives of spans what may go out.
    """

    normalize: Callable[[Sequence[Draft]], Sequence[Event]]
    stages: tuple[Stage, ...]
    dispatch: Dispatch
    flush_interval: float
    spools: Callable[[], Sequence[SpoolState]] = _no_spools
    send_leftovers: Callable[[], None] = _nothing
    prepare: Callable[[], None] = _nothing
    writer_events: WriterEvents | None = None
    journal: Journal | None = None
    leftovers: Leftovers | None = None
    guard_spans: Callable[[Sequence[ReadableSpan]], list[ReadableSpan]] = list


class Turns:
    """Takes turns, each of them whole: nobody else is in the middle of one.

    What is worked on stays in the queue until the sinks have it. So nothing is lost if a signal handler raises in between,
    as Ctrl-C does on a thread that emits: the next turn does it again.

    Attributes:
        wiring: what the next batch passes through.
        stop_at: no batch is begun after this instant (`time.monotonic()`).
    """

    def __init__(self, capture: Capture, wiring: Wiring, notices: Notices) -> None:
        self.wiring = wiring
        self.stop_at = math.inf
        self._capture = capture
        self._notices = notices
        # Re-entrant, so that a thread which was interrupted in between knows whether it holds it.
        self._lock = threading.RLock()
        self._turning: int | None = None
        self._settling = Settling(capture.writer)
        self._has_more_leftovers = False
        self._leftovers_at = 0.0
        self.use(wiring)

    def use(self, wiring: Wiring, leftovers_after: float = 0.0) -> Wiring:
        """Let batches pass through *wiring* from the next one on; return the one before.

        Args:
            wiring: the new one.
            leftovers_after: seconds that are left to a `configure` to say where the leftovers of dead processes go.
        """
        before, self.wiring = self.wiring, wiring
        self._settling.is_needed |= wiring.journal is not None or wiring.leftovers is not None
        self._has_more_leftovers = wiring.leftovers is not None
        self._leftovers_at = time.monotonic() + leftovers_after
        return before

    @property
    def held(self) -> int:
        """How many events the stages hold back."""
        return count_held(self.wiring.stages)

    def is_mine(self) -> bool:
        """Return whether the calling thread is in the middle of a turn."""
        return self._turning == threading.get_ident()

    def begin(self, deadline: float) -> bool:
        """Begin a turn; False if another thread's lasts beyond *deadline*, or this one's is under way."""
        if self.is_mine():
            return False
        patience = max(0.0, min(deadline - time.monotonic(), threading.TIMEOUT_MAX))
        try:
            if not self._lock.acquire(timeout=patience):
                return False
            self._turning = threading.get_ident()
        except BaseException:  # of a signal handler, just behind it
            with suppress(RuntimeError):  # it is not ours
                self._lock.release()
            raise
        return True

    def end(self) -> None:
        """End the turn that was begun."""
        try:
            self._turning = None
        finally:
            self._lock.release()

    # -- within a turn -----------------------------------------------------------------------------------------------

    def work_off(self, count: int, deadline: float) -> bool:
        """Work on the oldest *count* items; False if the deadline, or that of a stop, left some of them."""
        while count > 0:
            portion = min(count, _BATCH)
            self._process_first(portion)
            count -= portion
            if count > 0 and time.monotonic() >= min(deadline, self.stop_at):
                return False
        return True

    def release(self, until: float, wiring: Wiring | None = None) -> None:
        """Let go on what stages hold back and is due by *until*; `math.inf`: all of it."""
        wiring = wiring or self.wiring
        due = next_due(wiring.stages)
        if due is not None and due <= until:
            self._write([], wiring, until)

    def say_last_words(self) -> None:
        """Have the writer say that it stopped."""
        if self.wiring.writer_events is not None and (drafts := self.wiring.writer_events.last()):
            self._capture.own += len(drafts)
            self._write(drafts, self.wiring)

    def drop_what_waits(self) -> None:
        """Drop and count all that is in the queue; what is on disk is left to the next process."""
        capture, count = self._capture, len(self._capture.items)
        drafts = left = 0
        # In portions, and without a look at each item where that can be: threads that go on emitting leave us little time.
        for start in range(0, count, _BATCH):
            items = capture.first(min(_BATCH, count - start))
            if self.wiring.journal is not None:
                left += sum(type(item) is tuple and is_journaled(item) and item[1] is not None for item in items)
            drafts += capture.remove(len(items))
        capture.taken += drafts
        if left and self.wiring.journal is not None:
            self.wiring.journal.leave(left)
        if drafts - left:
            capture.accounts.dropped.add("shutdown", drafts - left)
            self._tell_left(drafts - left)
        if drafts < count:
            capture.span_accounts.dropped.add("shutdown", count - drafts)

    def tell_what_waits(self) -> None:
        """Tell of what is in the queue at an end in the middle of another thread's turn, which may not come to its own end."""
        if count := sum(type(item) is tuple for item in self._capture.waiting()):
            self._tell_left(count)

    def _tell_left(self, count: int) -> None:
        self._notices.warn("queue_at_shutdown", f"{count} events had not left the queue by the end")

    def journal_waiting(self) -> None:
        """Put on disk what waits, as far as it is not there."""
        items = self._capture.items
        for at in range(len(items)):
            if type(items[at]) is tuple and not is_journaled(items[at]):
                items[at] = self._capture.journal(items[at])

    def due(self) -> float | None:
        """Return when there is something to do without an event, on the monotonic clock; None if there is not."""
        due = next_due(self.wiring.stages)
        if not self._has_more_leftovers:
            return due
        return self._leftovers_at if due is None else min(due, self._leftovers_at)

    def take_leftovers(self) -> None:
        """Work on some of the events that dead processes have left in a journal, if there are any."""
        if not self._has_more_leftovers or time.monotonic() < self._leftovers_at or not self.begin(math.inf):
            return
        try:
            wiring = self.wiring
            taken = None
            if wiring.leftovers is not None and time.monotonic() < self.stop_at:
                taken = wiring.leftovers.take()
            if taken is not None:
                events, settle = taken
                self._pass_on(events, wiring)
                self._settling.note_leftovers(settle)
            if wiring is self.wiring:
                self._has_more_leftovers = taken is not None
            self.settle()
        finally:
            self.end()

    def look_for_leftovers(self) -> None:
        """Look again: what another wiring had taken over may be free now."""
        self._has_more_leftovers = self.wiring.leftovers is not None

    def settle(self, wiring: Wiring | None = None) -> None:
        """Let journals know what no kill can take any more."""
        if not self._settling.is_needed:
            return
        is_safe = (wiring or self.wiring).dispatch.outlives_process
        if self._settling.settle(is_holding=bool(self.held), is_safe=is_safe):
            # Those of many dead processes are taken over bit by bit.
            self.look_for_leftovers()

    def let_go(self, wiring: Wiring) -> None:
        """Close the journals of *wiring*."""
        self.settle(wiring)
        if wiring.leftovers is not None:
            wiring.leftovers.close()
        if wiring.journal is not None:
            wiring.journal.close()

    def _process_first(self, count: int) -> None:
        items = self._capture.first(count)
        try:
            self._process(items)
        except BaseException as error:
            if is_interrupt(error):
                self._capture.accounts.problems.add("turn_interrupted")
            else:
                self._remove(items)
            raise
        self._remove(items)
        forget_around()

    def _remove(self, items: list[Any]) -> None:
        self._capture.taken += self._capture.remove(len(items))

    def _process(self, items: list[Any]) -> None:
        are_all = list(map(type, items)).count(tuple) == len(items)
        drafts = items if are_all else [item for item in items if type(item) is tuple]
        wiring = self.wiring
        if drafts:
            own = wiring.writer_events
            if own is not None and own.is_due():
                before, after = own.before(), own.after()
                self._capture.own += len(before) + len(after)
                batch = [*self._journaled(before), *drafts, *self._journaled(after)]
            else:
                batch = drafts
            passed = self._write(batch, wiring)
            if self._settling.is_needed:
                self._settling.note(batch, passed)
                self.settle()
        if len(drafts) < len(items):
            wiring.dispatch.write_spans(wiring.guard_spans([item for item in items if type(item) is not tuple]))

    def _journaled(self, drafts: list[Any]) -> list[Any]:
        """Return what the writer says of itself, on disk where events are."""
        journal = self.wiring.journal
        if journal is None:
            return drafts
        return [draft if is_journaled(draft) else journal(draft) for draft in drafts]

    def _write(self, drafts: list[Any], wiring: Wiring, until: float | None = None) -> Batch:
        """Work on *drafts*, and on what stages let go by *until*; return the events that the sinks were given."""
        try:
            events = self._events_of(drafts, wiring) if drafts else []
        except Exception as error:
            if is_interrupt(error):
                raise
            self._capture.accounts.dropped.add("pipeline_failed", len(drafts))
            self._notices.warn("pipeline_failed", f"a batch was lost in the pipeline: {kind_and_place(error)}")
            return Batch([], [], [])
        return self._pass_on(events, wiring, until)

    def _events_of(self, drafts: list[Any], wiring: Wiring) -> Sequence[Event]:
        if not self._settling.is_needed:
            return wiring.normalize(drafts)
        guard = wiring.normalize if wiring.journal is None else wiring.journal.guard
        waiting: list[tuple[int, Any]] = []
        ready: list[tuple[int, Event]] = []
        for place, draft in enumerate(drafts):
            what = draft[0] if is_journaled(draft) else draft
            if type(what) is tuple:
                waiting.append((place, what))
            elif what is not None:
                ready.append((place, what))
        guarded = Batch.of(guard([draft for _, draft in waiting])) if waiting else Batch([], [], [])
        if not ready:
            return guarded
        return guarded.beside(
            [place for place, _ in waiting], [event for _, event in ready], [place for place, _ in ready]
        )

    def _pass_on(self, events: Sequence[Event], wiring: Wiring, until: float | None = None) -> Batch:
        batch = run_stages(wiring.stages, events, self._capture.accounts, self._notices, until)
        if batch:
            wiring.dispatch.write(batch)
        return batch
