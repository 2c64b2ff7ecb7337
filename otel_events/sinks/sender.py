"""The thread that delivers what waits in a spool."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from opentelemetry import context as otel_context
from opentelemetry.context import _SUPPRESS_HTTP_INSTRUMENTATION_KEY, _SUPPRESS_INSTRUMENTATION_KEY

from otel_events.otlp.outcome import Retry, Unreachable, say
from otel_events.sinks.backoff import Backoff
from otel_events.sinks.delivery import Delivery
from otel_events.sinks.joining import Joining

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_events.accounting import Accounts
    from otel_events.notices import Notices
    from otel_events.otlp.transport import Transport
    from otel_events.sinks.delivery import Failure
    from otel_events.spool.queue import Encoding, Pending, Spool

_UNTIL_STUCK = 0.3  # seconds without progress after which an exit stops waiting for the network, where data is safe
_INTERRUPT_SECONDS = 0.02  # what an interrupted send may take to let go; deadlines hold to 50 ms
_LONGEST_WAIT = 3600.0  # conditions cannot wait for ever with a timeout; the loops around them look again


class Sender:
    """Delivers what is appended, in order, with retries by the OTLP specification.

    Its thread starts with the first append and waits on nothing but the spool, a condition and the transport. It does
    not survive a fork: a child makes its own.

    Args:
        name: of the sink, under which deliveries are counted.
        address: of the destination, for warnings.
        spool: what waits. The sender closes it.
        transport: how to send. The sender closes it.
        accounts: where deliveries, losses and retries are counted.
        notices: where outages and losses are told.
        backoff: how long to wait between attempts.
        joining: which batches go out together.
    """

    def __init__(
        self,
        *,
        name: str,
        address: str,
        spool: Spool,
        transport: Transport,
        accounts: Accounts,
        notices: Notices,
        backoff: Backoff | None = None,
        joining: Joining | None = None,
    ) -> None:
        self._name = name
        self._spool = spool
        self._transport = transport
        self._accounts = accounts
        self._backoff = backoff or Backoff()
        self._joining = joining or Joining()
        self._delivery = Delivery(
            name=name,
            address=address,
            spool=spool,
            transport=transport,
            joining=self._joining,
            accounts=accounts,
            notices=notices,
        )
        self._failures = 0  # in a row
        self._lost_told = 0
        self._close_result: bool | None = None
        self._drain_lock = threading.Lock()
        self._thread: threading.Thread | None = None
        # What follows changes under this condition alone. Its lock is re-entrant (the default), for a signal handler may
        # shut down in the middle of a flush.
        self._state = threading.Condition()
        self._is_running = False
        self._retry_at: float | None = None  # while the thread waits between two attempts
        self._is_throttled = False  # that wait is the server's wish
        self._is_hurried = False
        self._closing_at: float | None = None
        self._has_given_up = False
        self._progress_at = 0.0

    def append(self, body: bytes, records: int, encoding: Encoding = None) -> None:
        """Put a request into the spool. Never waits for the network; what is dropped for it is counted."""
        dropped = self._spool.append(body, records, encoding)
        if dropped and self._closing_at is None:
            self._delivery.warn("spool_full", f"what waits for it has reached its limit: {dropped} records dropped")
        if self._thread is None:
            self._start()

    @property
    def outlives_process(self) -> bool:
        """Whether all that waits is on disk."""
        return self._spool.outlives_process

    def start(self) -> None:
        """Begin to send what is in the spool already."""
        self._start()

    def pending(self) -> Pending:
        """Return what is not delivered yet."""
        return self._spool.pending()

    def hurry(self) -> None:
        """Make the next attempt now, unless the server asked for the wait."""
        with self._state:
            if self._retry_at is not None and not self._is_throttled:
                self._is_hurried = True
                self._state.notify_all()

    def flush(self, deadline: float) -> bool:
        """Try at once and wait as long as it can help; True only if all appended so far was accepted.

        What was dropped, refused or rejected since the last flush makes it False: it is not safe.
        """
        mark = self._spool.mark()
        self.hurry()
        if not self._spool.is_settled(mark) and self._thread is None and not self._start():
            self._drain_here(deadline)
        with self._state:
            while self._is_running and not self._spool.is_settled(mark) and not self._is_hopeless(deadline):
                self._state.wait(_remaining(deadline))
        is_settled = self._spool.is_settled(mark) and self._delivery.has_counted(_remaining(deadline))
        return is_settled and not self._has_new_losses()

    def begin_close(self, deadline: float) -> None:
        """Have the thread deliver what waits and end by *deadline*, without waiting for it; `close` waits."""
        with self._state:
            self._closing_at = deadline if self._closing_at is None else min(deadline, self._closing_at)
            self._is_hurried = True
            self._progress_at = time.monotonic()
            self._state.notify_all()
        self._spool.wake()

    def close(self, deadline: float) -> bool:
        """Deliver what can be delivered by *deadline*, and stop; True only if nothing was lost since the last flush."""
        if self._close_result is None:
            self.begin_close(deadline)
            if self._thread is None:
                self._drain_here(deadline)
                self._transport.close()
            else:
                self._await_end(deadline)
            remaining = self._spool.pending().records
            if not self._spool.close():
                self._delivery.warn("shutdown", f"{remaining} records could not be delivered before the end")
            self._close_result = not self._has_new_losses()
        return self._close_result

    # -- on the threads of others -----------------------------------------------------------------------------------

    def _start(self) -> bool:
        with self._state:
            if self._thread is not None or self._closing_at is not None:
                return self._is_running
            thread = threading.Thread(target=self._run, name=f"otel-events-{self._name}", daemon=True)
            self._is_running = True
            try:
                thread.start()
            except (
                RuntimeError
            ):  # the interpreter is on its way out, or out of threads: `flush` and `close` send instead
                self._accounts.problems.add("sender_thread_refused")
                self._is_running = False
                return False
            self._thread = thread
            return True

    def _is_hopeless(self, deadline: float) -> bool:
        if time.monotonic() >= deadline:
            return True
        return self._retry_at is not None and not self._is_hurried and self._retry_at > deadline

    def _await_end(self, deadline: float) -> None:
        with self._state:
            while self._is_running and (patience := self._patience(deadline)) > 0:
                self._state.wait(patience)
            if not self._is_running:
                return
        self._transport.interrupt()
        with self._state:
            self._state.wait_for(lambda: not self._is_running, _INTERRUPT_SECONDS)

    def _patience(self, deadline: float) -> float:
        if self._spool.outlives_process:
            deadline = min(deadline, self._progress_at + _UNTIL_STUCK)
        return _remaining(deadline)

    def _drain_here(self, deadline: float) -> None:
        """Send what waits on the calling thread, where no other could be started."""
        if not self._drain_lock.acquire(timeout=_remaining(deadline)):
            return
        try:
            with _uninstrumented():
                while time.monotonic() < deadline and (batch := self._spool.take(0)):
                    if self._delivery.deliver(self._joining.take_more(batch, self._spool), deadline):
                        return
        finally:
            self._drain_lock.release()

    def _has_new_losses(self) -> bool:
        told, self._lost_told = self._lost_told, self._spool.lost() + self._delivery.rejected
        return self._lost_told > told

    # -- on the sender's thread -------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            with _uninstrumented():
                while not self._is_done():
                    if failure := self._deliver_next():
                        self._pause(failure)
        finally:
            self._transport.close()
            with self._state:
                self._is_running = False
                self._state.notify_all()

    def _is_done(self) -> bool:
        if self._closing_at is None:
            return False
        return self._has_given_up or time.monotonic() >= self._closing_at or self._spool.pending().batches == 0

    def _deliver_next(self) -> Failure | None:
        try:
            batch = self._spool.take(None if self._closing_at is None else 0)
            if batch is None:
                return None
            batches = self._joining.take_more(batch, self._spool)
            closing_at = self._closing_at
            failure = self._delivery.deliver(batches, threading.TIMEOUT_MAX if closing_at is None else closing_at)
        except Exception as error:  # a mistake of ours must not end the thread and lose all that follows
            self._accounts.problems.add("sender_error")
            return Unreachable(say("our own mistake", type(error).__name__, str(error)))
        if failure is None:
            self._failures = 0
            with self._state:
                self._progress_at = time.monotonic()
                self._state.notify_all()
        return failure

    def _pause(self, failure: Failure) -> None:
        """Wait until the next attempt is due, or wanted."""
        asked = failure.after if isinstance(failure, Retry) else None
        self._failures += 1
        delay = self._backoff.delay(self._failures, asked)
        if self._closing_at is None:
            waiting = self._spool.pending().records
            said = "1 record waits" if waiting == 1 else f"{waiting} records wait"
            self._delivery.warn("unreachable", f"{failure.reason}; {said} for it, to be sent again")
        with self._state:
            self._retry_at = time.monotonic() + delay
            self._is_throttled = asked is not None
            self._state.notify_all()  # a flush may see that it waits in vain
            while not self._is_hurried and not self._gives_up() and (wait := _remaining(self._retry_at)) > 0:
                self._state.wait(wait)
            self._retry_at = None
            self._is_hurried = False

    def _gives_up(self) -> bool:
        """Note and return whether the sender is closing, and its next attempt would come too late."""
        if self._closing_at is not None and self._retry_at is not None:
            # Where data is safe without the network, an exit does not wait for a second chance.
            self._has_given_up = self._spool.outlives_process or self._retry_at >= self._closing_at
        return self._has_given_up


def _remaining(deadline: float) -> float:
    return max(0.0, min(deadline - time.monotonic(), _LONGEST_WAIT))


@contextmanager
def _uninstrumented() -> Iterator[None]:
    """Keep instrumented libraries from tracing what we send, into what we send."""
    suppressed = otel_context.set_value(_SUPPRESS_INSTRUMENTATION_KEY, True)
    token = otel_context.attach(otel_context.set_value(_SUPPRESS_HTTP_INSTRUMENTATION_KEY, True, suppressed))
    try:
        yield
    finally:
        otel_context.detach(token)
