"""When a ledger file is full or old, and what happens to it then.

`events.jsonl` becomes `events-20260214T190123Z-000017.jsonl`. The number counts up, so that the order of the files does
not hang on anybody's clock; the time is for people. Call `rotate` and `prune` only while holding the ledger's lock.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

from otel_events.errors import ConfigurationError

_MIB = 1 << 20
_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class RotationSettings:
    """When to begin a new file, and how much to keep.

    Attributes:
        max_file_bytes: a file is not appended to beyond this; None for no bound.
        max_age: seconds since the first line of a file after which a new one begins; None for no bound.
        max_total_bytes: of all files together; the oldest go first; None for no bound.
        max_files: rotated files kept; None for as many as fit.
    """

    max_file_bytes: int | None = 64 * _MIB
    max_age: float | None = 7 * _DAY
    max_total_bytes: int | None = 1024 * _MIB
    max_files: int | None = None

    def __post_init__(self) -> None:
        """Raise ConfigurationError that names every setting that cannot be."""
        problems = [
            f"{name} is {value}, it must be more than 0, or None for no bound"
            for name in ("max_file_bytes", "max_age", "max_total_bytes")
            if (value := getattr(self, name)) is not None and value <= 0
        ]
        if self.max_files is not None and self.max_files < 0:
            problems.append(f"max_files is {self.max_files}, it must be 0 or more, or None for no bound")
        if not problems and self.max_total_bytes is not None and (self.max_file_bytes or 0) > self.max_total_bytes:
            problems.append(
                f"max_total_bytes ({self.max_total_bytes}) is less than max_file_bytes ({self.max_file_bytes})"
            )
        if problems:
            raise ConfigurationError("the ledger's rotation settings cannot be used", problems)


class Pruned(NamedTuple):
    """What `prune` deleted."""

    files: int
    size: int


def is_rotation_due(settings: RotationSettings, *, size: int, added: int, age: float) -> bool:
    """Return True if *added* bytes should go to a new file rather than to one of this *size* and *age* in seconds."""
    if size == 0:
        return False
    if settings.max_file_bytes is not None and size + added > settings.max_file_bytes:
        return True
    return settings.max_age is not None and age >= settings.max_age


def rotate(path: Path, now: float) -> None:
    """Give the file at *path* its rotated name, or raise OSError and leave it."""
    rotated = list_rotated(path)
    number = _number_of(path, rotated[-1]) + 1 if rotated else 1
    stamp = datetime.fromtimestamp(now, timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    path.rename(path.with_name(f"{path.stem}-{stamp}-{number:06d}{path.suffix}"))


def prune(path: Path, settings: RotationSettings) -> Pruned:
    """Delete the oldest rotated files that *settings* leave no room for; one that cannot be deleted stays."""
    # The file being written will grow to its bound: the whole keeps its cap only if that room is kept free.
    room = None if settings.max_total_bytes is None else settings.max_total_bytes - (settings.max_file_bytes or 0)
    total = kept = files = size = 0
    for rotated in reversed(list_rotated(path)):
        try:
            bytes_here = rotated.stat().st_size
        except FileNotFoundError:
            continue
        total += bytes_here
        kept += 1
        is_too_much = room is not None and total > room
        if (is_too_much or (settings.max_files is not None and kept > settings.max_files)) and _is_deleted(rotated):
            files += 1
            size += bytes_here
    return Pruned(files, size)


def list_rotated(path: str | os.PathLike[str]) -> list[Path]:
    """Return the rotated files of the ledger at *path*, oldest first, compressed ones (`.gz`) included."""
    real = Path(os.path.realpath(path))
    pattern = _rotated_pattern(real)
    try:
        names = [entry.name for entry in os.scandir(real.parent) if pattern.fullmatch(entry.name)]
    except OSError:  # no directory, no files
        return []
    return [real.with_name(name) for name in sorted(names, key=lambda name: (_number_in(pattern, name), name))]


def ledger_files(path: str | os.PathLike[str]) -> list[Path]:
    """Return all files of the ledger at *path*, oldest first, the one being written last."""
    current = Path(path)
    return [*list_rotated(path), *([current] if current.exists() else [])]


def _rotated_pattern(path: Path) -> re.Pattern[str]:
    return re.compile(
        rf"{re.escape(path.stem)}-\d{{8}}T\d{{6}}Z-(\d{{6,18}}){re.escape(path.suffix)}(?:\.gz)?", re.ASCII
    )


def _number_in(pattern: re.Pattern[str], name: str) -> int:
    match = pattern.fullmatch(name)
    return int(match.group(1)) if match else 0


def _number_of(path: Path, rotated: Path) -> int:
    return _number_in(_rotated_pattern(Path(os.path.realpath(path))), rotated.name)


def _is_deleted(path: Path) -> bool:
    try:
        path.unlink()
    except OSError:  # a reader on Windows holds it: the next rotation tries again
        return False
    return True
