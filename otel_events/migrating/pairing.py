"""Which line of a new file is about the event of which line of an old one, in memory that does not grow with them."""

from __future__ import annotations

from collections import Counter, OrderedDict
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, TypeVar

from otel_events.migrating.differences import compare, fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from otel_events.migrating.said import Said

KEY_FIELDS = ("task_id", "session_id", "env_id", "cycle", "script_name", "file_path", "id")
_MOST_WAITING = 50_000  # on either side
_MOST_CANDIDATES = 64  # the oldest that wait are the nearest, as a rule


class Pair(NamedTuple):
    """An event that both files say; or None on the side where it is missing."""

    old: Said | None
    new: Said | None


class _Waiting:
    """A line whose partner has not come yet."""

    __slots__ = ("key", "mark", "said", "time")

    def __init__(self, said: Said, time: int, mark: bytes, key: bytes) -> None:
        self.said = said
        self.time = time
        self.mark = mark
        self.key = key


_Key = TypeVar("_Key", str, bytes)
_Queue: TypeAlias = "OrderedDict[int, _Waiting]"  # in order, and quick to take one out of the middle


class _Side:
    """One file: its next line, and the lines of it that wait, in the order in which they came."""

    def __init__(self, lines: Iterable[Said], tolerance: int) -> None:
        self._lines = iter(lines)
        self._tolerance = tolerance
        self.next: Said | None = None
        self.latest = 0
        self.out_of_order = 0
        self.waiting: _Queue = OrderedDict()
        self.by_mark: dict[bytes, _Queue] = {}
        self.by_key: dict[bytes, _Queue] = {}
        self.by_name: dict[str, _Queue] = {}
        self.next = next(self._lines, None)

    @property
    def next_time(self) -> int:
        return max(self.next.time, self.latest) if self.next is not None else self.latest

    def take(self) -> Said:
        said = self.next
        assert said is not None
        if said.time:
            self.out_of_order += said.time < self.latest - self._tolerance
            self.latest = max(self.latest, said.time)
        self.next = next(self._lines, None)
        return said

    def wait(self, said: Said, mark: bytes, key: bytes) -> None:
        each = _Waiting(said, said.time or self.latest, mark, key)
        self.waiting[id(each)] = each
        self.by_mark.setdefault(mark, OrderedDict())[id(each)] = each
        self.by_key.setdefault(key, OrderedDict())[id(each)] = each
        self.by_name.setdefault(said.name, OrderedDict())[id(each)] = each

    def first(self) -> _Waiting | None:
        return next(iter(self.waiting.values()), None)

    def remove(self, each: _Waiting) -> None:
        del self.waiting[id(each)]
        _take_out(self.by_mark, each.mark, each)
        _take_out(self.by_key, each.key, each)
        _take_out(self.by_name, each.said.name, each)


def _take_out(index: dict[_Key, _Queue], key: _Key, each: _Waiting) -> None:
    queue = index[key]
    del queue[id(each)]
    if not queue:
        del index[key]


