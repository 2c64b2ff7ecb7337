"""The spans of tasks: which tracer makes them, and how they get their attributes at little cost."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, ProxyTracerProvider, SpanContext, TraceFlags

from otel_events import runtime
from otel_events.interrupts import is_interrupt
from otel_events.quick_spans import find_quick_way
from otel_events.random_ids import random_id
from otel_events.version import VERSION

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span, Tracer, TracerProvider

    from otel_events.quick_spans import QuickSpans

SCOPE_NAME = "otel_events"

# Variables that say nothing about where spans go.
_BESIDE_SPANS = frozenset({"OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_EVENTS_LEDGER_PATH"})

# The tracer, sampler and processors last looked at, and what begins spans if they are blind.
_seen: tuple[Any, Any, Any, _Blind | None] = (None, None, None, None)
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
            blind = _find_blind(tracer)
            if blind is None:
                return tracer.start_span(name, context, attributes=attributes)
            return blind.start(name, context, attributes)
    except Exception as error:
        if is_interrupt(error):
            raise
        runtime.capture.accounts.problems.add("span_failed_to_start")
    return _ids_alone(context)


def may_want_spans() -> bool:
    """Tell whether the environment could send spans anywhere; if not, the first task need not read all settings for that."""
    return any(name.startswith("OTEL_") and name not in _BESIDE_SPANS for name in os.environ)


def end_span(span: Span) -> None:
    """Do what `span.end` does, in less time where it is one of those that `start_span` makes itself."""
    blind = _seen[3]
    if blind is None or blind.quick is None or not blind.quick.end(span):
        span.end()


def _always() -> bool:
    return True


class _Blind:
    """A tracer with which nobody looks at a span's attributes when it begins: neither the sampler nor a processor."""

    def __init__(self, tracer: Any) -> None:
        self.quick: QuickSpans | None = None
        self._tracer = tracer
        self._is_known = False
        self._is_enabled = getattr(tracer, "_is_enabled", _always)  # newer ones can be switched off

    def start(self, name: str, context: Context, attributes: dict[str, Any]) -> Span:
        """Begin a span."""
        tracer = self._tracer
        if self.quick is not None and self._is_enabled():
            return self.quick.start(name, context, attributes)
        span: Span = tracer.start_span(name, context)
        if not self._is_known and span.is_recording():
            decides_by_parent = _decides_by_parent(tracer.sampler)
            self.quick, self._is_known = find_quick_way(tracer, span, decides_by_parent=decides_by_parent), True
        span.set_attributes(attributes)
        return span


def _find_blind(tracer: Any) -> _Blind | None:
    global _seen
    sampler = getattr(tracer, "sampler", None)
    processors = getattr(getattr(tracer, "span_processor", None), "_span_processors", None)
    seen = _seen
    if seen[0] is not tracer or seen[1] is not sampler or seen[2] is not processors:
        is_blind = _is_blind_sampler(sampler) and _are_blind(processors)
        seen = _seen = (tracer, sampler, processors, _Blind(tracer) if is_blind else None)
    return seen[3]


def _is_blind_sampler(sampler: Any) -> bool:
    """Tell whether *sampler* is one of the SDK's own, which go by ids and parents alone."""
    sdk = sys.modules.get("opentelemetry.sdk.trace.sampling")
    return sdk is not None and _is_made_of(sampler, sdk.StaticSampler, sdk.TraceIdRatioBased)


def _decides_by_parent(sampler: Any) -> bool:
    """Tell whether *sampler* decides alike for all spans with such a parent, or with none."""
    return _is_made_of(sampler, sys.modules["opentelemetry.sdk.trace.sampling"].StaticSampler)


def _is_made_of(sampler: Any, *kinds: type) -> bool:
    sdk: Any = sys.modules["opentelemetry.sdk.trace.sampling"]
    if type(sampler) in (sdk.ParentBased, sdk.ParentBasedTraceIdRatio):
        return all(_is_made_of(one, *kinds) for one in vars(sampler).values())
    return type(sampler) in kinds


def _are_blind(processors: Any) -> bool:
    # What a class says of itself does not hold for those that are made of it.
    return type(processors) is tuple and all(vars(type(one)).get("reads_no_start", False) for one in processors)


def with_process_parent(context: Context) -> Context:
    """Return *context*, under the span of the parent process where it has no span of its own."""
    parent = runtime.process_parent
    if parent is None or trace.get_current_span(context).get_span_context().is_valid:
        return context
    return trace.set_span_in_context(parent, context)


def _find_tracer() -> Tracer | None:
    global _known
    known = _known
    provider: TracerProvider | None = trace.get_tracer_provider()
    if known is not None and known[0] is provider:
        return known[1]
    if isinstance(provider, ProxyTracerProvider):
        provider = runtime.private_tracer_provider()
    if provider is None:
        return None
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
