"""The pipeline thread: gathers for a flush window, then takes all that waits through the stages to the sinks."""

from __future__ import annotations

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

# Drafts that are worked on together. More would gain nothing, and hold a long queue in memory twice.
_BATCH = 4096


@dataclass(frozen=True, slots=True)
class Wiring:
    """All that a batch passes through. `configure` replaces it as a whole, between two batches."""

    normalize: Callable[[Sequence[Draft]], list[Event]]
    stages: tuple[Stage, ...]
    dispatch: Dispatch
    flush_interval: float


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
        self._requests: deque[threading.Event] = deque()
        self._turn_lock = threading.Lock()
        self._turning: int | None = None
        self._thread: threading.Thread | None = None
        self._start_lock = threading.Lock()
        self._is_stopping = False

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
        was_handed_over = self.hand_over(deadline)
        self._is_stopping = True
        self._wakeups.put(None)
        was_closed = self.wiring.dispatch.close(deadline)
        if self._begin_turn(time.monotonic()):
            try:
                return not self._drop_what_waits() and was_handed_over and was_closed
            finally:
                self._end_turn()
        return False

    def hand_over(self, deadline: float) -> bool:
        """Return True only if all that was captured before the call has reached the sinks by *deadline*."""
        if self._turning == threading.get_ident():
            return False
        thread = self._thread
        if thread is None or not thread.is_alive():
            return self._take_turn(deadline)
        request = threading.Event()
        self._requests.append(request)
        self._wakeups.put(None)
        return request.wait(max(0.0, min(deadline - time.monotonic(), threading.TIMEOUT_MAX)))

    # -- the thread --------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._is_stopping:
            self._wakeups.get()
            self._gather()
            try:
                self._take_turn(threading.TIMEOUT_MAX)
            except BaseException as error:  # noqa: BLE001  # a stage that exits must not end the thread for all others
                self._capture.accounts.problems.add("pipeline_failed")
                self._notices.warn("pipeline_failed", f"the pipeline went on after: {error!r}")

    def _gather(self) -> None:
        # Whoever emits now finds us awake and gives no wake-up; a flush does, and cuts the window short.
        until = time.monotonic() + self.wiring.flush_interval
        while not self._requests and not self._is_stopping and (rest := until - time.monotonic()) > 0:
            try:
                self._wakeups.get(timeout=rest)
            except Empty:
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
        if not self._begin_turn(deadline):
            return False
        # Whoever asks later may have emitted later than what is taken now.
        requests = [self._requests.popleft() for _ in range(len(self._requests))]
        try:
            # First of all: whoever emits from here on gives a wake-up for the next turn.
            self._capture.asleep = True
            self._process(self._capture.take())
        finally:
            self._end_turn()
            for request in requests:
                request.set()
        return True

    def _process(self, items: list[Any]) -> None:
        drafts = [item for item in items if type(item) is tuple]
        self._capture.taken += len(drafts)
        self.in_hand += len(drafts)
        for start in range(0, len(drafts), _BATCH):
            batch = drafts[start : start + _BATCH]
            try:
                self._process_events(batch)
            finally:
                self.in_hand -= len(batch)
        if len(drafts) < len(items):
            self.wiring.dispatch.write_spans([item for item in items if type(item) is not tuple])

    def _process_events(self, drafts: list[Draft]) -> None:
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

    def _drop_what_waits(self) -> int:
        items = self._capture.take()
        drafts = sum(type(item) is tuple for item in items)
        self._capture.taken += drafts
        if drafts:
            self._capture.accounts.dropped.add("shutdown", drafts)
            self._notices.warn("shutdown", f"{drafts} events were left in the queue at the end")
        if drafts < len(items):
            self._capture.span_accounts.dropped.add("shutdown", len(items) - drafts)
        return len(items)
