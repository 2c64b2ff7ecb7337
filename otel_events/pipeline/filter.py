"""Let through only what is wanted, by name, severity and attributes."""

from __future__ import annotations

import operator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from otel_events.event import parse_severity
from otel_events.pipeline.name_patterns import spellings_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_events.accounting import Accounts
    from otel_events.event import Event
    from otel_events.filter_language import Clause, Condition, FilterSettings

_MAX_NAMES = 4_096
_MISSING = object()

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


class Filter:
    """Drop what is not wanted; it is counted as dropped for `filtered`."""

    def __init__(self, settings: FilterSettings, accounts: Accounts) -> None:
        self._including = tuple(_Fit(clause) for clause in settings.clauses if not clause.excludes)
        self._excluding = tuple(_Fit(clause) for clause in settings.clauses if clause.excludes)
        self._dropped = accounts.dropped

    def __call__(self, events: list[Event]) -> list[Event]:
        if not self._including and not self._excluding:
            return events
        passing = [event for event in events if self.passes(event)]
        if len(passing) < len(events):
            self._dropped.add("filtered", len(events) - len(passing))
        return passing

    def passes(self, event: Event) -> bool:
        """Tell whether *event* is wanted."""
        if self._including and not any(clause.fits(event) for clause in self._including):
            return False
        return not any(clause.fits(event) for clause in self._excluding)


class _Fit:
    """Tells which events one clause fits; what the names have to do with it is kept."""

    def __init__(self, clause: Clause) -> None:
        self._pattern = clause.pattern
        self._conditions = tuple(_compiled(condition) for condition in clause.conditions)
        self._names: dict[str, bool] = {}

    def fits(self, event: Event) -> bool:
        fits_name = self._names.get(event.name)
        if fits_name is None:
            if len(self._names) >= _MAX_NAMES:
                self._names.clear()
            fits_name = any(fnmatchcase(name, self._pattern) for name in spellings_of(event.name))
            self._names[event.name] = fits_name
        return fits_name and all(holds(event) for holds in self._conditions)


def _compiled(condition: Condition) -> Callable[[Event], bool]:
    compare = _OPERATORS[condition.operator]
    if condition.key == "severity":
        bound = int(parse_severity(condition.value) or 0)
        return lambda event: compare(event.severity, bound)
    is_pattern = condition.operator in {"=", "!="}
    is_wanted = condition.operator == "="

    def holds(event: Event) -> bool:
        value = event.attributes.get(condition.key, _MISSING)
        if value is _MISSING:
            value = event.bound.get(condition.key, _MISSING)
        if value is _MISSING:
            return condition.operator == "!="
        if is_pattern:
            return fnmatchcase(_as_text(value), condition.value) is is_wanted
        return _holds_number(value, compare, float(condition.value))

    return holds


def _holds_number(value: object, compare: Callable[[Any, Any], bool], bound: float) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and compare(value, bound)


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
