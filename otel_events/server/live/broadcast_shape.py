"""Events in the shape of the older broadcaster: `{"type", "ts", "cycle", "day", "data"}`, and a `uid` beside."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import orjson

from otel_events import catalog
from otel_events.event import CORRELATION
from otel_events.ledger.instants import format_instant

if TYPE_CHECKING:
    from otel_events.reading.record import Record
    from otel_events.server.store.stored import StoredEvent

_MILLISECONDS = len("2026-02-14T19:01:23.456")
WITHOUT_UID = "seq-"  # and the event's number
_BESIDE_DATA = ("cycle", "day")
# These have the day in their data as well, as the broadcaster's programs wrote them.
_DAY_IN_DATA = frozenset({"cycle.start"})


def uid_of(event: StoredEvent) -> str:
    """Return what tells *event* from every other one: its own uid, or its number if it came without."""
    return event.record.text("uid") or f"{WITHOUT_UID}{event.seq}"


def as_broadcast(event: StoredEvent) -> dict[str, Any]:
    """Return *event* as consumers of the broadcaster know it.

    Its type is the name as the program wrote it. What an event says beyond the broadcaster's words (task, persona,
    a message of its own) stands in its data.
    """
    record = event.record
    return {
        "type": record.text("given_name") or record.name,
        "ts": format_instant(record.timestamp)[:_MILLISECONDS] + "Z",
        "cycle": _whole(record.get("cycle")),
        "day": _whole(record.get("day")),
        "data": _data(record),
        "uid": uid_of(event),
    }


def dump(broadcast: Any) -> bytes:
    """Return it as JSON; text is not escaped, and what JSON has no form for is text."""
    return orjson.dumps(broadcast, default=_as_text, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS)


def _data(record: Record) -> dict[str, Any]:
    data = dict(record.attributes)
    for key in CORRELATION:
        is_beside = key in _BESIDE_DATA and not (key == "day" and record.name in _DAY_IN_DATA)
        value = record.get(key)
        if value is not None and not is_beside:
            data.setdefault(key, value)
    message = record.get("message")
    if isinstance(message, str) and message and message != _usual_message(record.name):
        data.setdefault("message", message)
    return data


def _usual_message(name: str) -> str:
    definition = catalog.current().find(name)
    return definition.message if definition is not None else ""


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _as_text(value: object) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)
