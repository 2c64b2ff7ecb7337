"""All rules over one text: where its secrets are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from otel_events.redaction.assignments import ASSIGNMENT_NEEDLES, COMMAND_RULES, Assignments
from otel_events.redaction.checks import is_random
from otel_events.redaction.headers import HEADER_RULES
from otel_events.redaction.personal import PERSONAL_RULES
from otel_events.redaction.prefilter import SHORTEST, Prefilter
from otel_events.redaction.rule import Rule, Trigger, pattern_rule
from otel_events.redaction.shapes import SHAPE_RULES
from otel_events.redaction.vendor_tokens import VENDOR_RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from otel_events.redaction.keys import KeyVerdict

_HEX_AND_DASHES = "0123456789abcdefABCDEF-"


def _is_aws_secret(found: str) -> bool:
    return (
        is_random(found)
        and any(c.isdigit() for c in found)
        and any(c.isupper() for c in found)
        and any(c.islower() for c in found)
    )


_BESIDE_A_HINT: tuple[Rule, ...] = (
    pattern_rule(
        "aws",
        Trigger.RUN | Trigger.WORD,
        ("aws", "akia", "asia", "amazon"),
        r"(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])",
        check=_is_aws_secret,
        brief="40 random characters in a text that speaks of AWS",
    ),
    pattern_rule(
        "heroku",
        Trigger.RUN,
        ("heroku",),
        r"(?i:heroku)[^\r\n]{0,40}?(?P<secret>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})",
        brief="a UUID in a text that speaks of Heroku",
    ),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One secret in a text.

    Attributes:
        start: where it begins.
        end: where it ends.
        kind: what the marker says.
        rule: the rule that fired, in words.
    """

    start: int
    end: int
    kind: str
    rule: str


class Scanner:
    """The built-in rules, in the order in which the more telling kind wins."""

    def __init__(
        self, judge: Callable[[str], KeyVerdict], without: Iterable[str] = (), own_words: Iterable[str] = ()
    ) -> None:
        """Take *judge* for the keys in texts; kinds in *without* are not looked for.

        Args:
            judge: says which keys are sensitive.
            without: kinds that are not looked for.
            own_words: words in lower case, of which one is in each key that *judge* knows beyond the built-in ones.
        """
        words = tuple(own_words)
        self.prefilter = Prefilter(words)
        self._without = frozenset(without)
        assigned = Rule(
            "assigned",
            Trigger.WORD,
            (*ASSIGNMENT_NEEDLES, *words),
            Assignments(judge).find,
            "a value that the text assigns to a sensitive key",
        )
        rules = (*SHAPE_RULES, *VENDOR_RULES, *_BESIDE_A_HINT, *HEADER_RULES, *COMMAND_RULES, assigned, *PERSONAL_RULES)
        self._rules = tuple(rule for rule in rules if rule.name not in self._without)
        self._table = tuple((needle, number) for number, rule in enumerate(self._rules) for needle in rule.needles)
        self._always = tuple(number for number, rule in enumerate(self._rules) if not rule.needles)
        self._tables: dict[int, tuple[tuple[str, int], ...]] = {}

    def scan(self, text: str, triggers: int | None = None) -> list[Finding]:
        """Return the secrets in *text* in order, none overlapping.

        Args:
            text: at most as long as is worth the time.
            triggers: what the prefilter saw in it; None: it was not asked yet.
        """
        if triggers is None:
            triggers = self.prefilter.suspects((text,)).get(0) if len(text) >= SHORTEST else None
            if triggers is None:
                return []
        if is_digest(text, triggers):
            return []
        lowered = text.lower()
        numbers = {number for needle, number in self._table_for(triggers) if needle in lowered}
        numbers.update(number for number in self._always if self._rules[number].trigger & triggers)
        found = [
            (start, number, end, kind)
            for number in sorted(numbers)
            for start, end, kind in self._rules[number].find(text)
            if end > start and kind not in self._without
        ]
        return [Finding(start, end, kind, self._rules[number].brief) for start, number, end, kind in _disjoint(found)]

    def _table_for(self, triggers: int) -> tuple[tuple[str, int], ...]:
        table = self._tables.get(triggers)
        if table is None:
            table = self._tables[triggers] = tuple(
                (needle, number) for needle, number in self._table if self._rules[number].trigger & triggers
            )
        return table


def is_digest(text: str, triggers: int) -> bool:
    """Tell whether *text* is nothing but a UUID or a digest: the token of no vendor, and common."""
    return triggers == Trigger.RUN and not text.strip(_HEX_AND_DASHES)


def _disjoint(found: list[tuple[int, int, int, str]]) -> list[tuple[int, int, int, str]]:
    """Return (start, rule, end, kind) in order; those that overlap become one, of the kind of the first rule."""
    merged: list[tuple[int, int, int, str]] = []
    for one in sorted(found):
        start, number, end, kind = one
        if not merged or start >= merged[-1][2]:
            merged.append(one)
            continue
        first_start, first_number, first_end, first_kind = merged[-1]
        merged[-1] = (
            first_start,
            min(first_number, number),
            max(first_end, end),
            first_kind if first_number <= number else kind,
        )
    return merged
