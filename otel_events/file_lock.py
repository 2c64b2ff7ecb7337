"""Locks between processes that are held until their holder lets go, or dies."""

from __future__ import annotations

import os
import warnings
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from otel_events.files import OwnedFile

try:
    import fcntl

    _HAS_FLOCK = True
except ImportError:  # Windows, and systems without POSIX locks
    _HAS_FLOCK = False

if TYPE_CHECKING:
    from collections.abc import Callable


class HeldLock:
    """A lock file that this process holds. A forked child does not: its copy is closed at once."""

    def __init__(self, path: str, let_go: Callable[[], None], file: OwnedFile | None) -> None:
        self._path = path
        self._let_go = let_go
        self._file = file

    def is_in_place(self) -> bool:
        """Return whether the file at the path is still the one that is locked: somebody may have deleted it."""
        if self._file is None:
            return Path(self._path).exists()
        return _is_at(self._path, self._file)

    def let_go(self, *, delete: bool) -> None:
        """Let another have it. With *delete* its file goes too, for a lock that nobody will ask for again."""
        # Deleted while it is held, where that can be: whoever waits for it then sees that it waited at the wrong file.
        if delete and self._file is not None and self.is_in_place():
            with suppress(OSError):  # a directory that has become read-only: a lock file too many does no harm
                Path(self._path).unlink()
        self._let_go()
        if delete and self._file is None:
            with suppress(OSError):  # somebody has opened it again
                Path(self._path).unlink()


def take_lock(path: str) -> HeldLock | None:
    """Return the lock at *path*, or None while it is held by another process, or elsewhere in this one.

    Raises:
        OSError: locks cannot be had there.
    """
    return _take_flock(path) if _HAS_FLOCK else _take_portably(path)


def _take_flock(path: str) -> HeldLock | None:
    while True:
        file = OwnedFile(path, os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(file.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            if isinstance(error, BlockingIOError):
                return None
            raise
        if _is_at(path, file):
            return HeldLock(path, partial(_unlock, file), file)
        file.close()  # its holder has deleted it meanwhile


def _unlock(file: OwnedFile) -> None:
    if file.fd >= 0:  # not in a forked child
        # In so many words: a child that is just being forked shares the lock.
        fcntl.flock(file.fd, fcntl.LOCK_UN)
        file.close()


def _is_at(path: str, file: OwnedFile) -> bool:
    try:
        return os.path.samestat(os.lstat(path), os.fstat(file.fd))
    except OSError:
        return False


def _take_portably(path: str) -> HeldLock | None:
    with warnings.catch_warnings():
        # With neither flock nor msvcrt it warns that its lock is a soft one: known, and good enough here.
        warnings.simplefilter("ignore")
        import filelock

        lock = filelock.FileLock(path, mode=0o600, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        return None
    return HeldLock(path, lock.release, None)
