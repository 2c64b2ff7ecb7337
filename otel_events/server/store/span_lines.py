"""Spans as lines of OTLP's JSON, which is what the Collector's files hold and our readers read."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

import orjson

from otel_events.ledger.tags import clean_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from otel_events.event import Value
    from otel_events.otlp.decode import ResourceSpans

_PER_LINE = 100


def span_lines(groups: Iterable[ResourceSpans], is_new: Callable[[str, str], bool]) -> Iterator[bytes]:
    """Yield the lines of *groups*, each with its newline, less the spans that are stored already.

    Args:
        groups: as they came in.
        is_new: tells of a trace's and a span's id whether that span is to be stored.
    """
    seen: set[tuple[str, str]] = set()
    for group in groups:
        fresh: list[dict[str, Any]] = []
        for span in group.spans:
            ids = (span["trace_id"], span["span_id"])
            if ids not in seen and is_new(*ids):
                seen.add(ids)
                fresh.append(span)
        resource = {"attributes": _pairs(group.resource)}
        for start in range(0, len(fresh), _PER_LINE):
            yield _line(resource, group.schema_url, fresh[start : start + _PER_LINE])


def _line(resource: dict[str, Any], schema_url: str, spans: list[dict[str, Any]]) -> bytes:
    scopes: dict[Any, list[dict[str, Any]]] = {}
    for span in spans:
        scope = span["scope"]
        scopes.setdefault((scope.name, scope.version, scope.schema_url), []).append(_span(span))
    said = {
        "resourceSpans": [
            {
                "resource": resource,
                "scopeSpans": [
                    {"scope": {"name": name, "version": version}, "spans": inside, "schemaUrl": url}
                    for (name, version, url), inside in scopes.items()
                ],
                "schemaUrl": schema_url,
            }
        ]
    }
    try:
        return orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # a lone surrogate
        return orjson.dumps(clean_text(said), option=orjson.OPT_APPEND_NEWLINE)


def _span(span: Mapping[str, Any]) -> dict[str, Any]:
    said = {
        "traceId": span["trace_id"],
        "spanId": span["span_id"],
        "traceState": span["trace_state"],
        "parentSpanId": span["parent_span_id"],
        "flags": span["flags"],
        "name": span["name"],
        "kind": span["kind"],
        "startTimeUnixNano": str(span["start_time_unix_nano"]),
        "endTimeUnixNano": str(span["end_time_unix_nano"]),
        "attributes": _pairs(span["attributes"]),
        "droppedAttributesCount": span["dropped_attributes_count"],
        "events": [_span_event(event) for event in span["events"]],
        "droppedEventsCount": span["dropped_events_count"],
        "links": [_link(link) for link in span["links"]],
        "droppedLinksCount": span["dropped_links_count"],
        "status": span["status"],
    }
    return {key: value for key, value in said.items() if value not in ("", 0, [])}


def _span_event(event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "timeUnixNano": str(event["time_unix_nano"]),
        "name": event["name"],
        "attributes": _pairs(event["attributes"]),
    }


def _link(link: Mapping[str, Any]) -> dict[str, Any]:
    return {"traceId": link["trace_id"], "spanId": link["span_id"], "attributes": _pairs(link["attributes"])}


def _pairs(attributes: Mapping[str, Value]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _any(value)} for key, value in attributes.items()]


def _any(value: Value) -> dict[str, Any]:
    if isinstance(value, str):
        return {"stringValue": value}
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {
            "doubleValue": value if value - value == 0 else str(value).replace("inf", "Infinity").replace("nan", "NaN")
        }
    if isinstance(value, bytes):
        return {"bytesValue": b64encode(value).decode()}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_any(item) for item in value]}}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": _pairs(value)}}
    return {}
