"""Writers, and what of their events is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_events.reading.analysis.writers import Writers
from otel_events.tui.look import DIM, LOSS, PLAIN
from otel_events.tui.panels.lines import both_ends, stack

if TYPE_CHECKING:
    from rich.style import Style
    from rich.text import Text

    from otel_events.reading.analysis.writers import WriterState
    from otel_events.reading.record import Record
    from otel_events.tui.panels.panel import Room


class Health:
    """Each writer with its events, its holes, and how it ended; those with losses first."""

    title = "Writers"
    most_lines = 5

    def __init__(self) -> None:
        self._writers = Writers()

    def add(self, record: Record) -> None:
        """Mark the number of *record*."""
        self._writers.add(record)

    def states(self, now: float) -> list[WriterState]:
        """Return what is known of each writer at the Unix time *now*."""
        return self._writers.states(int(now * 1e9))

    def draw(self, room: Room) -> Text:
        """Return a line for each."""
        states = sorted(self.states(room.now), key=lambda each: (-_missing(each), each.end != "open", -each.last_time))
        lines: list[tuple[str, Style]] = []
        for each in states:
            lost = _missing(each)
            missing = f" {lost:,} missing" if lost else ""
            left = f"{each.service or each.writer} {each.pid or ''}".rstrip()
            style = LOSS if lost or each.end == "unclean" else PLAIN if each.end == "open" else DIM
            lines.append((both_ends(left, f"{each.events:,}{missing} {each.end}", room), style))
        return stack(lines, room, nothing="no event has a number of its writer")


def _missing(state: WriterState) -> int:
    # A writer's start has a number from within its first batch and stands before that batch: who began to read there lacks it.
    is_start = state.pid is None and state.unexplained == 1
    return 0 if is_start else state.unexplained