class Pairing:
    """Pairs lines of equal name and key fields by what they say, then by nearness in time.

    A line waits for its partner until both files are past every moment at which that could be said.

    Args:
        tolerance: nanoseconds that may lie between the two lines of a pair.
        key_fields: lines that say different things in one of these are of different events.
        ignored: fields that nobody asks for.
    """

    def __init__(self, tolerance: int, key_fields: Sequence[str] = KEY_FIELDS, ignored: Sequence[str] = ()) -> None:
        self._tolerance = tolerance
        self._key_fields = tuple(key_fields)
        self._ignored = frozenset(ignored)
        self.out_of_order: Counter[str] = Counter()
        self.cut_short = 0

    def pairs(self, old: Iterable[Said], new: Iterable[Said]) -> Iterator[Pair]:
        """Yield each line of either file once, with its partner or without."""
        left, right = (_Side(map(self._without_ignored, lines), self._tolerance) for lines in (old, new))
        while left.next is not None or right.next is not None:
            is_old = right.next is None or (left.next is not None and left.next_time <= right.next_time)
            side, other = (left, right) if is_old else (right, left)
            said = side.take()
            mark = fingerprint(said.name, {key: value for key, value in said.fields.items() if key != "severity"})
            partner = self._find_same(said, other, mark)
            if partner is not None:
                other.remove(partner)
                yield Pair(said, partner.said) if is_old else Pair(partner.said, said)
            else:
                side.wait(said, mark, self._key(said))
                yield from self._settle(left, right)
        yield from self._settle(left, right, is_end=True)
        self.out_of_order.update(old=left.out_of_order, new=right.out_of_order)

    def _without_ignored(self, said: Said) -> Said:
        if not self._ignored:
            return said
        return said._replace(fields={key: value for key, value in said.fields.items() if key not in self._ignored})

    def _find_same(self, said: Said, other: _Side, mark: bytes) -> _Waiting | None:
        """Return the nearest waiting line that says the same."""
        queue = other.by_mark.get(mark)
        if queue is None:
            return None
        near = [each for each in islice(queue.values(), _MOST_CANDIDATES) if self._may_pair(said, each.said)]
        return min(near, key=lambda each: self._distance(said, each.said), default=None)

    def _settle(self, left: _Side, right: _Side, *, is_end: bool = False) -> Iterator[Pair]:
        """Yield what has waited long enough: an equal partner can no longer come."""
        open_sides = [side for side in (left, right) if side.next is not None] or [left, right]
        horizon = min(side.next_time for side in open_sides) - 2 * self._tolerance
        while (each := self._due(left, None if is_end else horizon)) is not None:
            partner = self._find_like(each, right)
            left.remove(each)
            if partner is not None:
                right.remove(partner)
            yield Pair(each.said, None if partner is None else partner.said)
        while (each := self._due(right, None if is_end else horizon - self._tolerance)) is not None:
            right.remove(each)
            yield Pair(None, each.said)

    def _due(self, side: _Side, horizon: int | None) -> _Waiting | None:
        """Return the oldest waiting line, if it is older than *horizon* or too many wait; any at the end of both files."""
        each = side.first()
        if each is None or horizon is None or 0 < each.time < horizon:
            return each  # one without a time waits for the end
        if len(side.waiting) <= _MOST_WAITING:
            return None
        self.cut_short += 1
        return each

    def _find_like(self, one: _Waiting, other: _Side) -> _Waiting | None:
        """Return the waiting line that is most like *one*, and of those the nearest; with the same key fields, if any has."""
        for queue in other.by_key.get(one.key), other.by_name.get(one.said.name):
            near = [each for each in islice((queue or {}).values(), _MOST_CANDIDATES) if self._may_differ(one, each)]
            if near:
                return min(near, key=lambda each: self._unlikeness(one.said, each.said))
        return None

    def _unlikeness(self, old: Said, new: Said) -> tuple[int, int]:
        differences = compare(old.fields, new.fields)
        return sum(each.kind != "redacted" for each in differences), self._distance(old, new)

    def _may_pair(self, one: Said, other: Said) -> bool:
        levels = {one.fields.get("severity"), other.fields.get("severity")} - {None}
        return len(levels) < 2 and self._distance(one, other) <= self._tolerance

    def _may_differ(self, one: _Waiting, other: _Waiting) -> bool:
        if self._distance(one.said, other.said) > self._tolerance:
            return False
        a, b = one.said.fields, other.said.fields
        return one.key == other.key or all(key not in a or key not in b or a[key] == b[key] for key in self._key_fields)

    def _key(self, said: Said) -> bytes:
        return fingerprint(said.name, {key: said.fields[key] for key in self._key_fields if key in said.fields})

    @staticmethod
    def _distance(one: Said, other: Said) -> int:
        return abs(one.time - other.time) if one.time and other.time else 0
