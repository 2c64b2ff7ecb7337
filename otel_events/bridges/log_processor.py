"""The log-record processor that puts records of OpenTelemetry's own Logs API on the same way as events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY, get_value

from otel_events.bridges.flushing import force_flush
from otel_events.bridges.records import capture_record
from otel_events.sdk_logs import LogRecordProcessor

if TYPE_CHECKING:
    from otel_events.sdk_logs import ReadWriteLogRecord


class DurableLogRecordProcessor(LogRecordProcessor):
    """Send log records as events are sent: through the queue, the pipeline thread, the guards and the sinks.

    Add it to a LoggerProvider of the program's own; `configure` adds it to the one it makes. What other processors change
    after it, it does not see: put it behind those. It never blocks, and has no queue of its own to overflow.
    """

    leads_to_otel_events = True

    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        """Queue *log_record*, unless instrumentation is suppressed here: then it is dropped and counted."""
        capture_record(log_record, is_suppressed=bool(get_value(_SUPPRESS_INSTRUMENTATION_KEY)))

    def shutdown(self) -> None:
        """Do nothing: the pipeline has its own end, and other providers may use it still."""

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Return True only if all records that were emitted before are safe within *timeout_millis*."""
        return force_flush(timeout_millis)
