"""Which records are wanted: a filter and a span of time, asked of a record, and where it can be of its bytes alone."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from fnmatch import translate
from typing import TYPE_CHECKING, Any

from otel_events import catalog
from otel_events.event import parse_severity
from otel_events.filter_language import FilterSettings
from otel_events.ledger.instants import format_instant
from otel_events.reading.record import MISSING

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_events.filter_language import Clause, Condition
    from otel_events.reading.record import Record

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_WILD = re.compile(r"[*?\[]")
# Values that stand in a line just as the filter spells them. Numbers do not: 1e3 is 1000.0.
_VERBATIM = re.compile(r"(?!(?:None|nan|inf|-inf)$)[A-Za-z_][A-Za-z0-9_.\-]+", re.ASCII)
_VERBATIM_TEXT = re.compile(r"[A-Za-z0-9_.,:;=#@!?()+\- ]+", re.ASCII)
_TIME = slice(len(b'{"time":"'), len(b'{"time":"2026-02-14T19:01:23.456789012Z'))
_ALL = FilterSettings()
_FIRST, _LAST = -(2**63), 2**63


@dataclass(frozen=True, slots=True)
class Selection:
    """What is wanted.

    Attributes:
        filter: by name, severity, attributes and text.
        since: nanoseconds since the Unix epoch; earlier records are not wanted. None for no bound.
        until: nanoseconds since the Unix epoch; from here on records are not wanted. None for no bound.
    """

    filter: FilterSettings = _ALL
    since: int | None = None
    until: int | None = None

    def compile(self) -> Callable[[Record], bool] | None:
        """Return what tells whether a record is wanted, None if every one is."""
        tests: list[Callable[[Record], bool]] = []
        if self.since is not None or self.until is not None:
            tests.append(_between(self.since, self.until))
        tests.extend(_fits(self.filter))
        if not tests:
            return None
        if len(tests) == 1:
            return tests[0]
        return lambda record: all(test(record) for test in tests)

    def compile_for_bytes(self) -> Callable[[bytes], bool] | None:
        """Return what tells of a ledger's line whether it may hold what is wanted, None if nothing can be told so."""
        tests: list[Callable[[bytes], bool]] = []
        if self.since is not None and self.since >= 0:
            earliest = format_instant(self.since).encode()
            tests.append(lambda line: line[_TIME] >= earliest)
        if self.until is not None and self.until >= 0:
            latest = format_instant(self.until).encode()
            tests.append(lambda line: line[_TIME] < latest)
        including = [clause for clause in self.filter.clauses if not clause.excludes]
        if len(including) == 1:
            tests.extend(_needles_of(including[0]))
        if not tests:
            return None
        return tests[0] if len(tests) == 1 else lambda line: all(test(line) for test in tests)


def _between(since: int | None, until: int | None) -> Callable[[Record], bool]:
    first = _FIRST if since is None else since
    last = _LAST if until is None else until
    return lambda record: first <= record.timestamp < last


def _fits(settings: FilterSettings) -> list[Callable[[Record], bool]]:
    including = [_compile_clause(clause) for clause in settings.clauses if not clause.excludes]
    excluding = [_compile_clause(clause) for clause in settings.clauses if clause.excludes]
    tests: list[Callable[[Record], bool]] = []
    if len(including) == 1:
        tests.append(including[0])
    elif including:
        tests.append(lambda record: any(fits(record) for fits in including))
    if excluding:
        tests.append(lambda record: not any(fits(record) for fits in excluding))
    return tests


def _compile_clause(clause: Clause) -> Callable[[Record], bool]:
    tests = [] if clause.pattern == "*" else [_name_test(clause.pattern)]
    tests += [_condition_test(condition) for condition in clause.conditions]
    tests += [_text_test(text) for text in clause.texts]
    return tests[0] if len(tests) == 1 else lambda record: all(test(record) for test in tests)


def _name_test(pattern: str) -> Callable[[Record], bool]:
    matches = re.compile(translate(pattern)).match
    known: dict[str, bool] = {}

    def test(record: Record) -> bool:
        fits = known.get(record.name)
        if fits is None:
            spellings = (record.name, *catalog.current().aliases_of(record.name))
            fits = known[record.name] = any(matches(spelling) for spelling in spellings)
        return fits

    return test


def _condition_test(condition: Condition) -> Callable[[Record], bool]:
    compare = _OPERATORS[condition.operator]
    key = condition.key
    if key == "severity":
        bound = int(parse_severity(condition.value) or 0)
        return lambda record: compare(record.severity, bound)
    if condition.operator in {"=", "!="}:
        return _equality_test(key, condition.value, is_wanted=condition.operator == "=")
    number = float(condition.value)

    def test(record: Record) -> bool:
        value = record.lookup(key)
        return isinstance(value, int | float) and not isinstance(value, bool) and compare(value, number)

    return test


def _equality_test(key: str, pattern: str, *, is_wanted: bool) -> Callable[[Record], bool]:
    matches = re.compile(translate(pattern)).match
    is_literal = not _WILD.search(pattern)

    def test(record: Record) -> bool:
        value = record.lookup(key)
        if value is MISSING:
            return not is_wanted
        text = value if type(value) is str else str(value).lower() if isinstance(value, bool) else str(value)
        return (text == pattern if is_literal else matches(text) is not None) is is_wanted

    return test


def _text_test(text: str) -> Callable[[Record], bool]:
    wanted = text.casefold()

    def test(record: Record) -> bool:
        if wanted in record.name.casefold() or wanted in record.text("message").casefold():
            return True
        return any(wanted in str(value).casefold() for value in record.all_attributes.values())

    return test


def _needles_of(clause: Clause) -> list[Callable[[bytes], bool]]:
    """Return tests that the bytes of every line pass that *clause* fits."""
    tests = [] if clause.pattern == "*" else _name_needles(clause.pattern)
    for condition in clause.conditions:
        if condition.operator == "=" and condition.key != "severity" and _VERBATIM.fullmatch(condition.value):
            tests.append(_contains(condition.value.encode()))
    for text in clause.texts:
        if _VERBATIM_TEXT.fullmatch(text):
            tests.append(_contains_in_any_case(text.lower().encode()))
    return tests


def _name_needles(pattern: str) -> list[Callable[[bytes], bool]]:
    wild = _WILD.search(pattern)
    beginning = pattern[: wild.start()] if wild else pattern
    if not beginning:
        return []
    names = {beginning}
    for definition in catalog.current().definitions():
        # A pattern may mean a name by one of its older spellings.
        if any(alias.startswith(beginning) for alias in definition.aliases):
            names.add(definition.name)
    needles = tuple(
        f'"event":"{name}'.encode() for name in sorted(names) if name == beginning or not name.startswith(beginning)
    )
    if len(needles) == 1:
        return [_contains(needles[0])]
    return [lambda line: any(needle in line for needle in needles)]


def _contains(needle: bytes) -> Callable[[bytes], bool]:
    return lambda line: needle in line


def _contains_in_any_case(needle: bytes) -> Callable[[bytes], bool]:
    return lambda line: needle in line.lower()
