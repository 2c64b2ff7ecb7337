"""All rules over one text: where its secrets are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from otel_events.redaction.assignments import ASSIGNMENT_NEEDLES, Assignments
from otel_events.redaction.checks import has_mixed_characters, is_digest, is_random
from otel_events.redaction.commands import COMMAND_RULES
from otel_events.redaction.headers import HEADER_RULES
from otel_events.redaction.keys import KEY_KINDS
from otel_events.redaction.personal import PERSONAL_RULES
from otel_events.redaction.prefilter import SHORTEST, Prefilter
from otel_events.redaction.rule import Rule, Trigger, pattern_rule
from otel_events.redaction.shapes import SHAPE_RULES
from otel_events.redaction.vendor_tokens import VENDOR_RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from otel_events.redaction.keys import KeyVerdict


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
        "azure",
        Trigger.RUN,
        ("azure", "devops", "ado_", "vsts"),
        r"(?<![A-Za-z0-9])[a-z2-7]{52}(?![A-Za-z0-9])",
        check=has_mixed_characters,
        brief="a personal access token in a text that speaks of Azure DevOps",
    ),
    pattern_rule(
        "heroku",
        Trigger.RUN,
        ("heroku",),
        r"(?i:heroku)[^\r\n]{0,40}?(?P<secret>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})",
        brief="a UUID in a text that speaks of Heroku",
    ),
)


_BEFORE_ASSIGNED = (*SHAPE_RULES, *VENDOR_RULES, *_BESIDE_A_HINT, *HEADER_RULES, *COMMAND_RULES)
# What `RedactionSettings.without` may name.
KINDS = frozenset(rule.name for rule in (*_BEFORE_ASSIGNED, *PERSONAL_RULES)) | KEY_KINDS

# Needles with the numbers of their rules, by the mark that all of them have.
_Table: TypeAlias = "tuple[tuple[str, tuple[tuple[str, int], ...]], ...]"


class Finding(NamedTuple):
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
        rules = (*_BEFORE_ASSIGNED, assigned, *PERSONAL_RULES)
        self._rules = tuple(rule for rule in rules if rule.name not in self._without)
        self._table = tuple((needle, number) for number, rule in enumerate(self._rules) for needle in rule.needles)
        self._always = tuple(number for number, rule in enumerate(self._rules) if not rule.needles)
        self._tables: dict[int, _Table] = {}

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
        if is_digest(text):
            return []
        lowered = text.lower()
        numbers = {
            number
            for mark, entries in self._table_for(triggers)
            if mark in lowered
            for needle, number in entries
            if needle in lowered
        }
        numbers.update(number for number in self._always if self._rules[number].trigger & triggers)
        found = [
            (start, number, end, kind)
            for number in sorted(numbers)
            for start, end, kind in self._rules[number].find(text)
            if end > start and kind not in self._without
        ]
        return [Finding(start, end, kind, self._rules[number].brief) for start, number, end, kind in _disjoint(found)]

    def _table_for(self, triggers: int) -> _Table:
        """Return the needles of the rules worth trying, by a mark that is in each: few texts have all marks."""
        table = self._tables.get(triggers)
        if table is None:
            by_mark: dict[str, list[tuple[str, int]]] = {}
            for needle, number in self._table:
                if self._rules[number].trigger & triggers:
                    by_mark.setdefault(next((mark for mark in "_-." if mark in needle), ""), []).append(
                        (needle, number)
                    )
            table = self._tables[triggers] = tuple((mark, tuple(entries)) for mark, entries in by_mark.items())
        return table


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
