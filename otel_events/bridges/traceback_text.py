"""Tracebacks that come as text: a queue between logger and handler formats a record and drops its exception."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from otel_events.pipeline.stack import cut_stack

if TYPE_CHECKING:
    from otel_events.event import Attributes

MAX_LINES = 60  # of a stack in a log record
_TRACEBACK = "Traceback (most recent call last):\n"
_STACK = "Stack (most recent call last):\n"
# The last line without indentation that names a class: what the traceback ends in.
_RAISED = re.compile(r"^([A-Za-z_][\w.]{0,200})(?:: (.*))?$", re.MULTILINE)
_MAX_SEARCHED = 64 * 1024


def split_off_stacks(text: str) -> tuple[str, Attributes]:
    """Return *text* without the traceback and the stack at its end, and those as attributes."""
    attributes: Attributes = {}
    message, mark, stack = text.partition(f"\n{_STACK}")
    if mark:
        attributes["code.stacktrace"] = cut_stack(_STACK + stack, MAX_LINES)
    message, mark, stack = message.partition(f"\n{_TRACEBACK}")
    if mark:
        attributes.update(traceback_attributes(_TRACEBACK + stack))
    return message, attributes


def traceback_attributes(text: str) -> Attributes:
    """Return `exception.stacktrace` of a formatted traceback, and `.type` and `.message` as far as it shows them."""
    attributes: Attributes = {"exception.stacktrace": cut_stack(text, MAX_LINES)}
    # The last traceback is the one that arrived; what follows its frames is the exception's own words.
    last = text[text.rfind(_TRACEBACK) + len(_TRACEBACK) :] if _TRACEBACK in text else text
    found = _RAISED.search(last[:_MAX_SEARCHED])
    if found is not None:
        attributes["exception.type"] = found[1]
        attributes["exception.message"] = last[found.start(2) :].rstrip("\n") if found[2] is not None else ""
    return attributes
