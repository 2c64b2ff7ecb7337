"""The filter language: which events are wanted, by name, severity and attributes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from otel_events.errors import ConfigurationError
from otel_events.event import parse_severity

if TYPE_CHECKING:
    from collections.abc import Iterable

# Quotation marks let commas and spaces be part of a value.
_CLAUSE = re.compile(r"(?:\"[^\"]*\"|'[^']*'|[^,\"'])+")
_PART = re.compile(r"(?:\"[^\"]*\"|'[^']*'|[^\s\"'])+")
_CONDITION = re.compile(r"(?P<key>[\w.\-]+)(?P<operator>!=|>=|<=|=|>|<)(?P<value>.*)", re.DOTALL)
_PATTERN = re.compile(r"[\w.\-*?\[\]!]+")


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that must hold of an event.

    Attributes:
        key: `severity`, or the key of an attribute.
        operator: `=`, `!=`, `>=`, `<=`, `>` or `<`.
        value: what to compare with; with `=` and `!=` a pattern as in shell file names.
    """

    key: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class Clause:
    """What includes or excludes events: all of it must hold.

    Attributes:
        pattern: of the event's name, in either spelling.
        conditions: of its severity and attributes.
        excludes: what fits goes; else what fits stays.
    """

    pattern: str = "*"
    conditions: tuple[Condition, ...] = ()
    excludes: bool = False


@dataclass(frozen=True, slots=True)
class FilterSettings:
    """An event passes if no excluding clause fits, and an including one does or there is none.

    Attributes:
        clauses: in any order.
    """

    clauses: tuple[Clause, ...] = ()


def parse_filter(text: str | Iterable[str]) -> FilterSettings:
    """Return the filter that *text* means, or raise ConfigurationError with all that is wrong.

    Args:
        text: clauses with commas between, or a list of clauses. A clause is a name pattern, conditions such as
            `severity>=warn` or `persona=thesis*`, or both with spaces between; a `-` before it excludes.
    """
    items = _CLAUSE.findall(text) if isinstance(text, str) else list(text)
    problems: list[str] = []
    clauses = [_parse_clause(item.strip(), problems) for item in items if item.strip()]
    if isinstance(text, str) and text.count('"') % 2 + text.count("'") % 2:
        problems.append(f"filter {text!r:.120} has a quotation mark without a second one")
    if problems:
        raise ConfigurationError("the filter cannot be used", problems)
    return FilterSettings(tuple(clauses))


def _parse_clause(text: str, problems: list[str]) -> Clause:
    excludes = text.startswith("-")
    parts = _PART.findall(text[1:] if excludes else text)
    pattern = "*"
    conditions: list[Condition] = []
    for number, part in enumerate(parts):
        match = _CONDITION.fullmatch(part)
        if match is not None:
            conditions.append(_condition(match, text, problems))
        elif number == 0 and _PATTERN.fullmatch(part):
            pattern = part
        else:
            problems.append(
                f"filter clause {text!r:.80}: {part!r:.40} is neither a name pattern such as 'task.*', which comes first,"
                " nor a condition such as 'severity>=warn'"
            )
    if not parts:
        problems.append("filter clause '-' must say what it excludes, such as '-epoch.*'")
    return Clause(pattern, tuple(conditions), excludes)


def _condition(match: re.Match[str], text: str, problems: list[str]) -> Condition:
    key, sign, value = match["key"], match["operator"], match["value"].strip("\"'")
    if key == "severity":
        if parse_severity(value) is None:
            problems.append(f"filter clause {text!r:.80}: {value!r:.40} is no severity; say 'severity>=warn'")
    elif sign not in {"=", "!="}:
        try:
            float(value)
        except ValueError:
            problems.append(f"filter clause {text!r:.80}: {sign!r} compares numbers, and {value!r:.40} is none")
    return Condition(key, sign, value)
