"""How much is on disk: in the spools, and in the journals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from otel_events.spool import inspect, list_spools

if TYPE_CHECKING:
    import os

_JOURNALS = ".journal"


def count_waiting(root: str | os.PathLike[str]) -> int:
    """Return how many records wait beneath *root* to be sent."""
    journals = [inspect(path) for path in Path(root, _JOURNALS).glob("*") if path.is_dir()]
    return sum(spool.records for spool in [*list_spools(root), *journals])
