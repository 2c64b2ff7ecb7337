"""Files of what a destination would not take, for people to look at."""

from __future__ import annotations

import itertools
import json
import os
import re
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from otel_events.files import OwnedFile, make_private_directory
from otel_events.lazy_pattern import lazy_pattern
from otel_events.spool.segment import WRITER_PATTERN

if TYPE_CHECKING:
    from pathlib import Path

    from otel_events.spool.queue import Batch

QUARANTINE = "quarantine"
MAX_BYTES = 64 << 20
_SUFFIXES = {None: ".otlp", "gzip": ".otlp.gz"}
_NAME = lazy_pattern(rf"({WRITER_PATTERN}-\d{{6,}})(\.otlp|\.otlp\.gz|\.json)", re.ASCII)


def read_rejected_name(name: str) -> tuple[str, bool] | None:
    """Return the file name of the note on the file *name*, and whether that is a request; None if it is none of ours."""
    match = _NAME.fullmatch(name)
    return None if match is None else (f"{match[1]}.json", match[2] != ".json")


class RejectedFiles:
    """Keeps rejected requests, each as it was posted with a `.json` beside it that says why; the newest, up to a bound."""

    def __init__(self, directory: Path, token: str, max_bytes: int = MAX_BYTES) -> None:
        self.directory = directory / QUARANTINE
        self._token = token
        self._max_bytes = max_bytes
        self._counter = itertools.count(1)

    def keep(self, batch: Batch, cause: str, reason: str) -> Path:
        """Return where *batch* is kept; or raise OSError."""
        make_private_directory(self.directory, self.directory.parent)
        self._make_room(len(batch.body))
        name = f"{self._token}-{next(self._counter):06d}"
        about = {"time": time.time(), "cause": cause, "reason": reason, "records": batch.records}
        path = self.directory / (name + _SUFFIXES[batch.encoding])
        _write(path, batch.body)
        _write(self.directory / f"{name}.json", json.dumps(about).encode())
        return path

    def _make_room(self, needed: int) -> None:
        with os.scandir(self.directory) as listing:
            kept = [(entry.stat(follow_symlinks=False), entry.path) for entry in listing if _is_ours(entry)]
        total = sum(status.st_size for status, _ in kept)
        for status, path in sorted(kept, key=lambda item: item[0].st_mtime_ns):
            if total + needed <= self._max_bytes:
                return
            with suppress(FileNotFoundError):  # another process was quicker
                os.unlink(path)  # noqa: PTH108  # a name from the listing
            total -= status.st_size


def _is_ours(entry: os.DirEntry[str]) -> bool:
    return entry.is_file(follow_symlinks=False) and read_rejected_name(entry.name) is not None


def _write(path: Path, data: bytes) -> None:
    file = OwnedFile(str(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        while data:
            data = data[os.write(file.fd, data) :]
    except OSError:
        file.close()
        path.unlink(missing_ok=True)
        raise
    file.close()
