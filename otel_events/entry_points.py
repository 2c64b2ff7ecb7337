"""What other packages have installed under OpenTelemetry's entry-point groups."""

from __future__ import annotations

from typing import Any

# `importlib.metadata` takes longer to import than all of ours, and most programs ask for no entry point.


def installed(group: str) -> frozenset[str]:
    """Return the names that are installed under *group*."""
    from importlib.metadata import entry_points

    return frozenset(point.name for point in entry_points(group=group))


def load_entry_point(group: str, name: str) -> Any:
    """Return what is installed as *name* under *group*.

    Raises:
        LookupError: nothing is.
    """
    from importlib.metadata import entry_points

    for point in entry_points(group=group, name=name):
        return point.load()
    msg = f"no entry point '{name}' is installed (entry points of {group}: {', '.join(sorted(installed(group)))})"
    raise LookupError(msg)
