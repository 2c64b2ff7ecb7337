"""Some thousands of events that stand next to each other, by their places, and the rows that are made of them."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from otel_events.tui.source import Place

if TYPE_CHECKING:
    from otel_events.reading.record import Record
    from otel_events.tui.source import Arrival

MOST = 4_096
_MAX_NUMBERS = 6
_LARGEST = 1 << 64  # beyond it no mean is worth having, and a float may be too small


@dataclass(slots=True)
class RolledUp:
    """Events of one frequent type that happened within a second, as one row.

    Attributes:
        env: environment of all of them; None if they are of several.
        last: index in its chunk of the latest of them.
        count: how many.
        numbers: of each numeric attribute the sum and how many had it.
    """

    last: int
    env: str | None = None
    count: int = 0
    numbers: dict[str, tuple[float, int]] = field(default_factory=dict)

    def add(self, index: int, record: Record) -> None:
        """Count *record*, the one at *index*."""
        if record.text("env_id") != self.env:
            self.env = record.text("env_id") if not self.count else None
        self.last = index
        self.count += 1
        numbers = self.numbers
        for key, value in record.attributes.items():
            is_number = type(value) is float or (type(value) is int and -_LARGEST < value < _LARGEST)
            if is_number and (key in numbers or len(numbers) < _MAX_NUMBERS):
                total, count = numbers.get(key, (0.0, 0))
                numbers[key] = (total + value, count + 1)  # type: ignore[operator]  # it is a number

    def means(self) -> dict[str, float]:
        """Return the mean of each numeric attribute."""
        return {key: total / count for key, (total, count) in self.numbers.items()}


@dataclass(frozen=True, slots=True)
class Heading:
    """A row that is no event: the name of a group, a gap.

    Attributes:
        text: for people.
        is_loss: it stands for events that cannot be shown.
    """

    text: str
    is_loss: bool = False


Extra: TypeAlias = "RolledUp | Heading"


@dataclass(slots=True)
class Rows:
    """Rows of one chunk.

    Attributes:
        shown: what is shown, in order: an event's index, or `~index` of an extra.
        extras: rows that are no single events.
    """

    shown: array[int] = field(default_factory=lambda: array("i"))
    extras: list[Extra] = field(default_factory=list)

    def add_event(self, index: int) -> None:
        """Add a row for the event at *index*."""
        self.shown.append(index)

    def add_extra(self, extra: Extra) -> None:
        """Add a row that is no single event."""
        self.shown.append(~len(self.extras))
        self.extras.append(extra)

    def extra_at(self, row: int) -> Extra | None:
        """Return what the row at *row* is, None if it is a single event."""
        entry = self.shown[row]
        return self.extras[~entry] if entry < 0 else None

    def event_at(self, row: int) -> int:
        """Return the index of the event that the row at *row* shows, of a roll-up that of the last, -1 of a heading."""
        entry = self.shown[row]
        return entry if entry >= 0 else getattr(self.extras[~entry], "last", -1)


class Chunk:
    """Places of events, 24 bytes each, and the rows that are made of them.

    Attributes:
        number: grows from the oldest chunk to the newest; negative for those read backwards.
        severities: of each event.
        losses: what no view may hide, each with the index of the event before which it stands.
        rows: as the view in force wants them; None until they are made.
    """

    __slots__ = ("_files", "_lengths", "_offsets", "_parts", "losses", "number", "rows", "severities")

    def __init__(self, number: int) -> None:
        self.number = number
        self._files = array("H")
        self._offsets = array("Q")
        self._lengths = array("I")
        self._parts = array("I")
        self.severities = array("B")
        self.losses: list[tuple[int, Heading]] = []
        self.rows: Rows | None = Rows()

    def __len__(self) -> int:
        return len(self._files)

    @property
    def count(self) -> int:
        """Return how many rows there are so far."""
        return len(self.rows.shown) if self.rows is not None else 0

    def append(self, arrival: Arrival) -> int:
        """Keep where *arrival* is, and return its index."""
        place = arrival.place
        self._files.append(place.file)
        self._offsets.append(place.offset)
        self._lengths.append(place.length)
        self._parts.append(place.part)
        self.severities.append(min(max(arrival.record.severity, 0), 255))
        return len(self._files) - 1

    def place(self, index: int) -> Place:
        """Return where the event at *index* is."""
        return Place(self._files[index], self._offsets[index], self._lengths[index], self._parts[index])

    def places(self) -> list[Place]:
        """Return where all its events are."""
        return list(map(Place, self._files, self._offsets, self._lengths, self._parts))
