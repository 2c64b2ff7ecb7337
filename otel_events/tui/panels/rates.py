"""How many events a second, by category, over the last minute."""

from __future__ import annotations

from collections import Counter
from math import ceil
from typing import TYPE_CHECKING

from otel_events.catalog import current
from otel_events.reading.own_words import BEGINNING
from otel_events.tui.look import named
from otel_events.tui.panels.lines import both_ends, stack

if TYPE_CHECKING:
    from rich.style import Style
    from rich.text import Text

    from otel_events.reading.record import Record
    from otel_events.tui.panels.panel import Room

_SECONDS = 60
_LABEL = 11
_RIGHT = 9


class Rates:
    """Counts of each second, by category."""

    title = "Events a second"
    most_lines = 8

    def __init__(self) -> None:
        self._categories: dict[str, str] = {}
        self._counts: dict[int, Counter[str]] = {}

    def add(self, record: Record) -> None:
        """Count *record* in its second, unless its writer speaks of itself."""
        if record.name.startswith(BEGINNING):
            return
        category = self._categories.get(record.name)
        if category is None:
            definition = current().find(record.name)
            category = (definition.category if definition is not None else "") or record.name.partition(".")[0]
            self._categories[record.name] = category
        second = record.timestamp // 1_000_000_000
        counts = self._counts.get(second)
        if counts is None:
            counts = self._counts[second] = Counter()
            if len(self._counts) > 2 * _SECONDS:
                for old in sorted(self._counts)[:_SECONDS]:
                    del self._counts[old]
        counts[category] += 1

    def rate(self, now: float) -> float:
        """Return events a second over the last five whole seconds."""
        last = int(now)
        return sum(sum(self._counts.get(second, Counter()).values()) for second in range(last - 5, last)) / 5

    def draw(self, room: Room) -> Text:
        """Return a line of bars for each category, the busiest first, and its rate over the last five seconds."""
        last = int(room.now)
        table = [self._counts.get(second, Counter()) for second in range(last - _SECONDS, last)]
        width = ceil(_SECONDS / max(5, room.width - _LABEL - _RIGHT))  # seconds that share a bar
        totals: Counter[str] = Counter()
        for counts in table:
            totals.update(counts)
        lines: list[tuple[str, Style]] = []
        for category, _ in totals.most_common():
            series = [counts[category] for counts in table]
            bars = sparkline([sum(series[at : at + width]) for at in range(0, _SECONDS, width)], room.signs.bars)
            left = f"{category[: _LABEL - 1]:<{_LABEL}}{bars}"
            lines.append((both_ends(left, f"{sum(series[-5:]) / 5:,.1f}", room), named(category)))
        return stack(lines, room, nothing="nothing in the last minute")


def sparkline(series: list[int], bars: str) -> str:
    """Return a bar for each number; none for nothing."""
    most = max(series, default=0)
    return "".join(" " if not value else bars[(value * len(bars) - 1) // most] for value in series)
