"""Events in the shape of the older broadcaster, both ways: `{"type", "ts", "cycle", "day", "data"}`, and a `uid` beside.

The drop-in says beside that whose the event is, and in which span: `service`, `trace_id`, `span_id`.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from otel_events import catalog
from otel_events.event import CORRELATION, Event, InstrumentationScope, Severity
from otel_events.ledger.instants import parse_instant
from otel_events.values import freeze

if TYPE_CHECKING:
    from collections.abc import Mapping

    from otel_events.event import Attributes

# Of events that the broadcaster's consumers have already: its programs, the drop-in among them, publish them themselves.
BROADCASTER_SCOPE = InstrumentationScope("otel_events.compat.broadcaster")

_MILLISECONDS = len("2026-02-14T19:01:23.456")
# These have the day in their data as well, as the broadcaster's programs wrote them.
_DAY_IN_DATA = frozenset({"cycle.start"})


def as_broadcast_line(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return *line* as consumers of the broadcaster know it: the name as the program wrote it, all else in `data`."""
    name = line["event"]
    data = dict(line["attributes"])
    for key in CORRELATION:
        is_beside = key == "cycle" or (key == "day" and name not in _DAY_IN_DATA)
        if key in line and not is_beside:
            data.setdefault(key, line[key])
    definition, message = catalog.current().find(name), line.get("message")
    if isinstance(message, str) and message and (definition is None or message != definition.message):
        data.setdefault("message", message)
    return {
        "type": line.get("given_name") or name,
        "ts": line["time"][:_MILLISECONDS] + "Z",
        "cycle": line.get("cycle", 0),
        "day": line.get("day", 0),
        "data": data,
        "uid": line.get("uid", ""),
    }


def decode_broadcast(said: Mapping[str, Any], uid: str) -> Event:
    """Return the event that *said* is, its name and severity by the catalogue; *uid* unless it says its own."""
    given, now = said["type"], time.time_ns()
    name = catalog.current().canonical(given)
    definition = catalog.current().find(name)
    attributes = _attributes(said)
    message = attributes.get("message")
    severity = (definition.severity if definition else None) or Severity.INFO
    moment = parse_instant(said.get("ts"))
    trace_id = _read_id(said.get("trace_id"), 32)
    return Event(
        name=name,
        timestamp=now if moment is None else moment,
        observed_timestamp=now,
        severity=severity,
        severity_text=severity.name,
        body=message if isinstance(message, str) else definition.message if definition and definition.message else None,
        attributes=attributes,
        trace_id=trace_id,
        span_id=_read_id(said.get("span_id"), 16) if trace_id else 0,
        trace_flags=1 if trace_id else 0,
        scope=BROADCASTER_SCOPE,
        uid=said["uid"] if isinstance(said.get("uid"), str) and said["uid"] else uid,
        given_name=given if given != name else "",
    )


def service_of(said: Mapping[str, Any], default: str) -> str:
    """Return whose event *said* is; *default* if it does not say."""
    service = said.get("service")
    return service if isinstance(service, str) and service else default


def _read_id(text: object, length: int) -> int:
    """Return the id that *text* is in hexadecimal, 0 if it is none."""
    is_id = isinstance(text, str) and len(text) == length and text.isalnum() and text.isascii()
    try:
        return int(text, 16) if is_id else 0  # type: ignore[call-overload]
    except ValueError:
        return 0


def _attributes(said: Mapping[str, Any]) -> Attributes:
    data = said.get("data")
    given = data if isinstance(data, dict) else {} if data is None else {"data": data}
    attributes = {key: freeze(value) for key, value in given.items()}
    for key in ("cycle", "day"):
        value = said.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            attributes.setdefault(key, value)
    return attributes
