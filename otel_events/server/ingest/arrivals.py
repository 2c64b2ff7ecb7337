"""Requests of logs into events as the ledger has them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from otel_events.event import CORRELATION, Event, InstrumentationScope, Resource
from otel_events.otlp.decode import attributes_of, event_of, scope_of
from otel_events.server.store.stored import Arrival

if TYPE_CHECKING:
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

MAX_EVENT_BYTES = 1 << 20
_MAX_REMEMBERED = 1_024
_CORRELATION = frozenset(CORRELATION)
_MAX_UID = 200
_LAST_TRACE, _LAST_SPAN = 1 << 128, 1 << 64


@dataclass(slots=True)
class Arrived:
    """What a request holds.

    Attributes:
        arrivals: what can be stored.
        rejected: how many records are too long.
    """

    arrivals: list[Arrival] = field(default_factory=list)
    rejected: int = 0

    @property
    def complaint(self) -> str:
        """Return what to tell the sender of the rejected, empty if there are none."""
        return f"{self.rejected} records are longer than {MAX_EVENT_BYTES:,} bytes" if self.rejected else ""


class Arrivals:
    """Makes events of records. What many of them share is made once, by which the ledger's lines are quick to write."""

    def __init__(self) -> None:
        self._bound: dict[tuple[Any, ...], dict[str, Any]] = {}
        self._scopes: dict[InstrumentationScope, InstrumentationScope] = {}

    def read(self, request: ExportLogsServiceRequest, now: int) -> Arrived:
        """Return the events of *request*.

        Args:
            request: as it came.
            now: nanoseconds since the Unix epoch, for records that do not say when they happened.
        """
        arrived = Arrived()
        may_be_long = request.ByteSize() > MAX_EVENT_BYTES
        for group in request.resource_logs:
            resource = Resource(attributes_of(group.resource.attributes), group.schema_url)
            for part in group.scope_logs:
                scope = self._scope(scope_of(part.scope, part.schema_url))
                for record in part.log_records:
                    if may_be_long and record.ByteSize() > MAX_EVENT_BYTES:
                        arrived.rejected += 1
                        continue
                    arrived.arrivals.append(Arrival(self._settle(event_of(record, scope), now), resource))
        return arrived

    def _settle(self, event: Event, now: int) -> Event:
        """Put *event* into the form that the pipeline gives its own."""
        event.timestamp = event.timestamp or event.observed_timestamp or now
        event.observed_timestamp = event.observed_timestamp or event.timestamp
        event.trace_flags &= 0xFF
        if event.trace_id >= _LAST_TRACE or event.span_id >= _LAST_SPAN:  # of a length that no id has
            event.trace_id = event.span_id = 0
        if len(event.uid) > _MAX_UID:
            event.uid = ""
        attributes = event.attributes
        if not _CORRELATION.isdisjoint(attributes):
            # OTel's own name for the session goes out beside ours; one of them is enough to make both again.
            if "session_id" in attributes and attributes.get("session.id") == attributes["session_id"]:
                del attributes["session.id"]
            event.bound = self._bind({key: attributes.pop(key) for key in CORRELATION if key in attributes})
        return event

    def _bind(self, correlated: dict[str, Any]) -> dict[str, Any]:
        try:
            # Equal is not the same: 1 and True, 1 and 1.0.
            key = (*correlated.items(), *map(type, correlated.values()))
            known = self._bound.get(key)
        except TypeError:  # a list or a mapping where an id should be
            return correlated
        if known is None:
            if len(self._bound) >= _MAX_REMEMBERED:
                self._bound.clear()
            known = self._bound[key] = correlated
        return known

    def _scope(self, scope: InstrumentationScope) -> InstrumentationScope:
        try:
            known = self._scopes.get(scope)
        except TypeError:  # an attribute with a list
            return scope
        if known is None:
            if len(self._scopes) >= _MAX_REMEMBERED:
                self._scopes.clear()
            known = self._scopes[scope] = scope
        return known
