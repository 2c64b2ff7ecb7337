"""What waits in front of a network sink; on disk it can be listed, looked into, sent and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_events.spool.inspection import (
        JournalError,
        Refusal,
        Rejected,
        SpoolInfo,
        SpoolInUseError,
        delete,
        drain,
        inspect,
        list_spools,
        quarantine,
        resend,
    )

__all__ = [
    "JournalError",
    "Refusal",
    "Rejected",
    "SpoolInUseError",
    "SpoolInfo",
    "delete",
    "drain",
    "inspect",
    "list_spools",
    "quarantine",
    "resend",
]


def __getattr__(name: str) -> object:
    # Imported when asked for: a program that only looks whether anything was left needs none of it.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from otel_events.spool import inspection

    return getattr(inspection, name)
