"""Events in the shape of the older broadcaster, both ways: `{"type", "ts", "cycle", "day", "data"}`, and a `uid` beside.

The drop-in says beside that whose the event is, and in which span: `service`, `trace_id`, `span_id`.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from otel_events import catalog
from otel_events.event import CORRELATION, Event, InstrumentationScope, Severity
from otel_events.ledger.instants import parse_others_instant
from otel_events.values import freeze

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from otel_events.event import Attributes

# Of events that the broadcaster's consumers have already: its programs, the drop-in among them, publish them themselves.
BROADCASTER_SCOPE = InstrumentationScope("otel_events.compat.broadcaster")

_MILLISECONDS = len("2026-02-14T19:01:23.456")
_BESIDE_DATA = ("cycle", "day")
# These have the day in their data as well, as the broadcaster's programs wrote them.
_DAY_IN_DATA = frozenset({"cycle.start"})


def as_broadcast_line(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return *line* as consumers of the broadcaster know it."""
    return as_broadcast(line["event"], line["time"], line["attributes"], line.get)


def as_broadcast(
    name: str, moment: str, attributes: Mapping[str, Any], get: Callable[[str], Any | None]
) -> dict[str, Any]:
    """Return an event as consumers of the broadcaster know it: its type is the name as the program wrote it.

    What it says beyond the broadcaster's words (task, persona, a message of its own) stands in its data.

    Args:
        name: of the event, canonical.
        moment: when it happened, as in the ledger.
        attributes: its own.
        get: returns what its line has at the top under a key, None if there is nothing.
    """
    return {
        "type": get("given_name") or name,
        "ts": moment[:_MILLISECONDS] + "Z",
        "cycle": _whole(get("cycle")),
        "day": _whole(get("day")),
        "data": _data(name, attributes, get),
        "uid": get("uid") or "",
    }


def _data(name: str, attributes: Mapping[str, Any], get: Callable[[str], Any | None]) -> dict[str, Any]:
    data = dict(attributes)
    for key in CORRELATION:
        is_beside = key in _BESIDE_DATA and not (key == "day" and name in _DAY_IN_DATA)
        value = get(key)
        if value is not None and not is_beside:
            data.setdefault(key, value)
    definition, message = catalog.current().find(name), get("message")
    if isinstance(message, str) and message and (definition is None or message != definition.message):
        data.setdefault("message", message)
    return data


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def decode_broadcast(said: Mapping[str, Any], uid: str) -> Event:
    """Return the event that *said* is, its name and severity by the catalogue; *uid* unless it says its own."""
    given, now = said["type"], time.time_ns()
    name = catalog.current().canonical(given)
    definition = catalog.current().find(name)
    attributes = _attributes(said)
    message = attributes.get("message")
    severity = (definition.severity if definition else None) or Severity.INFO
    moment = parse_others_instant(said.get("ts"))
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
