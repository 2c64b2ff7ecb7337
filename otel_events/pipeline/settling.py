"""What journals still hold of the events that were worked on: it is settled as soon as no kill can take it any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from otel_events.pipeline.normalize import uid_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from otel_events.event import Draft, Event
    from otel_events.pipeline.batch import Batch

# In the queue: an event that is on disk already, where, and under which number; or its draft, which the guards let through
# as it is. None for one that a guard has dropped; nowhere, for one that could not be written.
Journaled: TypeAlias = "tuple[Event | Draft | None, Place | None, int]"
_JOURNALED = 3  # the length of such a tuple; no draft has it

# How many events stay in a journal, though they were worked on, for the sake of what is in memory alone.
_MOST_HELD = 10_000
_MOST_UNSAFE = 500_000


class Place(Protocol):
    """Where in a journal an event is."""

    journal: Any


class Leftovers(Protocol):
    """Events that dead processes have left in a journal; see `otel_events.spool.leftovers`."""

    def take(self) -> tuple[list[Event], Callable[[], None]] | None:
        """Return some of them, and what to call when no kill can take them any more; None if there are none now."""

    def close(self) -> None:
        """Let go of them; those that were not settled stay on disk."""


def is_journaled(draft: Any) -> bool:
    """Return whether a draft in the queue is on disk, or was refused a place there."""
    return len(draft) == _JOURNALED


class Settling:
    """Keeps what is to be settled until that is safe. For whose turn it is.

    Args:
        writer: whose events they are.

    Attributes:
        is_needed: some of what is in the queue may be in a journal.
    """

    def __init__(self, writer: str) -> None:
        self.is_needed = False
        self._writer = writer
        self._with_sinks: dict[Place, list[int]] = {}
        self._held: dict[Place, list[int]] = {}  # a stage holds them, or has only counted them
        self._leftovers: list[Callable[[], None]] = []

    def note(self, batch: Iterable[Any], passed: Batch) -> None:
        """Note the events of *batch* that are in a journal; *passed* is what the sinks were given of it."""
        numbers = {number for group in passed.alike for number in group.numbers}
        events, uids = set(map(id, passed.alone)), {event.uid for event in passed.alone}
        for draft in batch:
            if not is_journaled(draft) or draft[1] is None:
                continue
            what = draft[0]
            if type(what) is tuple:
                was_given = what[0] in numbers or (bool(uids) and uid_of(self._writer, what[0]) in uids)
            else:
                was_given = id(what) in events
            into = self._with_sinks if was_given else self._held
            into.setdefault(draft[1], []).append(draft[2])

    def note_leftovers(self, settle: Callable[[], None]) -> None:
        """Note that leftovers were worked on: *settle* is to be called when they are safe."""
        self._leftovers.append(settle)

    def settle(self, *, is_holding: bool, is_safe: bool) -> bool:
        """Settle what a kill cannot take any more; return whether leftovers were among it.

        Args:
            is_holding: some stage holds events back.
            is_safe: nothing that sinks were given is in memory alone.
        """
        if not is_safe and _count(self._with_sinks) + _count(self._held) < _MOST_UNSAFE:
            return False
        self._with_sinks = _settle(self._with_sinks)
        if is_holding and _count(self._held) < _MOST_HELD:
            return False
        self._held = _settle(self._held)
        leftovers, self._leftovers = self._leftovers, []
        for settle in leftovers:
            settle()
        return bool(leftovers)


def _count(numbers: dict[Place, list[int]]) -> int:
    return sum(map(len, numbers.values()))


def _settle(numbers: dict[Place, list[int]]) -> dict[Place, list[int]]:
    for place, settled in numbers.items():
        place.journal.settle(place, settled)
    return {}
