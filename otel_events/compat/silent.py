"""Calls that never fail: what goes wrong in them is counted."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from otel_events import runtime
from otel_events.interrupts import is_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable

_P = ParamSpec("_P")
_R = TypeVar("_R")


def silent(call: Callable[_P, None]) -> Callable[_P, None]:
    """Return *call* such that it raises nothing, wrong arguments included; `compat_call_failed` counts what it would have."""
    return silent_with(lambda: None)(call)


def silent_with(instead: Callable[[], _R]) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Return a decorator that does what `silent` does; a call that fails returns what *instead* makes."""

    def decorate(call: Callable[_P, _R]) -> Callable[_P, _R]:
        @wraps(call)
        def quiet(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            try:
                return call(*args, **kwargs)
            except Exception as error:
                if is_interrupt(error):
                    raise
                count("compat_call_failed")
                return instead()

        return quiet

    return decorate


def count(problem: str, times: int = 1) -> None:
    """Count *problem* in `otel_events.stats().problems`."""
    runtime.capture.accounts.problems.add(problem, times)
