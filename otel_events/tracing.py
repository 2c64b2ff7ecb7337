"""The spans of tasks: which tracer makes them, and how they get their attributes at little cost."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry.attributes import BoundedAttributes
from opentelemetry.trace import NonRecordingSpan, ProxyTracerProvider, SpanContext, TraceFlags

from otel_events import runtime
from otel_events.interrupts import is_interrupt
from otel_events.random_ids import random_id
from otel_events.version import VERSION

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span, Tracer, TracerProvider

SCOPE_NAME = "otel_events"

# Variables that say nothing about where spans go.
_BESIDE_SPANS = frozenset({"OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_EVENTS_LEDGER_PATH"})
_SCALARS = frozenset({str, int, float, bool})

# The tracer, sampler and processors last looked at, and whether they are blind.
_blind: tuple[Any, Any, Any, bool] = (None, None, None, False)
# The provider last asked, and its tracer: asking again takes a lock and makes a new one.
_known: tuple[TracerProvider, Tracer] | None = None


def start_span(name: str, context: Context, attributes: dict[str, Any]) -> Span:
    """Start a span by the program's own TracerProvider; else by a private one, if spans go anywhere; else ids alone.

    A program that sends no spans still gets trace and span ids on its events. Where a sampler, a processor or a
    provider of somebody else's fails, it does too.
    """
    if runtime.process_parent is not None:
        context = with_process_parent(context)
    try:
        tracer = _find_tracer()
        if tracer is not None:
            if not _is_attribute_blind(tracer):
                return tracer.start_span(name, context, attributes=attributes)
            span = tracer.start_span(name, context)
            put_attributes(span, attributes)
            return span
    except Exception as error:
        if is_interrupt(error):
            raise
        runtime.capture.accounts.problems.add("span_failed_to_start")
    return _ids_alone(context)


def may_want_spans() -> bool:
    """Tell whether the environment could send spans anywhere; if not, the first task need not read all settings for that."""
    return any(name.startswith("OTEL_") and name not in _BESIDE_SPANS for name in os.environ)


def put_attributes(span: Span, attributes: dict[str, Any]) -> None:
    """Put *attributes*, clean ones with names, on a span that nobody else knows yet.

    The SDK looks at each value a dozen times, and takes two locks. Where its limits allow for all of them anyway, they go
    where they would end.
    """
    inside = getattr(span, "_attributes", None)
    values = getattr(inside, "_dict", None)
    if (
        type(inside) is BoundedAttributes
        and type(values) is dict
        and getattr(inside, "max_value_len", 0) is None
        and (inside.maxlen is None or len(values) + len(attributes) <= inside.maxlen)
        and not getattr(inside, "_immutable", True)
        and _SCALARS.issuperset(map(type, attributes.values()))
    ):
        values.update(attributes)
    else:
        span.set_attributes(attributes)


def _is_attribute_blind(tracer: Any) -> bool:
    """Tell whether nobody looks at a span's attributes when it begins: neither the sampler nor a processor."""
    global _blind
    sampler = getattr(tracer, "sampler", None)
    processors = getattr(getattr(tracer, "span_processor", None), "_span_processors", None)
    blind = _blind
    if blind[0] is not tracer or blind[1] is not sampler or blind[2] is not processors:
        blind = _blind = (tracer, sampler, processors, _is_blind_sampler(sampler) and _are_blind(processors))
    return blind[3]


def _is_blind_sampler(sampler: Any) -> bool:
    """Tell whether *sampler* is one of the SDK's own, which go by ids and parents alone."""
    sdk = sys.modules.get("opentelemetry.sdk.trace.sampling")
    if sdk is None:
        return False
    if type(sampler) in (sdk.ParentBased, sdk.ParentBasedTraceIdRatio):
        return all(map(_is_blind_sampler, vars(sampler).values()))
    return type(sampler) in (sdk.StaticSampler, sdk.TraceIdRatioBased)


def _are_blind(processors: Any) -> bool:
    return type(processors) is tuple and all(getattr(type(one), "reads_no_start", False) for one in processors)


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
            trace_id=parent.trace_id if parent.is_valid else random_id(128),
            span_id=random_id(64),
            is_remote=False,
            # A child process with a backend of its own would otherwise not record, being told that nobody does.
            trace_flags=parent.trace_flags if parent.is_valid else TraceFlags(TraceFlags.SAMPLED),
            trace_state=parent.trace_state if parent.is_valid else None,
        )
    )
