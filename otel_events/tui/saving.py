"""A selection of events as a file."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from otel_events.reading.record import Record


def save_records(records: Iterable[Record], folder: Path) -> tuple[Path, int]:
    """Write *records* as a ledger's lines into a new file of this user alone; return it, and how many there were.

    Raises:
        OSError: it cannot be written.
    """
    stem = f"events-{time.strftime('%Y%m%dT%H%M%S')}"
    for number in range(1_000):
        path = folder / (f"{stem}.jsonl" if not number else f"{stem}-{number}.jsonl")
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        try:
            return path, _write(handle, records)
        except BaseException:  # half a selection is none: the disk is full, or nobody wants it any more
            path.unlink(missing_ok=True)
            raise
    raise FileExistsError(f"{folder / stem}.jsonl and a thousand like it exist")


def _write(handle: int, records: Iterable[Record]) -> int:
    count = 0
    with os.fdopen(handle, "wb") as file:
        for record in records:
            file.write(record.line())
            count += 1
    return count
