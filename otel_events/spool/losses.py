"""What a spool loses: counted at once, told when no lock is held."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from otel_events.accounting import Accounts
    from otel_events.notices import Notices

_LEFT_BEHIND = {
    "spool_damaged": "what another process left there has been damaged",
    "spool_torn": "another process ended in the middle of writing them",
    "spool_expired": "another process left them there, too long ago",
    "spool_full": "",  # whoever appends tells it
}


class Losses:
    """Counts what is lost under the spool's lock, and keeps what is to be told for later.

    A log handler, or the callback, may wait for a thread that waits for the spool.

    Args:
        accounts: where losses and problems are counted.
        notices: where they are told.
        place: names the spool in what is told.
        on_dropped: called with number and reason of what was dropped for the caps' sake, or for damage.

    Attributes:
        total: all records lost so far.
        adopted: the records that were taken over from other writers so far, those that were lost there included.
    """

    def __init__(
        self, accounts: Accounts, notices: Notices, place: str, on_dropped: Callable[[int, str], None]
    ) -> None:
        self.total = self.adopted = 0
        self._accounts = accounts
        self._notices = notices
        self._place = place
        self._on_dropped = on_dropped
        self._news: deque[Callable[[], None]] = deque()

    def lose(self, records: int, reason: str) -> None:
        """Count *records* as dropped for *reason*."""
        if records:
            self.total += records
            self._accounts.dropped.add(reason, records)

    def drop(self, records: int, reason: str, message: str = "") -> None:
        """Count *records* as dropped for *reason*, and have it told: by a warning only if nobody else gives one."""
        self.lose(records, reason)
        if records and message:
            self.warn(reason, f"{records} records dropped: {message}")
        if records:
            self._news.append(lambda: self._on_dropped(records, reason))

    def inherit(self, lost: Mapping[str, int]) -> None:
        """Count records of other writers, which nobody has counted yet, as taken over and dropped; *lost* are they by reason."""
        for reason, records in lost.items():
            self.adopted += records
            self.drop(records, reason, _LEFT_BEHIND[reason])

    def note(self, problem: str, message: str = "") -> None:
        """Count a *problem* that lost nothing, and have it told if there is a *message*."""
        self._accounts.problems.add(problem)
        if message:
            self.warn(problem, message)

    def warn(self, cause: str, message: str) -> None:
        """Have it told that *message*, at most once a minute for each *cause*."""
        self._news.append(lambda: self._notices.warn(f"{cause} {self._place}", f"spool {self._place}: {message}"))

    def tell(self) -> None:
        """Tell what was kept so far. Without the lock."""
        while self._news:
            try:
                news = self._news.popleft()
            except IndexError:  # another thread was quicker
                return
            try:
                news()
            except Exception:  # a callback or a log handler must not break who appends or sends
                self._accounts.problems.add("spool_callback_failed")
