"""What waits in front of a network sink; on disk it can be listed, looked into, sent and deleted."""

from otel_events.spool.inspection import (
    Rejected,
    SpoolInfo,
    SpoolInUseError,
    delete,
    drain,
    inspect,
    list_spools,
    quarantine,
)

__all__ = [
    "Rejected",
    "SpoolInUseError",
    "SpoolInfo",
    "delete",
    "drain",
    "inspect",
    "list_spools",
    "quarantine",
]
