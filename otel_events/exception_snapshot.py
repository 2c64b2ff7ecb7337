"""What is kept of an exception: enough to tell of it, and nothing that keeps its frames and their locals alive."""

from __future__ import annotations

import builtins
import sys
from collections import deque
from typing import TYPE_CHECKING, Any

from otel_events.event import CapturedException
from otel_events.kinds import type_name

if TYPE_CHECKING:
    from types import CodeType, TracebackType

MAX_FRAMES = 60  # of one exception, the innermost
_MAX_CHAIN = 5  # exceptions that led to each other, or hold each other
_MAX_EXCEPTIONS = 32  # of such a chain, and of the groups in it, all in all
_MAX_NOTES = 16
_MAX_MESSAGE = 64 * 1024
_MAX_NOTE = 4 * 1024
_FRAME_BYTES = 100  # what the place of a frame takes in memory

# Read past classes that define these names themselves.
_traceback_of: Any = BaseException.__dict__["__traceback__"].__get__
_cause_of: Any = BaseException.__dict__["__cause__"].__get__
_context_of: Any = BaseException.__dict__["__context__"].__get__
_is_context_hidden: Any = BaseException.__dict__["__suppress_context__"].__get__
_fields_of: Any = BaseException.__dict__["__dict__"].__get__


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
    snapshot = _Snapshots().take(error, _MAX_CHAIN)
    return snapshot if max_lines is None else snapshot._replace(max_lines=max_lines)


def weight_of(captured: CapturedException) -> int:
    """Return roughly how many bytes of memory it takes."""
    beside = captured.inside if captured.before is None else (captured.before, *captured.inside)
    own = len(captured.message) + _FRAME_BYTES * len(captured.frames) + sum(map(len, captured.notes))
    return own + sum(map(weight_of, beside))


def exception_type(error: BaseException) -> str:
    """Return the qualified name of the exception's class, as `exception.type` and `error.type` want it."""
    kind = type(error)
    try:
        name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        return str.__str__(name)
    except Exception:  # a metaclass of the program's
        return type_name(kind)


class _Snapshots:
    """One walk through exceptions that led to each other, or hold each other, with what is left of its bound."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = _MAX_EXCEPTIONS

    def take(self, error: BaseException, chain: int) -> CapturedException:
        """Return what is kept of *error*, and of the next so many less one in its *chain*."""
        self._left -= 1
        cause = _cause_of(error)
        before = cause if cause is not None or _is_context_hidden(error) else _context_of(error)
        return CapturedException(
            type=exception_type(error),
            message=_message_of(error),
            frames=_frames(_traceback_of(error)),
            before=next(iter(self._take_all((before,), chain - 1)), None),
            is_caused=cause is not None,
            notes=_notes_of(error),
            inside=self._take_all(_inside(error), chain - 1),
        )

    def _take_all(self, errors: tuple[BaseException | None, ...], chain: int) -> tuple[CapturedException, ...]:
        # Asked for each, for the one before has its part of what is left.
        return tuple([self.take(one, chain) for one in errors if one is not None and chain > 0 and self._left > 0])


def _inside(error: BaseException) -> tuple[BaseException, ...]:
    """Return the exceptions that *error* holds, if it is a group; before Python 3.11 the package `exceptiongroup` makes these."""
    group = getattr(builtins, "BaseExceptionGroup", None)
    if group is None:
        group = getattr(sys.modules.get("exceptiongroup"), "BaseExceptionGroup", None)
    if group is None or not issubclass(type(error), group):
        return ()
    return tuple(group.__dict__["exceptions"].__get__(error))


def _notes_of(error: BaseException) -> tuple[str, ...]:
    notes = dict.get(_fields_of(error), "__notes__")
    if type(notes) is not list:
        return ()
    return tuple([note[:_MAX_NOTE] for note in notes[:_MAX_NOTES] if type(note) is str])


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
