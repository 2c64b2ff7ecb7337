"""What keys do with the rows: each on those that the keys before it asked for, or later, when these are there."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_events.tui.errands import Errands
    from otel_events.tui.feed import Feed
    from otel_events.tui.log_view import LogView
    from otel_events.tui.older_events import OlderEvents
    from otel_events.tui.remaking import Remaking

_MOST = 1_000  # keys: somebody leans on one


class _Move(NamedTuple):
    act: Callable[[], None]
    rows: int


class _Log(Protocol):
    """The widget whose rows they are."""

    feed: Feed
    log_view: LogView
    older: OlderEvents
    errands: Errands
    remaking: Remaking


class Moves:
    """Does at once what can be done, and the rest in its order.

    Args:
        log: whose rows they are.
    """

    def __init__(self, log: _Log) -> None:
        self._log = log
        self._waiting: deque[_Move] = deque()

    def do(self, act: Callable[[], None], *, rows: int = 0) -> None:
        """Do *act* when the cursor has its place, and so many rows behind it (before it: a negative number) are there."""
        if len(self._waiting) < _MOST:
            self._waiting.append(_Move(act, rows))
        self.go_on()

    def go_on(self) -> None:
        """Do what can be done by now."""
        while self._waiting and self._can_do(self._waiting[0]):
            self._waiting.popleft().act()

    def forget(self) -> None:
        """Leave what waits undone, and end the search that it waits for: somebody asked for something else."""
        self._waiting.clear()
        self._log.errands.give_way()
        self._log.older.stop()

    def _can_do(self, move: _Move) -> bool:
        log = self._log
        is_searching = log.errands.current is not None and log.errands.current.gives_way
        if is_searching or log.older.goes_to_first or not log.remaking.has_cursor:
            return False
        cursor, count = log.log_view.cursor, log.log_view.count
        if not count:
            return not log.remaking.is_under_way
        return log.feed.timeline.has_rows(cursor, cursor + move.rows)
