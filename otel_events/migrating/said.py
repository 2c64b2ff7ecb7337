"""What a line of an old system, or of ours, says: the event's canonical name, its time, and its fields by the same names."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from otel_events import catalog
from otel_events.event import parse_severity
from otel_events.ledger.broadcast import decode_broadcast
from otel_events.ledger.instants import parse_instant
from otel_events.ledger.read import LedgerReader, load_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from otel_events.event import Event
    from otel_events.ledger.read import ReadReport

# What tells one run from the other, or says a thing twice.
_OF_THE_RUN = frozenset({"session.id", "span_id", "trace_id", "uid"})
_NAMES = {"persona_id": "persona"}
# Of an envelope: what was made for its transport alone.
_OF_THE_ENVELOPE = frozenset({"evidence_refs", "origin", "signal_type", "stimulus_id", "timestamp_ms"})
_EXCEPTION = {"exception.stacktrace": "stack_trace", "exception.type": "error_type"}
_EXACT = 1 << 53
_OURS, _FLAT = b'{"time":', b'{"event":'


class Said(NamedTuple):
    """One event as a line says it.

    Attributes:
        name: canonical.
        time: nanoseconds since the Unix epoch; 0 if the line does not say.
        fields: what it says of it; `severity` and `message` only where they are said.
    """

    name: str
    time: int
    fields: dict[str, Any]


class LineReader:
    """Reads lines of any of the systems; never raises over one.

    Args:
        report: counts what was read and passed over.
    """

    def __init__(self, report: ReadReport) -> None:
        self._report = report
        self._reader = LedgerReader(report)

    def read(self, line: bytes, *, is_whole: bool = True) -> list[Said]:
        """Return what *line* says: several events if it is OTLP, none if it holds none."""
        parsed = None if _is_plain(line) else _load(line)
        if isinstance(parsed, dict) and not isinstance(parsed.get("event"), str) and "resourceLogs" not in parsed:
            said = _of_other_system(parsed)
            if said is not None:
                self._report.events += 1
                return [said]
        found = self._reader.parse_line(line, is_whole=is_whole)
        is_flat = isinstance(parsed, dict) and "severity" in parsed
        return [
            _of_event(recorded.event, says_severity=recorded.source_kind != "flat" or is_flat)
            for recorded in found
            if not recorded.event.name.startswith("otel_events.writer.")
        ]


def _is_plain(line: bytes) -> bool:
    """Tell by its first bytes whether *line* is a ledger's, or a flat one that says no severity: there are many of them."""
    return line.startswith(_OURS) or (line.startswith(_FLAT) and b'"severity"' not in line)


def _load(line: bytes) -> Any:
    try:
        return load_json(line)
    except ValueError:  # the reader tells what it is
        return None


def canonical(value: Any) -> Any:
    """Return *value* such that what means the same is the same: whole floats are integers."""
    if isinstance(value, float):
        if not math.isfinite(value):
            return str(value)
        return int(value) if value.is_integer() and abs(value) < _EXACT else value
    if isinstance(value, dict):
        return {str(key): canonical(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [canonical(item) for item in value]
    if isinstance(value, bytes):
        return value.hex()
    return value


def dump(value: Any) -> bytes:
    """Return *value*, a canonical one, as bytes that are the same if it is."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str)


def _of_other_system(parsed: Mapping[str, Any]) -> Said | None:
    metadata, kind = parsed.get("metadata"), parsed.get("type")
    if kind == "membrane.inject" and isinstance(metadata, dict):
        return _of_envelope(parsed, metadata)
    if isinstance(parsed.get("event_type"), str) and isinstance(metadata, dict):
        return _of_log_entry(parsed, metadata)
    topic = _topic_of(parsed)
    if topic:
        fields = {key: value for key, value in parsed.items() if key not in {"timestamp", "subject", "topic"}}
        return _make(topic, parse_instant(parsed.get("timestamp")), fields)
    if isinstance(kind, str) and kind and ("data" in parsed or "ts" in parsed):
        # It counts cycles from 0 where nobody has said one; then there is nothing to compare.
        known = {key: value for key, value in parsed.items() if key not in {"cycle", "day"} or value}
        event = decode_broadcast(known, "")
        fields = dict(event.attributes)
        return _make(event.name, parse_instant(parsed.get("ts")), fields)
    return None


def _topic_of(parsed: Mapping[str, Any]) -> str:
    """Return the topic of a payload of the activity publisher, by what it says or by its fields; empty if it is none."""
    for key in ("topic", "subject"):
        topic = parsed.get(key)
        if isinstance(topic, str) and catalog.current().find(topic) is not None:
            return topic
    if "file_path" not in parsed:
        return ""
    if "prompt" in parsed and "model" in parsed:
        return "egos.llm.logs"
    if "subsystem" in parsed and "pattern" in parsed:
        return "egos.propagation.log"
    return "egos.sparc.tasks" if {"id", "type", "status"} <= parsed.keys() else ""


def _of_envelope(parsed: Mapping[str, Any], metadata: Mapping[str, Any]) -> Said:
    fields = {key: value for key, value in metadata.items() if key not in _OF_THE_ENVELOPE and value not in ("", None)}
    fields["citizen_id"], fields["severity"] = parsed.get("citizen_id"), parsed.get("severity")
    content = parsed.get("content")
    if isinstance(content, str):
        fields["message"] = content.removeprefix(f"{metadata.get('script_name')}: ")
    moment = metadata.get("timestamp_ms")
    return _make("script_error", int(moment * 1_000_000) if isinstance(moment, int | float) else None, fields)


def _of_log_entry(parsed: Mapping[str, Any], metadata: Mapping[str, Any]) -> Said | None:
    if set(metadata) == {"count"}:
        return None  # of many events, each of which is on record
    beside = {key: parsed[key] for key in ("env_id", "episode") if parsed.get(key)}
    return _make(parsed["event_type"], None, {**metadata, **beside})


def _of_event(event: Event, *, says_severity: bool) -> Said:
    fields = {_NAMES.get(key, key): value for key, value in event.attributes.items()}
    definition = catalog.current().find(event.name)
    if event.body is not None and not (definition is not None and event.body == definition.message):
        fields["message"] = event.body
    if says_severity and "severity" not in fields:
        fields["severity"] = event.severity_text or int(event.severity)
    if event.name in {"script.error", "script_error"}:
        for key, name in _EXCEPTION.items():
            if key in fields:
                fields.setdefault(name, fields.pop(key))
                fields.pop(key, None)
    return _make(event.name, event.timestamp, fields)


def _make(name: str, time: int | None, fields: Mapping[str, Any]) -> Said:
    said = {key: canonical(value) for key, value in fields.items() if key not in _OF_THE_RUN and value is not None}
    severity = parse_severity(said.get("severity"))
    if severity is not None:
        said["severity"] = severity.name
    return Said(catalog.current().canonical(name), time or 0, said)
