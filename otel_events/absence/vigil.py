"""Expectations beside a ledger that is being written: where they stood is read from it, and from then on time passes."""

from __future__ import annotations

import time
from itertools import chain
from typing import TYPE_CHECKING

from otel_events.absence.alert import RESOLVED, event_of, is_alert, rules_of, rules_set, seen_of, subject_of
from otel_events.absence.expectations import Expectations
from otel_events.absence.finding import NOT_EXPECTED, Finding
from otel_events.absence.language import RuleError, parse_rules
from otel_events.absence.pauses import Pauses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from otel_events.absence.rule import Rule
    from otel_events.event import Event
    from otel_events.reading.record import Record

# After a beginning and after a pause: what was said meanwhile may still be on its way, for as long as senders wait at most
# before they try again, and as long again.
GRACE = 60 * 1_000_000_000


class Vigil:
    """Tell of what is missed, and of what is there again, each once, whenever and however often one begins.

    First `restore` is given what the ledger has, in its order, then comes `begin`, and then a `turn` every second at
    least. What was told before is known by the ledger alone. While it goes on, time is that of a clock that nobody can set.

    Args:
        rules: what is expected.
        grace: nanoseconds that everything has, or less if its rule says less, after a beginning and after a pause.
        monotonic: gives nanoseconds of the clock that nobody sets.
        wall: gives nanoseconds since the Unix epoch.
        tell_pause: told the seconds of a pause, or by which a clock was set.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        *,
        grace: int = GRACE,
        monotonic: Callable[[], int] = time.monotonic_ns,
        wall: Callable[[], int] = time.time_ns,
        tell_pause: Callable[[float], object] = lambda _: None,
    ) -> None:
        self._monotonic, self._wall = monotonic, wall
        self._grace = grace
        self._tell_pause = tell_pause
        now = monotonic()
        self.expectations = Expectations(rules, now)
        self._places = {rule.text: place for place, rule in enumerate(rules)}
        self._pauses = Pauses(now, wall())
        # Of what is restored: what came after all without having been told, and what no rule expects any more.
        self._untold: dict[tuple[str, str], Finding] = {}
        self._left: dict[tuple[str, str], Record] = {}
        # The rules that were last watched, and since when each was.
        self._since: dict[str, int] = {}

    def restore(self, records: Iterable[Record]) -> None:
        """Take in *records*, which are older than the vigil, in the order of the ledger; alerts are among them."""
        offset = self._monotonic() - self._wall()
        for record in records:
            at = offset + record.timestamp
            if is_alert(record):
                self._restore_alert(record, at)
            elif (texts := rules_of(record)) is not None:
                self._since = {text: self._since.get(text, at) for text in texts}
            elif self.expectations.concerns(record):
                for finding in self.expectations.note(record, at, at):
                    self._untold[finding.rule.text, finding.subject] = finding

    def begin(self) -> list[Event]:
        """Begin to watch; return what was to be told before, and was not, and that other rules hold than before."""
        monotonic, wall = self._monotonic(), self._wall()
        for text, place in self._places.items():
            self.expectations.expect_since(place, self._since.get(text, monotonic))
        self.expectations.grant(monotonic, self._grace)
        self._pauses.look(monotonic, wall)
        left = chain.from_iterable(_left(record, monotonic) for record in self._left.values())
        found = [*self._untold.values(), *left]
        self._untold, self._left = {}, {}
        events = [event_of(finding, wall) for finding in found]
        return events if self._since.keys() == self._places.keys() else [*events, rules_set(self._places, wall)]

    def turn(self, records: Iterable[Record] = ()) -> list[Event]:
        """Take in *records*, which have just come; return what is to be told now."""
        monotonic, wall = self._monotonic(), self._wall()
        pause = self._pauses.look(monotonic, wall)
        if pause is not None:
            self.expectations.grant(monotonic, self._grace)
            self._tell_pause(pause)
        found: list[Finding] = []
        for record in records:
            if self.expectations.concerns(record) and not is_alert(record):
                # What says that it is of the future happened now.
                at = monotonic - max(0, wall - record.timestamp)
                found += self.expectations.note(record, at, monotonic)
        found += self.expectations.advance(monotonic)
        return [event_of(finding, wall) for finding in found]

    def _restore_alert(self, record: Record, at: int) -> None:
        text = record.text("rule")
        place = self._places.get(text)
        subject, is_resolved = subject_of(record), record.name.endswith(RESOLVED)
        self._untold.pop((text, subject), None)
        if place is not None:
            self.expectations.restore(place, subject, None if is_resolved else at, seen_of(record))
        elif is_resolved:
            self._left.pop((text, subject), None)
        else:
            self._left[text, subject] = record


def _left(record: Record, now: int) -> list[Finding]:
    """Return that what *record* misses is not expected any more."""
    try:
        (rule,) = parse_rules([record.text("rule")])
    except RuleError:  # of a language that we do not know
        return []
    return [Finding(rule, subject_of(record), now, seen_of(record), is_resolved=True, reason=NOT_EXPECTED)]
