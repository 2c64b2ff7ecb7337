"""Where a client's stream begins, and which events it is of, as the client asks for it."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from typing import TYPE_CHECKING, Any

from otel_events.filter_language import Clause, Condition, FilterError, FilterSettings, parse_filter
from otel_events.reading.times import parse_when
from otel_events.server.live.broadcast_shape import WITHOUT_UID, uid_of
from otel_events.server.store.errors import StoreError
from otel_events.server.store.stored import StoredEvent
from otel_events.version import VERSION

if TYPE_CHECKING:
    from otel_events.server.live.hub import Hub
    from otel_events.server.store.store import Store

# What reading the store may raise while its disk fails; a client had better come again later.
UNAVAILABLE = (sqlite3.Error, StoreError)
MAX_FILTER = 4_096  # characters; nobody types more
MAX_TESTS = 100
_MAX_LAST = 10_000
_UID = re.compile(r"[\w.:\-]{1,200}", re.ASCII)
_UIDS_BACK = 50_000  # events; who was away for longer begins anew
_MAX_DIGITS = 15  # of a cursor; more are Unix seconds of no use, or nonsense


class StreamError(ValueError):
    """A client asked for something that cannot be.

    Attributes:
        facts: what is told to the client.
    """

    def __init__(self, problem: str, **facts: str | int) -> None:
        super().__init__(problem)
        self.facts = {"problem": problem, **facts}


def read_filter(text: str | None) -> FilterSettings | None:
    """Return the filter that *text* means, None for everything, or raise StreamError with its first mistake."""
    if not text or not text.strip():
        return None
    if len(text) > MAX_FILTER:
        raise StreamError(f"the filter is longer than {MAX_FILTER} characters", parameter="filter")
    try:
        chosen = parse_filter(text)
    except FilterError as error:
        mistake = error.mistakes[0]
        raise StreamError(mistake.problem, parameter="filter", column=mistake.column) from error
    # Each event of everybody is held against it.
    if sum(1 + len(clause.conditions) + len(clause.texts) for clause in chosen.clauses) > MAX_TESTS:
        raise StreamError(f"the filter asks for more than {MAX_TESTS} things", parameter="filter")
    return chosen


async def find_cursor(hub: Hub, store: Store, text: str | None, chosen: FilterSettings | None) -> int:
    """Return the cursor after which a stream begins, or raise StreamError.

    Args:
        hub: of the server.
        store: of the server.
        text: a cursor, a time, `last:N` for the newest N that fit *chosen*, `now`; None or empty for `now`.
        chosen: which events the stream is of.
    """
    text = (text or "now").strip()
    if text == "now":
        return hub.cursor
    if text.startswith("last:"):
        return await _before_the_last(hub, text.removeprefix("last:"), chosen)
    if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS:
        return int(text)
    try:
        since = parse_when(text)
    except ValueError as error:
        raise StreamError(f"{error}; or a cursor, 'last:200' or 'now'", parameter="from") from error
    first = await asyncio.to_thread(store.select, None, since=since, limit=1)
    return first[0].seq - 1 if first else hub.cursor


async def _before_the_last(hub: Hub, count: str, chosen: FilterSettings | None) -> int:
    if not (count.isascii() and count.isdigit() and len(count) <= len(str(_MAX_LAST))):
        raise StreamError(f"'last:' wants a number up to {_MAX_LAST}, such as 'last:200'", parameter="from")
    if int(count) == 0:
        return hub.cursor
    newest = await hub.newest(chosen, min(int(count), _MAX_LAST))
    return newest[0].seq - 1 if newest else hub.cursor


async def find_uid(hub: Hub, store: Store, uid: object) -> int | None:
    """Return the cursor of the event that was sent with this *uid*, None if it is not there any more, or raise StreamError."""
    if not isinstance(uid, str) or not _UID.fullmatch(uid):
        raise StreamError("'after' is the uid of an event", parameter="after")
    if uid.startswith(WITHOUT_UID):
        number = uid.removeprefix(WITHOUT_UID)
        return int(number) if number.isascii() and number.isdigit() and len(number) <= _MAX_DIGITS else None
    needle = f'"uid":"{uid}"'.encode()
    in_memory = await asyncio.to_thread(_look_through, *hub.in_memory(), needle, uid)
    if in_memory is not None:
        return in_memory
    chosen = FilterSettings((Clause(conditions=(Condition("uid", "=", uid),)),))
    found = await asyncio.to_thread(store.select, chosen, after=hub.cursor - _UIDS_BACK, newest_first=True, limit=1)
    return found[0].seq if found else None


def _look_through(seqs: list[int], lines: list[bytes], needle: bytes, uid: str) -> int | None:
    for seq, line in zip(reversed(seqs), reversed(lines), strict=True):
        if needle in line and uid_of(StoredEvent(seq, line)) == uid:
            return seq
    return None


def hello(hub: Hub, store: Store, cursor: int) -> dict[str, Any]:
    """Return what a stream begins with: where it begins, and what there is."""
    return {
        "type": "hello",
        "cursor": cursor,
        "first": store.first_seq,
        "server": VERSION,
        "heartbeat": hub.settings.heartbeat,
    }
