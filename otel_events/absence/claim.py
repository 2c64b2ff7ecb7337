"""One at a time tells what is missed in a ledger: whoever comes later waits for its turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_events.file_lock import take_lock

if TYPE_CHECKING:
    from pathlib import Path

    from otel_events.file_lock import HeldLock

ANOTHER = "another process tells what is missed there; this one goes on when that has ended"


class Claim:
    """The right to tell what is missed in *ledger*, which the operating system takes back from who dies.

    Who gets it has to read first what others have told: two that told of the same ledger would tell each thing twice, and
    what the rules of one do not expect the other would have to take for expected no longer.
    """

    def __init__(self, ledger: Path) -> None:
        real = ledger.resolve()
        # No name may begin as the ledger's does: those who follow it take such files for its rotated ones.
        self._path = real.with_name(f".{real.name}.vigil")
        self._held: HeldLock | None = None

    def take(self) -> bool:
        """Return whether it is ours from now on, or was already; raise OSError if nobody can have it there."""
        if self._held is None:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # the ledger may be yet to come
            self._held = take_lock(str(self._path))
        return self._held is not None

    def let_go(self) -> None:
        """Let another have it."""
        held, self._held = self._held, None
        if held is not None:
            held.let_go(delete=True)
