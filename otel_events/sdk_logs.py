"""The door to the SDK's unstable log classes; apart from `otel_logs`, which programs without the SDK's logs import too."""

# ruff: noqa: TID251  # this is the door

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.sdk import _logs
from opentelemetry.sdk._logs import LoggerProvider, LogRecordProcessor, ReadableLogRecord, ReadWriteLogRecord
from opentelemetry.sdk._logs.export import LogRecordExporter, LogRecordExportResult

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource

__all__ = [
    "LogRecordExportResult",
    "LogRecordExporter",
    "LogRecordProcessor",
    "LoggerProvider",
    "ReadWriteLogRecord",
    "ReadableLogRecord",
    "make_provider",
]


def make_provider(resource: Resource, processor: LogRecordProcessor) -> LoggerProvider:
    """Return a provider with *processor* alone, which cuts nothing itself and needs no end of its own."""
    limits: dict[str, Any] = {}
    if "log_record_limits" in LoggerProvider.__init__.__code__.co_varnames:  # since 1.44
        # Ours hold later, for all records alike. And a variable with a wrong limit would be an error here.
        off = _logs.LogRecordLimits.UNSET
        limits = {"log_record_limits": _logs.LogRecordLimits(off, off, off, off)}
    provider = LoggerProvider(resource=resource, shutdown_on_exit=False, **limits)
    provider.add_log_record_processor(processor)
    return provider
