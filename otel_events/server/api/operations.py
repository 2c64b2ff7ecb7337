"""Everything that can be asked."""

from __future__ import annotations

from otel_events.server.api import alerts, catalogue, errors, events, health, series, sessions, statistics, tasks

OPERATIONS = tuple(
    operation
    for resource in (events, tasks, sessions, errors, alerts, statistics, series, catalogue, health)
    for operation in resource.OPERATIONS
)
