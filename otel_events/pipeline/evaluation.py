"""The one evaluator of the filter language, for whatever has a name, a severity and attributes."""

from __future__ import annotations

import operator
import re
from fnmatch import translate
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from otel_events.event import parse_severity
from otel_events.lazy_pattern import lazy_pattern
from otel_events.pipeline.name_patterns import spellings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from otel_events.filter_language import Clause, Condition, FilterSettings


class Subject(Protocol):
    """What can be asked whether it is wanted."""

    name: str
    severity: Any


S = TypeVar("S", bound=Subject)

MISSING: Any = object()
WILD = lazy_pattern(r"[*?\[]")
_MAX_NAMES = 4_096  # names are few; a program that makes them up must not fill the memory

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


class Access(Generic[S]):
    """How to look into subjects of one kind.

    Attributes:
        lookup: returns the value of a key, MISSING if there is none.
        values: returns everything that a quoted text may stand in, beside the name.
    """

    __slots__ = ("lookup", "values")

    def __init__(self, lookup: Callable[[S, str], Any], values: Callable[[S], Iterable[object]]) -> None:
        self.lookup = lookup
        self.values = values


def compile_filter(settings: FilterSettings, access: Access[S]) -> Callable[[S], bool] | None:
    """Return what tells whether a subject is wanted, None if every one is."""
    including = [_compile_clause(clause, access) for clause in settings.clauses if not clause.excludes]
    excluding = [_compile_clause(clause, access) for clause in settings.clauses if clause.excludes]
    if not excluding:
        return any_of(including) if including else None
    is_excluded = any_of(excluding)
    if not including:
        return lambda subject: not is_excluded(subject)
    is_included = any_of(including)
    return lambda subject: is_included(subject) and not is_excluded(subject)


def all_of(tests: list[Callable[[S], bool]]) -> Callable[[S], bool]:
    """Return one test that passes what passes all of *tests*."""
    if len(tests) == 1:
        return tests[0]
    if len(tests) == 2:
        first, second = tests  # without a generator, which costs as much as a test
        return lambda subject: first(subject) and second(subject)
    return lambda subject: all(test(subject) for test in tests)


def any_of(tests: list[Callable[[S], bool]]) -> Callable[[S], bool]:
    """Return one test that passes what passes any of *tests*."""
    return tests[0] if len(tests) == 1 else lambda subject: any(test(subject) for test in tests)


def _compile_clause(clause: Clause, access: Access[S]) -> Callable[[S], bool]:
    tests: list[Callable[[S], bool]] = [] if clause.pattern == "*" else [_name_test(clause.pattern)]
    tests += [_condition_test(condition, access.lookup) for condition in clause.conditions]
    tests += [_text_test(text, access.values) for text in clause.texts]
    return all_of(tests)


def _name_test(pattern: str) -> Callable[[Subject], bool]:
    matches = re.compile(translate(pattern)).match
    known: dict[str, bool] = {}

    def test(subject: Subject) -> bool:
        fits = known.get(subject.name)
        if fits is None:
            if len(known) >= _MAX_NAMES:
                known.clear()
            fits = known[subject.name] = any(matches(spelling) for spelling in spellings_of(subject.name))
        return fits

    return test


def _condition_test(condition: Condition, lookup: Callable[[S, str], Any]) -> Callable[[S], bool]:
    compare = _OPERATORS[condition.operator]
    key = condition.key
    if key == "severity":
        bound = int(parse_severity(condition.value) or 0)
        return lambda subject: compare(subject.severity, bound)
    if condition.operator in {"=", "!="}:
        return _equality_test(key, condition.value, lookup, is_wanted=condition.operator == "=")
    number = float(condition.value)

    def test(subject: S) -> bool:
        value = lookup(subject, key)
        return isinstance(value, (int, float)) and not isinstance(value, bool) and compare(value, number)

    return test


def _equality_test(key: str, pattern: str, lookup: Callable[[S, str], Any], *, is_wanted: bool) -> Callable[[S], bool]:
    matches = re.compile(translate(pattern)).match
    is_literal = not WILD.search(pattern)

    def test(subject: S) -> bool:
        value = lookup(subject, key)
        if value is MISSING:
            return not is_wanted
        text = value if type(value) is str else str(value).lower() if isinstance(value, bool) else str(value)
        return (text == pattern if is_literal else matches(text) is not None) is is_wanted

    return test


def _text_test(text: str, values: Callable[[S], Iterable[object]]) -> Callable[[S], bool]:
    wanted = text.casefold()

    def test(subject: S) -> bool:
        if wanted in subject.name.casefold():
            return True
        return any(wanted in str(value).casefold() for value in values(subject) if value is not None)

    return test
