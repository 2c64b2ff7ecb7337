"""The pipeline thread: gathers for a flush window, then takes a turn with all that waits."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from contextlib import suppress
from queue import Empty
from typing import TYPE_CHECKING

from otel_events.notices import kind_and_place
from otel_events.pipeline.turn import Turns, Wiring
from otel_events.stats import join_spools

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from otel_events.pipeline.deferred_notices import DeferredNotices
    from otel_events.runtime import Capture
    from otel_events.stats import SpoolState

__all__ = ["Pipeline", "Wiring"]

# Of the time of a stop: for closing the sinks.
_RESERVE = 0.1
_RESERVED_PART = 0.2
_GRACE = 0.01  # seconds that the batch in hand has for arriving after the deadline


class Pipeline:
    """One per process. An idle one waits without waking; no thread but its own ever waits for it, save in `flush`."""

    def __init__(
        self,
        capture: Capture,
        wiring: Wiring,
        notices: DeferredNotices,
        spools_before: Iterable[SpoolState] = (),
    ) -> None:
        self._capture = capture
        self._wakeups = capture.wakeups
        self._notices = notices
        self._turns = Turns(capture, wiring, notices)
        self._spools_before = list(spools_before)
        self._requests: deque[_Request] = deque()
        self._thread: threading.Thread | None = None
        self._start_lock = threading.Lock()
        self._is_stopping = False
        self._has_ended = False  # changes within a turn: what is captured from then on is another pipeline's to deliver

    @property
    def wiring(self) -> Wiring:
        """What the next batch passes through."""
        return self._turns.wiring

    @property
    def in_hand(self) -> int:
        """Events that left the queue and have not reached the sinks."""
        return self._turns.held

    def spools_now(self) -> Sequence[SpoolState]:
        """Return what waits to be sent."""
        return self.wiring.spools()

    def spools_before(self) -> Sequence[SpoolState]:
        """Return what earlier configurations have left on disk."""
        return list(self._spools_before)

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
        self.wiring.send_leftovers()

    def rewire(self, wiring: Wiring) -> Wiring:
        """Let batches go the new way from the next one on; return the old."""
        return self._turns.use(wiring)

    def retire(self, wiring: Wiring, deadline: float) -> bool:
        """Close what was in place before a `rewire`, once the batch that may be on its way there has arrived."""
        if self._turns.begin(deadline):
            try:
                self._turns.work_off(len(self._capture.items), deadline)
                self._turns.release(math.inf, wiring)
                self._turns.let_go(wiring)
            finally:
                self._turns.end()
        was_closed = wiring.dispatch.close(deadline)
        self._spools_before = join_spools((*self._spools_before, *wiring.spools()))
        self._turns.look_for_leftovers()
        self._wakeups.put(None)
        self.wiring.send_leftovers()
        return was_closed

    def flush(self, deadline: float) -> bool:
        """Return True only if all that was captured before the call is safe by *deadline* (`time.monotonic()`).

        A stage or a sink that flushes gets False at once: its own batch is not safe before it returns.
        """
        return self.hand_over(deadline) and self.wiring.dispatch.flush(deadline)

    def stop(self, deadline: float) -> bool:
        """Take no more events, flush, and close the sinks by *deadline*; True only if all is safe."""
        self._capture.close()
        self._turns.stop_at = deadline - min(_RESERVE, _RESERVED_PART * max(0.0, deadline - time.monotonic()))
        # What follows takes its time too, where other threads are busy.
        was_handed_over = self.hand_over(self._turns.stop_at)
        self._is_stopping = True
        self._wakeups.put(None)
        # The batch in hand may still arrive before its sinks close.
        if self._turns.begin(max(deadline, time.monotonic()) + _GRACE):
            try:
                self._turns.drop_what_waits()
                self._turns.release(math.inf)
                self._turns.say_last_words()
                self._turns.let_go(self.wiring)
                self._has_ended = True
            finally:
                self._turns.end()
        else:
            self._turns.tell_what_waits()
        was_closed = self.wiring.dispatch.close(deadline)
        # Nobody else does it any more.
        self._notices.wake = None
        self._notices.tell()
        return was_closed and was_handed_over

    def hand_over(self, deadline: float) -> bool:
        """Return True only if all that was captured before the call has reached the sinks by *deadline*.

        What stages hold back goes on as well.
        """
        if self._turns.is_mine():
            return False
        request = _Request()
        self._requests.append(request)
        if self._thread is None or self._is_stopping:
            self._take_turn(deadline)
        else:
            self._wakeups.put(None)
            if self._is_ending():  # since then: the thread may have looked for requests for the last time
                self._take_turn(deadline)
        return request.is_served_by(deadline)

    def put_on_disk(self) -> None:
        """Have the journal take what was captured before there was one."""
        if self._turns.begin(math.inf):
            try:
                self._turns.journal_waiting()
            finally:
                self._turns.end()

    def _is_ending(self) -> bool:
        return self._is_stopping

    # -- the thread --------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._is_stopping or self._requests:
            if self._is_woken():
                self._gather()
            try:
                self._take_turn(math.inf)
                if not self._has_ended:
                    self._turns.take_leftovers()
            except Exception as error:  # a mistake of ours must not end the thread and lose all that follows
                self._capture.accounts.problems.add("pipeline_failed")
                self._notices.warn("pipeline_failed", f"the pipeline went on after: {kind_and_place(error)}")
            self._notices.tell()

    def _is_woken(self) -> bool:
        """Wait for a wake-up, or until something is to be done without one: then return False."""
        due = self._turns.due()
        try:
            self._wakeups.get(timeout=None if due is None else max(0.0, due - time.monotonic()))
        except Empty:
            return False
        return True

    def _gather(self) -> None:
        # Whoever emits now finds us awake and gives no wake-up; a flush does, and cuts the window short.
        until = time.monotonic() + self.wiring.flush_interval
        with suppress(Exception):  # whoever needs what is not ready then meets the same mistake, and tells it
            self.wiring.prepare()
        while not self._requests and not self._is_stopping and (rest := until - time.monotonic()) > 0:
            try:
                self._wakeups.get(timeout=rest)
            except Empty:  # noqa: PERF203  # a few wake-ups a window
                return

    def _take_turn(self, deadline: float) -> bool:
        """Work on all that waits now; return False if *deadline*, or that of a `stop`, left some of it in the queue."""
        turns = self._turns
        if not turns.begin(deadline):
            return False
        requests: list[_Request] = []
        was_all = False
        try:
            # Whoever asks later may have emitted later than what is taken now.
            requests = [self._requests.popleft() for _ in range(len(self._requests))]
            # First of all: whoever emits from here on gives a wake-up for the next turn.
            self._capture.asleep = True
            was_all = turns.work_off(0 if self._has_ended else len(self._capture.items), deadline)
            if was_all:
                turns.release(math.inf if requests else time.monotonic())
                turns.settle()
            elif time.monotonic() >= turns.stop_at:
                turns.drop_what_waits()
        finally:
            turns.end()
            for request in requests:
                request.answer(was_served=was_all)
        return was_all


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
