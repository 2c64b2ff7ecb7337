"""What is kept of an exception: enough to tell of it, and nothing that keeps its frames and their locals alive."""

from __future__ import annotations

import sys
from collections import deque
from typing import TYPE_CHECKING, Any

from otel_events.event import CapturedException
from otel_events.kinds import type_name

if TYPE_CHECKING:
    from types import CodeType, TracebackType

MAX_FRAMES = 60  # of one exception, the innermost
_MAX_CHAIN = 5  # exceptions that led to each other
_MAX_MESSAGE = 64 * 1024

# Read past classes that define these names themselves.
_traceback_of: Any = BaseException.__dict__["__traceback__"].__get__
_cause_of: Any = BaseException.__dict__["__cause__"].__get__
_context_of: Any = BaseException.__dict__["__context__"].__get__
_is_context_hidden: Any = BaseException.__dict__["__suppress_context__"].__get__


def capture_exception(exception: Any, *, max_lines: int | None = None) -> CapturedException | None:
    """Return what can be kept of *exception*, or None if it is none.

    Args:
        exception: an exception, what `sys.exc_info()` gives, or True for the one being handled.
        max_lines: how many lines of the formatted stack to keep, None for all.
    """
    error: Any = sys.exc_info()[1] if exception is True else exception
    if type(error) is tuple and len(error) == 3:
        error = error[1]
    if not issubclass(type(error), BaseException):
        return None
    snapshot = _snapshot(error, _MAX_CHAIN)
    return snapshot if max_lines is None else snapshot._replace(max_lines=max_lines)


def exception_type(error: BaseException) -> str:
    """Return the qualified name of the exception's class, as `exception.type` and `error.type` want it."""
    kind = type(error)
    try:
        name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        return str.__str__(name)
    except Exception:  # a metaclass of the program's
        return type_name(kind)


def _snapshot(error: BaseException, chain: int) -> CapturedException:
    cause = _cause_of(error)
    before = cause if cause is not None or _is_context_hidden(error) else _context_of(error)
    return CapturedException(
        type=exception_type(error),
        message=_message_of(error),
        frames=_frames(_traceback_of(error)),
        before=_snapshot(before, chain - 1) if before is not None and chain > 1 else None,
        is_caused=cause is not None,
    )


def _message_of(error: BaseException) -> str:
    try:
        return str.__str__(str(error))[:_MAX_MESSAGE]
    except Exception:
        return f"<unprintable {type_name(type(error))}>"


def _frames(traceback: TracebackType | None) -> tuple[tuple[CodeType, int], ...]:
    # By hand: the traceback module stats every file on the way.
    frames: deque[tuple[CodeType, int]] = deque(maxlen=MAX_FRAMES)
    while traceback is not None:
        frames.append((traceback.tb_frame.f_code, traceback.tb_lineno))
        traceback = traceback.tb_next
    return tuple(frames)
