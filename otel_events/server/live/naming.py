"""Which event a ledger's line is of, told by its first bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_events.server.store.stored import StoredEvent

_KEY = b'"event":"'
_WITHIN = 120  # a line begins with two times, and then the name


def name_of(event: StoredEvent) -> str:
    """Return the name of *event*."""
    line = event.line
    begin = line.find(_KEY, 0, _WITHIN) + len(_KEY)
    end = line.find(b'"', begin)
    name = line[begin:end]
    if begin < len(_KEY) or end < 0 or b"\\" in name:
        return event.record.name
    return name.decode(errors="replace")
