"""How far a relay has come, kept over kills: losing it repeats events, under the same uids, and loses none."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from otel_events.cli.relaying.message import RelayError
from otel_events.file_lock import take_lock
from otel_events.files import make_private_directory, replace_file
from otel_events.state_directory import state_directory

if TYPE_CHECKING:
    from pathlib import Path

    from otel_events.file_lock import HeldLock


class Cursor:
    """A small file with the place behind the last message that is safe. One relay has it at a time.

    Args:
        path: of the file.
        source: whose places these are; those of another source are not gone by.

    Raises:
        RelayError: another relay has it, or it cannot be kept there.
    """

    def __init__(self, path: Path, source: str) -> None:
        self._path = path
        self._source = source
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock: HeldLock | None = take_lock(f"{path}.lock")
        except OSError as error:
            raise RelayError(f"the cursor {path} cannot be kept: {error.strerror or error}") from error
        if self._lock is None:
            raise RelayError(f"another relay of this source is running: it has {path}")
        self.place: Any = self._read()

    def save(self, place: Any) -> None:
        """Write *place* down, or raise RelayError."""
        if place is None or place == self.place:
            return
        try:
            replace_file(self._path, json.dumps({"source": self._source, "place": place}).encode())
        except OSError as error:
            raise RelayError(f"the cursor {self._path} cannot be written: {error.strerror or error}") from error
        self.place = place

    def close(self) -> None:
        """Let another relay have it."""
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.let_go(delete=True)

    def _read(self) -> Any:
        try:
            found = json.loads(self._path.read_bytes())
        except (OSError, ValueError):  # not there, or cut short: all is sent again, and known by its uids
            return None
        return found.get("place") if isinstance(found, dict) and found.get("source") == self._source else None


def usual_path(source: str, target: str) -> Path:
    """Return where the cursor from *source* to *target* is kept, or raise RelayError."""
    try:
        root = state_directory()
        make_private_directory(root / "relay", root)
    except OSError as error:
        raise RelayError(f"there is no place for the cursor: {error.strerror}; name a file with --cursor") from error
    name = hashlib.sha256(f"{source}\n{target}".encode()).hexdigest()[:16]
    return root / "relay" / f"{source.partition(':')[0]}-{name}.json"
