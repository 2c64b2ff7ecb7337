"""Whether a writer lives, and one that is dead and taken over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_events.file_lock import take_lock
from otel_events.spool.segment import name_lock

if TYPE_CHECKING:
    from pathlib import Path

    from otel_events.file_lock import HeldLock


class Claim:
    """A dead writer whose segments are ours to send, as long as its lock is held.

    Attributes:
        paths: its segments that are still there.
        is_left: some of them are not for us: the lock file stays.
    """

    __slots__ = ("is_left", "lock", "paths", "token")

    def __init__(self, token: str, lock: HeldLock) -> None:
        self.token = token
        self.lock = lock
        self.paths: set[Path] = set()
        self.is_left = False

    def let_go(self) -> None:
        """Let others have what is left."""
        self.lock.let_go(delete=not self.paths and not self.is_left)


def is_living(directory: Path, token: str) -> bool:
    """Return whether the writer *token* of *directory* holds its lock, or whether that cannot be asked."""
    try:
        lock = take_lock(str(directory / name_lock(token)))
    except OSError:  # not ours to take: then what it has is not ours to delete either
        return True
    if lock is not None:
        lock.let_go(delete=False)
    return lock is None
