"""A thread of its own for a sink that runs other people's code, so that nobody else waits for it."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from opentelemetry import context as otel_context
from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY

from otel_events.notices import told

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from opentelemetry.sdk.trace import ReadableSpan

    from otel_events.accounting import Accounts
    from otel_events.event import Event
    from otel_events.notices import Notices

DEFAULT_MAX_WAITING = 50_000


class ApartSink:
    """Hand batches to *sink* on a thread of its own, from a queue of bounded length.

    What the sink fails on is dropped as `<name>_failed`, what finds the queue full as `<name>_queue_full`. Nothing that
    happens on the thread is instrumented or emitted: a sink that emits would feed itself for ever.

    Args:
        sink: takes events, spans (`write_spans`) or both.
        accounts: where the fate of events is counted.
        span_accounts: where the fate of spans is counted.
        notices: where failures are told.
        counts_itself: the sink counts what it delivers; else what it took without an error counts.
        max_waiting: the most events and spans that wait.
    """

    def __init__(
        self,
        sink: Any,
        *,
        accounts: Accounts,
        span_accounts: Accounts,
        notices: Notices,
        counts_itself: bool = False,
        max_waiting: int = DEFAULT_MAX_WAITING,
    ) -> None:
        self.name: str = sink.name
        self.takes_spans = hasattr(sink, "write_spans")
        self._sink = sink
        self._accounts = accounts
        self._span_accounts = span_accounts
        self._notices = notices
        self._counts_itself = counts_itself
        self._max_waiting = max_waiting
        self._thread: threading.Thread | None = None
        # What follows changes under this condition alone.
        self._state = threading.Condition(threading.Lock())
        self._batches: deque[tuple[Callable[[Any], None], Sequence[Any], Accounts]] = deque()
        self._waiting = 0
        self._appended = 0
        self._done = 0
        self._lost = 0
        self._is_closing = False

    def write(self, events: Sequence[Event]) -> None:
        """Queue *events*."""
        self._append(self._sink.write, list(events), self._accounts)

    def write_spans(self, spans: Sequence[ReadableSpan]) -> None:
        """Queue ended *spans*."""
        self._append(self._sink.write_spans, list(spans), self._span_accounts)

    def flush(self, deadline: float) -> bool:
        """Return True only if all that was written has been taken without loss, and the sink says it is safe."""
        return self._has_taken_all(deadline) and bool(self._sink.flush(deadline))

    def close(self, deadline: float) -> bool:
        """Flush, close the sink and end the thread; what it has not taken by *deadline* is dropped."""
        has_taken_all = self._has_taken_all(deadline)
        with self._state:
            self._is_closing = True
            while self._batches:
                self._lose("shutdown", *self._batches.popleft()[1:])
            self._state.notify_all()
        return bool(self._sink.close(deadline)) and has_taken_all

    def waiting(self) -> int:
        """Return how many events and spans wait for the sink, or are being taken."""
        with self._state:
            return self._waiting

    def _append(self, write: Callable[[Any], None], records: list[Any], accounts: Accounts) -> None:
        with self._state:
            if self._is_closing:
                self._lose("shutdown", records, accounts, is_new=True)
                return
            if self._waiting + len(records) > self._max_waiting:
                self._lose(f"{self.name}_queue_full", records, accounts, is_new=True)
                self._notices.warn(f"{self.name}_queue_full", f"sink '{self.name}' is too slow: its queue is full")
                return
            self._waiting += len(records)
            self._appended += 1
            self._batches.append((write, records, accounts))
            self._state.notify_all()
        if self._thread is None and not self._start():
            while self._take_next(may_wait=False):
                pass

    def _lose(self, reason: str, records: Sequence[Any], accounts: Accounts, *, is_new: bool = False) -> None:
        accounts.dropped.add(reason, len(records))
        self._lost += len(records)
        if not is_new:
            self._waiting -= len(records)
            self._done += 1

    def _has_taken_all(self, deadline: float) -> bool:
        with self._state:
            mark = self._appended
            while self._done < mark and (rest := deadline - time.monotonic()) > 0:
                self._state.wait(min(rest, threading.TIMEOUT_MAX))
            lost, self._lost = self._lost, 0
            return self._done >= mark and not lost

    def _start(self) -> bool:
        thread = threading.Thread(target=self._run, name=f"otel_events.{self.name}", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the interpreter is shutting down and starts no more threads
            self._accounts.problems.add("sink_thread_refused")
            return False
        self._thread = thread
        return True

    def _run(self) -> None:
        otel_context.attach(otel_context.set_value(_SUPPRESS_INSTRUMENTATION_KEY, True))
        while self._take_next(may_wait=True):
            pass

    def _take_next(self, *, may_wait: bool) -> bool:
        """Hand the oldest batch to the sink; return False if there is none, or will be none."""
        with self._state:
            while not self._batches:
                if self._is_closing or not may_wait:
                    return False
                self._state.wait()
            write, records, accounts = self._batches.popleft()
        error = self._hand_over(write, records)
        if error is not None:
            self._notices.warn(f"sink_failed:{self.name}", f"sink '{self.name}' failed: {told(error)}")
        with self._state:
            self._done += 1
            self._waiting -= len(records)
            if error is not None:
                self._lost += len(records)
                accounts.dropped.add(f"{self.name}_failed", len(records))
            elif not self._counts_itself:
                accounts.delivered.add(self.name, len(records))
            self._state.notify_all()
        return True

    def _hand_over(self, write: Callable[[Any], None], records: Sequence[Any]) -> BaseException | None:
        try:
            write(records)
        except BaseException as error:  # counted and told; one batch must not end the thread
            return error
        return None
