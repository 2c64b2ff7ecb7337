"""What events of one type carry: their numbers over time, and their keys."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from otel_events import catalog
from otel_events.filter_language import Clause, FilterSettings
from otel_events.server.api import parameters, schemas
from otel_events.server.api.instants import instant
from otel_events.server.api.operation import Operation
from otel_events.server.api.parameters import KEYS, SINCE, TEXT, UNTIL, Parameter

if TYPE_CHECKING:
    from otel_events.reading.record import Record
    from otel_events.server.server import Server

_SAMPLE = 500
_KINDS = ((bool, "boolean"), (int, "int"), (float, "double"), (str, "string"), (list, "list"), (dict, "map"))


def list_points(
    server: Server, *, event: str, attributes: tuple[str, ...], since: int | None, until: int | None, limit: int
) -> dict[str, Any]:
    """Return the latest values of numeric attributes, in the order of their numbers."""
    events = server.store.select(of_name(event), since=since, until=until, limit=limit, newest_first=True)
    points = []
    for stored in reversed(events):
        values = {key: value for key in attributes if (value := _number(stored.record, key)) is not None}
        if values:
            record = stored.record
            session = record.get("session_id")
            points.append(
                {
                    "seq": stored.seq,
                    "time": instant(record.timestamp),
                    "session_id": None if session is None else str(session),
                    "values": values,
                }
            )
    return {"points": points}


def list_attributes(server: Server, *, event: str) -> dict[str, Any]:
    """Return the keys that the latest events of a type have, the most frequent first; then those only the catalogue knows."""
    found: Counter[str] = Counter()
    kinds: dict[str, str] = {}
    for stored in server.store.select(of_name(event), limit=_SAMPLE, newest_first=True):
        for key, value in stored.record.all_attributes.items():
            found[key] += 1
            if value is not None:
                kinds.setdefault(key, _kind(value))
    definition = catalog.current().find(event)
    for key, attribute in definition.attributes.items() if definition is not None else ():
        found.setdefault(key, 0)
        kinds.setdefault(key, attribute.type)
    return {
        "attributes": [
            {"key": key, "kind": kinds.get(key, "null"), "count": count} for key, count in found.most_common()
        ]
    }


def of_name(name: str) -> FilterSettings:
    """Return the filter of the events whose names fit *name*."""
    return FilterSettings((Clause(name),))


def _number(record: Record, key: str) -> float | int | None:
    value = record.get(key)
    if key == "duration":
        value = record.duration
    return value if type(value) in {int, float} and math.isfinite(value) else None


def _kind(value: object) -> str:
    return next((name for kind, name in _KINDS if isinstance(value, kind)), "string")


_EVENT = Parameter("event", TEXT, "The name of the type, or a pattern of names.", is_required=True)

OPERATIONS = (
    Operation(
        "/api/series",
        list_points,
        "The numbers that events of a type carry, over time: of the latest events, oldest first.",
        schemas.shape(
            points=schemas.listing(
                schemas.shape(
                    seq=schemas.COUNT,
                    time=schemas.INSTANT,
                    session_id=schemas.maybe(schemas.TEXT),
                    values={"type": "object", "additionalProperties": schemas.NUMBER},
                )
            )
        ),
        (
            _EVENT,
            Parameter(
                "attributes", KEYS, "Which attributes, with commas between; `duration` in seconds.", is_required=True
            ),
            SINCE,
            UNTIL,
            parameters.limit(500, 5_000),
        ),
    ),
    Operation(
        "/api/attributes",
        list_attributes,
        f"Which attributes events of a type have: how many of the latest {_SAMPLE} have each, and what it is.",
        schemas.shape(
            attributes=schemas.listing(schemas.shape(key=schemas.TEXT, kind=schemas.TEXT, count=schemas.COUNT))
        ),
        (_EVENT,),
    ),
)
