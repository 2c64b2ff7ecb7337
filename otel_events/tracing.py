"""Which tracer makes the spans of tasks."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, ProxyTracerProvider, SpanContext, TraceFlags

from otel_events import runtime
from otel_events.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opentelemetry.context import Context
    from opentelemetry.trace import Span, Tracer, TracerProvider

SCOPE_NAME = "otel_events"

# The provider last asked, and its tracer: asking again takes a lock and makes a new one.
_known: tuple[TracerProvider, Tracer] | None = None


def start_span(name: str, context: Context, attributes: Mapping[str, Any]) -> Span:
    """Start a span by the program's own TracerProvider; else by a private one, if spans go anywhere; else ids alone.

    A program that sends no spans still gets trace and span ids on its events. Where a sampler, a processor or a
    provider of somebody else's fails, it does too.
    """
    context = with_process_parent(context)
    try:
        tracer = _find_tracer()
        if tracer is not None:
            return tracer.start_span(name, context, attributes=dict(attributes))
    except Exception:
        runtime.capture.accounts.problems.add("span_failed_to_start")
    return _ids_alone(context)


def with_process_parent(context: Context) -> Context:
    """Return *context*, under the span of the parent process where it has no span of its own."""
    parent = runtime.process_parent
    if parent is None or trace.get_current_span(context).get_span_context().is_valid:
        return context
    return trace.set_span_in_context(parent, context)


def _find_tracer() -> Tracer | None:
    global _known
    provider: TracerProvider | None = trace.get_tracer_provider()
    if isinstance(provider, ProxyTracerProvider):
        provider = runtime.private_tracer_provider()
    if provider is None:
        return None
    known = _known
    if known is None or known[0] is not provider:
        known = _known = (provider, provider.get_tracer(SCOPE_NAME, VERSION))
    return known[1]


def _ids_alone(context: Context) -> Span:
    parent = trace.get_current_span(context).get_span_context()
    # Not from `random`: a program that seeds it, for its training runs, would get the same ids each time.
    return NonRecordingSpan(
        SpanContext(
            trace_id=parent.trace_id if parent.is_valid else secrets.randbits(128) or 1,
            span_id=secrets.randbits(64) or 1,
            is_remote=False,
            # A child process with a backend of its own would otherwise not record, being told that nobody does.
            trace_flags=parent.trace_flags if parent.is_valid else TraceFlags(TraceFlags.SAMPLED),
            trace_state=parent.trace_state if parent.is_valid else None,
        )
    )
