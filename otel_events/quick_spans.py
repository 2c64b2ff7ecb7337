"""Spans of the SDK, begun past its tracer where nobody looks on.

Most of what a task costs is what the SDK does for each span alike. Here that is taken from the first one, which the SDK
makes; what differs is worked out as its tracer does. Where its inside is not as expected, it makes all of them.
"""

from __future__ import annotations

import sys
import threading
from time import time_ns
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, TraceFlags, get_current_span
from opentelemetry.trace.propagation import _SPAN_KEY

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span

_DIFFERS = frozenset(
    {
        *("_name", "_context", "_parent", "_resource", "_start_time"),
        *("_attributes", "_events", "_links", "_lock"),
    }
)
_SAME = frozenset(
    {
        *("_kind", "_instrumentation_info", "_instrumentation_scope", "_end_time", "_status", "_sampler", "_limits"),
        *("_trace_config", "_record_exception", "_set_status_on_exception", "_span_processor"),
    }
)
_ATTRIBUTES = vars(BoundedAttributes()).keys() | {"_dict", "_immutable", "maxlen", "max_value_len"}
_END_METRICS = "_record_end_metrics"  # the SDK's counts of its own spans, which newer ones can be asked for
_SCALARS = frozenset({str, int, float, bool})
_RANDOM = 2
_TELLS_RANDOM = hasattr(TraceFlags, "RANDOM_TRACE_ID")  # newer SDKs say of trace ids whether they are
_MOST_TRACES, _MOST_SPANS = 1 << 128, 1 << 64
_new: Any = tuple.__new__  # past the class's own, which takes three times as long
_FLAGS = tuple(map(TraceFlags, range(4)))


