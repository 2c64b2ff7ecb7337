"""Which tracer makes the spans of tasks."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, ProxyTracerProvider, SpanContext, TraceFlags

from otel_events import runtime

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opentelemetry.context import Context
    from opentelemetry.trace import Span, Tracer

SCOPE_NAME = "otel_events"

_global_tracer: Tracer | None = None


def start_span(name: str, context: Context, attributes: Mapping[str, Any]) -> Span:
    """Start a span by the program's own TracerProvider; else by a private one, if spans go anywhere; else ids alone.

    A program that sends no spans still gets trace and span ids on its events, at the cost of two random numbers.
    """
    parent = runtime.process_parent
    if parent is not None and not trace.get_current_span(context).get_span_context().is_valid:
        context = trace.set_span_in_context(parent, context)
    tracer = _global_tracer or _find_tracer()
    if tracer is None:
        return _ids_alone(context)
    return tracer.start_span(name, context, attributes=dict(attributes))


def _find_tracer() -> Tracer | None:
    global _global_tracer
    provider = trace.get_tracer_provider()
    if not isinstance(provider, ProxyTracerProvider):
        # A global provider is set once for the life of the process.
        _global_tracer = provider.get_tracer(SCOPE_NAME)
        return _global_tracer
    private = runtime.private_tracer_provider()
    return None if private is None else private.get_tracer(SCOPE_NAME)


def _ids_alone(context: Context) -> Span:
    parent = trace.get_current_span(context).get_span_context()
    return NonRecordingSpan(
        SpanContext(
            trace_id=parent.trace_id if parent.is_valid else random.getrandbits(128) or 1,
            span_id=random.getrandbits(64) or 1,
            is_remote=False,
            # A child process with a backend of its own would otherwise not record, being told that nobody does.
            trace_flags=TraceFlags(TraceFlags.SAMPLED),
            trace_state=parent.trace_state if parent.is_valid else None,
        )
    )
