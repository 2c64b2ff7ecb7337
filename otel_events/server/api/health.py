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
from otel_events.server.store.writer_views import STATES
from otel_events.version import VERSION

if TYPE_CHECKING:
    from pathlib import Path

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
        "trouble": server.store.trouble or None,
        "ledger": {"path": str(server.store.place.ledger), "unseen": _text(server.unseen_ledger)},
        "stored": _stored(server),
        "disk": _disk(server),
        "retention": {"max_bytes": server.settings.keep_bytes, "max_age": server.settings.keep_age},
        "refused": server.refused.counts(),
        "dropped": server.store.accounts.dropped.counts(),
        "problems": server.store.accounts.problems.counts(),
        "index": _index(server),
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
    oldest, newest = connection.execute("SELECT min(second), max(second) FROM seconds").fetchone()
    return {
        "events": store.views.total(),
        "first_seq": store.first_seq,
        "last_seq": store.last_seq,
        "oldest": instant(oldest * SECOND) if oldest is not None else None,
        "newest": instant(newest * SECOND) if newest is not None else None,
    }


def _index(server: Server) -> dict[str, Any]:
    coming = server.store.coming
    done, total = coming if coming is not None else (None, None)
    return {
        "state": "ready" if coming is None else "building",
        "done": done,
        "total": total,
        "rebuilt": server.store.rebuilt,
    }


def _text(path: Path | None) -> str | None:
    return str(path) if path is not None else None


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
    trouble=schemas.maybe(schemas.TEXT),
    ledger=schemas.shape(path=schemas.TEXT, unseen=schemas.maybe(schemas.TEXT)),
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
    index=schemas.shape(
        state={"type": "string", "enum": ["ready", "building"]},
        done=schemas.maybe(schemas.COUNT),
        total=schemas.maybe(schemas.COUNT),
        rebuilt=schemas.COUNT,
    ),
)
_WRITER = schemas.shape(
    writer=schemas.TEXT,
    service=schemas.maybe(schemas.TEXT),
    host=schemas.maybe(schemas.TEXT),
    pid=schemas.maybe(schemas.WHOLE),
    started=schemas.maybe(schemas.INSTANT),
    last=schemas.maybe(schemas.INSTANT),
    state={"type": "string", "enum": list(STATES)},
    is_numbered=schemas.YES_OR_NO,
    emitted=schemas.maybe(schemas.COUNT),
    received=schemas.COUNT,
    missing=schemas.maybe(schemas.COUNT),
    dropped=schemas.counts(),
    summed=schemas.COUNT,
)

OPERATIONS = (
    Operation(
        "/api/health",
        show_health,
        f"How the server fares. `clients` are those of the streams; `refused` counts by reason: `slow_reader` are answers and streams that were cut because nobody read them; `ingest.rate` is events a second over the last {_RATE_SECONDS}; `retention` in bytes and seconds; `ledger.unseen` is the file to which programs of this user write where no endpoint is set, if that is another one; `trouble` says why nothing can be stored just now; `stored.events` leaves out what writers say of themselves; while `index.state` is `building`, `index.done` of `index.total` bytes of the ledger are in the index again, and all other answers say what is in it so far.",
        _HEALTH,
    ),
    Operation(
        "/api/writers",
        list_writers,
        "Each program that writes: how it ended, what it says it dropped, what is missing without a word, and how many events it"
        " has `summed` up in others (rolled up, or repeated). One whose events have no sequence numbers, as those of the shell or of"
        " another SDK, goes by its `service.instance.id`, if it says one: it has `is_numbered` false, what is `missing` cannot be"
        " told, and after ten minutes without an event it is `quiet`, since it never says that it ends.",
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
