"""Where built backends live, and who may write there."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

DIRECTORY_VARIABLE = "OTEL_EVENTS_BACKENDS_DIR"
_SUFFIX = ".exe" if sys.platform == "win32" else ""
_LOCK_POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Cache:
    """One directory of built backends; every path that the builder touches hangs below it."""

    root: Path

    @classmethod
    def of_user(cls) -> Cache:
        """Return the cache named by the environment, else the platform's per-user one."""
        chosen = os.environ.get(DIRECTORY_VARIABLE)
        return cls(Path(chosen).expanduser().absolute() if chosen else _user_cache() / "otel-events" / "backends")

    def binary(self, name: str) -> Path:
        """Return where the executable of backend *name* is, built or not."""
        return self.root / "bin" / f"{name}{_SUFFIX}"

    def log(self, name: str) -> Path:
        """Return the build log of backend *name*."""
        return self.root / "logs" / f"{name}.log"

    def scratch(self, name: str) -> Path:
        """Return the directory in which *name* is built; its content may vanish at any time."""
        return self.root / "work" / name

    def has_current(self, name: str, stamp: dict[str, Any]) -> bool:
        """Tell whether *name* is built, and from exactly what *stamp* says."""
        if not self.binary(name).exists():
            return False
        try:
            found = json.loads(self._stamp(name).read_text(encoding="utf-8"))
        except (OSError, ValueError):  # no stamp, or a torn one: not known to be current, so build again
            return False
        return bool(found == stamp)

    def install(self, name: str, built: Path, stamp: dict[str, Any]) -> None:
        """Move *built* into place atomically; the stamp comes last, so an interrupted install is built again."""
        target = self.binary(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        self._stamp(name).unlink(missing_ok=True)
        built.replace(target)
        draft = target.parent / f".{name}.stamp.new"
        draft.write_text(json.dumps(stamp, indent=1, sort_keys=True), encoding="utf-8")
        draft.replace(self._stamp(name))

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the cache against other builds, waiting for the one under way; the system frees it if we die."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "lock").open("a+b") as handle:
            told = False
            while not _try_lock(handle.fileno()):
                if not told:
                    print("another build is under way; waiting for it", flush=True)
                    told = True
                time.sleep(_LOCK_POLL_SECONDS)
            yield  # closing the file releases the lock

    def _stamp(self, name: str) -> Path:
        return self.root / "bin" / f"{name}.stamp.json"


def _user_cache() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:  # held by another process
            return False
        return True

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # held by another process
            return False
        return True
