"""Exceptions that signal handlers raise in the middle of what we do: they are the program's, and must reach it."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import CodeType


def is_interrupt(error: BaseException) -> bool:
    """Return whether *error* is Ctrl-C, or was raised by a signal handler of the program: a time limit, an orderly end.

    For an error that was caught; nothing is asked before.
    """
    if isinstance(error, KeyboardInterrupt):
        return True
    codes = _handlers()
    step = error.__traceback__
    while step is not None:
        if step.tb_frame.f_code in codes:
            return True
        step = step.tb_next
    return False


def _handlers() -> set[CodeType | None]:
    found = (signal.getsignal(number) for number in signal.valid_signals())
    return {_code_of(handler) for handler in found if callable(handler)} - {None}


def _code_of(handler: Any) -> CodeType | None:
    while hasattr(handler, "func"):  # a partial
        handler = handler.func
    code: CodeType | None = getattr(handler, "__code__", None)
    if code is None and callable(handler):  # an object that can be called
        code = getattr(type(handler).__call__, "__code__", None)
    return code
