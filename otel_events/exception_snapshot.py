"""What is kept of an exception: enough to tell of it, and nothing that keeps its frames and their locals alive."""

from __future__ import annotations

import builtins
import sys
from collections import deque
from typing import TYPE_CHECKING, Any

from otel_events.event import CapturedException
from otel_events.kinds import type_name

if TYPE_CHECKING:
    from collections.abc import Iterable
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
_GROUP: Any = getattr(builtins, "BaseExceptionGroup", None)
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
    snapshot = _snapshot(error, _MAX_CHAIN, [_MAX_EXCEPTIONS])
    return snapshot if max_lines is None else snapshot._replace(max_lines=max_lines)


def weight_of(captured: CapturedException) -> int:
    """Return roughly how many bytes of memory it takes."""
    own = len(captured.message) + _FRAME_BYTES * len(captured.frames)
    if captured.notes:
        own += sum(map(len, captured.notes))
    if captured.before is not None:
        own += weight_of(captured.before)
    return own + sum(map(weight_of, captured.inside)) if captured.inside else own


def exception_type(error: BaseException) -> str:
    """Return the qualified name of the exception's class, as `exception.type` and `error.type` want it."""
    kind = type(error)
    try:
        name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        return str.__str__(name)
    except Exception:  # a metaclass of the program's
        return type_name(kind)


def _snapshot(error: BaseException, chain: int, room: list[int]) -> CapturedException:
    """Return what is kept of *error*, and of so many in its *chain*; the only item of *room* says of how many in all."""
    room[0] -= 1
    cause = _cause_of(error)
    before = cause if cause is not None or _is_context_hidden(error) else _context_of(error)
    group = _GROUP or _find_backport()
    is_group = group is not None and issubclass(type(error), group)
    return CapturedException(
        exception_type(error),
        _message_of(error),
        _frames(_traceback_of(error)),
        _snapshot(before, chain - 1, room) if before is not None and chain > 1 and room[0] > 0 else None,
        cause is not None,
        None,
        _notes_of(error),
        _members(group.__dict__["exceptions"].__get__(error), chain - 1, room) if is_group else (),
    )


def _members(errors: Iterable[BaseException], chain: int, room: list[int]) -> tuple[CapturedException, ...]:
    # Asked for each, for the one before has its part of the room.
    return tuple([_snapshot(error, chain, room) for error in errors if chain > 0 and room[0] > 0])


def _find_backport() -> Any:
    """Return the class of groups in programs for which the package `exceptiongroup` makes them, before Python 3.11."""
    return getattr(sys.modules.get("exceptiongroup"), "BaseExceptionGroup", None)


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
