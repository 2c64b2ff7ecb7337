"""The pipeline thread: gathers for a flush window, then takes all that waits through the stages to the sinks."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from queue import Empty
from typing import TYPE_CHECKING

from otel_events.pipeline.stage import run_stages

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from otel_events.event import Draft, Event
    from otel_events.notices import Notices
    from otel_events.pipeline.dispatch import Dispatch
    from otel_events.pipeline.stage import Stage
    from otel_events.runtime import Capture


@dataclass(frozen=True, slots=True)
class Wiring:
    """All that a batch passes through. `configure` replaces it as a whole, between two batches."""

    normalize: Callable[[Sequence[Draft]], list[Event]]
    stages: tuple[Stage, ...]
    dispatch: Dispatch
    flush_interval: float


class _Request:
    """Someone waits until all that was captured before now has reached the sinks."""

    __slots__ = ("done",)

    def __init__(self) -> None:
        self.done = threading.Event()


class Pipeline:
    """One per process. An idle one waits without waking; no thread but its own ever waits for it, save in `flush`."""

    def __init__(self, capture: Capture, wiring: Wiring, notices: Notices) -> None:
        self.wiring = wiring
        self._capture = capture
        self._notices = notices
        self._requests: deque[_Request] = deque()
        self._turn_lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_stopping = False

    def start(self) -> None:
        """Start the thread, unless it runs.

        Raises:
            RuntimeError: the interpreter is shutting down and starts no more threads.
        """
        if self._thread is None:
            self._capture.started = True
            self._thread = threading.Thread(target=self._run, name="otel_events.pipeline", daemon=True)
            self._thread.start()

    def rewire(self, wiring: Wiring) -> Wiring:
        """Let batches go the new way from the next one on; return the old."""
        with self._turn_lock:
            old, self.wiring = self.wiring, wiring
        return old

    def flush(self, deadline: float) -> bool:
        """Return True only if all that was captured before the call is safe by *deadline* (`time.monotonic()`)."""
        return self._hand_over(deadline) and self.wiring.dispatch.flush(deadline)

    def stop(self, deadline: float) -> bool:
        """Take no more events, flush, and close the sinks by *deadline*; True only if all is safe."""
        self._capture.close()
        handed_over = self._hand_over(deadline)
        self._is_stopping = True
        self._capture.wakeups.put(None)
        closed = self.wiring.dispatch.close(deadline)
        return handed_over and closed

    def _hand_over(self, deadline: float) -> bool:
        thread = self._thread
        if thread is threading.current_thread():
            return False
        if thread is None or not thread.is_alive():
            self._turn()
            return True
        request = _Request()
        self._requests.append(request)
        self._capture.wakeups.put(None)
        return request.done.wait(max(0.0, deadline - time.monotonic()))

    def _run(self) -> None:
        wakeups = self._capture.wakeups
        while not self._is_stopping:
            wakeups.get()
            if not self._requests and not self._is_stopping:
                try:
                    # Whoever emits now finds us awake and gives no wake-up; a flush does, and cuts the window short.
                    wakeups.get(timeout=self.wiring.flush_interval)
                except Empty:
                    pass
            self._turn()

    def _turn(self) -> None:
        with self._turn_lock:
            requests = [self._requests.popleft() for _ in range(len(self._requests))]
            self._capture.asleep = True
            items = self._capture.take()
            try:
                if items:
                    self._process(items)
            except Exception as error:
                self._capture.accounts.dropped.add("pipeline_failed", len(items))
                self._notices.warn("pipeline_failed", f"a batch was lost in the pipeline: {error!r}")
            for request in requests:
                request.done.set()

    def _process(self, items: list[object]) -> None:
        wiring = self.wiring
        drafts = [item for item in items if type(item) is tuple]
        self._capture.taken += len(drafts)
        events = run_stages(wiring.stages, wiring.normalize(drafts), self._capture.accounts, self._notices)
        if events:
            wiring.dispatch.write(events)
        if len(drafts) < len(items):
            wiring.dispatch.write_spans([item for item in items if type(item) is not tuple])  # type: ignore[misc]
