"""Set up, start, flush and end: what programs and the interpreter's exit call."""

from __future__ import annotations

import _thread
import os
import sys
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from otel_events import process
from otel_events.bridges.latecomers import latecomers
from otel_events.capture_slots import fill_catalogue_slots
from otel_events.interrupts import is_interrupt
from otel_events.notices import told
from otel_events.stats import Stats, stats_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.trace import TracerProvider

__all__ = [
    "configure",
    "end",
    "fill_catalogue_slots",
    "flush",
    "private_tracer_provider",
    "shutdown",
    "start_in_background",
    "stats",
]

_SET_UP_SECONDS = 2.0
_LATE_SECONDS = 0.3  # for what comes after the end, however long that took
_QUICK_TURN = 0.0005  # seconds

_turns_are_quick = threading.Lock()
_usual_turn = sys.getswitchinterval()  # seconds; as it was when turns last became quick

# The process of multiprocessing for whose end a shutdown is arranged.
_finalized_pid: int | None = None
# The interpreter has begun to end.
_is_ending = False
# The threads that are setting up in the middle of an emit.
_starting: set[int] = set()


def configure(**keywords: Any) -> None:
    """Set up where events and spans go, by *keywords*, then the environment, then the defaults.

    Optional for events: the first one starts the pipeline from the environment. Sets a global TracerProvider if spans
    are to be sent and the program has none; a provider of the program's own is never replaced. May be called again, late,
    and from any thread: the last call holds as a whole, and events that still wait go the new way.

    Args:
        **keywords: see "Settings" in the documentation; each has its default there, and its variable.

    Raises:
        ConfigurationError: with every wrong keyword at once; nothing is changed then. Wrong variables are warned about
            and not used.
        DefinitionError: with everything wrong in the event definitions of `catalog`; nothing is changed then.
    """
    _finalize_in_multiprocessing()
    process.current().configure(keywords)
    _register_metrics()


def start_in_background() -> None:
    """Start the pipeline without waiting for it: on the thread of the first emit, whatever it is in the middle of.

    Where events are to be on disk when `emit` returns, the first emit does wait.
    """
    _finalize_in_multiprocessing()
    now = process.current()
    if now.wants_journal():
        _start_here(now)
        return
    # Not `threading.Thread`: its `start` takes locks and waits.
    _thread.start_new_thread(_start, (process.current(),))


def _start(starting: process.Process) -> None:
    try:
        with starting.lock:  # also while metrics are imported, for whoever forks meanwhile
            starting.start()
            _register_metrics()
    except Exception as error:
        # A program that never called configure has nobody to raise to.
        starting.capture.accounts.problems.add("start_failed")
        starting.notices.warn("start_failed", f"otel_events could not start, events wait in memory: {error}")


def _register_metrics() -> None:
    if _is_ending:  # the program's MeterProvider may have ended, and would say so among its log records
        return
    from otel_events import metrics

    metrics.register(stats)


def _start_here(starting: process.Process) -> None:
    me = threading.get_ident()
    if me in _starting:  # a signal handler, or an import, that emits in the middle of it: what it emits waits
        return
    _starting.add(me)
    try:
        _start(starting)
    finally:
        _starting.discard(me)


def private_tracer_provider() -> TracerProvider | None:
    """Return the provider of tasks' spans in a program that configured nothing, None if its spans go nowhere."""
    return process.current().private_tracer_provider()


def flush(timeout: float | None = None) -> bool:
    """Hand over everything emitted so far; True only if all of it is safe, in the sense of each sink.

    Args:
        timeout: seconds, never exceeded by more than 50 ms; by default `exit_timeout`.
    """
    return _finish("flush", timeout)


def shutdown(timeout: float | None = None) -> bool:
    """Flush, then close every sink; later events are dropped and counted. True only if nothing was left behind.

    Runs by itself at exit. `configure` starts anew.

    Args:
        timeout: seconds, never exceeded by more than 50 ms; by default `exit_timeout`.
    """
    return _finish("stop", timeout)


