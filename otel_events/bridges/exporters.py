"""Exporters that hand what the SDK's own batch processors bring to our pipeline."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from otel_events import runtime
from otel_events.bridges.flushing import force_flush
from otel_events.bridges.latecomers import latecomers
from otel_events.bridges.records import capture_record
from otel_events.bridges.span_processor import capture_span
from otel_events.sdk_logs import LogRecordExporter, LogRecordExportResult
from otel_events.settings import resolve

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from opentelemetry.sdk.trace import ReadableSpan

    from otel_events.sdk_logs import ReadableLogRecord


class DurableLogRecordExporter(LogRecordExporter):
    """Export log records to where events go, guarded and kept as they are.

    What the batch processor in front drops is lost before it comes here; `DurableLogRecordProcessor` needs none.

    Args:
        **settings: of OTLP, for log records: `endpoint`, `protocol`, `headers`, `timeout`, `compression`, `certificate`,
            `client_certificate`, `client_key`, `insecure`. They hold for the whole pipeline, beneath what `configure` is
            given. None are needed where the environment says where events go.

    Raises:
        ConfigurationError: with everything that is wrong with *settings*.
    """

    leads_to_otel_events = True

    def __init__(self, **settings: Any) -> None:
        _declare("logs", settings)

    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        """Queue *batch*; a failure if the pipeline takes nothing any more. What finds no room is counted there."""
        with latecomers.taking():
            for record in batch:
                capture_record(record)
        return LogRecordExportResult.SUCCESS if runtime.capture.open else LogRecordExportResult.FAILURE

    def shutdown(self) -> None:
        """Deliver what came after the end at exit; else the pipeline has its own end, and others may use it still."""
        latecomers.see_off()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Return True only if all that was exported before is safe within *timeout_millis*."""
        return force_flush(timeout_millis)


class DurableSpanExporter(SpanExporter):
    """Export spans the way that `DurableSpanProcessor` sends them; see `DurableLogRecordExporter`.

    Args:
        **settings: of OTLP, for spans.

    Raises:
        ConfigurationError: with everything that is wrong with *settings*.
    """

    def __init__(self, **settings: Any) -> None:
        _declare("traces", settings)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Queue *spans*; a failure if the pipeline takes nothing any more. What finds no room is counted there."""
        with latecomers.taking():
            for span in spans:
                capture_span(span)
        return SpanExportResult.SUCCESS if runtime.capture.open else SpanExportResult.FAILURE

    def shutdown(self) -> None:
        """Do as `DurableLogRecordExporter` does."""
        latecomers.see_off()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Return True only if all that was exported before is safe within *timeout_millis*."""
        return force_flush(timeout_millis)


def _declare(signal: str, settings: Mapping[str, Any]) -> None:
    """Note *settings* of *signal* for the pipeline, which is set up later, or raise ConfigurationError."""
    if not settings:
        return
    declared = {signal: dict(settings)}
    resolve(declared, os.environ)
    runtime.declared.update(declared)
