"""Encode events as OTLP log records."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from otel_events.event import UID_ATTRIBUTE, with_session_id
from otel_events.otlp.encode_columns import Line, encode_alike, encode_columns
from otel_events.otlp.encode_origin import resource_frame, scope_frame
from otel_events.otlp.encode_values import AttributeEncoder, EncodeError, encode_value
from otel_events.otlp.request import MAX_REQUEST_BYTES, Group, assemble, frame_item, frame_items, join_equal, pack
from otel_events.otlp.wire import (
    LENGTH,
    message,
    optional,
    pack_fixed64,
    pack_tagged_fixed32,
    pack_tagged_fixed64,
    tag,
    uint32,
)
from otel_events.pipeline.batch import Batch

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence

    from otel_events.event import Event, InstrumentationScope, Value
    from otel_events.otlp.request import Frame
    from otel_events.pipeline.batch import Alike

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
_TIME_TAG, _OBSERVED_TAG = bytes((_TIME,)), bytes((_OBSERVED_TIME,))

_FACTS = attrgetter("severity", "severity_text", "dropped_attributes", "trace_flags", "trace_id", "span_id", "name")
_NOBODY = object()
_ENOUGH = 4  # events from which on it pays to encode them together

_MAX_REMEMBERED = 1024  # event names, severities, scopes
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
        # By identity, for attributes of a scope may be slow to hash. The scope is kept beside, so that its id is its own.
        self._scopes: dict[int, tuple[InstrumentationScope, Frame]] = {}

    def encode(self, events: Sequence[Event]) -> bytes:
        """Return one request that holds all *events*; empty if there are none."""
        return assemble(self._groups(events))[0]

    def encode_bounded(self, events: Sequence[Event], max_bytes: int = MAX_REQUEST_BYTES) -> list[tuple[bytes, int]]:
        """Return requests of at most *max_bytes*, each with the number of its records.

        An event larger than *max_bytes* stands in a request of its own: the receiver may allow more than we assume.
        """
        return pack(self._groups(events), max_bytes)

    def _groups(self, events: Sequence[Event]) -> list[Group]:
        bound = _BoundAttributes(self._attributes)
        batch = Batch.of(events)
        # Identity is enough to know resources and scopes by, and hashing would cost more than encoding: the events keep
        # them alive.
        origins: dict[tuple[int, int], _Origin] = {}
        for alike in batch.alike:
            items = self._items_alike(alike, bound)
            if items is None:
                self._add_alone(origins, alike.events(), alike.places, bound)
            else:
                self._origin_of(origins, alike.common).add(items, alike.places)
        if batch.alone:
            self._add_alone(origins, batch.alone, batch.places, bound)
        ordered = sorted(origins.values(), key=_Origin.first_place) if len(origins) > 1 else origins.values()
        return join_equal([origin.group() for origin in ordered])

    def _add_alone(
        self,
        origins: dict[tuple[int, int], _Origin],
        events: Sequence[Event],
        places: Sequence[int],
        bound: _BoundAttributes,
    ) -> None:
        scope: Any = _NOBODY
        resource: Any = _NOBODY
        for place, event, record in zip(places, events, self._records(events, bound), strict=True):
            if record is None:
                continue
            if event.scope is not scope or event.resource is not resource:
                scope, resource = event.scope, event.resource
                origin = self._origin_of(origins, event)
                origin.go_on_at(place)
            origin.items.append(frame_item(record))
            origin.places.append(place)

    def _origin_of(self, origins: dict[tuple[int, int], _Origin], event: Event) -> _Origin:
        key = (id(event.resource), id(event.scope))
        origin = origins.get(key)
        if origin is None:
            origin = origins[key] = _Origin(self._resource_of(event), self._scope_of(event.scope))
        return origin

    def _items_alike(self, alike: Alike, bounds: _BoundAttributes) -> list[bytes] | None:
        """Return the events of *alike* as they stand in a request; None if one of them needs to be looked at alone."""
        first, last = f"{min(alike.numbers):x}", f"{max(alike.numbers):x}"
        # A time of zero means that there is nothing to encode. Uids are of one length, but for once in a long while.
        if UID_ATTRIBUTE in alike.columns or not all(alike.times) or len(first) != len(last):
            return None
        try:
            common = alike.known.get(self) or self._learn_common(alike, bounds)
            times = list(map(pack_fixed64, alike.times))
            writer = f"{alike.writer}-".encode()
            line = Line()
            line.add_same(_TIME_TAG)
            line.add(times)
            line.add_same(common.before_attributes)
            encode_columns(line, self._attributes, alike.columns, alike.kinds, alike.texts)
            line.add_same(common.bound + self._attributes.frame(UID_ATTRIBUTE).texts[len(writer) + len(last)] + writer)
            uid = line.take_same().replace(b"%", b"%%") + b"%x" + (common.ids + _OBSERVED_TAG).replace(b"%", b"%%")
            line.add([uid % number for number in alike.numbers])
            line.add(times)
            line.add_same(common.name)
            return frame_items(list(line.join(len(times))))
        except Exception:
            return None

    def _learn_common(self, alike: Alike, bounds: _BoundAttributes) -> _Common:
        severity, ids, name = self._encode_facts(alike.common)
        before_attributes = severity + b"".join(_body(alike.common.body))
        common = _Common(before_attributes, bounds.beside(alike.columns, alike.common), ids, name)
        alike.known[self] = common
        return common

    def _records(self, events: Sequence[Event], bound: _BoundAttributes) -> list[bytes | None]:
        """Return each event as a LogRecord, in their order; None for one that was left out."""
        records: list[bytes | None] = [None] * len(events)
        for keys, places in _try_alike(events).items():
            alike = [events[place] for place in places]
            made: Sequence[bytes | None] | None = None
            if keys is not None and UID_ATTRIBUTE not in keys and len(alike) >= _ENOUGH:
                made = self._records_alike(keys, alike, bound)
            if made is None:
                made = [self._attempt(event, bound) for event in alike]
            for place, record in zip(places, made, strict=True):
                records[place] = record
        return records

    def _records_alike(
        self, keys: Sequence[str], events: Sequence[Event], bounds: _BoundAttributes
    ) -> list[bytes] | None:
        """Return events with the same attribute keys as LogRecords, or None if one of them needs to be looked at alone."""
        facts: dict[tuple[Any, ...], tuple[bytes, bytes, bytes]] = {}
        last_body: Any = _NOBODY
        last_bound: Any = _NOBODY
        body = bound = b""
        before_uid = self._attributes.frame(UID_ATTRIBUTE).texts
        records: list[bytes] = []
        try:
            own = encode_alike(self._attributes, keys, [event.attributes for event in events])
            for event, attributes in zip(events, own, strict=True):
                fact = _FACTS(event)
                known = facts.get(fact)
                if known is None:
                    known = facts[fact] = self._encode_facts(event)
                severity, ids, name = known
                if event.body is not last_body:
                    last_body, body = event.body, b"".join(_body(event.body))
                if event.bound is not last_bound:
                    last_bound, bound = event.bound, bounds.beside(keys, event)
                begun = pack_tagged_fixed64(_TIME, event.timestamp)
                seen = pack_tagged_fixed64(_OBSERVED_TIME, event.observed_timestamp)
                uid = event.uid.encode()
                # One flat tuple: this is the inmost loop, and joining is most of it.
                parts = (begun, severity, body, attributes, bound, before_uid[len(uid)], uid, ids, seen, name)
                records.append(b"".join(parts))
        except Exception:
            return None
        return records

    def _resource_of(self, event: Event) -> Frame:
        resource = event.resource
        return self._resource if resource is None else resource_frame(resource.attributes, resource.schema_url)

    def _scope_of(self, scope: InstrumentationScope) -> Frame:
        known = self._scopes.get(id(scope))
        if known is None:
            if len(self._scopes) >= _MAX_REMEMBERED:
                self._scopes.clear()
            frame = scope_frame(scope.name, scope.version, dict(scope.attributes), scope.schema_url)
            known = self._scopes[id(scope)] = (scope, frame)
        return known[1]

    def _attempt(self, event: Event, bound: _BoundAttributes) -> bytes | None:
        try:
            return self._record(event, bound)
        except Exception as error:
            self._leave_out(event, error)
            return None

    def _record(self, event: Event, bound: _BoundAttributes) -> bytes:
        severity, ids, name = self._encode_facts(event)
        parts = [_time(_TIME, event.timestamp), severity, *_body(event.body)]
        self._add_attributes(parts, event, bound)
        parts += (ids, _time(_OBSERVED_TIME, event.observed_timestamp), name)
        return b"".join(parts)

    def _add_attributes(self, parts: list[bytes], event: Event, bound: _BoundAttributes) -> None:
        uid = event.uid
        brings_uid = bool(uid) and (UID_ATTRIBUTE in event.attributes or UID_ATTRIBUTE in event.bound)
        if brings_uid or _is_session_twice(event.attributes, event.bound):
            # A key may not stand twice. Our numbering shows loss: the event's own uid wins.
            attributes = with_session_id(event.all_attributes())
            self._attributes.extend(parts, {**attributes, UID_ATTRIBUTE: uid} if uid else attributes)
            return
        self._attributes.extend(parts, with_session_id(event.attributes))
        parts.append(bound.of(event))
        if uid:
            self._attributes.extend(parts, {UID_ATTRIBUTE: uid})

    def _encode_facts(self, event: Event) -> tuple[bytes, bytes, bytes]:
        """Return what is the same for many events: severity; count, flags and ids of the trace; name."""
        severity = (event.severity, event.severity_text)
        ids: list[bytes] = []
        if event.dropped_attributes:
            ids += (_DROPPED, uint32(event.dropped_attributes))
        if event.trace_flags:
            ids.append(pack_tagged_fixed32(_FLAGS, event.trace_flags))
        if event.trace_id:
            ids += (_TRACE_ID, event.trace_id.to_bytes(16, "big"))
        if event.span_id:
            ids += (_SPAN_ID, event.span_id.to_bytes(8, "big"))
        return (
            self._severities.get(severity) or self._learn_severity(severity),
            b"".join(ids),
            self._names.get(event.name) or self._learn_name(event.name),
        )

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


class _Common(NamedTuple):
    """What records that are alike have in common, encoded: what stands before their own attributes, and what behind."""

    before_attributes: bytes
    bound: bytes
    ids: bytes
    name: bytes


class _Origin:
    """The records of one scope of one resource, with their places in the batch."""

    def __init__(self, resource: Frame, scope: Frame) -> None:
        self.items: list[bytes] = []
        self.places: list[int] = []
        self._resource = resource
        self._scope = scope
        self._is_in_order = True

    def add(self, items: Sequence[bytes], places: Sequence[int]) -> None:
        """Take framed *items*."""
        self.go_on_at(places[0])
        self.items += items
        self.places += places

    def go_on_at(self, place: int) -> None:
        """Know that what comes next stands at *place* and behind it."""
        if self.places and self.places[-1] > place:
            self._is_in_order = False

    def first_place(self) -> int:
        """Return the place of the first record."""
        return min(self.places)

    def group(self) -> Group:
        """Return the records in the order of their places."""
        items, places = self.items, self.places
        if not self._is_in_order:
            items = list(map(items.__getitem__, sorted(range(len(places)), key=places.__getitem__)))
        return Group(self._resource, self._scope, items)


class _BoundAttributes:
    """Encodes bound attributes, once for all events of a batch that share a mapping. The events keep it alive."""

    def __init__(self, encoder: AttributeEncoder) -> None:
        self._encoder = encoder
        self._encoded: dict[int, bytes] = {}

    def of(self, event: Event) -> bytes:
        """Return those of *event*, or raise EncodeError."""
        encoded = self._encoded.get(id(event.bound))
        if encoded is None:
            encoded = self._encoded[id(event.bound)] = self._encoder.encode(with_session_id(event.bound))
        return encoded

    def beside(self, keys: Container[str], event: Event) -> bytes:
        """Return those of *event*, or raise EncodeError, also if one would stand beside one of *keys*, or its uid, once more."""
        if UID_ATTRIBUTE in event.bound or _is_session_twice(keys, event.bound):
            raise EncodeError("a key stands twice")
        return self.of(event)


def _is_session_twice(own: Container[str], bound: Container[str]) -> bool:
    """Tell whether `session.id`, which goes beside a `session_id`, would stand among attributes of both kinds."""
    return ("session_id" in bound or "session.id" in bound) and ("session_id" in own or "session.id" in own)


def _try_alike(events: Sequence[Event]) -> dict[tuple[str, ...] | None, list[int]]:
    try:
        return _alike(events)
    except Exception:  # keys that a hook has put there: of a class whose hash or comparison raises
        return {None: list(range(len(events)))}


def _alike(events: Sequence[Event]) -> dict[tuple[str, ...] | None, list[int]]:
    """Return the places of events that have the same attribute keys; under None of those to be looked at alone."""
    alike: dict[tuple[str, ...] | None, list[int]] = {None: []}
    for place, event in enumerate(events):
        keys: tuple[str, ...] | None = None
        # Zero means that there is nothing to encode.
        if event.uid and event.timestamp and event.observed_timestamp:
            keys = tuple(event.attributes)
        known = alike.get(keys)
        if known is None:
            alike[keys] = [place]
        else:
            known.append(place)
    return alike


def _time(tagged: int, nanoseconds: int) -> bytes:
    return pack_tagged_fixed64(tagged, nanoseconds) if nanoseconds else b""


def _body(body: Value) -> tuple[bytes, bytes]:
    if type(body) is str:
        text = body.encode()
        if len(text) < _SHORT_TEXT:
            return _BEFORE_BODY[len(text)], text
    return b"", message(_BODY, encode_value(body))


def _remember(cache: dict[_Key, bytes], key: _Key, encoded: bytes) -> bytes:
    if len(cache) >= _MAX_REMEMBERED:
        cache.clear()
    cache[key] = encoded
    return encoded
