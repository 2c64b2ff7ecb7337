"""Encode ended spans of the SDK as OTLP spans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_events.otlp.encode_origin import resource_frame, scope_frame
from otel_events.otlp.encode_values import AttributeEncoder, EncodeError, encode_text
from otel_events.otlp.request import MAX_REQUEST_BYTES, Frame, Group, assemble, frame_item, join_equal, pack
from otel_events.otlp.wire import LENGTH, message, optional, pack_tagged_fixed64, tag, uint32

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import Event, ReadableSpan
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope
    from opentelemetry.trace import Link, SpanContext
    from opentelemetry.trace.status import Status

# Fields of Span by number, which is also the order in which the official classes write them.
_TRACE_ID = tag(1, LENGTH) + b"\x10"
_SPAN_ID = tag(2, LENGTH) + b"\x08"
_TRACE_STATE = tag(3, LENGTH)
_PARENT_SPAN_ID = tag(4, LENGTH) + b"\x08"
_NAME = tag(5, LENGTH)
_KIND = b"\x30"
_START_TIME = 7 << 3 | 1
_END_TIME = 8 << 3 | 1
_ATTRIBUTES = 9
_DROPPED_ATTRIBUTES = b"\x50"
_EVENTS = tag(11, LENGTH)
_DROPPED_EVENTS = b"\x60"
_LINKS = tag(13, LENGTH)
_DROPPED_LINKS = b"\x70"
_STATUS = tag(15, LENGTH)
_FLAGS = b"\x85\x01"

_EVENT_TIME = 1 << 3 | 1
_EVENT_NAME = tag(2, LENGTH)
_EVENT_DROPPED = b"\x20"
_LINK_DROPPED = b"\x28"
_LINK_FLAGS = b"\x35"
_STATUS_MESSAGE = tag(2, LENGTH)
_STATUS_CODE = b"\x18"

# fixed32, little-endian: "whether the parent is remote is known" (0x100), "it is" (0x200)
_LOCAL, _REMOTE = b"\x00\x01\x00\x00", b"\x00\x03\x00\x00"

_MAX_RESOURCES = 64


class SpanEncoder:
    """Make `ExportTraceServiceRequest` bytes of ended spans.

    Foreign spans bring whatever their program put on them, so a value without an OTLP form is cleaned, and what cannot
    even be cleaned is counted among the span's own dropped attributes, events and links. Only a span whose identity
    cannot be encoded is left out and told of.

    Args:
        on_unencodable: called with the reason for every span left out.
    """

    def __init__(self, *, on_unencodable: Callable[[EncodeError], None] | None = None) -> None:
        self._on_unencodable = on_unencodable
        self._attributes = AttributeEncoder(_ATTRIBUTES)
        self._event_attributes = AttributeEncoder(3)
        self._link_attributes = AttributeEncoder(4)
        # By identity, for the SDK's resources are slow to hash. The resource is kept beside its frame, so that its
        # identity cannot pass to another one.
        self._resources: dict[int, tuple[Resource | None, Frame]] = {}

    def encode(self, spans: Sequence[ReadableSpan]) -> bytes:
        """Return one request that holds all *spans*; empty if there are none."""
        return assemble(self._groups(spans))[0]

    def encode_bounded(
        self, spans: Sequence[ReadableSpan], max_bytes: int = MAX_REQUEST_BYTES
    ) -> list[tuple[bytes, int]]:
        """Return requests of at most *max_bytes*, each with the number of its spans; see `LogEncoder.encode_bounded`."""
        return pack(self._groups(spans), max_bytes)

    def _groups(self, spans: Sequence[ReadableSpan]) -> list[Group]:
        groups: dict[tuple[int, int], Group] = {}
        for span in spans:
            try:
                item = frame_item(self._span(span))
            except Exception as error:
                self._leave_out(span, error)
                continue
            origin = (id(span.resource), id(span.instrumentation_scope))
            group = groups.get(origin)
            if group is None:
                group = Group(self._resource(span.resource), _scope(span.instrumentation_scope), [])
                groups[origin] = group
            group.items.append(item)
        return join_equal(groups.values())

    def _span(self, span: ReadableSpan) -> bytes:
        context = span.get_span_context()
        if context is None:
            raise EncodeError("it has no span context")
        attributes, lost_attributes = self._attributes.encode_foreign(span.attributes)
        events, lost_events = _encode_each(span.events, self._event)
        links, lost_links = _encode_each(span.links, self._link)
        return b"".join(
            (
                *(_TRACE_ID, context.trace_id.to_bytes(16, "big")),
                *(_SPAN_ID, context.span_id.to_bytes(8, "big")),
                optional(_TRACE_STATE, _trace_state(context)),
                _parent(span.parent),
                optional(_NAME, encode_text(span.name)),
                *(_KIND, uint32(span.kind.value + 1)),  # OTLP's kinds begin with "unspecified"
                _time(_START_TIME, span.start_time),
                _time(_END_TIME, span.end_time),
                attributes,
                _count(_DROPPED_ATTRIBUTES, span.dropped_attributes + lost_attributes),
                events,
                _count(_DROPPED_EVENTS, span.dropped_events + lost_events),
                links,
                _count(_DROPPED_LINKS, span.dropped_links + lost_links),
                _status(span.status),
                *(_FLAGS, _remoteness(span.parent)),
            )
        )

    def _event(self, event: Event) -> bytes:
        # Attributes first: those of our own span events are made when asked for, and then know what was dropped.
        attributes, lost = self._event_attributes.encode_foreign(event.attributes)
        time = _time(_EVENT_TIME, event.timestamp)
        name = optional(_EVENT_NAME, encode_text(event.name))
        return message(_EVENTS, time + name + attributes + _count(_EVENT_DROPPED, event.dropped_attributes + lost))

    def _link(self, link: Link) -> bytes:
        context = link.context
        attributes, lost = self._link_attributes.encode_foreign(link.attributes)
        trace_id = _TRACE_ID + context.trace_id.to_bytes(16, "big")
        span_id = _SPAN_ID + context.span_id.to_bytes(8, "big")
        dropped = _count(_LINK_DROPPED, link.dropped_attributes + lost)
        return message(_LINKS, trace_id + span_id + attributes + dropped + _LINK_FLAGS + _remoteness(context))

    def _resource(self, resource: Resource | None) -> Frame:
        known = self._resources.get(id(resource))
        if known is None:
            if len(self._resources) >= _MAX_RESOURCES:
                self._resources.clear()
            attributes, schema_url = (None, "") if resource is None else (resource.attributes, resource.schema_url)
            known = self._resources[id(resource)] = (resource, resource_frame(attributes, schema_url))
        return known[1]

    def _leave_out(self, span: ReadableSpan, error: Exception) -> None:
        if self._on_unencodable is not None:
            reason = str(error) if isinstance(error, EncodeError) else type(error).__name__
            self._on_unencodable(EncodeError(f"span {span.name!a:.200}: {reason}"))


def _encode_each(things: Sequence[Any], encode: Callable[[Any], bytes]) -> tuple[bytes, int]:
    """Return *things* encoded, and how many could not be: a span is worth more than one event or link of it."""
    parts: list[bytes] = []
    lost = 0
    for thing in things:
        try:
            parts.append(encode(thing))
        except Exception:  # noqa: PERF203  each is tried for itself
            lost += 1
    return b"".join(parts), lost


def _scope(scope: InstrumentationScope | None) -> Frame:
    if scope is None:
        return scope_frame("", "", None, "")
    return scope_frame(scope.name, scope.version, scope.attributes, scope.schema_url)


def _trace_state(context: SpanContext) -> bytes:
    return encode_text(",".join([f"{key}={value}" for key, value in (context.trace_state or {}).items()]))


def _parent(parent: SpanContext | None) -> bytes:
    return _PARENT_SPAN_ID + parent.span_id.to_bytes(8, "big") if parent else b""


def _remoteness(context: SpanContext | None) -> bytes:
    return _REMOTE if context and context.is_remote else _LOCAL


def _time(field_tag: int, nanoseconds: int | None) -> bytes:
    return pack_tagged_fixed64(field_tag, nanoseconds) if nanoseconds else b""


def _count(field_tag: bytes, count: int) -> bytes:
    return field_tag + uint32(count) if count else b""


def _status(status: Status | None) -> bytes:
    if status is None:
        return b""
    code = status.status_code.value
    content = optional(_STATUS_MESSAGE, encode_text(status.description)) + _count(_STATUS_CODE, code)
    return message(_STATUS, content)
