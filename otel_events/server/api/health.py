"""How the server fares, and who writes to it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from otel_events.event import DEFAULT_SCOPE, Event, Resource, Severity
from otel_events.server.api import parameters, schemas
from otel_events.server.api.instants import SECOND, instant
from otel_events.server.api.operation import Operation
from otel_events.server.api.problem import RequestError
from otel_events.server.store.stored import Arrival
from otel_events.version import VERSION

if TYPE_CHECKING:
    from otel_events.server.server import Server

TEST_EVENT = "test.event"
_RATE_SECONDS = 10


def show_health(server: Server) -> dict[str, Any]:
    """Return figures of the server itself."""
    stream = server.hub.figures()
    return {
        "version": VERSION,
        "uptime": max(0.0, server.clock() - server.started),
        "ingest": _ingest(server),
        "otlp_port": server.otlp_port,
        "connections": len(server.access.connections),
        "clients": stream.clients,
        "stream": {"folded": stream.folded, "dropped": stream.dropped},
        "stored": _stored(server),
        "disk": _disk(server),
        "retention": {"max_bytes": server.settings.keep_bytes, "max_age": server.settings.keep_age},
        "refused": server.refused.counts(),
        "dropped": server.store.accounts.dropped.counts(),
        "problems": server.store.accounts.problems.counts(),
        "index": {"state": "ready", "progress": None, "rebuilt": server.store.rebuilt},
    }


def list_writers(server: Server, *, limit: int) -> dict[str, Any]:
    """Return what is known of each program that writes, the latest first."""
    return {
        "writers": [
            {**writer, "started": instant(writer["started"]), "last": instant(writer["last"])}
            for writer in server.store.views.writers(limit=limit)
        ]
    }


def send_test_event(server: Server) -> dict[str, Any]:
    """Store an event that says that all is well, and return it."""
    from otel_events.server.api.events import as_json

    now = int(server.clock() * SECOND)
    event = Event(
        TEST_EVENT,
        now,
        now,
        severity=Severity.INFO,
        severity_text="INFO",
        body="A test event from the page: what you see here is what your programs' events will look like",
        attributes={"source": "otel-events serve"},
        scope=DEFAULT_SCOPE,
    )
    stored = server.store.append([Arrival(event, Resource({"service.name": "otel-events"}, ""))])
    if not stored:
        raise RequestError(503, "the event was not stored; ask again")
    return {"event": as_json(stored[0])}


def _ingest(server: Server) -> dict[str, Any]:
    now = int(server.clock())
    (count,) = (
        server.store.read()
        .execute(
            "SELECT ifnull(sum(count), 0) FROM seconds WHERE second BETWEEN ? AND ?", (now - _RATE_SECONDS, now - 1)
        )
        .fetchone()
    )
    # What programs append to the ledger themselves is counted too: so the rate is that of the index.
    return {**server.intake.figures.ingest(), "rate": count / _RATE_SECONDS}


def _stored(server: Server) -> dict[str, Any]:
    store = server.store
    connection = store.read()
    (count,) = connection.execute("SELECT ifnull(sum(count), 0) FROM names").fetchone()
    oldest, newest = connection.execute("SELECT min(second), max(second) FROM seconds").fetchone()
    return {
        "events": count,
        "first_seq": store.first_seq,
        "last_seq": store.last_seq,
        "oldest": instant(oldest * SECOND) if oldest is not None else None,
        "newest": instant(newest * SECOND) if newest is not None else None,
    }


def _disk(server: Server) -> dict[str, Any]:
    disk = server.store.views.disk()
    try:
        free: int | None = shutil.disk_usage(server.store.place.ledger.parent).free
    except OSError:  # the folder comes with the first event
        free = None
    return {"ledger_bytes": disk["events"] + disk["spans"], "index_bytes": disk["index"], "free_bytes": free}


_HEALTH = schemas.shape(
    version=schemas.TEXT,
    uptime=schemas.NUMBER,
    ingest=schemas.shape(
        rate=schemas.NUMBER, delay_p50=schemas.maybe(schemas.NUMBER), delay_p99=schemas.maybe(schemas.NUMBER)
    ),
    otlp_port=schemas.COUNT,
    connections=schemas.COUNT,
    clients=schemas.COUNT,
    stream=schemas.shape(folded=schemas.COUNT, dropped=schemas.COUNT),
    stored=schemas.shape(
        events=schemas.COUNT,
        first_seq=schemas.COUNT,
        last_seq=schemas.COUNT,
        oldest=schemas.maybe(schemas.INSTANT),
        newest=schemas.maybe(schemas.INSTANT),
    ),
    disk=schemas.shape(ledger_bytes=schemas.COUNT, index_bytes=schemas.COUNT, free_bytes=schemas.maybe(schemas.COUNT)),
    retention=schemas.shape(max_bytes=schemas.maybe(schemas.COUNT), max_age=schemas.maybe(schemas.NUMBER)),
    refused=schemas.counts(),
    dropped=schemas.counts(),
    problems=schemas.counts(),
    index=schemas.shape(state=schemas.TEXT, progress=schemas.maybe(schemas.NUMBER), rebuilt=schemas.COUNT),
)
_WRITER = schemas.shape(
    writer=schemas.TEXT,
    service=schemas.maybe(schemas.TEXT),
    host=schemas.maybe(schemas.TEXT),
    pid=schemas.maybe(schemas.WHOLE),
    started=schemas.maybe(schemas.INSTANT),
    last=schemas.maybe(schemas.INSTANT),
    state={"type": "string", "enum": ["running", "stopped", "unclean"]},
    emitted=schemas.maybe(schemas.COUNT),
    received=schemas.COUNT,
    missing=schemas.COUNT,
    dropped=schemas.counts(),
)

OPERATIONS = (
    Operation(
        "/api/health",
        show_health,
        f"How the server fares. `clients` are those of the streams; `refused` counts by reason: `slow_reader` are answers and streams that were cut because nobody read them; `ingest.rate` is events a second over the last {_RATE_SECONDS}; `retention` in bytes and seconds.",
        _HEALTH,
    ),
    Operation(
        "/api/writers",
        list_writers,
        "Each program that writes: how it ended, what it says it dropped, what is missing without a word.",
        schemas.shape(writers=schemas.listing(_WRITER)),
        (parameters.limit(200),),
    ),
    Operation(
        "/api/test-event",
        send_test_event,
        "Store a test event.",
        schemas.shape(event=schemas.named("Event")),
        method="POST",
    ),
)
