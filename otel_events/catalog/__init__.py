"""The catalogue: which events there are."""

from __future__ import annotations

from otel_events.catalog.conformity import Conformity, check, conformity_of
from otel_events.catalog.enum_names import event_name_of
from otel_events.catalog.event_definition import AttributeDefinition, EventDefinition
from otel_events.catalog.lookup import Catalog
from otel_events.catalog.process_wide import current, extend_current, set_current

__all__ = [
    "AttributeDefinition",
    "Catalog",
    "Conformity",
    "EventDefinition",
    "check",
    "conformity_of",
    "current",
    "event_name_of",
    "extend_current",
    "set_current",
]
