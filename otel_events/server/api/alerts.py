"""Alerts: which are open, which were resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_events.filter_language import Clause, FilterSettings
from otel_events.reading.analysis.alerts import OPENING, RESOLVING, Alerts
from otel_events.server.api import parameters, schemas
from otel_events.server.api.instants import instant
from otel_events.server.api.operation import Operation
from otel_events.server.api.parameters import SINCE

if TYPE_CHECKING:
    from otel_events.reading.analysis.alerts import Alert
    from otel_events.server.server import Server

_WANTED = FilterSettings(tuple(Clause(pattern) for pattern in (*OPENING, *RESOLVING)))
_MOST_EVENTS = 20_000


def list_alerts(server: Server, *, since: int | None, limit: int) -> dict[str, Any]:
    """Return the alerts, the latest first."""
    events = server.store.select(_WANTED, since=since, limit=_MOST_EVENTS, newest_first=True)
    numbers = {id(event.record): event.seq for event in events}
    alerts, resolved = Alerts(), []
    for event in reversed(events):
        alert = alerts.add(event.record)
        if alert is not None:
            resolved.append(_shown(alert, numbers, ended=instant(event.record.timestamp)))
    open_ = [_shown(alert, numbers, ended=None) for alert in alerts.open.values()]
    return {"open": open_[::-1][:limit], "resolved": resolved[::-1][:limit]}


def _shown(alert: Alert, numbers: dict[int, int], *, ended: str | None) -> dict[str, Any]:
    record = alert.last
    facts = record.as_dict()
    return {
        "name": record.name,
        "component": record.text("component") or alert.subject or None,
        "severity": facts.get("severity"),
        "message": facts.get("message"),
        "started": instant(alert.first.timestamp),
        "ended": ended,
        "count": alert.count,
        "seq": numbers[id(record)],
    }


OPERATIONS = (
    Operation(
        "/api/alerts",
        list_alerts,
        "Alerts, heartbeats that were missed, tasks and cycles that stalled: open, and resolved; the latest first.",
        schemas.shape(open=schemas.listing(schemas.named("Alert")), resolved=schemas.listing(schemas.named("Alert"))),
        (SINCE, parameters.limit(200)),
    ),
)
