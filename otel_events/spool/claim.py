"""A dead writer that this process has taken over."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from otel_events.file_lock import HeldLock


@dataclass(slots=True)
class Claim:
    """A dead writer whose segments are ours to send, as long as its lock is held.

    Attributes:
        paths: its segments that are still there.
        is_left: some of them are not for us: the lock file stays.
    """

    token: str
    lock: HeldLock
    paths: set[Path] = field(default_factory=set)
    is_left: bool = False

    def let_go(self) -> None:
        """Let others have what is left."""
        self.lock.let_go(delete=not self.paths and not self.is_left)
