"""A turn: what was captured goes through the stages to the sinks, on one thread at a time."""

from __future__ import annotations

import math
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from otel_events.pipeline.stage import count_held, next_due, run_stages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from opentelemetry.sdk.trace import ReadableSpan

    from otel_events.event import Draft, Event
    from otel_events.notices import Notices
    from otel_events.pipeline.dispatch import Dispatch
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


@dataclass(frozen=True, slots=True)
class Wiring:
    """All that a batch passes through. `configure` replaces it as a whole, between two batches.

    Attributes:
        normalize: makes events of drafts.
        stages: what they pass.
        dispatch: where they go.
        flush_interval: seconds for which events are gathered.
        spools: tells what waits to be sent.
        send_leftovers: begins to send what earlier processes have left on disk.
        writer_events: what the writer says of itself; None if nothing.
        guard_spans: gives of spans what may go out.
    """

    normalize: Callable[[Sequence[Draft]], list[Event]]
    stages: tuple[Stage, ...]
    dispatch: Dispatch
    flush_interval: float
    spools: Callable[[], Sequence[SpoolState]] = _no_spools
    send_leftovers: Callable[[], None] = _nothing
    writer_events: WriterEvents | None = None
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
        # Re-entrant: a signal handler that emits may come after it was taken, and before that is known.
        self._lock = threading.RLock()
        self._turning: int | None = None
        self._apart: set[int] = set()

    @property
    def held(self) -> int:
        """How many events the stages hold back."""
        return count_held(self.wiring.stages)

    def is_mine(self) -> bool:
        """Return whether the calling thread is in the middle of a turn, or `apart`."""
        me = threading.get_ident()
        return self._turning == me or me in self._apart

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Have what this thread emits meanwhile left in the queue: it may hold locks of sinks."""
        me = threading.get_ident()
        is_first = me not in self._apart
        self._apart.add(me)
        try:
            yield
        finally:
            if is_first:
                self._apart.discard(me)

    def begin(self, deadline: float) -> bool:
        """Begin a turn; False if another thread's lasts beyond *deadline*, or this one's is under way."""
        if self._turning == threading.get_ident():
            return False
        if not self._lock.acquire(timeout=max(0.0, min(deadline - time.monotonic(), threading.TIMEOUT_MAX))):
            return False
        self._turning = threading.get_ident()
        return True

    def end(self) -> None:
        """End the turn that was begun."""
        self._turning = None
        self._lock.release()

    def take_inline(self) -> bool:
        """Work on all that waits, on the thread that emits; False in the middle of a turn, which will do it."""
        if self.is_mine():
            self._capture.accounts.problems.add("journal_reentrant")
            return False
        items = self._capture.items
        with self._lock:
            try:
                self._turning = threading.get_ident()
                while items:
                    self._process_first(min(len(items), _BATCH))
            except Exception as error:  # a mistake of ours must not look like one of the program's
                self._capture.accounts.problems.add("pipeline_failed")
                self._notices.warn("pipeline_failed", f"the pipeline went on after: {error!r}")
            finally:
                self._turning = None
        return True

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
        """Drop and count all that is in the queue."""
        items = self._capture.first(len(self._capture.items))
        drafts = self._remove(items)
        if drafts:
            self._capture.accounts.dropped.add("shutdown", drafts)
            self._notices.warn("queue_at_shutdown", f"{drafts} events had not left the queue by the end")
        if drafts < len(items):
            self._capture.span_accounts.dropped.add("shutdown", len(items) - drafts)

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

    def _remove(self, items: list[Any]) -> int:
        drafts = sum(type(item) is tuple for item in items)
        self._capture.taken += drafts
        self._capture.remove(len(items))
        return drafts

    def _process(self, items: list[Any]) -> None:
        drafts = [item for item in items if type(item) is tuple]
        wiring = self.wiring
        if drafts:
            own = wiring.writer_events
            if own is not None and own.is_due():
                before, after = own.before(), own.after()
                self._capture.own += len(before) + len(after)
                self._write([*before, *drafts, *after], wiring)
            else:
                self._write(drafts, wiring)
        if len(drafts) < len(items):
            wiring.dispatch.write_spans(wiring.guard_spans([item for item in items if type(item) is not tuple]))

    def _write(self, drafts: list[Draft], wiring: Wiring, until: float | None = None) -> None:
        accounts = self._capture.accounts
        try:
            events = wiring.normalize(drafts) if drafts else []
        except Exception as error:
            accounts.dropped.add("pipeline_failed", len(drafts))
            self._notices.warn("pipeline_failed", f"a batch was lost in the pipeline: {error!r}")
            return
        events = run_stages(wiring.stages, events, accounts, self._notices, until)
        if events:
            wiring.dispatch.write(events)
