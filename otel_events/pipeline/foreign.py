"""From log records that came through OpenTelemetry's own API to events: their values made plain, their names kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from otel_events.event import UID_ATTRIBUTE, Event, InstrumentationScope, Resource
from otel_events.values import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opentelemetry.context import Context
    from opentelemetry.sdk.resources import Resource as SdkResource
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope as SdkScope

    from otel_events.event import Attributes, Value

_MAX_NAME = 256
_MAX_ORIGINS = 1024  # resources, and scopes, that are remembered
_NO_SCOPE = InstrumentationScope("")


class ForeignRecord(NamedTuple):
    """A log record as it was when it was emitted. Nothing in it can change any more.

    Attributes:
        name: its event name; empty for a plain log record.
        timestamp: when it happened; where that was not said, when it was observed.
        observed_timestamp: when it was observed.
        severity: OpenTelemetry's number, 0 if it was not said.
        severity_text: the severity in its source's words.
        body: anything.
        attributes: its own.
        dropped_attributes: how many of them the SDK's limits have taken away.
        trace_ids: trace id, span id and trace flags.
        scope: who emitted it.
        resource: of its provider.
        bound: what the scopes around it bind, None outside of all.
        defaults: what is bound process-wide.
        context: of its call, None where it is not known any more.
    """

    name: str
    timestamp: int
    observed_timestamp: int
    severity: int
    severity_text: str
    body: Any
    attributes: dict[str, Any]
    dropped_attributes: int
    trace_ids: tuple[int, int, int]
    scope: SdkScope | None
    resource: SdkResource | None
    bound: Mapping[str, Any] | None
    defaults: Mapping[str, Any]
    context: Context | None


# In the queue: its number, and the record. A tuple, as drafts are: what is none is a span.
ForeignDraft: TypeAlias = "tuple[int, ForeignRecord]"


class ForeignRecords:
    """Make events of foreign records. For one thread."""

    def __init__(self) -> None:
        # By identity: the SDK's resources are slow to hash, and its scopes cannot be if one of their attributes cannot.
        # What was made stands beside its source, so that the identity cannot pass to another.
        self._resources: dict[int, tuple[SdkResource, Resource]] = {}
        self._scopes: dict[int, tuple[SdkScope, InstrumentationScope]] = {}

    def event(self, record: ForeignRecord, uid: str, bound: Mapping[str, Value]) -> Event:
        """Return *record* as an event.

        Args:
            record: stays as it is.
            uid: for a record that brings none.
            bound: what is bound around it, as plain values.
        """
        attributes = _plain(record.attributes)
        given_uid = attributes.get(UID_ATTRIBUTE)
        if type(given_uid) is str and given_uid:
            uid = given_uid
            del attributes[UID_ATTRIBUTE]
        if not bound.keys().isdisjoint(attributes):
            bound = {key: value for key, value in bound.items() if key not in attributes}
        trace_id, span_id, trace_flags = record.trace_ids
        return Event(
            name=str(clean(record.name[:_MAX_NAME])),
            timestamp=record.timestamp,
            observed_timestamp=record.observed_timestamp,
            severity=int(record.severity),
            severity_text=str(clean(record.severity_text)),
            body=clean(record.body),
            attributes=attributes,
            bound=bound,
            trace_id=trace_id,
            span_id=span_id,
            trace_flags=int(trace_flags),
            scope=self._scope(record.scope),
            uid=uid,
            context=record.context,
            dropped_attributes=record.dropped_attributes,
            resource=self._resource(record.resource),
            passed_provider=True,
        )

    def _resource(self, resource: SdkResource | None) -> Resource | None:
        if resource is None:
            return None
        known = self._resources.get(id(resource))
        if known is None:
            if len(self._resources) >= _MAX_ORIGINS:
                self._resources.clear()
            made = Resource(_plain(resource.attributes), str(clean(resource.schema_url or "")))
            known = self._resources[id(resource)] = (resource, made)
        return known[1]

    def _scope(self, scope: SdkScope | None) -> InstrumentationScope:
        if scope is None:
            return _NO_SCOPE
        known = self._scopes.get(id(scope))
        if known is None:
            if len(self._scopes) >= _MAX_ORIGINS:
                self._scopes.clear()
            name, version, schema_url = (
                str(clean(word or "")) for word in (scope.name, scope.version, scope.schema_url)
            )
            made = InstrumentationScope(name, version, schema_url, tuple(_plain(scope.attributes or {}).items()))
            known = self._scopes[id(scope)] = (scope, made)
        return known[1]


def _plain(attributes: Mapping[str, Any]) -> Attributes:
    return {key if key.isascii() else str(clean(key)): clean(value) for key, value in attributes.items() if key}
