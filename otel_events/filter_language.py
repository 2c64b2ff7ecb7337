"""The filter language: which events are wanted, by name, severity, attributes and text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from otel_events.errors import ConfigurationError
from otel_events.event import SEVERITY_WORDS, parse_severity
from otel_events.lazy_pattern import lazy_pattern
from otel_events.time_spans import parse_span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Quotation marks let commas and spaces be part of a value. One without a second one goes to the end.
_WORD = lazy_pattern(r"(?:\"[^\"]*(?:\"|$)|'[^']*(?:'|$)|[^\s,\"'])+|,")
_CONDITION = lazy_pattern(r"(?P<key>[\w.\-]+)(?P<operator>!=|>=|<=|=|>|<)(?P<value>.*)", re.DOTALL)
_PATTERN = lazy_pattern(r"[\w.\-*?\[\]!]+")
# A condition with spaces in it.
_OPERATOR = lazy_pattern(r"[<>]=?|!?=")
# Words of other languages, and what stands for them here.
FOREIGN_WORDS = frozenset({"and", "or"})
INSTEAD_OF_WORDS = "a comma means or, a space means and"
_QUOTED = lazy_pattern(r"\"([^\"]*)\"|'([^']*)'")


class Condition(NamedTuple):
    """One thing that must hold of an event.

    Attributes:
        key: `severity`, or the key of an attribute.
        operator: `=`, `!=`, `>=`, `<=`, `>` or `<`.
        value: what to compare with; with `=` and `!=` a pattern as in shell file names, else a number.
    """

    key: str
    operator: str
    value: str


class Clause(NamedTuple):
    """What includes or excludes events: all of it must hold.

    Attributes:
        pattern: of the event's name, in either spelling.
        conditions: of its severity and attributes.
        excludes: what fits goes; else what fits stays.
        texts: each stands somewhere in the event, whatever the case of its letters.
    """

    pattern: str = "*"
    conditions: tuple[Condition, ...] = ()
    excludes: bool = False
    texts: tuple[str, ...] = ()


class FilterSettings(NamedTuple):
    """An event passes if no excluding clause fits, and an including one does or there is none.

    Attributes:
        clauses: in any order.
    """

    clauses: tuple[Clause, ...] = ()


class Mistake(NamedTuple):
    """What is wrong at one place of a filter.

    Attributes:
        text: the filter.
        column: of the first wrong character, counted from 1.
        problem: what is wrong, and what would be right.
    """

    text: str
    column: int
    problem: str


class FilterError(ConfigurationError):
    """A filter cannot be used.

    Attributes:
        mistakes: what is wrong, in the order of the text.
    """

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(sorted(mistakes, key=lambda mistake: mistake.column))
        super().__init__(
            "the filter cannot be used",
            [f"column {each.column} of {each.text!r:.120}: {each.problem}" for each in self.mistakes],
        )


def parse_filter(text: str | Iterable[str]) -> FilterSettings:
    """Return the filter that *text* means, or raise FilterError with all that is wrong.

    Args:
        text: clauses with commas between, or a list of clauses. A clause is a name pattern, conditions such as
            `severity>=warn` or `persona=thesis*`, and quoted texts, with spaces between; a `-` before it excludes.
    """
    items = [text] if isinstance(text, str) else list(text)
    parser = _Parser()
    clauses = tuple(clause for item in items for clause in parser.clauses(item, may_split=isinstance(text, str)))
    if parser.mistakes:
        raise FilterError(parser.mistakes)
    return FilterSettings(clauses)


class _Word(NamedTuple):
    text: str
    column: int


class _Parser:
    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []
        self._source = ""

    def clauses(self, source: str, *, may_split: bool) -> Iterator[Clause]:
        self._source = source
        words: list[_Word] = []
        for match in _WORD.finditer(source):
            word = _Word(match[0], match.start() + 1)
            if word.text != ",":
                if self._is_quotation_closed(word):
                    words.append(word)
                continue
            if not may_split:
                self._mistake(word.column, "in a list of clauses each is an item of its own, without a comma")
            if words:
                yield self._clause(words)
            words = []
        if words:
            yield self._clause(words)

    def _clause(self, words: list[_Word]) -> Clause:
        excludes = words[0].text.startswith("-")
        if excludes:
            first = words[0]
            words = [_Word(first.text[1:], first.column + 1), *words[1:]] if len(first.text) > 1 else words[1:]
            if not words:
                self._mistake(first.column, "'-' must say what it excludes, such as '-epoch.*'")
        pattern = ""
        conditions: list[Condition] = []
        texts: list[str] = []
        for word in self._without_spaced(words):
            condition = _CONDITION.fullmatch(word.text)
            quoted = _QUOTED.fullmatch(word.text)
            if condition is not None:
                conditions.append(self._condition(condition, word))
            elif quoted is not None:
                texts.append(quoted[1] or quoted[2] or "")
            elif not pattern and _PATTERN.fullmatch(word.text):
                pattern = word.text
            else:
                self._mistake(word.column, _explain(word.text))
        return Clause(pattern or "*", tuple(conditions), excludes, tuple(text for text in texts if text))

    def _without_spaced(self, words: list[_Word]) -> list[_Word]:
        """Return *words* without the conditions that have spaces in them; say of each how it is written."""
        kept: list[_Word] = []
        rest = iter(words)
        for word in rest:
            operator = _OPERATOR.match(word.text)
            if operator is None or not kept:
                kept.append(word)
                continue
            value = next(rest, None) if operator[0] == word.text else None
            written = f"{kept.pop().text}{word.text}{value.text if value is not None else ''}"
            self._mistake(word.column, f"write it without spaces: {written:.80}")
        return kept

    def _condition(self, match: re.Match[str], word: _Word) -> Condition:
        key, sign, value = match["key"], match["operator"], match["value"].strip("\"'")
        column = word.column + match.start("value")
        if key == "severity":
            if parse_severity(value) is None:
                self._mistake(column, f"{value!r:.40} is no severity; {SEVERITY_WORDS}")
        elif sign not in {"=", "!="} and not _is_number(value):
            seconds = parse_span(value)
            if seconds is None:
                problem = (
                    f"{sign!r} compares numbers ('0.8') and times ('50ms', '2s', '1h30m'), and {value!r:.40} is neither"
                )
                self._mistake(column, problem)
            return Condition(key, sign, str(seconds))  # durations are kept in seconds
        return Condition(key, sign, value)

    def _is_quotation_closed(self, word: _Word) -> bool:
        rest = _QUOTED.sub(lambda quoted: " " * len(quoted[0]), word.text)
        for sign in "\"'":
            if sign in rest:
                self._mistake(word.column + rest.index(sign), f"the quotation mark {sign} has no second one")
                return False
        return True

    def _mistake(self, column: int, problem: str) -> None:
        self.mistakes.append(Mistake(self._source, column, problem))


def _explain(word: str) -> str:
    if word.lower() in FOREIGN_WORDS:
        return f"{word!r} is no word of a filter: {INSTEAD_OF_WORDS}"
    if _PATTERN.fullmatch(word):
        return (
            f"{word!r:.40} is neither a condition such as 'severity>=warn' nor the clause's one name pattern;"
            f' write "{word:.40}" for a text, or a comma before it for another clause'
        )
    return f"{word!r:.40} is neither a name pattern such as 'task.*' nor a condition such as 'severity>=warn'"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
