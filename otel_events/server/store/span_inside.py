"""What happened inside a span and what it is linked with, out of OTLP's JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_events.ledger.instants import format_instant
from otel_events.ledger.otlp_json import decode_logs
from otel_events.ledger.tags import tag_attributes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from otel_events.event import Event

_MOST = 100  # of either kind; a span with more has its whole in the ledger


def inside(span: Mapping[str, Any]) -> dict[str, Any]:
    """Return the first events and links of a *span*, as the API gives them.

    Both have what a log record has, time, name, ids and attributes: so they are read as such.
    """
    happened = [
        {"name": event.name, "time": format_instant(event.timestamp), "attributes": tag_attributes(event.attributes)}
        for event in _read(span.get("events"), eventName="name", timeUnixNano="timeUnixNano")
    ]
    links = [
        {
            "trace_id": f"{link.trace_id:032x}",
            "span_id": f"{link.span_id:016x}",
            "attributes": tag_attributes(link.attributes),
        }
        for link in _read(span.get("links"), traceId="traceId", spanId="spanId")
    ]
    return {"events": happened, "links": links}


def _read(entries: object, **keys: str) -> Iterator[Event]:
    found = [entry for entry in entries[:_MOST] if isinstance(entry, dict)] if isinstance(entries, list) else []
    records = [
        {**{key: entry.get(source) for key, source in keys.items()}, "attributes": entry.get("attributes")}
        for entry in found
    ]
    for event, _ in decode_logs({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}):
        yield event
