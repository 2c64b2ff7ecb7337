"""Calls that never fail: what goes wrong in them is counted."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, ParamSpec

from otel_events import runtime
from otel_events.interrupts import is_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable

_P = ParamSpec("_P")


def silent(call: Callable[_P, None]) -> Callable[_P, None]:
    """Return *call* such that it raises nothing, wrong arguments included; `compat_call_failed` counts what it would have."""

    @wraps(call)
    def quiet(*args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            call(*args, **kwargs)
        except Exception as error:
            if is_interrupt(error):
                raise
            count("compat_call_failed")

    return quiet


def count(problem: str, times: int = 1) -> None:
    """Count *problem* in `otel_events.stats().problems`."""
    runtime.capture.accounts.problems.add(problem, times)
