"""Which records are wanted: a filter and a span of time, asked of a record, and where it can be of its bytes alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from otel_events import catalog
from otel_events.filter_language import FilterSettings
from otel_events.ledger.instants import format_instant
from otel_events.pipeline.evaluation import WILD, Access, all_of, compile_filter
from otel_events.reading.own_words import BEGINNING, asks_for_own
from otel_events.reading.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from otel_events.filter_language import Clause

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
        hides_own: what writers say of themselves is not wanted, unless the filter names it.
    """

    filter: FilterSettings = _ALL
    since: int | None = None
    until: int | None = None
    hides_own: bool = False

    def compile(self) -> Callable[[Record], bool] | None:
        """Return what tells whether a record is wanted, None if every one is."""
        tests: list[Callable[[Record], bool]] = []
        if self.since is not None or self.until is not None:
            tests.append(_between(self.since, self.until))
        fits = compile_filter(self.filter, _ACCESS)
        if fits is not None:
            tests.append(fits)
        if self.hides_own and not asks_for_own(self.filter):
            tests.append(_is_not_own)  # last: few have come as far as that
        return all_of(tests) if tests else None

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
        elif including:
            tests.extend(_any_name_of([clause.pattern for clause in including]))
        if not tests:
            return None
        return tests[0] if len(tests) == 1 else lambda line: all(test(line) for test in tests)


def _between(since: int | None, until: int | None) -> Callable[[Record], bool]:
    first = _FIRST if since is None else since
    last = _LAST if until is None else until
    return lambda record: first <= record.timestamp < last


def _is_not_own(record: Record) -> bool:
    return not record.name.startswith(BEGINNING)


def _texts(record: Record) -> Iterator[object]:
    yield record.get("message")
    yield from record.all_attributes.values()


_ACCESS = Access(Record.lookup, _texts)


def _needles_of(clause: Clause) -> list[Callable[[bytes], bool]]:
    """Return tests that the bytes of every line pass that *clause* fits."""
    names = [] if clause.pattern == "*" else _name_needles(clause.pattern)
    tests = [_contains_any(names)] if names else []
    tests += [
        _contains(condition.value.encode())
        for condition in clause.conditions
        if condition.operator == "=" and condition.key != "severity" and _VERBATIM.fullmatch(condition.value)
    ]
    tests += [_contains_in_any_case(text.lower().encode()) for text in clause.texts if _VERBATIM_TEXT.fullmatch(text)]
    return tests


def _any_name_of(patterns: Sequence[str]) -> list[Callable[[bytes], bool]]:
    """Return the test that the bytes of every line pass whose name fits one of *patterns*; nothing if any name may."""
    each = [_name_needles(pattern) for pattern in patterns]
    if not all(each):
        return []
    search = re.compile(b"|".join(sorted({re.escape(needle) for needles in each for needle in needles}))).search
    return [lambda line: search(line) is not None]


def _name_needles(pattern: str) -> list[bytes]:
    """Return texts of which every line has one whose name fits *pattern*; nothing if there are none."""
    wild = WILD.search(pattern)
    beginning = pattern[: wild.start()] if wild else pattern
    if not beginning:
        return []
    names = {beginning}
    for definition in catalog.current().definitions():
        # A pattern may mean a name by one of its older spellings.
        if any(alias.startswith(beginning) for alias in definition.aliases):
            names.add(definition.name)
    return [
        f'"event":"{name}'.encode() for name in sorted(names) if name == beginning or not name.startswith(beginning)
    ]


def _contains_any(needles: Sequence[bytes]) -> Callable[[bytes], bool]:
    if len(needles) == 1:
        return _contains(needles[0])
    return lambda line: any(needle in line for needle in needles)


def _contains(needle: bytes) -> Callable[[bytes], bool]:
    return lambda line: needle in line


def _contains_in_any_case(needle: bytes) -> Callable[[bytes], bool]:
    return lambda line: needle in line.lower()
