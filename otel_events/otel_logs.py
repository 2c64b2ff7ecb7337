"""The only door to OpenTelemetry's unstable logs API."""

# ruff: noqa: TID251  # this is the door

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry._logs import Logger, LoggerProvider, LogRecord, SeverityNumber, get_logger_provider
from opentelemetry._logs._internal import ProxyLoggerProvider
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.context import Context
    from opentelemetry.sdk._logs import LogRecordProcessor, ReadableLogRecord, ReadWriteLogRecord
    from opentelemetry.sdk.resources import Resource

    from otel_events.event import Event


__all__ = ["Logger", "LoggerProvider", "RecordMaker", "program_provider", "record_of"]


def program_provider() -> LoggerProvider | None:
    """Return the LoggerProvider that the program has set, None if it has set none."""
    provider = get_logger_provider()
    return None if isinstance(provider, ProxyLoggerProvider) else provider


def record_of(event: Event) -> LogRecord:
    """Return *event* as a record of the API, with the Context of its call, so that every processor sees it right."""
    attributes: dict[str, Any] = {**event.attributes, **event.bound, "log.record.uid": event.uid}
    return LogRecord(
        timestamp=event.timestamp,
        observed_timestamp=event.observed_timestamp,
        context=_context_of(event),
        severity_number=SeverityNumber(int(event.severity)),
        severity_text=event.severity_text,
        body=event.body,
        attributes=attributes,
        event_name=event.name or None,
    )


def _context_of(event: Event) -> Context:
    # An empty Context would be taken for "none given", and the pipeline thread's own be used.
    if event.context and trace.get_current_span(event.context).get_span_context().span_id == event.span_id:
        return event.context
    span = NonRecordingSpan(
        SpanContext(event.trace_id, event.span_id, is_remote=False, trace_flags=TraceFlags(event.trace_flags))
    )
    return trace.set_span_in_context(span, event.context)


class RecordMaker:
    """Makes of events the records that exporters take. For one thread."""

    def __init__(self, resource: Resource) -> None:
        from opentelemetry.sdk._logs import LoggerProvider as SdkLoggerProvider

        self._made: list[ReadableLogRecord] = []
        self._provider = SdkLoggerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_log_record_processor(_keeping_processor(self._made, resource))

    def make(self, events: Sequence[Event]) -> list[ReadableLogRecord]:
        """Return *events* as records with our resource and their scopes."""
        self._made.clear()
        for event in events:
            scope = event.scope
            logger = self._provider.get_logger(
                scope.name, scope.version or None, scope.schema_url or None, dict(scope.attributes) or None
            )
            logger.emit(record_of(event))
        return list(self._made)


def _keeping_processor(kept: list[ReadableLogRecord], resource: Resource) -> LogRecordProcessor:
    from opentelemetry.sdk._logs import LogRecordProcessor, ReadableLogRecord

    class Keep(LogRecordProcessor):
        def on_emit(self, log_record: ReadWriteLogRecord) -> None:
            kept.append(
                ReadableLogRecord(
                    log_record=log_record.log_record,
                    resource=resource,
                    instrumentation_scope=log_record.instrumentation_scope,
                    limits=log_record.limits,
                )
            )

        def shutdown(self) -> None:
            """Nothing is open."""

        def force_flush(self, timeout_millis: int = 30_000) -> bool:  # noqa: ARG002  # nothing waits
            return True

    return Keep()
