"""Events as they come in, and stores that take them."""

from __future__ import annotations

from contextlib import contextmanager

from otel_events.event import Event, Resource, Severity
from otel_events.server.settings import ServerSettings
from otel_events.server.store.store import Store
from otel_events.server.store.stored import Arrival

WRITER = "00000000000000aa"
NOON = 1_771_070_400_000_000_000
RESOURCE = Resource({"service.name": "orchestrator", "host.name": "here"})


def arrival(name="evidence.added", number=None, *, writer=WRITER, at=NOON, resource=RESOURCE, severity=9, **attributes):
    """One event; *number* counts within its writer, None for an event without a uid."""
    trace_id = attributes.pop("trace_id", 0)
    bound = {key: attributes.pop(key) for key in ("task_id", "persona", "session_id", "cycle") if key in attributes}
    event = Event(
        name,
        at,
        at,
        severity=severity,
        severity_text=Severity(severity).name,
        body=attributes.pop("message", None),
        attributes=attributes,
        bound=bound,
        trace_id=trace_id,
        trace_flags=1 if trace_id else 0,
        uid=f"{writer}-{number:x}" if number is not None else "",
    )
    return Arrival(event, resource)


def arrivals(count, first=1, **options):
    """*count* events of one writer, a millisecond apart."""
    return [arrival(number=first + at, at=NOON + at * 1_000_000, step=first + at, **options) for at in range(count)]


@contextmanager
def opened(path, **settings):
    """A store of the ledger at *path*, open until the end of the block."""
    store = Store(path, ServerSettings(**{"fsync": "never", **settings}))
    store.open()
    try:
        yield store
    finally:
        store.close()


def seqs(events):
    return [event.seq for event in events]


def steps(events):
    return [event.record.attributes.get("step") for event in events]
