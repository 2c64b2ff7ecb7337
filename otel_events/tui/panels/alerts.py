"""Alerts that are open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_events.reading.analysis.alerts import Alerts as OpenAlerts
from otel_events.tui.look import by_severity
from otel_events.tui.panels.lines import both_ends, stack
from otel_events.tui.row_text import show_age

if TYPE_CHECKING:
    from rich.text import Text

    from otel_events.reading.record import Record
    from otel_events.tui.panels.panel import Room


class Alerts:
    """What was triggered and not resolved, the latest first."""

    title = "Alerts"
    most_lines = 5

    def __init__(self) -> None:
        self._alerts = OpenAlerts()

    def __len__(self) -> int:
        return len(self._alerts.open)

    def add(self, record: Record) -> None:
        """Note what opens or resolves an alert."""
        self._alerts.add(record)

    def draw(self, room: Room) -> Text:
        """Return a line for each."""
        lines = []
        for alert in reversed(list(self._alerts.open.values())):
            record = alert.last
            said = record.text("message") or record.name
            right = show_age(room.now - alert.first.timestamp / 1e9)
            if alert.count > 1:
                right = f"{room.signs.times}{alert.count:,} {right}"
            lines.append((both_ends(f"{alert.subject} {said}".strip(), right, room), by_severity(record.severity)))
        return stack(lines, room, nothing="none open")