def end() -> None:
    """Shut down at exit, and again after what the SDK's batch processors bring later, in what is left of the time."""
    spent = 0.0

    def shut_down() -> None:
        nonlocal spent
        began, settings = time.monotonic(), process.current().settings
        left = None if settings is None or not spent else max(_LATE_SECONDS, settings.exit_timeout - spent)
        shutdown(left)
        spent += time.monotonic() - began

    latecomers.end(shut_down, lambda: process.current().reopen())


def _finish(what: str, timeout: float | None) -> bool:
    began, now = time.monotonic(), process.current()
    if not now.capture.started and not now.capture.items:
        return True
    try:
        with _quick_turns():
            if timeout is None:
                timeout = now.ready_settings(began + _SET_UP_SECONDS).exit_timeout
            deadline = began + max(0.0, timeout)
            return bool(getattr(now.ready_pipeline(deadline), what)(deadline))
    except Exception as error:
        if is_interrupt(error):
            raise
        now.capture.accounts.problems.add(f"{what}_failed")
        now.notices.warn(f"{what}_failed", f"{what} failed: {told(error)}")
        return False


@contextmanager
def _quick_turns() -> Iterator[None]:
    """Have the interpreter change threads more often meanwhile.

    Each step of ours on another thread waits for all that emit in tight loops: 5 ms for each of them, by default. A deadline
    that is held to 50 ms has no time for that.
    """
    global _usual_turn
    flag = _turns_are_quick
    if not flag.acquire(blocking=False):
        yield
        return
    _usual_turn = before = sys.getswitchinterval()
    sys.setswitchinterval(min(before, _QUICK_TURN))
    try:
        yield
    finally:
        sys.setswitchinterval(before)
        flag.release()


def _slow_down() -> None:
    """Let the child of a fork change threads as usual: who hurried was a thread of its parent's."""
    global _turns_are_quick
    if _turns_are_quick.locked():
        sys.setswitchinterval(_usual_turn)
        _turns_are_quick = threading.Lock()


def stats() -> Stats:
    """Return what became of this process's events so far."""
    now = process.current()
    return stats_of(now.capture, now.pipeline)


def _finalize_in_multiprocessing() -> None:
    """Have a child of multiprocessing shut down at its end: `atexit` runs in none of them."""
    global _finalized_pid
    module = sys.modules.get("multiprocessing.process")
    if _finalized_pid == os.getpid() or module is None or module.parent_process() is None:
        return
    from multiprocessing.util import Finalize

    _finalized_pid = os.getpid()
    Finalize(None, shutdown, exitpriority=0)


def _bind_environment() -> None:
    """Bind OTEL_EVENTS_ATTRIBUTES before the first event, which does not wait for the settings."""
    if os.environ.get("OTEL_EVENTS_ATTRIBUTES"):
        from otel_events.context import bind

        bind(**process.current().ready_settings().attributes)


def _get_ready_for_the_end() -> None:
    """Finish setting up while the interpreter still starts threads: a program may end before its background start has."""
    global _is_ending
    now = process.current()
    if now.capture.started or now.capture.items:
        with suppress(Exception):  # the exit hook meets the same, and tells it
            now.ready_pipeline(time.monotonic() + _SET_UP_SECONDS)
    _is_ending = True


def _prepare_for_short_programs() -> None:
    # The SDK's exporters need thread pools at their import, and those work no more when `atexit` runs. What is registered
    # here runs before the pools end: after their module is imported, and as that module itself does it.
    import concurrent.futures.thread  # noqa: F401

    register = getattr(threading, "_register_atexit", None)
    if register is not None:
        with suppress(RuntimeError):  # imported at the end itself: nothing is left to prepare for
            register(_get_ready_for_the_end)


_prepare_for_short_programs()
_bind_environment()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_slow_down)
