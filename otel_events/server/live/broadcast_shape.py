"""Stored events in the shape of the older broadcaster, and their JSON."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import orjson

from otel_events.ledger import broadcast
from otel_events.ledger.instants import format_instant

if TYPE_CHECKING:
    from otel_events.server.store.stored import StoredEvent

WITHOUT_UID = "seq-"  # and the event's number


def uid_of(event: StoredEvent) -> str:
    """Return what tells *event* from every other one: its own uid, or its number if it came without."""
    return event.record.text("uid") or f"{WITHOUT_UID}{event.seq}"


def as_broadcast(event: StoredEvent) -> dict[str, Any]:
    """Return *event* as consumers of the broadcaster know it."""
    record = event.record
    moment = format_instant(record.timestamp)
    return {**broadcast.as_broadcast(record.name, moment, record.attributes, record.get), "uid": uid_of(event)}


def dump(said: Any) -> bytes:
    """Return it as JSON; text is not escaped, and what JSON has no form for is text."""
    return orjson.dumps(said, default=_as_text, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS)


def _as_text(value: object) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)
