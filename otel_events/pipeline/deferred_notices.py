"""Warnings about ourselves that no thread gives while it emits."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from otel_events.notices import Notices

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST = 1000


class DeferredNotices(Notices):
    """Tells at once, or has another thread tell: a log handler may lock, write, or emit itself.

    Attributes:
        wake: wakes the thread that is to call `tell`; None to tell at once.
    """

    def __init__(self) -> None:
        super().__init__()
        self.wake: Callable[[], None] | None = None
        self._waiting: deque[tuple[str, str]] = deque(maxlen=_MOST)

    def warn(self, cause: str, message: str) -> None:
        """Have *message* told, unless *cause* was told within the last minute."""
        if self.wake is None:
            super().warn(cause, message)
        else:
            self._waiting.append((cause, message))
            self.wake()

    def tell(self) -> None:
        """Tell what waits."""
        while self._waiting:
            try:
                notice = self._waiting.popleft()
            except IndexError:  # another thread was quicker
                return
            super().warn(*notice)
