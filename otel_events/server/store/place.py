"""Where a store keeps what, and that no two servers keep one store."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from otel_events.file_lock import take_lock
from otel_events.files import make_private_directory
from otel_events.server.store.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from otel_events.file_lock import HeldLock


class Place:
    """The paths of one store.

    Attributes:
        ledger: the file of events.
        spans: the file of spans.
        folder: what is made of these, and can be made again.
        index: the index.
    """

    def __init__(self, ledger: Path) -> None:
        self.ledger = ledger.absolute()
        # No name may begin as the ledger's does: those who follow it take such files for its rotated ones.
        self.spans = self.ledger.with_name(f"spans.{ledger.name}")
        self.folder = self.ledger.with_name(f".{ledger.name}.index")
        self.index = self.folder / "index.sqlite3"

    def take(self) -> HeldLock:
        """Return the lock of this store, or raise StoreError that names its holder."""
        try:
            # An existing folder above keeps its mode: it is the user's.
            self.ledger.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            make_private_directory(self.folder, self.folder)
            lock = take_lock(str(self.folder / "lock"))
        except OSError as error:
            raise StoreError(
                f"{self.folder} cannot be used: {error.strerror}; choose another place with --ledger"
            ) from error
        if lock is None:
            raise StoreError(
                f"another server{self._holder()} keeps {self.ledger}: stop it, or give this one a file of its own with --ledger"
            )
        with suppress(OSError):  # only for that message
            (self.folder / "holder").touch(0o600)
            (self.folder / "holder").write_text(str(os.getpid()), encoding="ascii")
        return lock

    def clear(self) -> None:
        """Delete the index."""
        for ending in ("", "-wal", "-shm", "-journal"):
            self.index.with_name(self.index.name + ending).unlink(missing_ok=True)

    def _holder(self) -> str:
        try:
            pid = int((self.folder / "holder").read_text(encoding="ascii"))
        except (OSError, ValueError):
            return ""
        return f" (process {pid})"
