"""How far the bridge to Redis has come, kept over restarts."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

from otel_events.files import replace_file

if TYPE_CHECKING:
    from pathlib import Path

_KEPT = ("instance", "shared", "read", "broadcast")


class RedisCursors:
    """The place in each stream, in a small file beside the ledger.

    What was done after the last `save` is done again after a kill; uids make that harmless.

    Attributes:
        instance: the name of this server among those that share a stream; never changes.
        shared: the event up to which all have been shared; None before the first.
        read: the entry of the shared stream up to which all are stored.
        broadcast: the entry of the broadcaster's stream up to which all are stored.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        found = _read(path)
        self.instance: str = found.get("instance") or secrets.token_hex(6)
        self.shared: int | None = found.get("shared")
        self.read: str = found.get("read") or "0-0"
        self.broadcast: str = found.get("broadcast") or "0-0"
        self._saved: dict[str, Any] = {}

    def save(self) -> None:
        """Write the file anew, if anything has changed; or raise OSError."""
        present = {key: getattr(self, key) for key in _KEPT}
        if present == self._saved:
            return
        replace_file(self._path, json.dumps(present).encode())
        self._saved = present


def _read(path: Path) -> dict[str, Any]:
    """Return what *path* holds; nothing if it is not there or was tampered with: then all is done from the beginning."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict) or not isinstance(found.get("shared"), int | None):
        return {}
    return found if all(isinstance(found.get(key, ""), str) for key in ("instance", "read", "broadcast")) else {}
