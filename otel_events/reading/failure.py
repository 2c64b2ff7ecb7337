"""What an error says went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_events.reading.texts import own_message

if TYPE_CHECKING:
    from otel_events.reading.record import Record


def kind_of(record: Record) -> str:
    """Return the type of the exception or the kind of error that *record* names, empty if it names none."""
    return record.text("exception.type") or record.text("error.type")


def reason_of(record: Record) -> str:
    """Return the attribute `reason` where there is no exception to say it, as `task.fail("no source found")` leaves it."""
    has_exception = record.text("exception.type") or record.text("exception.message")
    return "" if has_exception else record.text("reason")


def said_of(record: Record) -> str:
    """Return in words what went wrong: the exception's message; else the reason, behind a message that is not the catalogue's."""
    reason = reason_of(record)
    if reason:
        return ": ".join(filter(None, (own_message(record), reason)))
    return record.text("exception.message") or record.text("message") or record.text("error")
