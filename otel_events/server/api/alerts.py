"""Alerts: which are open, which were resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_events.filter_language import Clause, FilterSettings
from otel_events.server.api import parameters, schemas
from otel_events.server.api.instants import instant
from otel_events.server.api.operation import Operation
from otel_events.server.api.parameters import SINCE

if TYPE_CHECKING:
    from otel_events.reading.record import Record
    from otel_events.server.server import Server
    from otel_events.server.store.stored import StoredEvent

# What opens an alert, and what resolves it: of `heartbeat.missed` that is `heartbeat.missed.resolved`, or `.resolved` in place
# of the last word.
_OPENING = ("alert.triggered", "threshold.exceeded", "*.missed", "*.stalled")
_RESOLVING = ("alert.resolved", "*.resolved")
_WANTED = FilterSettings(tuple(Clause(pattern) for pattern in (*_OPENING, *_RESOLVING)))
_MOST_EVENTS = 20_000
# What tells one alert from another of its kind: the first of these that its event has.
_SUBJECTS = {
    "task": ("task_id",),
    "cycle": ("subject", "component", "session_id", "service"),
    "session": ("session_id",),
}
_OTHERS = ("subject", "component", "name", "alert", "metric", "service")


def list_alerts(server: Server, *, since: int | None, limit: int) -> dict[str, Any]:
    """Return the alerts, the latest first."""
    events = server.store.select(_WANTED, since=since, limit=_MOST_EVENTS, newest_first=True)
    open_: dict[tuple[str, str, str], dict[str, Any]] = {}
    resolved: list[dict[str, Any]] = []
    for event in reversed(events):
        record = event.record
        key = _key(record)
        before = open_.pop(key, None)
        if not record.name.endswith(".resolved"):
            open_[key] = _alert(event, before)
        elif before is not None:
            resolved.append({**before, "ended": instant(record.timestamp)})
    return {"open": list(open_.values())[::-1][:limit], "resolved": resolved[::-1][:limit]}


def _key(record: Record) -> tuple[str, str, str]:
    """Return what an alert and its end have in common: kind, subject, and the rule, where there is one."""
    stem = record.name.removesuffix(".resolved")
    family = stem.rpartition(".")[0] or stem
    return family, _subject(record, family), record.text("rule")


def _subject(record: Record, family: str) -> str:
    return next(filter(None, map(record.text, _SUBJECTS.get(family, _OTHERS))), "")


def _alert(event: StoredEvent, before: dict[str, Any] | None) -> dict[str, Any]:
    record = event.record
    facts = event.record.as_dict()
    return {
        "name": record.name,
        "component": record.text("component") or _key(record)[1] or None,
        "severity": facts.get("severity"),
        "message": facts.get("message"),
        "started": before["started"] if before is not None else instant(record.timestamp),
        "ended": None,
        "count": before["count"] + 1 if before is not None else 1,
        "seq": event.seq,
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
