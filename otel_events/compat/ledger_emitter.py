"""Drop-in for the agent pipeline's ledger emitter: its calls, its names, its flat lines; see docs/migrate/ledger-emitter.md.

A call has appended its line before it returns, unless AGI_EVENT_ASYNC is set, and never raises. Each is an event of
otel_events as well, which goes where those go.
"""

from __future__ import annotations

import atexit
import os
import sys
import time
from typing import TYPE_CHECKING, Any

from otel_events.compat.event_names import text_of
from otel_events.compat.flat_record import encode, join, plain
from otel_events.compat.line_buffer import LineBuffer, number_from_environment, usable
from otel_events.compat.line_writer import LineWriter
from otel_events.compat.silent import silent
from otel_events.context import bound_attributes
from otel_events.emit import emit
from otel_events.event import parse_severity

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "append_ledger",
    "emit_alert",
    "emit_event",
    "emit_monitoring_snapshot",
    "emit_system_event",
    "emit_task_lifecycle",
    "flush",
]

_DEFAULT_PATH = "fdo_agi_repo/memory/resonance_ledger.jsonl"
_YES = frozenset({"1", "true", "yes", "on"})
_UNSAID: Any = object()
# What a line calls those of which it says the ids.
_IDS = {"task_id": "task_id", "persona_id": "persona", "session_id": "session_id"}

_LINES, _SECONDS = 100, 5.0
# Of AGI_EVENT_ASYNC: lines that are written together, and seconds that the first of them waits at most. May be set.
_BUFFER_SIZE: int = int(number_from_environment("AGI_EVENT_BUFFER_SIZE", _LINES))
_FLUSH_INTERVAL: float = number_from_environment("AGI_EVENT_FLUSH_INTERVAL", _SECONDS)


@silent
def emit_event(
    event_type: str,
    payload: Mapping[str, Any] | None = None,
    task_id: str | None = None,
    persona_id: str | None = None,
    session_id: str | None = None,
) -> None:
    """Say that something happened; the keys of *payload* are at the top of the line."""
    ids = {"task_id": task_id, "persona_id": persona_id, "session_id": session_id}
    _say(event_type, {} if payload is None else payload, ids)


@silent
def emit_task_lifecycle(status: str = _UNSAID, /, task_id: str = _UNSAID, **details: Any) -> None:
    """Say that a task was `started`, `completed`, `failed`, ...: the event `task_<status>`."""
    # By its place or its name; said by its place, a `status` among the details is one of those.
    status = details.pop("status") if status is _UNSAID else status
    if task_id is _UNSAID:
        raise TypeError("task_id is missing")
    _say(f"task_{text_of(status)}", details, {"task_id": task_id})


@silent
def emit_alert(severity: str, message: str, **details: Any) -> None:
    """Say that something needs attention: the event `alert_triggered`."""
    _say("alert_triggered", details, {}, message=message, severity=severity)


@silent
def emit_system_event(event_type: str, message: str, **details: Any) -> None:
    """Say that something happened to the system: the event *event_type*, with *message*."""
    _say(event_type, details, {}, message=message)


@silent
def emit_monitoring_snapshot(metrics: Mapping[str, Any]) -> None:
    """Say how things are: the event `performance_metric`."""
    _say("performance_metric", metrics, {})


@silent
def append_ledger(record: Mapping[str, Any]) -> None:
    """Append *record* as it is, with a timestamp if it has none; an event if it has a name, else a plain log record."""
    given = plain(record)
    stamps = {key: value for key, value in join({}, {}, time.time_ns()).items() if key not in given}
    _append(encode({**given, **stamps}))
    name = given.pop("event", "")
    if not isinstance(name, str):
        given["event"], name = name, ""
    emit(name, attributes=given)


@silent
def flush() -> None:
    """Write what AGI_EVENT_ASYNC lets wait; done by itself when the program ends."""
    for writer in list(_writers.values()):
        writer.write()


def _say(
    name: str, payload: Mapping[str, Any], ids: Mapping[str, Any], *, message: Any = None, severity: Any = None
) -> None:
    name, given = text_of(name), plain(payload)
    known = _said(ids)
    own = {"event": name, **known, **_surroundings({*known, *given}), **_said(severity=severity, message=message)}
    # An id that the call says by its parameter: the payload's is the same thing said twice.
    rest = {key: value for key, value in given.items() if key not in known}
    _append(encode(join(own, rest, time.time_ns())))
    attributes = {**given, **{_IDS[key]: value for key, value in known.items()}}
    if severity is not None and parse_severity(severity) is None:
        attributes["severity"], severity = own["severity"], None
    emit(name, None if message is None else str(message), severity=severity, attributes=attributes)


def _said(ids: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {key: value for key, value in plain({**(ids or {}), **more}).items() if value is not None}


def _surroundings(known: set[str]) -> dict[str, Any]:
    """Return the ids that the scopes around the call say, and the call does not."""
    bound = bound_attributes()
    said = {key: bound.get(attribute) for key, attribute in _IDS.items() if not {key, attribute} & known}
    return {key: value for key, value in said.items() if value is not None}


# -- where lines go ------------------------------------------------------------------------------------------------------


def _append(line: bytes) -> None:
    path = os.environ.get("AGI_LEDGER_PATH") or _DEFAULT_PATH
    writer = _writers.get(path)
    if writer is None:
        # From now on where it is: a program that changes its directory goes on with the same file.
        writer = _writers.setdefault(path, LineWriter(os.path.abspath(path)))  # noqa: PTH100  # the path may not exist
    if os.environ.get("AGI_EVENT_ASYNC", "").strip().lower() in _YES:
        _buffer.put(writer, line)
    else:
        writer.append(line)


def _make_buffer() -> LineBuffer:
    return LineBuffer(lambda: usable(_BUFFER_SIZE, _LINES), lambda: usable(_FLUSH_INTERVAL, _SECONDS), flush)


def _begin_anew() -> None:
    """In a forked child: what waits is the parent's to write, and its thread is not here."""
    global _writers, _buffer
    for writer in _writers.values():
        writer.let_go()
    _writers, _buffer = {}, _make_buffer()


_writers: dict[str, LineWriter] = {}
_buffer = _make_buffer()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
atexit.register(flush)


if __name__ == "__main__":
    from otel_events.compat.ledger_self_test import run

    sys.exit(run(sys.modules[__name__], os.environ.get("AGI_LEDGER_PATH") or _DEFAULT_PATH))