class QuickSpans:
    """Begins and ends spans of one tracer, if its sampler and processors look at nothing but ids and parents when one begins.

    Args:
        tracer: of the SDK.
        first: a span that it has begun.
        decides_by_parent: its sampler decides alike for all spans with such a parent, or with none.
    """

    def __init__(self, tracer: Any, first: Any, *, decides_by_parent: bool) -> None:
        self._tracer = tracer
        self._processors = tracer.span_processor._span_processors
        self._kind = type(first)
        self._list = type(first._events)
        self._no_state = SpanContext(1, 1, False).trace_state
        self._has_end_metrics = hasattr(first, _END_METRICS)
        self._same = SimpleNamespace(**{key: value for key, value in vars(first).items() if key not in _DIFFERS})
        self._most, self._longest = first._attributes.maxlen, first._attributes.max_value_len
        self._decisions: dict[Any, tuple[bool, int]] | None = {} if decides_by_parent else None

    def start(self, name: str, context: Context, attributes: dict[str, Any]) -> Span:
        """Return a new span; one that records nothing, if the sampler says so."""
        ids = self._tracer.id_generator
        # Most have none around them, which the Context says sooner.
        parent = get_current_span(context).get_span_context() if _SPAN_KEY in context else None
        flags = 0
        if parent is not None and parent.is_valid:
            trace_id = parent.trace_id
            if _TELLS_RANDOM:
                flags = parent.trace_flags & _RANDOM
        else:
            parent, trace_id = None, ids.generate_trace_id()
            if _TELLS_RANDOM and ids.is_trace_id_random():
                flags = _RANDOM
        is_recording, sampled_flag, trace_state = self._sample(name, context, trace_id, parent)
        flags |= sampled_flag
        span_id, state = ids.generate_span_id(), self._no_state if trace_state is None else trace_state
        is_valid = 0 < trace_id < _MOST_TRACES and 0 < span_id < _MOST_SPANS
        own = _new(SpanContext, (trace_id, span_id, False, _FLAGS[flags], state, is_valid))
        return self.record(name, own, parent, attributes) if is_recording else NonRecordingSpan(own)

    def _sample(self, name: str, context: Context, trace_id: int, parent: SpanContext | None) -> tuple[bool, int, Any]:
        """Return whether the span records, its flag that says it is sampled, and its trace state."""
        decisions = self._decisions
        key = None if parent is None else (parent.is_remote, parent.trace_flags & TraceFlags.SAMPLED)
        known = None if decisions is None else decisions.get(key)
        if known is not None:
            return (*known, None if parent is None else parent.trace_state)
        result = self._tracer.sampler.should_sample(context, trace_id, name, SpanKind.INTERNAL, None, ())
        known = (result.decision.is_recording(), int(result.decision.is_sampled()))
        if decisions is not None:
            decisions[key] = known
        return (*known, result.trace_state)

    def record(self, name: str, context: SpanContext, parent: SpanContext | None, attributes: dict[str, Any]) -> Span:
        """Return a new span that records; *attributes* are its own from now on."""
        same = self._same
        span: Any = object.__new__(self._kind)
        # One by one: by a dict of all it would take a kilobyte more.
        span._name = name
        span._context = context
        span._parent = parent
        span._resource = self._tracer.resource
        span._attributes = self._bounded(attributes)
        span._lock = threading.Lock()
        span._kind = same._kind
        span._instrumentation_info = same._instrumentation_info
        span._instrumentation_scope = same._instrumentation_scope
        span._end_time = None
        span._status = same._status
        span._sampler = same._sampler
        span._limits = same._limits
        span._trace_config = same._trace_config
        span._record_exception = same._record_exception
        span._set_status_on_exception = same._set_status_on_exception
        span._span_processor = same._span_processor
        if self._has_end_metrics:
            span._record_end_metrics = same._record_end_metrics
        span._events = self._list(same._limits.max_events)
        span._links = self._list(same._limits.max_links)
        span._start_time = time_ns()
        return span  # type: ignore[no-any-return]  # of a class that is known at run time alone

    def _bounded(self, attributes: dict[str, Any]) -> BoundedAttributes:
        """Return *attributes* within the SDK's limits."""
        most, longest = self._most, self._longest
        are_within = longest is None and (most is None or len(attributes) <= most)
        if not are_within or not _SCALARS.issuperset(map(type, attributes.values())):
            return BoundedAttributes(most, attributes, immutable=False, max_value_len=longest)
        bounded = BoundedAttributes(most, None, immutable=False)
        # The SDK would look at each value a dozen times, and put it where it is put here.
        bounded._dict = attributes
        return bounded

    def makes_what_is_like(self, first: Any) -> bool:
        """Tell whether what this makes consists of the same as *first*, which the SDK has made."""
        return _kinds(self.record(first.name, first.context, first.parent, {})) == _kinds(first)

    def end(self, span: Any) -> bool:
        """End *span* and hand it on as it is, without a copy; False if that is left to itself."""
        if type(span) is not self._kind or span._span_processor._span_processors is not self._processors:
            return False
        with span._lock:
            if span._end_time is not None:
                return False
            span._end_time = time_ns()
            span._attributes._immutable = True
        for processor in self._processors:
            processor.on_end(span)
        return True


def find_quick_way(tracer: Any, first: Any, *, decides_by_parent: bool) -> QuickSpans | None:
    """Return what makes more spans like *first*, which *tracer* has begun; None where their inside is not as expected."""
    sdk: Any = sys.modules.get("opentelemetry.sdk.trace")
    if sdk is None or type(tracer) is not sdk.Tracer or type(first) is not sdk._Span:
        return None
    try:
        quick = QuickSpans(tracer, first, decides_by_parent=decides_by_parent)
        return quick if _is_as_expected(first) and quick.makes_what_is_like(first) else None
    except (AttributeError, TypeError):
        return None


def _is_as_expected(span: Any) -> bool:
    inside = vars(span)
    return (
        inside.keys() - {_END_METRICS} == _SAME | _DIFFERS
        and vars(span._attributes).keys() == _ATTRIBUTES
        and _is_made_of_ids(span.context)
        and getattr(inside.get(_END_METRICS), "__closure__", None) is None  # else it counts this one span
    )


def _is_made_of_ids(context: SpanContext) -> bool:
    """Tell whether a SpanContext is what `start` makes of one: a tuple of these, in this order."""
    parts = (context.trace_id, context.span_id, context.is_remote, context.trace_flags, context.trace_state)
    return tuple(context) == (*parts, context.is_valid)


def _kinds(span: Any) -> dict[str, type]:
    return {key: type(value) for key, value in vars(span).items()}
