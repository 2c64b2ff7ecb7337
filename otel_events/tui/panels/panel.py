"""What every panel can do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.text import Text

    from otel_events.reading.record import Record
    from otel_events.tui.look import Signs


@dataclass(frozen=True, slots=True)
class Room:
    """What a panel may use.

    Attributes:
        width: in cells.
        height: in lines, its title not counted.
        now: Unix time in seconds.
        signs: what the terminal can show.
    """

    width: int
    height: int
    now: float
    signs: Signs


class Panel(Protocol):
    """Something beside the events.

    Attributes:
        title: of its frame.
        most_lines: how many it takes at most, however much there is to say.
    """

    title: str
    most_lines: int

    def add(self, record: Record) -> None:
        """Take note of an event that happened."""

    def draw(self, room: Room) -> Text:
        """Return what is to be seen, in no more than the room there is."""
