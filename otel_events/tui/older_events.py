"""Events from before those that are known, fetched beside the screen's own work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from otel_events.tui.feed import Feed
    from otel_events.tui.log_view import LogView
    from otel_events.tui.source import Arrival

_FEW = 4_096
_MANY = 8_192  # at once, when all of them are wanted
_NEAR = 50  # rows from the first one, where older ones are fetched


class _Log(Protocol):
    """The widget that they are for."""

    feed: Feed
    log_view: LogView

    @property
    def app(self) -> Any: ...
    @property
    def is_running(self) -> bool: ...
    def run_worker(self, work: Callable[[], None], *, thread: bool) -> Any: ...
    def tell_of_change(self) -> None: ...


class OlderEvents:
    """Fetches a few when there is room for them or somebody reads near the first, and all when somebody goes there.

    Args:
        log: what they are for.

    Attributes:
        is_reading: some are being fetched.
        has_all: there are none any more.
    """

    def __init__(self, log: _Log) -> None:
        self._log = log
        self._goes_to_first = False
        self.is_reading = False
        self.has_all = False

    def forget(self) -> None:
        """Ask again whether there are any."""
        self.has_all = False

    def fill(self) -> None:
        """Fetch a few, if there is a use for them, there are any and none are being fetched."""
        view = self._log.log_view
        is_near = view.scroll_offset.y < _NEAR and not view.follows
        if is_near or len(self._log.feed.timeline) < view.size.height:
            self._begin()

    def go_to_first(self) -> None:
        """Fetch all, and put the cursor on the first of them."""
        self._goes_to_first = not self.has_all
        self._begin()

    def stop(self) -> bool:
        """Stop going to the first; return whether that was being done."""
        was_going, self._goes_to_first = self._goes_to_first, False
        return was_going

    def _begin(self) -> None:
        if not self.is_reading and not self.has_all:
            self.is_reading = True
            self._log.run_worker(self._read, thread=True)

    def _read(self) -> None:
        """Do it, on a thread of its own: a few, or all for as long as somebody goes to the first."""
        log = self._log
        try:
            is_enough = False
            while not is_enough and log.is_running:
                is_all = self._goes_to_first
                arrivals = log.feed.source.older(_MANY if is_all else _FEW)
                if arrivals is None or not log.is_running:
                    return
                added = log.app.call_from_thread(self._take, arrivals)
                is_enough = not arrivals or (not self._goes_to_first and (is_all or added > _NEAR))
        finally:
            self.is_reading = False

    def _take(self, arrivals: Sequence[Arrival]) -> int:
        log = self._log
        above = log.feed.timeline.prepend(arrivals)
        self.has_all = not arrivals
        log.log_view.show_news(above=above)
        if self._goes_to_first and self.has_all:
            self._goes_to_first = False
            log.log_view.go_to(0)
        log.tell_of_change()
        return above
