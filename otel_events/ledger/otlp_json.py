"""Log records in the Collector's JSON files, as events.

Tolerant by design: what is missing or of the wrong type counts as not set, as protobuf would have it.
"""

from __future__ import annotations

import binascii
import math
from base64 import b64decode
from typing import TYPE_CHECKING, Any

from otel_events.event import UID_ATTRIBUTE, Event, InstrumentationScope, Resource, parse_severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from otel_events.event import Value


def decode_logs(line: Mapping[str, Any]) -> Iterator[tuple[Event, dict[str, Value]]]:
    """Yield each log record of an OTLP-JSON *line* with its resource's attributes; one mapping per resource.

    An event's own `resource` is set where its schema is known, which the attributes alone do not tell.
    """
    for resource_logs in _dicts(line.get("resourceLogs")):
        resource = _read_attributes(_dict(resource_logs.get("resource")).get("attributes"))
        schema_url = _text(resource_logs.get("schemaUrl"))
        origin = Resource(resource, schema_url) if schema_url else None
        for scope_logs in _dicts(resource_logs.get("scopeLogs")):
            scope = _read_scope(scope_logs)
            for record in _dicts(scope_logs.get("logRecords")):
                event = _read_record(record, scope)
                event.resource = origin
                yield event, resource


def _read_record(record: Mapping[str, Any], scope: InstrumentationScope) -> Event:
    attributes = _read_attributes(record.get("attributes"))
    uid = attributes.get(UID_ATTRIBUTE)
    if isinstance(uid, str):
        del attributes[UID_ATTRIBUTE]
    # OTel's own name for the session goes out beside ours; one of them is enough to make both again.
    if "session_id" in attributes and attributes.get("session.id") == attributes["session_id"]:
        del attributes["session.id"]
    timestamp = _integer(record.get("timeUnixNano"))
    return Event(
        name=_text(record.get("eventName")),
        timestamp=timestamp,
        observed_timestamp=_integer(record.get("observedTimeUnixNano")) or timestamp,
        severity=_read_severity(record.get("severityNumber")),
        severity_text=_text(record.get("severityText")),
        body=_read_value(record["body"]) if "body" in record else None,
        attributes=attributes,
        trace_id=_read_id(record.get("traceId"), 128),
        span_id=_read_id(record.get("spanId"), 64),
        trace_flags=_integer(record.get("flags")) & 0xFF,
        scope=scope,
        uid=uid if isinstance(uid, str) else "",
        dropped_attributes=_integer(record.get("droppedAttributesCount")),
    )


def _read_scope(scope_logs: Mapping[str, Any]) -> InstrumentationScope:
    scope = _dict(scope_logs.get("scope"))
    return InstrumentationScope(
        name=_text(scope.get("name")),
        version=_text(scope.get("version")),
        schema_url=_text(scope_logs.get("schemaUrl")),
        attributes=tuple(_read_attributes(scope.get("attributes")).items()),
    )


def _read_attributes(pairs: object) -> dict[str, Value]:
    return {pair["key"]: _read_value(pair.get("value")) for pair in _dicts(pairs) if isinstance(pair.get("key"), str)}


def _read_value(value: object) -> Value:
    """Return the value of an OTLP AnyValue in JSON."""
    for kind, carried in _dict(value).items():
        read = _KINDS.get(kind)
        if read is not None:
            return read(carried)
    return None


def _read_severity(value: object) -> int:
    if isinstance(value, str) and not value.isdigit():
        return parse_severity(value.removeprefix("SEVERITY_NUMBER_")) or 0
    return _integer(value)


def _read_id(value: object, bits: int) -> int:
    try:
        number = int(_text(value) or "0", 16)
    except ValueError:
        return 0
    return number if 0 <= number < 1 << bits else 0


def _integer(value: object) -> int:
    # The JSON of protobuf writes 64-bit integers as strings; other writers use numbers, even 1e3.
    try:
        return int(value) if isinstance(value, str | int | float) else 0
    except (ValueError, OverflowError):
        return 0


def _double(value: object) -> float:
    try:
        return float(value) if isinstance(value, str | int | float) else math.nan  # float reads "Infinity" and "NaN"
    except (ValueError, OverflowError):
        return math.nan


def _bytes(value: object) -> bytes:
    text = _text(value).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""


def _read_array(value: object) -> Value:
    return [_read_value(item) for item in _list(_dict(value).get("values"))]


def _read_map(value: object) -> Value:
    return _read_attributes(_dict(value).get("values"))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _dicts(value: object) -> list[dict[str, Any]]:
    return [item for item in _list(value) if isinstance(item, dict)]


_KINDS: dict[str, Callable[[object], Value]] = {
    "stringValue": _text,
    "boolValue": lambda carried: carried is True,
    "intValue": _integer,
    "doubleValue": _double,
    "bytesValue": _bytes,
    "arrayValue": _read_array,
    "kvlistValue": _read_map,
}
