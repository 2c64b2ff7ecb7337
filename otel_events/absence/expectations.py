"""What is expected, by when, and what of it is missed: rules over records and a clock that is passed in."""

from __future__ import annotations

import heapq
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from otel_events.absence.finding import STARTED_AGAIN, Finding, Seen
from otel_events.pipeline.name_patterns import ByName
from otel_events.reading.analysis.pairs import identity_of, part_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from otel_events.absence.rule import Rule
    from otel_events.reading.record import Record

Key: TypeAlias = "tuple[int, str]"  # the rule's place, and the subject

_MAX_AWAITED = 200_000
_MAX_ENDED = 10_000
_MAX_GONE = 10_000


@dataclass(slots=True)
class Awaited:
    """One thing that is expected.

    Attributes:
        deadline: by when, on the clock of the expectations.
        seen: the last that was seen of it.
        missed: when it was found missing, on that clock; None while it is not.
        before: the last that had been seen of it when it was found missing.
        queued: the instant at which it is looked at next; None for never.
        is_again: it had begun before, so that an earlier end may be that of then.
    """

    deadline: int
    seen: Seen | None = None
    missed: int | None = None
    before: Seen | None = None
    queued: int | None = None
    is_again: bool = False


class Expectations:
    """Say what is missed and what is there again. Knows no clock: nanoseconds of any one are passed in.

    Args:
        rules: what is expected.
        now: when it begins to be expected.

    Attributes:
        overlooked: how many things found no room.
    """

    def __init__(self, rules: Sequence[Rule], now: int) -> None:
        self.rules = tuple(rules)
        self.overlooked = 0
        self._names = ByName([(pattern, True) for rule in rules for pattern in rule.patterns()], spares_lifecycle=False)
        self._is_meant: list[Callable[[Record], bool]] = [rule.compile() for rule in rules]
        self._awaited: dict[Key, Awaited] = {}
        self._due: list[tuple[int, Key]] = []  # a heap; what is looked at too early is put back
        self._granted = (now, 0)  # since when, and for how long, nothing is missed
        # What has ended lately, and when: its beginning may come later.
        self._ended: OrderedDict[tuple[str, ...], int] = OrderedDict()
        for place, rule in enumerate(rules):
            if rule.sure_subject is not None:
                self._await((place, rule.sure_subject), Awaited(now + rule.within))

    def concerns(self, record: Record) -> bool:
        """Tell whether *record* is an event that may matter to a rule, and says when it happened."""
        return self._names.find(record.name) is not None and record.kind == "event" and record.timestamp > 0

    def note(self, record: Record, at: int, now: int) -> list[Finding]:
        """Take note of *record*; return what is missed no more.

        Args:
            record: an event that `concerns` a rule.
            at: when it happened.
            now: when it came.
        """
        found: list[Finding] = []
        part = part_of(record.name)
        identity = identity_of(record, part.family) if part is not None else ()
        if part is not None and part.role == "closes":
            found += self._note_end(record, identity, now)
        for place, rule in enumerate(self.rules):
            if not self._is_meant[place](record):
                continue
            if not rule.is_ending:
                found += self._note_sign((place, record.text(rule.by) if rule.by else rule.pattern), record, at, now)
            elif part is not None and part.role == "opens" and self._ended.get(identity, -1) < record.timestamp:
                key = (place, _subject(rule, identity))
                found += self._note_beginning(key, record, at, now, has_ended=identity in self._ended)
        return found

    def advance(self, now: int) -> list[Finding]:
        """Return what is missed by *now*; what is due at this very instant is not."""
        found = []
        while self._due and self._due[0][0] < now:
            instant, key = heapq.heappop(self._due)
            awaited = self._awaited.get(key)
            if awaited is None or awaited.queued != instant:
                continue  # it has ended, or was put in anew
            awaited.queued = None
            if awaited.missed is not None:
                continue
            if self._until(key, awaited) >= now:
                self._queue(key, awaited)
                continue
            awaited.missed, awaited.before = now, awaited.seen
            found.append(Finding(self.rules[key[0]], key[1], now, awaited.seen))
        return found

    def due(self) -> int | None:
        """Return an instant before which nothing will be missed; None while nothing is expected."""
        return self._due[0][0] if self._due else None

    def grant(self, now: int, grace: int) -> None:
        """Miss nothing before *grace* from *now* has gone by, or as long as its rule says if that is less."""
        self._granted = (now, grace)

    def expect_since(self, place: int, since: int) -> None:
        """Have it that a rule's surely expected subject, if it was not seen yet, has been expected since an instant."""
        rule = self.rules[place]
        awaited = None if rule.sure_subject is None else self._awaited.get((place, rule.sure_subject))
        if awaited is not None and awaited.seen is None:
            awaited.deadline = since + rule.within
            self._queue((place, rule.sure_subject or ""), awaited)

    def restore(self, place: int, subject: str, missed: int | None, seen: Seen | None) -> None:
        """Have it that something was found missing at *missed*, or with None that it is so no more, as was told before."""
        awaited = self._awaited.get((place, subject))
        if missed is None:
            if awaited is not None and awaited.missed is not None:
                awaited.missed = None
                self._queue((place, subject), awaited)
            return
        if awaited is None:
            awaited = Awaited(missed, seen)
            self._await((place, subject), awaited)
        awaited.missed, awaited.before = missed, seen

    def _await(self, key: Key, awaited: Awaited) -> None:
        if len(self._awaited) >= _MAX_AWAITED and key not in self._awaited:
            self.overlooked += 1
            return
        self._awaited[key] = awaited
        self._queue(key, awaited)

    def _queue(self, key: Key, awaited: Awaited) -> None:
        until = self._until(key, awaited)
        if awaited.queued is None or until < awaited.queued:
            awaited.queued = until
            heapq.heappush(self._due, (until, key))
        if len(self._due) > 2 * len(self._awaited) + _MAX_GONE:  # what has ended leaves its place in the queue behind
            self._due = [(each.queued, key) for key, each in self._awaited.items() if each.queued is not None]
            heapq.heapify(self._due)

    def _until(self, key: Key, awaited: Awaited) -> int:
        since, grace = self._granted
        return max(awaited.deadline, since + min(self.rules[key[0]].within, grace))

    def _note_sign(self, key: Key, record: Record, at: int, now: int) -> list[Finding]:
        if not key[1]:
            return []  # it lacks the attribute
        deadline = at + self.rules[key[0]].within
        awaited = self._awaited.get(key)
        if awaited is None:
            self._await(key, Awaited(deadline, Seen.of(record)))
            return []
        is_first = awaited.seen is None
        if awaited.seen is None or deadline >= awaited.deadline or record.timestamp > awaited.seen.time:
            awaited.seen = Seen.of(record)
        # The first sign says more than when it was first expected.
        awaited.deadline = deadline if is_first else max(awaited.deadline, deadline)
        if awaited.missed is None:
            self._queue(key, awaited)
        # One that was late already when it was missed says nothing new: it might be from before a death.
        if awaited.missed is None or deadline <= awaited.missed:
            return []
        return [self._resolve(key, awaited, record.timestamp, now)]

    def _note_beginning(self, key: Key, record: Record, at: int, now: int, *, has_ended: bool) -> list[Finding]:
        awaited = self._awaited.get(key)
        if awaited is not None and awaited.seen is not None and awaited.seen.time >= record.timestamp:
            return []  # an earlier beginning of the same that comes late
        found = []
        if awaited is not None and awaited.missed is not None:
            found.append(self._resolve(key, awaited, record.timestamp, now, STARTED_AGAIN))
        is_again = awaited is not None or has_ended
        self._await(key, Awaited(at + self.rules[key[0]].within, Seen.of(record), is_again=is_again))
        return found

    def _note_end(self, record: Record, identity: tuple[str, ...], now: int) -> list[Finding]:
        self._ended[identity] = record.timestamp
        self._ended.move_to_end(identity)
        if len(self._ended) > _MAX_ENDED:
            self._ended.popitem(last=False)
        found = []
        for place, rule in enumerate(self.rules):
            if not rule.is_ending or rule.family not in {"", identity[0]}:
                continue
            key = (place, _subject(rule, identity))
            awaited = self._awaited.get(key)
            # An end before its beginning is that of a run before; of the only run it is its own, by a clock that was set.
            is_of_before = awaited is not None and awaited.is_again and awaited.seen is not None
            if awaited is None or (is_of_before and awaited.seen.time > record.timestamp):  # type: ignore[union-attr]
                continue
            del self._awaited[key]
            if awaited.missed is not None:
                found.append(self._resolve(key, awaited, record.timestamp, now))
        return found

    def _resolve(self, key: Key, awaited: Awaited, until: int, now: int, reason: str = "") -> Finding:
        rule, before = self.rules[key[0]], awaited.before
        awaited.missed = awaited.before = None
        if key in self._awaited:
            self._queue(key, awaited)
        return Finding(rule, key[1], now, before, until, is_resolved=True, reason=reason)


def _subject(rule: Rule, identity: tuple[str, ...]) -> str:
    """Return what tells one thing that must end from another: with its family where the rule is about several."""
    return " ".join(filter(None, identity[1:] if rule.family else identity))
