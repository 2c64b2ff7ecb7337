"""Encode events as OTLP log records."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from otel_events.event import UID_ATTRIBUTE, with_session_id
from otel_events.otlp.encode_origin import resource_frame, scope_frame
from otel_events.otlp.encode_values import AttributeEncoder, EncodeError, encode_value
from otel_events.otlp.request import MAX_REQUEST_BYTES, Group, assemble, frame_item, join_equal, pack
from otel_events.otlp.wire import LENGTH, message, optional, pack_tagged_fixed32, pack_tagged_fixed64, tag, uint32

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from otel_events.event import Event, InstrumentationScope, Value
    from otel_events.otlp.request import Frame

_Key = TypeVar("_Key")

# Fields of LogRecord by number, which is also the order in which the official classes write them.
_TIME = 1 << 3 | 1
_SEVERITY_NUMBER = b"\x10"
_SEVERITY_TEXT = tag(3, LENGTH)
_BODY = tag(5, LENGTH)
_ATTRIBUTES = 6
_DROPPED = b"\x38"
_FLAGS = 8 << 3 | 5
_TRACE_ID = tag(9, LENGTH) + b"\x10"
_SPAN_ID = tag(10, LENGTH) + b"\x08"
_OBSERVED_TIME = 11 << 3 | 1
_EVENT_NAME = tag(12, LENGTH)

_MAX_REMEMBERED = 1024  # event names and severities
_SHORT_TEXT = 126
_BEFORE_BODY = tuple(b"\x2a" + bytes((size + 2,)) + b"\x0a" + bytes((size,)) for size in range(_SHORT_TEXT))


class LogEncoder:
    """Make `ExportLogsServiceRequest` bytes of events. An event that OTLP cannot carry is left out and told of.

    Args:
        resource: who emits; encoded once.
        schema_url: the resource's schema.
        on_unencodable: called with the reason for every event left out.
    """

    def __init__(
        self,
        resource: Mapping[str, Value],
        schema_url: str = "",
        *,
        on_unencodable: Callable[[EncodeError], None] | None = None,
    ) -> None:
        self._resource = resource_frame(resource, schema_url)
        self._on_unencodable = on_unencodable
        self._attributes = AttributeEncoder(_ATTRIBUTES)
        self._names: dict[str, bytes] = {}
        self._severities: dict[tuple[int, str], bytes] = {}

    def encode(self, events: Sequence[Event]) -> bytes:
        """Return one request that holds all *events*; empty if there are none."""
        return assemble(self._groups(events))[0]

    def encode_bounded(self, events: Sequence[Event], max_bytes: int = MAX_REQUEST_BYTES) -> list[tuple[bytes, int]]:
        """Return requests of at most *max_bytes*, each with the number of its records.

        An event larger than *max_bytes* stands in a request of its own: the receiver may allow more than we assume.
        """
        return pack(self._groups(events), max_bytes)

    def _groups(self, events: Sequence[Event]) -> list[Group]:
        groups: dict[tuple[int, int], Group] = {}
        # Resources, scopes and bound attributes are shared between events, so each is encoded once a batch. Identity is
        # enough to know them by, and hashing would cost more than encoding: the events keep them alive.
        bound: dict[int, bytes] = {}
        for event in events:
            try:
                item = frame_item(self._record(event, bound))
            except Exception as error:
                self._leave_out(event, error)
                continue
            origin = (id(event.resource), id(event.scope))
            group = groups.get(origin)
            if group is None:
                group = groups[origin] = Group(self._resource_of(event), _scope(event.scope), [])
            group.items.append(item)
        return join_equal(groups.values())

    def _resource_of(self, event: Event) -> Frame:
        resource = event.resource
        return self._resource if resource is None else resource_frame(resource.attributes, resource.schema_url)

    def _record(self, event: Event, bound: dict[int, bytes]) -> bytes:
        parts: list[bytes] = []
        if event.timestamp:
            parts.append(pack_tagged_fixed64(_TIME, event.timestamp))
        severity = (event.severity, event.severity_text)
        parts.append(self._severities.get(severity) or self._learn_severity(severity))
        parts += _body(event.body)
        self._add_attributes(parts, event, bound)
        if event.dropped_attributes:
            parts += (_DROPPED, uint32(event.dropped_attributes))
        if event.trace_flags:
            parts.append(pack_tagged_fixed32(_FLAGS, event.trace_flags))
        if event.trace_id:
            parts += (_TRACE_ID, event.trace_id.to_bytes(16, "big"))
        if event.span_id:
            parts += (_SPAN_ID, event.span_id.to_bytes(8, "big"))
        if event.observed_timestamp:
            parts.append(pack_tagged_fixed64(_OBSERVED_TIME, event.observed_timestamp))
        parts.append(self._names.get(event.name) or self._learn_name(event.name))
        return b"".join(parts)

    def _add_attributes(self, parts: list[bytes], event: Event, bound: dict[int, bytes]) -> None:
        uid = event.uid
        if uid and (UID_ATTRIBUTE in event.attributes or UID_ATTRIBUTE in event.bound):
            # Our numbering shows loss, and a key may not stand twice: the event's own uid wins.
            attributes = with_session_id(event.all_attributes())
            self._attributes.extend(parts, {**attributes, UID_ATTRIBUTE: uid})
            return
        self._attributes.extend(parts, with_session_id(event.attributes))
        if event.bound:
            encoded = bound.get(id(event.bound))
            if encoded is None:
                encoded = bound[id(event.bound)] = self._attributes.encode(with_session_id(event.bound))
            parts.append(encoded)
        if uid:
            self._attributes.extend(parts, {UID_ATTRIBUTE: uid})

    def _learn_severity(self, severity: tuple[int, str]) -> bytes:
        number, text = severity
        encoded = (_SEVERITY_NUMBER + uint32(number) if number else b"") + optional(_SEVERITY_TEXT, text.encode())
        return _remember(self._severities, severity, encoded)

    def _learn_name(self, name: str) -> bytes:
        return _remember(self._names, name, optional(_EVENT_NAME, name.encode()))

    def _leave_out(self, event: Event, error: Exception) -> None:
        if self._on_unencodable is None:
            return
        reason = str(error) if isinstance(error, EncodeError) else f"a field cannot be encoded: {type(error).__name__}"
        self._on_unencodable(EncodeError(f"event {event.name!a:.200}: {reason}"))


def _body(body: Value) -> tuple[bytes, bytes]:
    if type(body) is str:
        text = body.encode()
        if len(text) < _SHORT_TEXT:
            return _BEFORE_BODY[len(text)], text
    return b"", message(_BODY, encode_value(body))


def _scope(scope: InstrumentationScope) -> Frame:
    return scope_frame(scope.name, scope.version, dict(scope.attributes), scope.schema_url)


def _remember(cache: dict[_Key, bytes], key: _Key, encoded: bytes) -> bytes:
    if len(cache) >= _MAX_REMEMBERED:
        cache.clear()
    cache[key] = encoded
    return encoded
