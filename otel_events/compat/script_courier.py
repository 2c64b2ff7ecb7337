"""The thread that brings envelopes to the collector, and puts them aside while that is away."""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from otel_events import process
from otel_events.accounting import Tally
from otel_events.compat.process_end import call_at_end_of_child
from otel_events.compat.silent import count
from otel_events.otlp.outcome import Accepted, Retry, Unreachable
from otel_events.sinks import Webhook
from otel_events.sinks.backoff import Backoff
from otel_events.sinks.messages import Message, write_message

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_events.compat.json_spool import JsonSpool
    from otel_events.otlp.transport import Transport

_SEND_SECONDS = 5.0
_END_SECONDS = 0.25  # what an exit gives a collector that is there
_STEP = 0.01


class ScriptCourier:
    """Takes envelopes without waiting; a thread posts them, one a request.

    Args:
        url: of the collector.
        spool: where they wait while the collector is away; leftovers of others are adopted.
        capacity: gives how many may wait in memory; the oldest beyond are dropped and counted.
        batch: gives how many are brought without waiting for more.
        interval: seconds to wait for more.
    """

    def __init__(
        self,
        url: str,
        spool: JsonSpool,
        *,
        capacity: Callable[[], int],
        batch: Callable[[], int],
        interval: float,
        backoff: Backoff | None = None,
    ) -> None:
        self.counts = Tally()
        self._transport: Transport = Webhook(url, timeout=_SEND_SECONDS).transport()
        self._spool = spool
        self._capacity, self._batch, self._interval = capacity, batch, interval
        self._backoff = backoff or Backoff()
        self._queue: deque[bytes] = deque()
        self._arrived: SimpleQueue[None] = SimpleQueue()  # re-entrant, for signal handlers
        self._in_hand: bytes | None = None
        self._taking = threading.Lock()  # between the thread and `end`: nobody who logs takes it
        self._failures = 0
        self._retry_at = 0.0
        self._has_leftovers = spool.has_any()
        self._is_ending = False
        self._thread: threading.Thread | None = None

    @property
    def waiting(self) -> int:
        """How many wait in memory."""
        return len(self._queue)

    def put(self, body: bytes) -> None:
        """Have *body* brought to the collector before long; once `end` was called, put it aside."""
        if self._is_ending:
            self._put_aside(body)
            return
        while len(self._queue) >= max(1, self._capacity()):
            try:
                self._queue.popleft()
            except IndexError:  # the thread was quicker
                break
            self.counts.add("dropped_logs")
        self._queue.append(body)
        self._arrived.put(None)

    def start(self, at_end: Callable[[], None]) -> None:
        """Start the thread, which adopts what earlier scripts have left; *at_end* ends it in children of multiprocessing."""
        try:
            self._thread = threading.Thread(target=self._run, name="otel_events-script-courier", daemon=True)
            self._thread.start()
        except RuntimeError:  # the interpreter is going down: `end` puts aside what waits
            self._thread = None
        call_at_end_of_child(at_end)

    def end(self) -> None:
        """Bring what can be brought at once, and put the rest aside; take no longer than a moment."""
        until = time.monotonic() + _END_SECONDS
        self._is_ending = True
        self._arrived.put(None)
        thread = self._thread
        while thread is not None and thread.is_alive() and self._is_getting_on(until):
            thread.join(_STEP)
        # What is in hand was sent perhaps, and goes out twice then: better than not at all.
        self._put_in_hand_aside()
        with self._taking:
            while self._queue:
                self._put_aside(self._queue.popleft())

    def _is_getting_on(self, until: float) -> bool:
        return not self._failures and time.monotonic() < until

    def _run(self) -> None:
        while not self._is_ending:
            self._take_turn()
        self._transport.close()

    def _take_turn(self) -> None:
        try:
            self._gather()
            self._bring()
        except Exception:  # a mistake of ours must not end the thread
            count("compat_courier_failed")
            time.sleep(self._interval)

    def _gather(self) -> None:
        """Return when enough wait, or long enough, or when it is time to try again."""
        if not self._queue:
            has_more_to_do = self._has_leftovers or self._failures
            self._wait(max(self._interval, self._retry_at - time.monotonic()) if has_more_to_do else None)
        due = time.monotonic() + self._interval
        while len(self._queue) < self._batch() and not self._is_ending and (left := due - time.monotonic()) > 0:
            self._wait(left)
        # Whose wake-up is forgotten here is in the queue already.
        with suppress(Empty):
            while True:
                self._arrived.get_nowait()

    def _wait(self, seconds: float | None) -> None:
        try:
            self._arrived.get(timeout=seconds)
        except Empty:
            return

    def _bring(self) -> None:
        if time.monotonic() < self._retry_at:
            self._put_all_aside()
            return
        if self._has_leftovers and not self._bring_leftovers():
            self._put_all_aside()
            return
        while (body := self._take()) is not None:
            if not self._send(body):
                self._put_in_hand_aside()
                self._put_all_aside()
                return
            self._in_hand = None

    def _take(self) -> bytes | None:
        with self._taking:
            self._in_hand = self._queue.popleft() if self._queue else None
            return self._in_hand

    def _bring_leftovers(self) -> bool:
        """Send what waits on disk; return whether the collector is there."""
        with self._spool.adopt() as waiting:
            for path, body in waiting:
                if self._is_ending:
                    return True
                if not self._send(body):
                    return False
                path.unlink(missing_ok=True)
        self._failures = 0
        self._has_leftovers = self._spool.has_any()  # of others, who are about to bring them
        self._retry_at = time.monotonic() + self._interval if self._has_leftovers and not self._queue else 0.0
        return True

    def _send(self, body: bytes) -> bool:
        """Post *body*; return False if it is to be tried again."""
        deadline = time.monotonic() + _SEND_SECONDS
        outcome = self._transport.send(write_message(Message("", "", body)), None, deadline)
        if isinstance(outcome, Retry | Unreachable):
            self._failures += 1
            asked = outcome.after if isinstance(outcome, Retry) else None
            self._retry_at = time.monotonic() + self._backoff.delay(self._failures, asked)
            return False
        self._failures, self._retry_at = 0, 0.0
        self.counts.add("published" if isinstance(outcome, Accepted) else "rejected")
        return True

    def _put_all_aside(self) -> None:
        while self._take() is not None:
            self._put_in_hand_aside()

    def _put_in_hand_aside(self) -> None:
        # Under the lock: the end of the program waits for the thread to have written it, and does not do so again.
        with self._taking:
            body, self._in_hand = self._in_hand, None
            if body is not None:
                self._put_aside(body)

    def _put_aside(self, body: bytes) -> None:
        try:
            self.counts.add("dropped_logs", self._spool.add(body))
        except OSError as error:
            count("compat_spool_failed")
            self.counts.add("dropped_logs")
            reason = error.strerror or type(error).__name__
            process.current().notices.warn(
                "compat_spool", f"errors for the collector are lost: {self._spool.folder} cannot take them: {reason}"
            )
            return
        self.counts.add("spool_writes")
        self._has_leftovers = True
