"""A batch on its way through the stages: what is alike in it stays together, as columns, until it is looked at one by one."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import chain, compress, islice
from operator import gt
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from otel_events.event import Event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


class Alike(NamedTuple):
    """Events of one batch that differ in nothing but number, time and the values of their attributes, all of them plain.

    Never changed: who would change one of them makes events of them.

    Attributes:
        common: what they share. Its time, uid and attributes say nothing.
        writer: whose they are; makes their uids, together with their numbers.
        places: of each in the batch, ascending.
        numbers: of each, as the writer drew them.
        times: of each, when it happened and was captured.
        rows: the attributes of each.
        columns: the same by key, in the order of the keys in each row.
        kinds: of the values in each column.
        texts: the different ones in each column that has any: programs say the same names, models and methods again and again.
        known: what stages and encoders have found out about what is common, each under itself. Where a program stays in one
            place it is the same from batch to batch, so that this is found out once.
    """

    common: Event
    writer: str
    places: Sequence[int]
    numbers: list[int]
    times: list[int]
    rows: list[dict[str, Any]]
    columns: dict[str, list[Any]]
    kinds: dict[str, set[type]]
    texts: dict[str, set[str]]
    known: dict[object, Any]

    def events(self) -> list[Event]:
        """Return each of them as an event of its own."""
        one, writer = self.common, self.writer
        name, severity, text, body, bound = one.name, one.severity, one.severity_text, one.body, one.bound
        trace_id, span_id, flags, scope, context = one.trace_id, one.span_id, one.trace_flags, one.scope, one.context
        given = one.given_name
        # By position, in half the time.
        # fmt: off
        return [
            Event(name, now, now, severity, text, body, own, bound, trace_id, span_id, flags, scope, f"{writer}-{number:x}",
                  context, 0, given)
            for number, now, own in zip(self.numbers, self.times, self.rows, strict=True)
        ]
        # fmt: on

    def part(self, start: int, stop: int) -> Alike:
        """Return those whose places are at least *start* and below *stop*."""
        some = slice(bisect_left(self.places, start), bisect_left(self.places, stop))
        columns = {key: column[some] for key, column in self.columns.items()}
        # Kinds and texts may be fewer in a part: they say what there is at most.
        return Alike(
            self.common,
            self.writer,
            self.places[some],
            self.numbers[some],
            self.times[some],
            self.rows[some],
            columns,
            self.kinds,
            self.texts,
            self.known,
        )


class Batch(Sequence[Event]):
    """Events in the order in which they happened. As a sequence it is what it seems; who can, asks for what is alike.

    Attributes:
        alike: groups of which no stage had to change anything.
        alone: the other events.
        places: where among all each of these stands.
    """

    def __init__(self, alike: list[Alike], alone: list[Event], places: Sequence[int]) -> None:
        self.alike = alike
        self.alone = alone
        self.places = places
        self._events: list[Event] | None = None

    @classmethod
    def of(cls, events: Sequence[Event]) -> Batch:
        """Return a batch of *events*; one that is a batch already as it is."""
        return events if isinstance(events, Batch) else cls([], list(events), range(len(events)))

    def __len__(self) -> int:
        return sum([len(group.rows) for group in self.alike]) + len(self.alone)

    def __bool__(self) -> bool:
        return bool(self.alike or self.alone)

    def __iter__(self) -> Iterator[Event]:
        return iter(self._all())

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> list[Event]: ...
    def __getitem__(self, index: int | slice) -> Event | list[Event]:
        return self._all()[index]

    def take_apart(self, groups: Iterable[Alike]) -> None:
        """Have the events of *groups* stand alone from now on."""
        apart = list(groups)
        if not apart:
            return
        self.alike = [group for group in self.alike if group not in apart]
        pieces = [(group.places, group.events()) for group in apart]
        self.places, self.alone = _in_order([(self.places, self.alone), *pieces])

    def replace_alone(self, events: list[Event]) -> None:
        """Have *events* stand in place of those that stand alone: some of these, and new ones, which follow the one before."""
        if events is self.alone and len(events) == len(self.places):
            return
        known = dict(zip(map(id, self.alone), self.places, strict=False))
        place, places = -1, []
        for event in events:
            place = known.get(id(event), place)
            places.append(place)
        # A stage that held events back for a moment may give them behind later ones.
        self.places, self.alone = _in_order([(places, events)])

    def beside(self, places: Sequence[int], others: list[Event], between: Sequence[int]) -> Batch:
        """Return a batch of its events, the first of them at the first of *places*, and of *others*, which are at *between*."""
        groups = [group._replace(places=[places[at] for at in group.places]) for group in self.alike]
        own = [places[at] for at in self.places]
        new_places, alone = _in_order([(own, self.alone), (between, others)])
        return Batch(groups, alone, new_places)

    def named(self, is_wanted: Callable[[str], object]) -> Batch:
        """Return those whose name *is_wanted*: itself, if all are."""
        groups = [group for group in self.alike if is_wanted(group.common.name)]
        wanted = [bool(is_wanted(event.name)) for event in self.alone]
        if len(groups) == len(self.alike) and all(wanted):
            return self
        return Batch(groups, list(compress(self.alone, wanted)), list(compress(self.places, wanted)))

    def portions(self, most: int) -> Iterator[Batch]:
        """Yield it in batches of at most *most* events, in its order."""
        if len(self) <= most:
            yield from (self,) if self else ()
            return
        last = max(chain(self.places, (group.places[-1] for group in self.alike)))
        for start in range(-1, last + 1, most):
            stop = start + most
            parts = [part for group in self.alike if (part := group.part(start, stop)).rows]
            alone = [
                (place, event) for place, event in zip(self.places, self.alone, strict=True) if start <= place < stop
            ]
            portion = Batch(parts, [event for _, event in alone], [place for place, _ in alone])
            if len(portion) <= most:
                if portion:
                    yield portion
                continue
            # New ones stand in the places of others.
            events = list(portion)
            yield from (Batch.of(events[at : at + most]) for at in range(0, len(events), most))

    def _all(self) -> list[Event]:
        if not self.alike:
            return self.alone
        if self._events is None:
            pieces = [(group.places, group.events()) for group in self.alike]
            self._events = _in_order([*pieces, (self.places, self.alone)])[1]
        return self._events


def _in_order(pieces: Sequence[tuple[Sequence[int], list[Event]]]) -> tuple[list[int], list[Event]]:
    """Return the places and the events of *pieces*, by place."""
    places = list(chain.from_iterable(places for places, _ in pieces))
    events = list(chain.from_iterable(events for _, events in pieces))
    if any(map(gt, places, islice(places, 1, None))):
        order = sorted(range(len(places)), key=places.__getitem__)
        places, events = list(map(places.__getitem__, order)), list(map(events.__getitem__, order))
    return places, events
