"""The pipeline thread: gathers for a flush window, then takes all that waits through the stages to the sinks."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from dataclasses import dataclass
from queue import Empty
from typing import TYPE_CHECKING, Any

from otel_events.pipeline.stage import run_stages

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from otel_events.event import Draft, Event
    from otel_events.notices import Notices
    from otel_events.pipeline.dispatch import Dispatch
    from otel_events.pipeline.stage import Stage
    from otel_events.runtime import Capture

# Items that are worked on together: some ten milliseconds of work, after which deadlines are looked at.
_BATCH = 1024
_GRACE = 0.02  # seconds that the batch in hand has for arriving after the deadline


@dataclass(frozen=True, slots=True)
class Wiring:
    """All that a batch passes through. `configure` replaces it as a whole, between two batches."""

    normalize: Callable[[Sequence[Draft]], list[Event]]
    stages: tuple[Stage, ...]
    dispatch: Dispatch
    flush_interval: float
    count_spooled: Callable[[str], int]


class Pipeline:
    """One per process. An idle one waits without waking; no thread but its own ever waits for it, save in `flush`.

    Attributes:
        wiring: what the next batch passes through.
        in_hand: events that were taken from the queue and have not reached the sinks.
    """

    def __init__(self, capture: Capture, wiring: Wiring, notices: Notices) -> None:
        self.wiring = wiring
        self.in_hand = 0
        self._capture = capture
        self._wakeups = capture.wakeups
        self._notices = notices
        self._requests: deque[_Request] = deque()
        self._turn_lock = threading.Lock()
        self._turning: int | None = None
        self._thread: threading.Thread | None = None
        self._start_lock = threading.Lock()
        self._is_stopping = False
        self._stop_at = math.inf

    def start(self) -> None:
        """Start the thread, unless it was started before.

        Raises:
            RuntimeError: the interpreter is shutting down and starts no more threads.
        """
        with self._start_lock:
            if self._thread is None and not self._is_stopping:
                self._capture.started = True
                thread = threading.Thread(target=self._run, name="otel_events.pipeline", daemon=True)
                thread.start()
                self._thread = thread

    def rewire(self, wiring: Wiring) -> Wiring:
        """Let batches go the new way from the next one on; return the old."""
        old, self.wiring = self.wiring, wiring
        return old

    def retire(self, wiring: Wiring, deadline: float) -> bool:
        """Close what was in place before a `rewire`, once the batch that may be on its way there has arrived."""
        if self._begin_turn(deadline):
            self._end_turn()
        return wiring.dispatch.close(deadline)

    def flush(self, deadline: float) -> bool:
        """Return True only if all that was captured before the call is safe by *deadline* (`time.monotonic()`).

        A stage or a sink that flushes gets False at once: its own batch is not safe before it returns.
        """
        return self.hand_over(deadline) and self.wiring.dispatch.flush(deadline)

    def stop(self, deadline: float) -> bool:
        """Take no more events, flush, and close the sinks by *deadline*; True only if all is safe."""
        self._capture.close()
        self._stop_at = deadline
        was_handed_over = self.hand_over(deadline)
        self._is_stopping = True
        self._wakeups.put(None)
        # The batch in hand may still arrive before its sinks close.
        if self._begin_turn(max(deadline, time.monotonic()) + _GRACE):
            self._drop_what_waits()
            self._end_turn()
        return self.wiring.dispatch.close(deadline) and was_handed_over

    def hand_over(self, deadline: float) -> bool:
        """Return True only if all that was captured before the call has reached the sinks by *deadline*."""
        if self._turning == threading.get_ident():
            return False
        if self._thread is None or self._is_ending():
            return self._take_turn(deadline)
        request = _Request()
        self._requests.append(request)
        self._wakeups.put(None)
        if self._is_ending():  # since then: the thread may have looked for requests for the last time
            return self._take_turn(deadline)
        return request.is_served_by(deadline)

    def _is_ending(self) -> bool:
        return self._is_stopping

    # -- the thread --------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._is_stopping or self._requests:
            self._wakeups.get()
            self._gather()
            try:
                self._take_turn(math.inf)
            except Exception as error:  # a mistake of ours must not end the thread and lose all that follows
                self._capture.accounts.problems.add("pipeline_failed")
                self._notices.warn("pipeline_failed", f"the pipeline went on after: {error!r}")

    def _gather(self) -> None:
        # Whoever emits now finds us awake and gives no wake-up; a flush does, and cuts the window short.
        until = time.monotonic() + self.wiring.flush_interval
        while not self._requests and not self._is_stopping and (rest := until - time.monotonic()) > 0:
            try:
                self._wakeups.get(timeout=rest)
            except Empty:  # noqa: PERF203  # a few wake-ups a window
                return

    # -- a turn: on the thread, or on one that flushes where there is none ----------------------------------------------

    def _begin_turn(self, deadline: float) -> bool:
        if self._turning == threading.get_ident():
            return False
        if not self._turn_lock.acquire(timeout=max(0.0, min(deadline - time.monotonic(), threading.TIMEOUT_MAX))):
            return False
        self._turning = threading.get_ident()
        return True

    def _end_turn(self) -> None:
        self._turning = None
        self._turn_lock.release()

    def _take_turn(self, deadline: float) -> bool:
        """Work on all that waits now; return False if *deadline*, or that of a `stop`, left some of it in the queue."""
        if not self._begin_turn(deadline):
            return False
        # Whoever asks later may have emitted later than what is taken now.
        requests = [self._requests.popleft() for _ in range(len(self._requests))]
        was_all = False
        try:
            # First of all: whoever emits from here on gives a wake-up for the next turn.
            self._capture.asleep = True
            was_all = self._work_off(len(self._capture.items), deadline)
            if not was_all and time.monotonic() >= self._stop_at:
                self._drop_what_waits()
        finally:
            self._end_turn()
            for request in requests:
                request.answer(was_served=was_all)
        return was_all

    def _work_off(self, count: int, deadline: float) -> bool:
        while count > 0:
            items = self._capture.take(min(count, _BATCH))
            count -= len(items)
            self._process(items)
            if count > 0 and time.monotonic() >= min(deadline, self._stop_at):
                return False
        return True

    def _process(self, items: list[Any]) -> None:
        drafts = [item for item in items if type(item) is tuple]
        self._capture.taken += len(drafts)
        self.in_hand = len(drafts)
        try:
            self._process_events(drafts)
        finally:
            self.in_hand = 0
        if len(drafts) < len(items):
            self.wiring.dispatch.write_spans([item for item in items if type(item) is not tuple])

    def _process_events(self, drafts: list[Draft]) -> None:
        if not drafts:
            return
        wiring = self.wiring
        accounts = self._capture.accounts
        try:
            events = wiring.normalize(drafts)
        except Exception as error:
            accounts.dropped.add("pipeline_failed", len(drafts))
            self._notices.warn("pipeline_failed", f"a batch was lost in the pipeline: {error!r}")
            return
        events = run_stages(wiring.stages, events, accounts, self._notices)
        if events:
            wiring.dispatch.write(events)

    def _drop_what_waits(self) -> None:
        items = self._capture.take(len(self._capture.items))
        drafts = sum(type(item) is tuple for item in items)
        self._capture.taken += drafts
        if drafts:
            self._capture.accounts.dropped.add("shutdown", drafts)
            self._notices.warn("queue_at_shutdown", f"{drafts} events had not left the queue by the end")
        if drafts < len(items):
            self._capture.span_accounts.dropped.add("shutdown", len(items) - drafts)


class _Request:
    """Somebody waits until all that was captured before now has reached the sinks."""

    def __init__(self) -> None:
        self._is_answered = threading.Event()
        self._was_served = False

    def answer(self, *, was_served: bool) -> None:
        self._was_served = was_served
        self._is_answered.set()

    def is_served_by(self, deadline: float) -> bool:
        patience = max(0.0, min(deadline - time.monotonic(), threading.TIMEOUT_MAX))
        return self._is_answered.wait(patience) and self._was_served
