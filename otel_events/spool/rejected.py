"""Files of what a destination would not take, for people to look at."""

from __future__ import annotations

import itertools
import json
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from otel_events.files import OwnedFile, make_private_directory

if TYPE_CHECKING:
    from pathlib import Path

    from otel_events.spool.queue import Batch, Cause

QUARANTINE = "quarantine"
MAX_BYTES = 64 << 20
_SUFFIXES = {None: ".otlp", "gzip": ".otlp.gz"}


class RejectedFiles:
    """Keeps rejected requests, each as it was posted with a `.json` beside it that says why; the newest, up to a bound."""

    def __init__(self, directory: Path, token: str, max_bytes: int = MAX_BYTES) -> None:
        self.directory = directory / QUARANTINE
        self._token = token
        self._max_bytes = max_bytes
        self._counter = itertools.count(1)

    def keep(self, batch: Batch, cause: Cause, reason: str) -> Path:
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
            kept = [(entry.stat(follow_symlinks=False), entry.path) for entry in listing if entry.is_file()]
        total = sum(status.st_size for status, _ in kept)
        for status, path in sorted(kept, key=lambda item: item[0].st_mtime_ns):
            if total + needed <= self._max_bytes:
                return
            with suppress(FileNotFoundError):  # another process was quicker
                os.unlink(path)  # noqa: PTH108  # a name from the listing
            total -= status.st_size


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
