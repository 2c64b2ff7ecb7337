"""Read the Collector's JSONL files: OTLP-JSON envelopes to flat rows."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Row = dict[str, Any]


def read_events(path: Path) -> list[Row]:
    """Return every log record in *path* and in the files it was rotated to, in the order of writing."""
    return [
        _event(record, scope, resource)
        for resource, scope, record in _records(path, "resourceLogs", "scopeLogs", "logRecords")
    ]


def read_spans(path: Path) -> list[Row]:
    """Return every span in *path* and in the files it was rotated to, in the order of writing."""
    return [
        _span(record, scope, resource)
        for resource, scope, record in _records(path, "resourceSpans", "scopeSpans", "spans")
    ]


def plain_value(value: dict[str, Any] | None) -> Any:
    """Return an OTLP-JSON AnyValue as a Python value; an empty one is None."""
    for kind, content in (value or {}).items():
        return _PLAIN[kind](content)
    return None


def plain_attributes(pairs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return OTLP-JSON key-value pairs as a mapping."""
    return {pair["key"]: plain_value(pair.get("value")) for pair in pairs}


_PLAIN: dict[str, Callable[[Any], Any]] = {
    "stringValue": str,
    "boolValue": bool,
    "intValue": int,  # 64 bits travel as a string
    "doubleValue": float,  # NaN and the infinities travel as strings
    "bytesValue": base64.b64decode,
    "arrayValue": lambda content: [plain_value(one) for one in content.get("values", [])],
    "kvlistValue": lambda content: plain_attributes(content.get("values", [])),
}


def _event(record: dict[str, Any], scope: dict[str, Any], resource: dict[str, Any]) -> Row:
    return {
        "name": record.get("eventName", ""),
        "time_unix_nano": int(record.get("timeUnixNano", 0)),
        "observed_time_unix_nano": int(record.get("observedTimeUnixNano", 0)),
        "severity": record.get("severityText", ""),
        "severity_number": record.get("severityNumber", 0),
        "body": plain_value(record.get("body")),
        "attributes": plain_attributes(record.get("attributes", [])),
        "trace_id": record.get("traceId", ""),
        "span_id": record.get("spanId", ""),
        "scope": scope.get("name", ""),
        "resource": resource,
    }


def _span(record: dict[str, Any], scope: dict[str, Any], resource: dict[str, Any]) -> Row:
    return {
        "name": record.get("name", ""),
        "trace_id": record.get("traceId", ""),
        "span_id": record.get("spanId", ""),
        "parent_span_id": record.get("parentSpanId", ""),
        "kind": record.get("kind", 0),
        "start_time_unix_nano": int(record.get("startTimeUnixNano", 0)),
        "end_time_unix_nano": int(record.get("endTimeUnixNano", 0)),
        "attributes": plain_attributes(record.get("attributes", [])),
        "events": [
            {
                "name": event.get("name", ""),
                "time_unix_nano": int(event.get("timeUnixNano", 0)),
                "attributes": plain_attributes(event.get("attributes", [])),
            }
            for event in record.get("events", [])
        ],
        "status": record.get("status", {}),
        "scope": scope.get("name", ""),
        "resource": resource,
    }


def _records(path: Path, outer: str, middle: str, inner: str) -> Iterator[tuple[Row, Row, Row]]:
    for envelope in _envelopes(path):
        for group in envelope.get(outer, []):
            resource = plain_attributes(group.get("resource", {}).get("attributes", []))
            for scoped in group.get(middle, []):
                for record in scoped.get(inner, []):
                    yield resource, scoped.get("scope", {}), record


def _envelopes(path: Path) -> Iterator[dict[str, Any]]:
    # Rotated files are called NAME-<time>.jsonl, so their names sort by age.
    for file in [*sorted(path.parent.glob(f"{path.stem}-*{path.suffix}")), path]:
        if not file.exists():  # the Collector makes it with the first record
            continue
        for line in file.read_bytes().splitlines(keepends=True):
            if line.endswith(b"\n"):  # else it is being written right now: the next reading has it
                yield json.loads(line)
