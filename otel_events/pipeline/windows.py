"""What is open for a while, by key: a bounded number of windows, the one that closes first in front."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

W = TypeVar("W")


class Windows(Generic[W]):
    """All windows are equally long, so those that were opened first close first."""

    def __init__(self, length: float, most: int) -> None:
        """Keep at most *most* windows of *length* seconds."""
        self._length = length
        self._most = most
        self._open: OrderedDict[Hashable, tuple[float, W]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open)

    def find(self, key: Hashable) -> W | None:
        """Return what is open for *key*."""
        entry = self._open.get(key)
        return None if entry is None else entry[1]

    def open(self, key: Hashable, window: W, now: float) -> W | None:
        """Keep *window* for *key* from now on; return another one that had to go for it."""
        gone = self._open.popitem(last=False)[1][1] if len(self._open) >= self._most else None
        self._open[key] = (now + self._length, window)
        return gone

    def due(self) -> float | None:
        """Return when the next window closes, or None if none is open."""
        return next(iter(self._open.values()))[0] if self._open else None

    def close_until(self, now: float) -> Iterator[tuple[Hashable, W]]:
        """Take out what closes by *now*."""
        while self._open:
            key, (closes_at, window) = next(iter(self._open.items()))
            if closes_at > now:
                return
            del self._open[key]
            yield key, window
