"""Which spools a command means: by the name of a service, by directory, or all of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from otel_events import spool
from otel_events.cli.complaints import InputError, NotThereError
from otel_events.cli.endpoints import read_settings
from otel_events.reading.harmless import harmless
from otel_events.spool.own import ABOUT
from otel_events.spool.places import default_root, has_segments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.spool import SpoolInfo


def choose(names: Sequence[str], root: str | None) -> list[SpoolInfo]:
    """Return the spools that *names* mean, all of them beneath *root* if there are none; or raise NotThereError."""
    place = spool_root(root)
    if root is not None and not place.is_dir():
        raise InputError(f"{place} is no directory")
    found = spool.list_spools(place)
    if not names:
        return found
    chosen: dict[Path, SpoolInfo] = {}
    for name in names:
        for info in _meant_by(name, found, place):
            chosen[info.path] = info
    return list(chosen.values())


def spool_root(root: str | None) -> Path:
    """Return where all spools are: *root*, else where the environment says, else the user's own place."""
    if root is not None:
        return Path(root)
    configured = read_settings().spool_dir
    return default_root() if configured is None else Path(configured)


def _meant_by(name: str, found: list[SpoolInfo], place: Path) -> list[SpoolInfo]:
    by_service = [info for info in found if info.service == name]
    if by_service:
        return by_service
    path = Path(name)
    if (path / ABOUT).is_file() or has_segments(path):
        return [spool.inspect(path.absolute())]
    services = ", ".join(sorted({info.service for info in found})) or "none at all"
    raise NotThereError(harmless(f"there is no spool {name!r} in {place}; there are those of: {services}"))
