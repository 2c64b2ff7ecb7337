"""Spans as they may go out, made beside the program's own of the SDK's classes, so that every exporter takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.sdk.trace import Event, ReadableSpan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from opentelemetry.trace import Link
    from opentelemetry.trace.status import Status

    from otel_events.event import Value


def bounded(attributes: Mapping[str, Value], dropped: int) -> BoundedAttributes:
    """Return *attributes* in the SDK's mapping, which also says how many were *dropped*."""
    given: Any = attributes
    made = BoundedAttributes(attributes=given, immutable=False)
    made.dropped += dropped
    return made


def event_view(event: Event, name: str, attributes: Any) -> Event:
    """Return *event* with another name and other attributes."""
    return Event(name, attributes, event.timestamp)


class SpanView(ReadableSpan):
    """A span with some parts in place of its own; without *attributes* it keeps its own."""

    def __init__(
        self,
        span: ReadableSpan,
        *,
        name: str,
        attributes: Any,
        events: Sequence[Event],
        links: Sequence[Link],
        status: Status,
    ) -> None:
        super().__init__(
            name,
            context=span.get_span_context(),
            parent=span.parent,
            resource=span.resource,
            attributes=span._attributes if attributes is None else attributes,
            events=events,
            links=links,
            kind=span.kind,
            status=status,
            start_time=span.start_time,
            end_time=span.end_time,
            instrumentation_scope=span.instrumentation_scope,
        )
        self._dropped_events = span.dropped_events
        self._dropped_links = span.dropped_links

    @property
    def dropped_events(self) -> int:
        return self._dropped_events

    @property
    def dropped_links(self) -> int:
        return self._dropped_links
