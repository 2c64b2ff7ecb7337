"""Spans out of the Collector's JSON files, as records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_events.event import Severity
from otel_events.ledger.otlp_json import decode_logs
from otel_events.reading.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FAILED = (2, "2", "STATUS_CODE_ERROR")


def decode_spans(line: Mapping[str, Any]) -> Iterator[Record]:
    """Yield each span of an OTLP-JSON *line*; what is missing or of the wrong type counts as not set.

    A span has time, name, ids and attributes where a log record has them: so it is read as one, and the rest is added.
    """
    for resource_spans in _dicts(line.get("resourceSpans")):
        for scope_spans in _dicts(resource_spans.get("scopeSpans")):
            spans = _dicts(scope_spans.get("spans"))
            records = [_as_log_record(span) for span in spans]
            scope_logs = {"scope": scope_spans.get("scope"), "logRecords": records}
            as_logs = {"resourceLogs": [{"resource": resource_spans.get("resource"), "scopeLogs": [scope_logs]}]}
            for span, (event, resource) in zip(spans, decode_logs(as_logs), strict=True):
                end = _nanoseconds(span.get("endTimeUnixNano"))
                status = span.get("status")
                message = status.get("message") if isinstance(status, dict) else None
                facts = {
                    "message": message if isinstance(message, str) and message else None,
                    "trace_id": f"{event.trace_id:032x}" if event.trace_id else "",
                    "span_id": f"{event.span_id:016x}" if event.span_id else "",
                    "parent_span_id": _id(span.get("parentSpanId")),
                    "service": str(resource.get("service.name", "")),
                    "scope": {"name": event.scope.name, "version": event.scope.version} if event.scope.name else None,
                    "duration": max(0, end - event.timestamp) / 1e9 if end else None,
                }
                yield Record(event.name, event.timestamp, int(event.severity), event.attributes, facts, kind="span")


def raw_spans(line: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield each span of an OTLP-JSON *line* as it stands there, in the order of `decode_spans`."""
    for resource_spans in _dicts(line.get("resourceSpans")):
        for scope_spans in _dicts(resource_spans.get("scopeSpans")):
            yield from _dicts(scope_spans.get("spans"))


def _as_log_record(span: Mapping[str, Any]) -> dict[str, Any]:
    status = span.get("status")
    is_failed = isinstance(status, dict) and status.get("code") in _FAILED
    return {
        "eventName": span.get("name"),
        "timeUnixNano": span.get("startTimeUnixNano"),
        "severityNumber": int(Severity.ERROR if is_failed else Severity.INFO),
        "attributes": span.get("attributes"),
        "traceId": span.get("traceId"),
        "spanId": span.get("spanId"),
    }


def _nanoseconds(value: object) -> int:
    try:
        return int(value) if isinstance(value, str | int) else 0
    except ValueError:
        return 0


def _id(value: object) -> str:
    return value if isinstance(value, str) and value.strip("0") else ""


def _dicts(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
