"""A turn: what was captured goes through the stages to the sinks, on one thread at a time."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from otel_events.pipeline.stage import count_held, next_due, run_stages

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from opentelemetry.sdk.trace import ReadableSpan

    from otel_events.event import Draft, Event
    from otel_events.notices import Notices
    from otel_events.pipeline.dispatch import Dispatch
    from otel_events.pipeline.stage import Stage
    from otel_events.pipeline.writer_events import WriterEvents
    from otel_events.runtime import Capture
    from otel_events.stats import SpoolState

Leftover: TypeAlias = "tuple[list[Event], Callable[[], None]]"
# In the queue: an event that is on disk already, where, and under which number. None for one that a guard has dropped;
# nowhere, for one that could not be written.
Journaled: TypeAlias = "tuple[Event | None, Place | None, int]"
_JOURNALED = 3  # the length of such a tuple; no draft has it
# How many events stay in the journal, though the sinks were given them, for the sake of one that is in memory.
_MOST_HELD = 10_000
_MOST_UNSPOOLED = 500_000
# Items that are worked on together: some ten milliseconds of work, after which deadlines are looked at.
_BATCH = 1024


def _no_spools() -> Sequence[SpoolState]:
    return ()


def _nothing() -> None:
    """Stand in where nothing of earlier processes can wait."""


def no_leftovers() -> Generator[Leftover, None, None]:
    """Stand in where no process has left anything in a journal."""
    yield from ()


class Journal(Protocol):
    """What keeps events on disk until the sinks have them; see `otel_events.spool.journal`."""

    def __call__(self, draft: Any, /) -> Any:
        """Return *draft* as `Journaled`, or as it is."""

    def guard(self, drafts: Sequence[Any], /) -> list[Event]:
        """Return the events of *drafts*, having passed what an event must before it may touch a disk."""

    def settle(self, place: Any, numbers: list[int], /) -> None:
        """Note that the sinks have these events."""

    def leave(self, count: int, /) -> None:
        """Leave so many events to the next process."""

    def close(self) -> None:
        """Let go of it; what is not settled stays on disk."""


class Place(Protocol):
    """Where in a journal an event is."""

    journal: Any


@dataclass(frozen=True, slots=True)
class Wiring:
    """All that a batch passes through. `configure` replaces it as a whole, between two batches.

    Attributes:
        normalize: makes events of drafts.
        stages: what they pass.
        dispatch: where they go.
        flush_interval: seconds for which events are gathered.
        spools: tells what waits to be sent.
        send_leftovers: begins to send what earlier processes, or sinks, have left on disk.
        writer_events: what the writer says of itself; None if nothing.
        journal: keeps events on disk from the moment `emit` returns; None if that is not wanted.
        leftovers: yields the events that dead processes have left in a journal, and what to call when the sinks have them.
        guard_spans: gives of spans what may go out.
    """

    normalize: Callable[[Sequence[Draft]], list[Event]]
    stages: tuple[Stage, ...]
    dispatch: Dispatch
    flush_interval: float
    spools: Callable[[], Sequence[SpoolState]] = _no_spools
    send_leftovers: Callable[[], None] = _nothing
    writer_events: WriterEvents | None = None
    journal: Journal | None = None
    leftovers: Callable[[], Generator[Leftover, None, None]] = no_leftovers
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
        self._lock = threading.Lock()
        self._turning: int | None = None
        self._leftovers: Generator[Leftover, None, None] | None = wiring.leftovers()
        self._unsettled: dict[Place, list[int]] = {}
        self._unsettled_leftovers: list[Callable[[], None]] = []

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
        if not self._lock.acquire(timeout=max(0.0, min(deadline - time.monotonic(), threading.TIMEOUT_MAX))):
            return False
        self._turning = threading.get_ident()
        return True

    def end(self) -> None:
        """End the turn that was begun."""
        self._turning = None
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
        if any(hasattr(stage, "release") for stage in wiring.stages):
            self._write([], wiring, until)

    def due(self) -> float | None:
        """Return when a stage wants to let something go on."""
        return next_due(self.wiring.stages)

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
            drafts += list(map(type, items)).count(tuple)
            if self.wiring.journal is not None:
                left += sum(type(item) is tuple and len(item) == _JOURNALED and item[1] is not None for item in items)
            capture.remove(len(items))
        capture.taken += drafts
        if left and self.wiring.journal is not None:
            self.wiring.journal.leave(left)
        if drafts - left:
            capture.accounts.dropped.add("shutdown", drafts - left)
            self._notices.warn("queue_at_shutdown", f"{drafts - left} events had not left the queue by the end")
        if drafts < count:
            capture.span_accounts.dropped.add("shutdown", count - drafts)

    def journal_waiting(self) -> None:
        """Put on disk what waits, as far as it is not there."""
        items = self._capture.items
        for at in range(len(items)):
            if type(items[at]) is tuple and len(items[at]) != _JOURNALED:
                items[at] = self._capture.journal(items[at])

    @property
    def has_leftovers(self) -> bool:
        """Whether there may be events of dead processes to work on."""
        return self._leftovers is not None

    def take_leftovers(self) -> None:
        """Work on some of the events that dead processes have left in the journal, if there are any."""
        if self._leftovers is None or not self.begin(math.inf):
            return
        try:
            leftover = None if time.monotonic() >= self.stop_at else next(self._leftovers, None)
            if leftover is None:
                self._leftovers.close()
                self._leftovers = None
            else:
                events, note_done = leftover
                self._pass_on(events, self.wiring)
                self._unsettled_leftovers.append(note_done)
                self.settle()
        finally:
            self.end()

    def settle(self) -> None:
        """Let the journal know what the sinks have."""
        if self._is_some_in_memory(sum(map(len, self._unsettled.values()))):
            return
        unsettled, self._unsettled = self._unsettled, {}
        for place, numbers in unsettled.items():
            place.journal.settle(place, numbers)
        while self._unsettled_leftovers:
            self._unsettled_leftovers.pop()()

    def _is_some_in_memory(self, unsettled: int) -> bool:
        """Return whether a kill might lose one of those: a stage holds it back, or a spool that cannot be written has it."""
        if unsettled < _MOST_HELD and self.held:
            return True
        spools = self.wiring.spools() if unsettled < _MOST_UNSPOOLED else ()
        return not all(spool.is_on_disk for spool in spools if spool.signal == "logs")

    def let_go(self, wiring: Wiring) -> None:
        """Close the journal of *wiring*."""
        if wiring.journal is not None:
            self.settle()
            wiring.journal.close()

    def _process_first(self, count: int) -> None:
        items = self._capture.first(count)
        try:
            self._process(items)
        except KeyboardInterrupt:
            self._capture.accounts.problems.add("turn_interrupted")
            raise
        except BaseException:
            self._remove(items)
            raise
        self._remove(items)

    def _remove(self, items: list[Any]) -> None:
        self._capture.taken += list(map(type, items)).count(tuple)
        self._capture.remove(len(items))

    def _process(self, items: list[Any]) -> None:
        drafts = [item for item in items if type(item) is tuple]
        wiring = self.wiring
        if drafts:
            own = wiring.writer_events
            if own is not None and own.is_due():
                before, after = own.before(), own.after()
                self._capture.own += len(before) + len(after)
                batch = [*self._journaled(before), *drafts, *self._journaled(after)]
            else:
                batch = drafts
            self._write(batch, wiring)
            if wiring.journal is not None or self._unsettled:
                self._note_unsettled(batch)
                self.settle()
        if len(drafts) < len(items):
            wiring.dispatch.write_spans(wiring.guard_spans([item for item in items if type(item) is not tuple]))

    def _journaled(self, drafts: list[Any]) -> list[Any]:
        """Return what the writer says of itself, on disk where events are."""
        journal = self.wiring.journal
        if journal is None:
            return drafts
        return [draft if len(draft) == _JOURNALED else journal(draft) for draft in drafts]

    def _note_unsettled(self, drafts: list[Any]) -> None:
        for draft in drafts:
            if len(draft) == _JOURNALED and draft[1] is not None:
                self._unsettled.setdefault(draft[1], []).append(draft[2])

    def _write(self, drafts: list[Any], wiring: Wiring, until: float | None = None) -> None:
        try:
            events = self._events_of(drafts, wiring) if drafts else []
        except Exception as error:
            self._capture.accounts.dropped.add("pipeline_failed", len(drafts))
            self._notices.warn("pipeline_failed", f"a batch was lost in the pipeline: {error!r}")
            return
        self._pass_on(events, wiring, until)

    def _events_of(self, drafts: list[Any], wiring: Wiring) -> list[Event]:
        if wiring.journal is None and not any(len(draft) == _JOURNALED for draft in drafts):
            return wiring.normalize(drafts)
        guard = wiring.normalize if wiring.journal is None else wiring.journal.guard
        events: list[Event] = []
        for draft in drafts:
            if len(draft) != _JOURNALED:
                events += guard([draft])
            elif draft[0] is not None:
                events.append(draft[0])
        return events

    def _pass_on(self, events: list[Event], wiring: Wiring, until: float | None = None) -> None:
        events = run_stages(wiring.stages, events, self._capture.accounts, self._notices, until)
        if events:
            wiring.dispatch.write(events)
