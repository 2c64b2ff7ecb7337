"""The widget that shows rows, as those see it who work on them beside the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_events.tui.feed import Feed
    from otel_events.tui.log_view import LogView


class LogWidget(Protocol):
    """What they need of it."""

    feed: Feed
    log_view: LogView

    @property
    def app(self) -> Any: ...
    @property
    def is_running(self) -> bool: ...
    def run_worker(self, work: Callable[[], None], *, thread: bool) -> Any: ...
    def tell_of_change(self) -> None: ...
