"""A sign of life at equal intervals, from a thread of its own."""

from __future__ import annotations

import contextvars
import math
import threading
from datetime import timedelta
from queue import Empty, SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING, Any

from otel_events import runtime
from otel_events.context import freeze_attributes
from otel_events.emit import emit
from otel_events.errors import ConfigurationError
from otel_events.scoping import Scope
from otel_events.time_spans import parse_span

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from otel_events.scoping import Make

EVENT = "heartbeat"
_LEAST = 0.01
_LONGEST = 7 * 86_400.0
# How long a heartbeat that was only called for waits with its first beat: by then it would have been put around a function.
_UNTIL_FIRST = 0.2
_BEAT, _STOP = True, False


class Heartbeat(Scope):
    """Emits `heartbeat` again and again, until it is stopped. Made by `heartbeat`, which begins it.

    Its thread is a daemon, and waits for nothing but the next beat. A child of a fork has no beat, unless it calls `start`:
    two processes that beat as one would hide the death of either.
    """

    def __init__(
        self, component: str, every: float, attributes: Mapping[str, Any], emit: Callable[..., None] = emit
    ) -> None:
        super().__init__()
        self._component = component
        self._every = every
        self._attributes = dict(attributes)
        self._emit = emit
        self._thread: threading.Thread | None = None
        # A SimpleQueue, because a signal handler may stop the beat in the middle of anything.
        self._orders: SimpleQueue[bool] = SimpleQueue()

    def set(self, /, **attributes: Any) -> None:
        """Put *attributes*, such as `status`, on every beat from now on; None takes one away."""
        merged = {**self._attributes, **freeze_attributes(attributes)}
        self._attributes = {key: value for key, value in merged.items() if value is not None}

    def start(self) -> Heartbeat:
        """Beat now, and then at equal intervals; return itself. One that beats already beats once more."""
        self._begin(0.0)
        self._orders.put(_BEAT)
        return self

    def stop(self) -> None:
        """Beat no more. Waits for nobody; may be called again, from anywhere."""
        self._thread = None
        self._orders.put(_STOP)

    # -- the scope ---------------------------------------------------------------------------------------------------

    def open(self) -> None:
        self.start()

    def close(self, error: BaseException | None) -> None:  # noqa: ARG002  # whatever ended it, it beats no more
        self.stop()

    def step_out(self) -> None:
        """Go on: a generator that waits for its consumer is alive."""

    def step_in(self) -> None:
        """Go on."""

    def copy(self) -> Heartbeat:
        return Heartbeat(self._component, self._every, self._attributes, self._emit)

    def holds_here(self) -> bool:
        return self._thread is not None

    def per_call(self, function: Callable[..., Any]) -> Make:
        self.stop()  # it is the calls that shall beat
        return super().per_call(function)

    # -- the thread --------------------------------------------------------------------------------------------------

    def _begin(self, first: float) -> None:
        if self._thread is not None and self._thread.is_alive():
            return
        self._orders = SimpleQueue()  # what was ordered of a thread before is nothing to this one
        context = contextvars.copy_context()  # of the scopes around, those that are still open count at each beat
        thread = threading.Thread(
            target=context.run,
            args=(self._run, self._orders, first or self._every),
            name=f"otel_events.heartbeat {self._component}",
            daemon=True,
        )
        try:
            thread.start()
        except (
            RuntimeError
        ):  # no more threads, or the interpreter is shutting down: nothing of ours may break a program
            runtime.capture.accounts.problems.add("thread_not_started")
            return
        self._thread = thread

    def _run(self, orders: SimpleQueue[bool], first: float) -> None:
        due = monotonic() + first
        while True:
            try:
                if orders.get(timeout=max(0.0, due - monotonic())) is _STOP:
                    return
                due = monotonic()
            except Empty:
                pass
            if runtime.capture.open:  # after a shutdown there is nobody to tell
                self._emit(
                    EVENT, attributes={"component": self._component, "interval": self._every, **self._attributes}
                )
            # By the clock, lest beats drift; those that a pause of the machine has swallowed are not made up for.
            due += self._every
            if due < monotonic():
                due = monotonic() + self._every


def heartbeat(component: str, /, every: float | str | timedelta = 30.0, **attributes: Any) -> Heartbeat:
    """Emit `heartbeat` for *component* every so often, from now on: a sign of life that an absence rule may expect.

    A call is enough. With `with`, `async with` or as a decorator it beats for the time of the block, or of each call; else until
    `stop`, or the end of the process. Beats are never held back by rate limits, roll-ups or deduplication.

    Args:
        component: what is alive, such as `orchestrator`.
        every: seconds, a text such as `30s`, or a timedelta.
        **attributes: more of each beat, such as `status`; `Heartbeat.set` changes them.

    Raises:
        ConfigurationError: it has no name, or *every* is no span of time from 10 ms to a week.
    """
    seconds = _seconds(every)
    name = str(component or "").strip()
    problems = [] if name else ["it must name what is alive, such as 'orchestrator'"]
    if seconds is None:
        problems.append(f"every must be seconds from {_LEAST} to a week, or a text such as '30s', not {every!r:.60}")
    if seconds is None or problems:
        raise ConfigurationError("the heartbeat cannot be used", problems)
    made = Heartbeat(name, seconds, freeze_attributes(attributes))
    made._begin(_UNTIL_FIRST)
    return made


def _seconds(every: Any) -> float | None:
    if isinstance(every, timedelta):
        every = every.total_seconds()
    elif isinstance(every, str):
        every = parse_span(every)
    if isinstance(every, bool) or not isinstance(every, (int, float)) or not math.isfinite(every):
        return None
    return float(every) if _LEAST <= every <= _LONGEST else None
