"""A thread that gives the messages of drop-ins to a sink of the product, which sends them."""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections import deque
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from otel_events import process, runtime
from otel_events.compat.process_end import call_at_end_of_child
from otel_events.compat.silent import count
from otel_events.interrupts import is_interrupt
from otel_events.sinks.message_sink import Materials
from otel_events.sinks.spools import Spools, SpoolSettings
from otel_events.spool.places import default_root

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from otel_events.settings import Settings
    from otel_events.sinks.message_sink import MessageSink, SinkPlan
    from otel_events.sinks.messages import Message

_MOST_WAITING = 100_000  # that the thread has not taken yet: it does nothing but this
_MOST_TOGETHER = 512
_AFTER_FAILURE = 0.25  # seconds


class MessageCourier:
    """Takes what is to be sent without waiting, a lock or work; a thread makes messages of it, in order.

    What is made of them stands in the spool of the process's settings until it was sent; what the next program of that
    service finds there, it sends.

    Args:
        plan: of the sink.
        make: makes a message, on the thread; what it raises on is dropped as `compat_message_failed`.
        is_ending: the program is: what is put goes into the spool at once, for the next one.
    """

    def __init__(self, plan: SinkPlan, make: Callable[[Any], Message], *, is_ending: bool = False) -> None:
        self._plan = plan
        self._make = make
        self._waiting: deque[Any] = deque()
        self._wakeups: SimpleQueue[None] = SimpleQueue()  # re-entrant, for signal handlers
        self._is_asleep = False
        self._is_ending = is_ending
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._turn = threading.RLock()
        self._sink: MessageSink | None = None

    def put(self, item: Any) -> None:
        """Have a message made of *item* and sent. Never raises, never waits."""
        self._waiting.append(item)
        if len(self._waiting) > _MOST_WAITING:
            self._waiting.popleft()
            count("compat_message_dropped")
        if self._is_ending:
            self._take_turn(time.monotonic() + _AFTER_FAILURE)
            return
        if self._thread is None and self._starting.acquire(blocking=False):
            try:
                self._start()
            finally:
                self._starting.release()
        if self._is_asleep:
            self._is_asleep = False
            self._wakeups.put(None)

    def flush(self, deadline: float) -> bool:
        """Return True only if all that was put was taken at its destination by *deadline*."""
        if not self._take_turn(deadline):
            return False
        return self._sink is None or self._sink.flush(deadline)

    def end(self, deadline: float) -> None:
        """Send what can be sent by *deadline*, and stop; the rest stays in the spool."""
        self._is_ending = True
        self._wakeups.put(None)
        self._take_turn(deadline)
        sink, self._sink = self._sink, None
        if sink is not None:
            sink.close(deadline)

    # -- on the thread -----------------------------------------------------------------------------------------------

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, name="otel_events-compat-messages", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the interpreter is going down and starts no more threads: `end` does what there is to do
            return
        self._thread = thread
        call_at_end_of_child(_end_for_good)

    def _run(self) -> None:
        while not self._is_ending:
            self._is_asleep = True
            if not self._waiting:
                self._wakeups.get()
            self._is_asleep = False
            if not self._take_turn(threading.TIMEOUT_MAX):
                time.sleep(_AFTER_FAILURE)

    def _take_turn(self, deadline: float) -> bool:
        """Hand over what waits now; False if that cannot be done, or if another thread was still at it at *deadline*."""
        if not self._turn.acquire(timeout=max(0.0, min(deadline - time.monotonic(), threading.TIMEOUT_MAX))):
            return False
        try:
            left = len(self._waiting)  # not what comes meanwhile: whoever flushes would never be done
            while left > 0:
                self._ready_sink().send(self._take(min(left, _MOST_TOGETHER)))
                left -= _MOST_TOGETHER
        except Exception as error:  # a mistake of ours must not end the thread
            if is_interrupt(error):
                raise
            count("compat_courier_failed")
            return False
        finally:
            self._turn.release()
        return True

    def _take(self, most: int) -> Iterator[Message]:
        for _ in range(most):
            try:
                item = self._waiting.popleft()
            except IndexError:  # the oldest were dropped meanwhile
                return
            try:
                yield self._make(item)
            except Exception as error:  # one must not take the others with it
                if is_interrupt(error):
                    raise
                count("compat_message_failed")

    def _ready_sink(self) -> MessageSink:
        if self._sink is None:
            self._sink = self._plan.build(_materials())
        return self._sink


def _materials() -> Materials:
    """Return what sinks of this process's settings are made of."""
    now, capture = process.current(), runtime.capture
    settings = now.ready_settings()
    kept = SpoolSettings(
        root=_root(settings),
        service=settings.service_name,
        is_synced=settings.durability == "sync",
        max_bytes=settings.spool_max_bytes,
        max_age=settings.spool_max_age,
    )
    # The events of these messages go their own way: what is lost here is no hole in that.
    spools = Spools(kept, capture.writer, now.notices, lambda *_: None)
    return Materials(
        service=settings.service_name,
        writer_id=capture.writer,
        accounts=capture.accounts,
        notices=now.notices,
        make_spool=spools.make_for,
    )


def _root(settings: Settings) -> Path | None:
    if settings.durability == "memory":
        return None
    try:
        return default_root() if settings.spool_dir is None else Path(settings.spool_dir)
    except OSError:  # told by the pipeline, which has no place on disk either
        return None


# -- those of the process ------------------------------------------------------------------------------------------------


def courier_for(plan: SinkPlan, make: Callable[[Any], Message]) -> MessageCourier:
    """Return this process's courier of *plan*: who sends to one place shares one, and with it the order."""
    courier = _couriers.get(plan)
    if courier is None:
        courier = _couriers.setdefault(plan, MessageCourier(plan, make, is_ending=_is_over))
    return courier


def flush(timeout: float) -> bool:
    """Return True only if all couriers have brought everything within *timeout* seconds."""
    deadline = time.monotonic() + timeout
    answers = [courier.flush(deadline) for courier in list(_couriers.values())]  # each, whatever the first one says
    return all(answers)


def end_all() -> None:
    """Let all couriers send what they can within the `exit_timeout`, and forget them."""
    couriers = list(_couriers.values())
    _couriers.clear()
    deadline = time.monotonic() + (process.current().ready_settings().exit_timeout if couriers else 0.0)
    for courier in couriers:
        courier.end(deadline)


def _end_for_good() -> None:
    global _is_over
    _is_over = True
    end_all()


def _begin_anew() -> None:
    """In a forked child: what waits is the parent's to send, and its threads are not here."""
    global _couriers, _parents
    _parents = [_parents, _couriers]  # kept: to take apart what the parent's threads were using may hang here
    _couriers = {}


_parents: list[Any] = []
_is_over = False
_couriers: dict[SinkPlan, MessageCourier] = {}
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
atexit.register(_end_for_good)
