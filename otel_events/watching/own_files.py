"""The files that this program writes by itself, which must not be told: each event of one would be another change."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from otel_events import process
from otel_events.state_directory import state_directory

if TYPE_CHECKING:
    from collections.abc import Callable


def find_own_files() -> Callable[[str], bool]:
    """Return what tells whether a path is that of the ledger, of the spool, or of what standard output goes into."""
    settings = process.current().ready_settings()
    ledgers = [settings.ledger] if isinstance(settings.ledger, str) else []
    directories = [settings.spool_dir] if settings.spool_dir else []
    with suppress(OSError):  # then nothing is written there
        directories.append(str(state_directory()))
    # Rotated files, locks and the like have the ledger's name in front.
    beginnings = (*map(os.path.realpath, ledgers), *(os.path.realpath(each) + os.sep for each in directories))
    outputs = _outputs()

    def is_own(path: str) -> bool:
        return path.startswith(beginnings) or (bool(outputs) and _identity_of(path) in outputs)

    return is_own


def _outputs() -> frozenset[tuple[int, int]]:
    """Return which files standard output and standard error go into, if they go into files."""
    found = set()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # closed, or none of the system's
            status = os.fstat(stream.fileno())
            if stat.S_ISREG(status.st_mode):
                found.add((status.st_dev, status.st_ino))
    return frozenset(found)


def _identity_of(path: str) -> tuple[int, int] | None:
    try:
        status = os.lstat(path)
    except OSError:  # gone
        return None
    return (status.st_dev, status.st_ino)
