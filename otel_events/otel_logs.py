"""The only door to OpenTelemetry's unstable logs API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry._logs import LogRecord, SeverityNumber, get_logger_provider
from opentelemetry._logs._internal import ProxyLoggerProvider
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opentelemetry._logs import LoggerProvider
    from opentelemetry.context import Context

    from otel_events.event import Event


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


def provider_for_exporters(names: Iterable[str], resource: Any) -> LoggerProvider:
    """Return an SDK LoggerProvider that sends to the installed exporters *names* (entry points).

    `console` writes each record at once; the others stand behind the SDK's batch processor, with its losses.

    Raises:
        LookupError: no such exporter is installed.
    """
    from opentelemetry.sdk._logs import LoggerProvider as SdkLoggerProvider
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, SimpleLogRecordProcessor

    from otel_events.entry_points import load_exporter

    provider = SdkLoggerProvider(resource=resource, shutdown_on_exit=False)
    for name in names:
        exporter = load_exporter("opentelemetry_logs_exporter", name)()
        processor = SimpleLogRecordProcessor if name == "console" else BatchLogRecordProcessor
        provider.add_log_record_processor(processor(exporter))
    return provider
