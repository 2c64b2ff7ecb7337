"""How an event stands in the journal: everything of it but the Context, which is of use to its own process alone."""

from __future__ import annotations

import marshal
from typing import TYPE_CHECKING, Any

from otel_events.event import DEFAULT_SCOPE, Event, InstrumentationScope, Resource
from otel_events.pipeline.normalize import uid_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from otel_events.event import Attributes, Value

# marshal is the quickest there is, and plain values of these kinds are the same for every Python since 3.4. What is read
# back comes from a private directory and is checked by its CRC.
_MARSHAL = 4
_VERSION = 2
_WRITER = "writer"


def pack_writer(writer_id: str, resource: Mapping[str, Value]) -> bytes:
    """Return the record that begins a segment: who writes it."""
    return marshal.dumps((_VERSION, _WRITER, writer_id, dict(resource)), _MARSHAL)


def pack_event(event: Event, writer_id: str) -> bytes:
    """Return *event* as bytes, or raise ValueError if there is in it what has no place in OTLP."""
    own = (event.uid, event.timestamp, None, event.attributes)
    return marshal.dumps((_VERSION, pack_common(event, writer_id), *own), _MARSHAL)


def pack_draft(common: bytes, number: int, timestamp: int, message: str | None, attributes: Attributes) -> bytes:
    """Return the record of an event that has *common* with others; *number* is the writer's, *message* stands for its body."""
    return marshal.dumps((_VERSION, common, number, timestamp, message, attributes), _MARSHAL)


def pack_common(event: Event, writer_id: str) -> bytes:
    """Return all of *event* but uid, time and attributes, which others may have in common with it; or raise ValueError."""
    scope, resource = event.scope, event.resource
    return marshal.dumps(
        (
            writer_id,
            event.name,
            event.observed_timestamp - event.timestamp,
            int(event.severity),
            event.severity_text,
            event.body,
            event.bound if type(event.bound) is dict else dict(event.bound),
            event.trace_id,
            event.span_id,
            event.trace_flags,
            event.dropped_attributes,
            event.given_name,
            None if scope is DEFAULT_SCOPE else (scope.name, scope.version, scope.schema_url, scope.attributes),
            None if resource is None else (dict(resource.attributes), resource.schema_url),
            event.passed_provider,
        ),
        _MARSHAL,
    )


def unpack(body: bytes, resources: dict[str, Resource]) -> Event | None:
    """Return the event that *body* holds; None for one that cannot be read, and for who wrote what follows.

    Args:
        body: of a record.
        resources: by writer; what *body* tells of that is added.
    """
    try:
        packed = marshal.loads(body)  # noqa: S302  # see above
        if packed[0] != _VERSION:
            return None
        if packed[1] == _WRITER and len(packed) == 4:
            resources[packed[2]] = Resource(packed[3])
            return None
        return _unpack(packed, resources)
    except Exception:
        # Counted by the caller.
        return None


def _unpack(packed: tuple[Any, ...], resources: dict[str, Resource]) -> Event:
    _, common, uid, timestamp, message, attributes = packed
    (
        writer_id,
        name,
        observed_after,
        severity,
        severity_text,
        body,
        bound,
        trace_id,
        span_id,
        trace_flags,
        dropped_attributes,
        given_name,
        scope,
        resource,
        passed_provider,
    ) = marshal.loads(common)  # noqa: S302  # see above
    return Event(
        name=name,
        timestamp=timestamp,
        observed_timestamp=timestamp + observed_after,
        severity=severity,
        severity_text=severity_text,
        body=body if message is None else message,
        attributes=attributes,
        bound=bound,
        trace_id=trace_id,
        span_id=span_id,
        trace_flags=trace_flags,
        scope=DEFAULT_SCOPE if scope is None else InstrumentationScope(*scope),
        uid=uid if type(uid) is str else uid_of(writer_id, uid),
        dropped_attributes=dropped_attributes,
        given_name=given_name,
        resource=resources.get(writer_id) if resource is None else Resource(*resource),
        passed_provider=passed_provider,
    )
