"""Where the screen's events come from: what every source can do, and how an event is found again without being held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.reading.record import Record

State: TypeAlias = Literal["starting", "live", "ended", "away", "refused"]


class Place(NamedTuple):
    """Where a record stands.

    Attributes:
        file: the source's own number for a file.
        offset: of its line, in bytes.
        length: of its line, in bytes.
        part: which of the line's records it is; other people's lines hold many.
    """

    file: int
    offset: int
    length: int
    part: int = 0


class Arrival(NamedTuple):
    """A record, and where it will be found again."""

    record: Record
    place: Place


class Notice(NamedTuple):
    """Something to be shown among the events that is none: a gap, events that were only counted.

    Attributes:
        text: for people.
        lost: how many events it stands for that cannot be shown.
    """

    text: str
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Condition:
    """How a source is.

    Attributes:
        state: `live`: what happens comes; `ended`: there is no more; `away`: it is tried again; `refused`: it is not.
        text: for people: the file, the address, why it is away.
        lost: events that are known to have happened and did not come.
        passed_over: lines that are no events, or only halves of them.
    """

    state: State
    text: str
    lost: int = 0
    passed_over: int = 0


class Source(Protocol):
    """Gives events in the order in which they came. Every call returns at once but `older` and `read`, which ask disk or network."""

    @property
    def name(self) -> str:
        """Return what to call it."""

    def start(self) -> None:
        """Begin, with the newest events and then those that come."""

    def take(self) -> list[Arrival | Notice]:
        """Return what came since the last call, oldest first."""

    def older(self, most: int) -> list[Arrival] | None:
        """Return at most about so many events from before all that were given so far, oldest first.

        An empty list says that there are no more, None that nobody knows yet: the source has only begun.
        """

    def read(self, places: Sequence[Place]) -> list[Record | None]:
        """Return the records at these places, None for one that is gone."""

    def condition(self) -> Condition:
        """Return how it is."""

    def close(self) -> None:
        """Stop, and let go of everything."""
