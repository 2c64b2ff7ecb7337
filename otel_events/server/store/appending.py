"""What comes in is appended to the ledger: whole, under headers, and asked of the disk as the settings say."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from otel_events.ledger.instants import format_instant
from otel_events.ledger.line import HEADER_EVENT, dump_line
from otel_events.ledger.rotate import RotationSettings
from otel_events.ledger.write import LedgerFile
from otel_events.server.store.scan import NEXT_SEQ
from otel_events.server.store.sources import Sources
from otel_events.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from otel_events.accounting import Accounts
    from otel_events.server.settings import ServerSettings
    from otel_events.server.store.stored import Arrival

_FILE_BYTES = 64 << 20
_PATIENCE = 1.0


class Appending:
    """Writes a ledger that other programs may write to as well.

    Args:
        path: of the ledger.
        settings: of the server.
        follow_symlinks: False to refuse a symbolic link at *path*.
        next_seq: gives the number of the event that comes next, which a header of each file keeps; None for a ledger without.
        accounts: counts what went otherwise than it should.
    """

    def __init__(
        self,
        path: Path,
        settings: ServerSettings,
        *,
        follow_symlinks: bool,
        next_seq: Callable[[], int] | None,
        accounts: Accounts,
    ) -> None:
        self._sources = Sources()
        self._next_seq = next_seq
        self._fsync = settings.fsync
        self._is_unsynced = False
        self._file = LedgerFile(
            path,
            make_header=self._header,
            rotation=file_rotation(settings),
            follow_symlinks=follow_symlinks,
            accounts=accounts,
        )

    def append(self, arrivals: Sequence[Arrival]) -> int:
        """Append *arrivals*; return the offset of the first byte written for them, or raise OSError or LedgerError."""
        return self.append_lines(b"".join(self._sources.encode(arrivals)))

    def append_lines(self, lines: bytes) -> int:
        """Append *lines*; return the offset of their first byte, or raise OSError or LedgerError."""
        end = self._file.append(lines, patience=_PATIENCE)
        self._is_unsynced = True
        if self._fsync == "always":
            self.sync()
        return end - len(lines)

    def sync(self) -> None:
        """Wait until the disk has what was appended, or raise OSError."""
        if self._is_unsynced and self._fsync != "never":
            self._file.sync()
        self._is_unsynced = False

    def close(self) -> None:
        """Let go of the file, when the disk has it."""
        try:
            self.sync()
        finally:
            self._file.close()

    def _header(self) -> bytes:
        if self._next_seq is None:
            return b""
        now = time.time_ns()
        header = {
            "time": format_instant(now),
            "unix": now / 1e9,
            "event": HEADER_EVENT,
            "severity": "INFO",
            "message": "otel-events serve writes to this file",
            "service": "otel-events serve",
            "writer": "",
            "resource": {"service.name": "otel-events serve", "service.version": VERSION},
            NEXT_SEQ: self._next_seq(),
        }
        return dump_line(header) + self._sources.begin_file()


def file_rotation(settings: ServerSettings) -> RotationSettings:
    """Return when a file is full. What is deleted is the store's business, not that of whoever writes next."""
    bound = settings.keep_bytes
    size = _FILE_BYTES if bound is None else max(1, min(_FILE_BYTES, bound // 4))
    # A file is deleted as a whole: it must not span much more time than is to be kept.
    age = settings.keep_age / 4 if settings.keep_age else None
    return RotationSettings(max_file_bytes=size, max_age=age, max_total_bytes=None)
