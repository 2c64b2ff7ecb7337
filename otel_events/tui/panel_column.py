"""The panels, one below the other."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from textual.containers import VerticalScroll
from textual.widgets import Static

from otel_events.tui.panels.alerts import Alerts
from otel_events.tui.panels.health import Health
from otel_events.tui.panels.panel import Room
from otel_events.tui.panels.rates import Rates
from otel_events.tui.panels.tasks import Tasks

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from otel_events.reading.record import Record
    from otel_events.tui.look import Signs
    from otel_events.tui.panels.groups import Groups
    from otel_events.tui.panels.panel import Panel


class PanelColumn(VerticalScroll):
    """What runs, how much, who, what is wrong, and who writes.

    Args:
        groups: which the event log knows already.
        signs: what the terminal can show.
    """

    DEFAULT_CSS: ClassVar[str] = """
    PanelColumn { width: 44; }
    PanelColumn > Static { border: round $panel; border-title-color: $text-muted; height: auto; padding: 0 1; }
    """

    def __init__(self, groups: Groups, signs: Signs) -> None:
        super().__init__()
        self.tasks, self.rates, self.alerts, self.health = Tasks(), Rates(), Alerts(), Health()
        self._signs = signs
        self._panels: list[Panel] = [self.tasks, self.rates, groups, self.alerts, self.health]
        self._own: list[Panel] = [self.tasks, self.rates, self.alerts, self.health]

    def note(self, record: Record) -> None:
        """Tell every panel of an event, but the one that the log tells itself."""
        for panel in self._own:
            panel.add(record)

    def compose(self) -> ComposeResult:
        """Make a frame for each."""
        for panel in self._panels:
            frame = Static(markup=False)
            frame.border_title = panel.title
            yield frame

    def draw(self) -> None:
        """Draw all of them anew, if they can be seen."""
        if not self.display:
            return
        now = time.time()
        for frame, panel in zip(self.query(Static), self._panels, strict=True):
            width = frame.content_size.width
            if width > 0:
                frame.update(panel.draw(Room(width, panel.most_lines, now, self._signs)))
