"""One deadline at a time, for a connection that somebody may leave hanging."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable


class Patience:
    """Call back once when time is up, unless it was ended or begun anew before.

    Args:
        loop: measures the time.
    """

    __slots__ = ("_loop", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, seconds: float, give_up: Callable[[], None]) -> None:
        """Call *give_up* in so many seconds, and nothing that was to be called before."""
        self.end()
        self._timer = self._loop.call_later(seconds, give_up)

    def end(self) -> None:
        """Call nothing."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
