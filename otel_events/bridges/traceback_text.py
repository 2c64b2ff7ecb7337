"""Tracebacks that come as text: a queue between logger and handler formats a record and drops its exception."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from otel_events.pipeline.stack import cut_stack

if TYPE_CHECKING:
    from otel_events.event import Attributes

MAX_LINES = 60  # of a stack in a log record
_TRACEBACK = "Traceback (most recent call last):\n"
_GROUP = "  + Exception Group Traceback (most recent call last):\n"
_STACK = "Stack (most recent call last):\n"
# The last line without indentation that names a class: what the traceback ends in.
_RAISED = re.compile(r"^([A-Za-z_][\w.]{0,200})(?:: (.*))?$", re.MULTILINE)
_IN_GROUP = "\nException {} of the group:\n"
_FIRST = _IN_GROUP.format(1)
_MAX_SEARCHED = 64 * 1024
# What stands beside and between the exceptions of a group.
_RULE = re.compile(r"^ {2,40}\+(?:-\+)?-{4,60}(?: (\d{1,6}|\.\.\.) -{4,60})?$", re.MULTILINE)
_BAR = re.compile(r"^ {2,40}[|+] ?", re.MULTILINE)


def split_off_stacks(text: str) -> tuple[str, Attributes]:
    """Return *text* without the traceback and the stack at its end, and those as attributes."""
    attributes: Attributes = {}
    message, mark, stack = text.partition(f"\n{_STACK}")
    if mark:
        attributes["code.stacktrace"] = cut_stack(_STACK + stack, MAX_LINES)
    starts = [start for mark in (_TRACEBACK, _GROUP) if (start := message.find(f"\n{mark}")) >= 0]
    if starts:
        attributes.update(traceback_attributes(message[min(starts) + 1 :]))
        message = message[: min(starts)]
    return message, attributes


def traceback_attributes(text: str) -> Attributes:
    """Return `exception.stacktrace` of a formatted traceback, and `.type` and `.message` as far as it shows them."""
    before, group, inside = text.partition(_GROUP)
    # The last traceback is the one that arrived, or the group; what follows its frames is the exception's own words.
    last = text[text.rfind(_TRACEBACK) + len(_TRACEBACK) :] if _TRACEBACK in text else text
    if group:
        plain = _without_bars(inside).rstrip("\n")
        text, last = f"{before}{_TRACEBACK}{plain}", plain.partition(_FIRST)[0]
    attributes: Attributes = {"exception.stacktrace": cut_stack(text, MAX_LINES)}
    found = _RAISED.search(last[:_MAX_SEARCHED])
    if found is not None:
        attributes["exception.type"] = found[1]
        attributes["exception.message"] = last[found.start(2) :].rstrip("\n") if found[2] is not None else ""
    return attributes


def _without_bars(text: str) -> str:
    """Return what Python prints of a group without the lines beside it, behind which secrets would hide."""
    return _BAR.sub("", _RULE.sub(lambda rule: _IN_GROUP.format(rule[1]) if rule[1] else "", text))
