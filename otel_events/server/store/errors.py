"""What can be wrong with a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_events.errors import OtelEventsError

if TYPE_CHECKING:
    import sqlite3


class StoreError(OtelEventsError):
    """The store cannot be used as it is; the message says why, and what to do."""


class StoreUnavailableError(StoreError):
    """Nothing can be stored just now: a full disk, most likely. What was to be stored may be sent again."""


def is_damage(error: sqlite3.Error) -> bool:
    """Return whether *error* says that the index is broken, and not that the disk is full or busy."""
    text = str(error)
    return any(
        words in text for words in ("malformed", "not a database", "no such table", "disk I/O error", "readonly")
    )
