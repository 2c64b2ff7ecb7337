"""The only door to OpenTelemetry's unstable logs API."""

# ruff: noqa: TID251  # this is the door

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry._logs import (
    Logger,
    LoggerProvider,
    LogRecord,
    SeverityNumber,
    get_logger_provider,
    set_logger_provider,
)
from opentelemetry._logs._internal import ProxyLoggerProvider
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

from otel_events.event import with_session_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.context import Context
    from opentelemetry.sdk._logs import LogRecordProcessor, ReadableLogRecord, ReadWriteLogRecord
    from opentelemetry.sdk.resources import Resource

    from otel_events.event import Event
    from otel_events.event import Resource as EventResource


__all__ = [
    "OURS",
    "Logger",
    "LoggerProvider",
    "RecordMaker",
    "global_provider",
    "program_provider",
    "record_of",
    "set_logger_provider",
    "shared_provider",
]

# What our own processors and exporters are known by, without importing them.
OURS = "leads_to_otel_events"


def global_provider() -> LoggerProvider | None:
    """Return the global LoggerProvider, None if nobody has set one."""
    provider = get_logger_provider()
    return None if isinstance(provider, ProxyLoggerProvider) else provider


def program_provider() -> LoggerProvider | None:
    """Return the LoggerProvider that the program has set as a destination, None if it has set none.

    One that hands its records to us is none: what we sent there would come back.
    """
    provider = global_provider()
    return None if provider is None or any(_which_lead_to_us(provider)) else provider


def shared_provider() -> LoggerProvider | None:
    """Return the global LoggerProvider, None if there is none, or nobody but us would hear what it is told."""
    provider = global_provider()
    leads = [] if provider is None else _which_lead_to_us(provider)
    return None if leads and all(leads) else provider


def _which_lead_to_us(provider: LoggerProvider) -> list[bool]:
    # There is no public way to ask a provider for its processors, nor these for their exporters; a test tells when the
    # SDK changes inside.
    multi = getattr(provider, "_multi_log_record_processor", None)
    leads = []
    for processor in getattr(multi, "_log_record_processors", ()):
        exporter = getattr(getattr(processor, "_batch_processor", processor), "_exporter", None)
        leads.append(getattr(processor, OURS, False) is True or getattr(exporter, OURS, False) is True)
    return leads


def record_of(event: Event) -> LogRecord:
    """Return *event* as a record of the API, with the Context of its call, so that every processor sees it right."""
    attributes: dict[str, Any] = {**with_session_id(event.all_attributes()), "log.record.uid": event.uid}
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
        """Return *events* as records with their scopes, and with their own resource or ours."""
        self._made.clear()
        for event in events:
            scope = event.scope
            logger = self._provider.get_logger(
                scope.name, scope.version or None, scope.schema_url or None, dict(scope.attributes) or None
            )
            logger.emit(record_of(event))
            if event.resource is not None:
                self._made[-1] = replace(self._made[-1], resource=_sdk_resource(event.resource))
        return list(self._made)


def _sdk_resource(resource: EventResource) -> Resource:
    from opentelemetry.sdk.resources import Resource

    attributes: Any = resource.attributes
    return Resource(attributes, resource.schema_url)


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
