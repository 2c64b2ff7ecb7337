"""Events from before those that are known, fetched beside the screen's own work."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.tui.log_widget import LogWidget
    from otel_events.tui.source import Arrival

_AT_ONCE = 4_096  # or twice as many: lines are of many lengths. More would hold the screen up
_NEAR = 50  # rows from the first one, where older ones are fetched


class OlderEvents:
    """Fetches a few when there is room for them or somebody reads near the first, and all when somebody goes there.

    Args:
        log: what they are for.

    Attributes:
        is_reading: some are being fetched.
        goes_to_first: all are, and the cursor will be on the first of them.
        has_all: there are none any more.
    """

    def __init__(self, log: LogWidget) -> None:
        self._log = log
        self._asking = Lock()  # a source answers one at a time
        self.goes_to_first = False
        self.is_reading = False
        self.has_all = False

    def fill(self) -> None:
        """Fetch a few, if there is a use for them, there are any and none are being fetched."""
        view = self._log.log_view
        is_near = view.scroll_offset.y < _NEAR and not view.follows
        if is_near or len(self._log.feed.timeline) < view.size.height:
            self._begin()

    def go_to_first(self) -> None:
        """Fetch all, and put the cursor on the first of them."""
        self.goes_to_first = not self.has_all
        self._begin()

    def stop(self) -> bool:
        """Stop going to the first; return whether that was being done."""
        was_going, self.goes_to_first = self.goes_to_first, False
        return was_going

    def _begin(self) -> None:
        if not self.is_reading and not self.has_all:
            self.is_reading = True
            self._log.run_worker(self._read, thread=True)

    def fetch(self) -> int | None:
        """Fetch some, on the caller's thread, which is not the screen's; return how many rows they made, None if there are none."""
        log = self._log
        with self._asking:
            arrivals = log.feed.source.older(_AT_ONCE) if log.is_running and not self.has_all else None
            if arrivals is None or not log.is_running:
                return None
            added: int = log.app.call_from_thread(self._take, arrivals)
        return added if arrivals else None

    def _read(self) -> None:
        """Fetch a few, or all for as long as somebody goes to the first; on a thread of its own."""
        try:
            is_enough = False
            while not is_enough:
                is_all = self.goes_to_first
                added = self.fetch()
                is_enough = added is None or (not self.goes_to_first and (is_all or added > _NEAR))
            if added is None and self._log.feed.source.condition().state != "starting":
                self.goes_to_first = False  # nobody can say what comes before: the first one known is as far as it goes
        finally:
            self.is_reading = False
            self._log.tell_of_change()

    def _take(self, arrivals: Sequence[Arrival]) -> int:
        log = self._log
        above = log.feed.timeline.prepend(arrivals)
        self.has_all = not arrivals
        log.log_view.show_inserted(0, above)
        if self.goes_to_first and self.has_all:
            self.goes_to_first = False
            log.log_view.go_to(0)
        log.tell_of_change()
        return above
