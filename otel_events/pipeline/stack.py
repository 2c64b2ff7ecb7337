"""The attributes of an exception, by OpenTelemetry's conventions."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

from otel_events import scoping
from otel_events.values import clean

if TYPE_CHECKING:
    from otel_events.event import Attributes, CapturedException

_MAX_TEXT = 16 * 1024
_MAX_LAST_LINE = 8 * 1024
_MARK = "...<truncated>"
_WRAPPERS = scoping.decorate.__code__.co_filename
_CAUSED = "\n\nThe above exception was the direct cause of the following exception:\n\n"
_IN_GROUP = "\n\nException {} of the group:\n\n"
_DURING = "\n\nDuring handling of the above exception, another exception occurred:\n\n"


def exception_attributes(exception: CapturedException) -> Attributes:
    """Return `exception.type`, `.message` and `.stacktrace` (at most 16 KiB and `max_lines`, a cut is marked)."""
    attributes: Attributes = {"exception.type": clean(exception.type), "exception.message": clean(exception.message)}
    if exception.frames or exception.notes or exception.inside:
        attributes["exception.stacktrace"] = clean(cut_stack(_format(exception), exception.max_lines))
    return attributes


def _format(exception: CapturedException, place: str = "") -> str:
    """Return what Python prints of an exception, oldest cause first, but for the frames that `@task` and its kin put in.

    What a group holds follows it, each with its *place* in it, and without a line beside: secrets would hide behind that.
    """
    before = ""
    if exception.before is not None:
        before = _format(exception.before) + (_CAUSED if exception.is_caused else _DURING)
    stack = _format_frames(exception)
    parts = [before, f"Traceback (most recent call last):\n{stack}" if stack else "", _last_lines(exception)]
    for number, member in enumerate(exception.inside, start=1):
        parts += [_IN_GROUP.format(f"{place}{number}"), _format(member, f"{place}{number}.")]
    return "".join(parts)


def _last_lines(exception: CapturedException) -> str:
    last = f"{exception.type}: {exception.message}" if exception.message else exception.type
    if exception.max_lines is not None:
        # A long message, which stands beside the stack as a whole, must not take the place of the frames.
        last = "\n".join(last.split("\n")[: exception.max_lines // 4])
    return "\n".join([last, *exception.notes])


def _format_frames(exception: CapturedException) -> str:
    own = [frame for frame in exception.frames if frame[0].co_filename != _WRAPPERS]
    frames = [
        traceback.FrameSummary(code.co_filename, line, code.co_name, lookup_line=True)
        for code, line in own or exception.frames
    ]
    return "".join(traceback.StackSummary.from_list(frames).format())


def cut_stack(text: str, max_lines: int | None = None) -> str:
    """Cut the oldest part away: where it was raised, and what it says, stand at the end.

    Lines stay whole, and of a last line that is too long the words: half a secret would not be known for one.
    """
    lines = text.split("\n") if max_lines is not None else []
    if max_lines is not None and len(lines) > max_lines:
        text = "\n".join([_MARK, *lines[len(lines) - max_lines + 1 :]])
    if len(text) <= _MAX_TEXT:
        return text
    before, newline, last = text.rpartition("\n")
    text = before + newline + _beginning(last)
    if len(text) > _MAX_TEXT:
        kept = text[-(_MAX_TEXT - len(_MARK)) :]
        text = _MARK + kept[kept.index("\n") :]
    return text


def _beginning(line: str) -> str:
    """Return *line*, or its first words: what a secret is called stands before it, and must not be cut away."""
    if len(line) <= _MAX_LAST_LINE:
        return line
    words, space, _ = line[:_MAX_LAST_LINE].rpartition(" ")
    return words + space + _MARK
