"""Spans: lines of OTLP's JSON into rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from otel_events.ledger.line import dump_line
from otel_events.ledger.tags import tag_attributes
from otel_events.reading.spans import decode_spans, raw_spans
from otel_events.server.store.span_inside import inside

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from otel_events.reading.record import Record

_ERROR = 17
_LAST = 2**63 - 1


class SpanIndex:
    """Writes the spans of lines to their table, each once."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.malformed = 0

    def has(self, trace_id: str, span_id: str) -> bool:
        """Return whether that span is stored."""
        row = self._connection.execute(
            "SELECT 1 FROM spans WHERE trace_id = ? AND span_id = ?", (trace_id, span_id)
        ).fetchone()
        return row is not None

    def add(self, file: int, lines: Sequence[bytes]) -> None:
        """Take in what stands on *lines*; what is no line of spans is counted and passed over."""
        rows: list[tuple[Any, ...]] = []
        for line in lines:
            try:
                said = orjson.loads(line)
                pairs = zip(decode_spans(said), raw_spans(said), strict=True)
                rows.extend(_row(record, inside(span), file) for record, span in pairs)
            except (ValueError, TypeError, AttributeError):  # noqa: PERF203  # torn by a kill, or made up
                self.malformed += 1
        self._connection.executemany(
            "INSERT OR IGNORE INTO spans (trace_id, span_id, parent_span_id, name, started, ended, status, service, task_id,"
            " session_id, file, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )


def _row(record: Record, within: dict[str, Any], file: int) -> tuple[Any, ...]:
    started = max(0, min(record.timestamp, _LAST))
    duration = record.facts.get("duration")
    ended = min(started + round(duration * 1e9), _LAST) if duration is not None else started
    body = {
        "message": record.facts.get("message"),
        "scope": record.facts.get("scope"),
        "attributes": tag_attributes(record.attributes),
        **within,
    }
    return (
        record.text("trace_id"),
        record.text("span_id"),
        record.text("parent_span_id"),
        record.name,
        started,
        ended,
        int(record.severity >= _ERROR),
        record.text("service"),
        record.text("task_id") or None,
        record.text("session_id") or None,
        file,
        dump_line(body).decode().rstrip(),
    )
