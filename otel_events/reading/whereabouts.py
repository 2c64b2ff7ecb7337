"""Where an error was raised or logged, as far as its record says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from otel_events.event import DEFAULT_SCOPE

if TYPE_CHECKING:
    from otel_events.reading.record import Record

STACKS = ("exception.stacktrace", "stack_trace", "traceback")
_FRAME = re.compile(r'^\s*File "(?P<path>.+)", line (?P<line>\d+), in (?P<function>.+)$', re.MULTILINE)


def stack_of(record: Record) -> str:
    """Return the stack that *record* tells, empty if it tells none."""
    return next(filter(None, map(record.text, STACKS)), "")


def place_of(record: Record) -> str:
    """Return `path:line in function`, of the innermost frame or the log call; empty if nothing says."""
    frames = list(_FRAME.finditer(stack_of(record)))
    if frames:
        return f"{frames[-1]['path']}:{frames[-1]['line']} in {frames[-1]['function']}"
    path, line = record.text("code.file.path"), record.text("code.line.number")
    function = record.text("code.function.name")
    return ":".join(filter(None, (path, line))) + (f" in {function}" if path and function else "")


def logger_of(record: Record) -> str:
    """Return the name of the logger or library that said it; empty for the program's own events."""
    scope = record.facts.get("scope")
    name = scope.get("name") if isinstance(scope, dict) else scope
    return str(name) if name and name != DEFAULT_SCOPE.name else ""
