"""Exporters of OpenTelemetry's, installed as entry points, as sinks."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from otel_events.otel_logs import RecordMaker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan

    from otel_events.event import Event

_MAX_BATCH = 512  # as the SDK's own batch processors have it


class _ExporterSink:
    """What the sinks of both signals share. One that fails raises: see `ApartSink`, which belongs around it."""

    def __init__(self, name: str, exporter: Any) -> None:
        self.name = name
        self._exporter = exporter

    def flush(self, deadline: float) -> bool:
        """Return True only if the exporter says that nothing waits in it."""
        force_flush = getattr(self._exporter, "force_flush", None)
        return force_flush is None or bool(force_flush(max(1, int((deadline - time.monotonic()) * 1000))))

    def close(self, deadline: float) -> bool:
        """Flush, and shut the exporter down."""
        was_flushed = self.flush(deadline)
        self._exporter.shutdown()
        return was_flushed

    def _export(self, records: Sequence[Any]) -> None:
        for start in range(0, len(records), _MAX_BATCH):
            result = self._exporter.export(records[start : start + _MAX_BATCH])
            if getattr(result, "name", "SUCCESS") != "SUCCESS":
                raise RuntimeError(f"the exporter '{self.name}' answered {result}")


class LogExporterSink(_ExporterSink):
    """Events to an exporter of `opentelemetry_logs_exporter`."""

    def __init__(self, name: str, exporter: Any, resource: Resource) -> None:
        super().__init__(name, exporter)
        self._records = RecordMaker(resource)

    def write(self, events: Sequence[Event]) -> None:
        """Export *events*, or raise if the exporter fails on any of them."""
        self._export(self._records.make(events))


class SpanExporterSink(_ExporterSink):
    """Spans to an exporter of `opentelemetry_traces_exporter`."""

    def write_spans(self, spans: Sequence[ReadableSpan]) -> None:
        """Export *spans*, or raise if the exporter fails on any of them."""
        self._export(spans)
