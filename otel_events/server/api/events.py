"""Events: by filter and time with a cursor, one by its number, and as a file."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import orjson

from otel_events.server.api import parameters, schemas
from otel_events.server.api.operation import Download, Operation
from otel_events.server.api.paging import Pager, Question
from otel_events.server.api.parameters import CHOSEN, SINCE, UNTIL, Parameter, choice, whole_number
from otel_events.server.api.problem import not_found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_events.filter_language import FilterSettings
    from otel_events.server.server import Server
    from otel_events.server.store.stored import StoredEvent

_PAGE = 1_000


def as_json(event: StoredEvent) -> orjson.Fragment:
    """Return *event* as answers have it; its text is that of the ledger, unread."""
    return orjson.Fragment(event.wire())


def list_events(
    server: Server,
    *,
    chosen: FilterSettings | None,
    after: int,
    before: int | None,
    since: int | None,
    until: int | None,
    limit: int,
    order: str,
) -> dict[str, Any]:
    """Return a page of events and the cursor of the next one."""
    store = server.store
    first, last = store.first_seq, store.last_seq
    end = min(before if before is not None else last + 1, last + 1)
    pager = Pager(store, Question(chosen, since, until, order == "newest"), max(after, first - 1), end)
    found = pager.find(limit)
    return {"events": [as_json(event) for event in found], "next": pager.next, "first": first, "last": last}


def get_event(server: Server, *, seq: int) -> bytes:
    """Return the event of that number."""
    event = server.store.get(seq)
    if event is None:
        raise not_found(f"event {seq}")
    return event.wire()


def export(
    server: Server,
    *,
    chosen: FilterSettings | None,
    since: int | None,
    until: int | None,
    format: str,  # noqa: A002
) -> Download:
    """Return all events that fit, as lines of a ledger, or these zipped."""
    lines = _lines(server, chosen, since, until)
    if format == "zip":
        return Download(_zipped(lines), "application/zip", "events.zip")
    return Download(lines, "application/jsonl", "events.jsonl")


def _lines(server: Server, chosen: FilterSettings | None, since: int | None, until: int | None) -> Iterator[bytes]:
    after, last = 0, server.store.last_seq  # what comes meanwhile is not waited for
    yield b""
    while some := server.store.select(
        chosen, after=after, before=last + 1, since=since, until=until, limit=_PAGE, newest_first=False
    ):
        yield b"".join(event.line + b"\n" for event in some)
        after = some[-1].seq


def _zipped(pieces: Iterator[bytes]) -> Iterator[bytes]:
    out = _Out()
    with (
        zipfile.ZipFile(cast("BinaryIO", out), "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("events.jsonl", "w", force_zip64=True) as file,
    ):
        for piece in pieces:
            file.write(piece)
            yield out.take()
    yield out.take()


class _Out:
    """What zipfile writes to: keeps what was written until it is taken."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._written.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Have nothing to do."""

    def take(self) -> bytes:
        written, self._written = self._written, []
        return b"".join(written)


_SEQ = whole_number(0, parameters.MAX_SEQ)

OPERATIONS = (
    Operation(
        "/api/events",
        list_events,
        "Events that fit a filter, in pages: `next` is the `after` (or, newest first, the `before`) of the next one.",
        schemas.shape(
            events=schemas.listing(schemas.named("Event")),
            next=schemas.maybe(schemas.COUNT),
            first=schemas.COUNT,
            last=schemas.COUNT,
        ),
        (
            CHOSEN,
            Parameter("after", _SEQ, "Only events with a greater number.", 0),
            Parameter("before", _SEQ, "Only events with a lesser number."),
            SINCE,
            UNTIL,
            parameters.limit(200),
            Parameter("order", choice("oldest", "newest"), "Which come first, `oldest` or `newest`.", "oldest"),
        ),
    ),
    Operation(
        "/api/events/{seq}",
        get_event,
        "One event.",
        schemas.named("Event"),
        (Parameter("seq", whole_number(1, parameters.MAX_SEQ), "Its number.", place="path", is_required=True),),
    ),
    Operation(
        "/api/export",
        export,
        "All events that fit a filter, as a file.",
        None,
        (
            CHOSEN,
            SINCE,
            UNTIL,
            Parameter("format", choice("jsonl", "zip"), "As lines of JSON, or these zipped.", "jsonl"),
        ),
        media_types=("application/jsonl", "application/zip"),
    ),
)
