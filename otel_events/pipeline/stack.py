"""The attributes of an exception, by OpenTelemetry's conventions."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

from otel_events.exception_snapshot import ExceptionSnapshot
from otel_events.values import clean

if TYPE_CHECKING:
    from otel_events.event import Attributes, CapturedException

_MAX_TEXT = 16 * 1024
_MARK = "...<truncated>"
_CAUSED = "\n\nThe above exception was the direct cause of the following exception:\n\n"
_DURING = "\n\nDuring handling of the above exception, another exception occurred:\n\n"


def exception_attributes(exception: CapturedException) -> Attributes:
    """Return `exception.type`, `.message` and `.stacktrace` (at most 16 KiB, a cut is marked)."""
    attributes: Attributes = {"exception.type": clean(exception.type), "exception.message": clean(exception.message)}
    if isinstance(exception, ExceptionSnapshot) and exception.frames:
        attributes["exception.stacktrace"] = clean(_cut(_format(exception)))
    return attributes


def _format(exception: ExceptionSnapshot) -> str:
    """Return what Python prints of an exception, oldest cause first."""
    before = ""
    if exception.before is not None:
        before = _format(exception.before) + (_CAUSED if exception.is_caused else _DURING)
    last = f"{exception.type}: {exception.message}" if exception.message else exception.type
    if not exception.frames:
        return before + last
    frames = [
        traceback.FrameSummary(code.co_filename, line, code.co_name, lookup_line=True)
        for code, line in exception.frames
    ]
    stack = "".join(traceback.StackSummary.from_list(frames).format())
    return f"{before}Traceback (most recent call last):\n{stack}{last}"


def _cut(text: str) -> str:
    """Cut the oldest part away: where it was raised, and what it says, stand at the end."""
    if len(text) <= _MAX_TEXT:
        return text
    return _MARK + text[-(_MAX_TEXT - len(_MARK)) :]
