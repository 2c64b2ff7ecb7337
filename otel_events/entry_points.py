"""What other packages have installed under OpenTelemetry's entry-point groups."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any


def installed(group: str) -> frozenset[str]:
    """Return the names that are installed under *group*."""
    return frozenset(point.name for point in entry_points(group=group))


def load_exporter(group: str, name: str) -> Any:
    """Return what is installed as *name* under *group*.

    Raises:
        LookupError: nothing is.
    """
    for point in entry_points(group=group, name=name):
        return point.load()
    msg = f"no exporter '{name}' is installed (entry points of {group}: {', '.join(sorted(installed(group)))})"
    raise LookupError(msg)
