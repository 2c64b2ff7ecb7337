"""Times of the store as answers have them."""

from __future__ import annotations

from otel_events.ledger.instants import format_instant

SECOND = 1_000_000_000


def instant(nanoseconds: int | None) -> str | None:
    """Return the time as a ledger's line has it, None for none."""
    return None if nanoseconds is None else format_instant(nanoseconds)


def whole_second(seconds: int | None) -> str | None:
    """Return the time of whole Unix seconds as a ledger's line has it, None for none."""
    return None if seconds is None else format_instant(seconds * SECOND)
