"""The attributes of an exception, by OpenTelemetry's conventions."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

from otel_events.values import clean

if TYPE_CHECKING:
    from otel_events.event import Attributes, CapturedException

_MAX_LINES = 60
_MAX_TEXT = 16 * 1024
_MARK = "...<truncated>"


def exception_attributes(exception: CapturedException) -> Attributes:
    """Return `exception.type`, `.message` and `.stacktrace` (at most 60 lines and 16 KiB, a cut is marked)."""
    attributes: Attributes = {"exception.type": exception.type, "exception.message": clean(exception.message)}
    if exception.traceback is not None:
        attributes["exception.stacktrace"] = clean(_cut(_format(exception)))
    return attributes


def _format(exception: CapturedException) -> str:
    # Frames only: formatting the exception itself would run the program's code on the pipeline thread.
    frames = traceback.StackSummary.extract(
        traceback.walk_tb(exception.traceback), limit=-_MAX_LINES, lookup_lines=True
    )
    lines = ["Traceback (most recent call last):\n", *frames.format(), f"{exception.type}: {exception.message}"]
    return "".join(lines)


def _cut(text: str) -> str:
    lines = text.splitlines()
    if len(lines) <= _MAX_LINES and len(text) <= _MAX_TEXT:
        return text
    return "\n".join(lines[:_MAX_LINES])[:_MAX_TEXT] + _MARK
