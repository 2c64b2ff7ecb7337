"""What makes a single event definition usable, told as sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_events.catalog.event_definition import ATTRIBUTE_TYPES, REQUIREMENT_LEVELS, STABILITIES
from otel_events.catalog.names import alias_problem, name_problem
from otel_events.event import Severity

if TYPE_CHECKING:
    from otel_events.catalog.event_definition import AttributeDefinition, EventDefinition


def problems_of(definition: EventDefinition) -> list[str]:
    """Return every rule that *definition* breaks, each with what would be right."""
    severity: object = definition.severity  # users without a type checker put anything there
    problems = [name_problem("event name", definition.name)]
    where = f"event '{definition.name}'"
    problems += [_within(where, alias_problem(alias)) for alias in definition.aliases]
    if definition.name in definition.aliases:
        problems.append(f"{where}: its own name is among its aliases; leave it out")
    if severity is not None and not isinstance(severity, Severity):
        problems.append(f"{where}: severity {severity!r} must be an otel_events.Severity or None")
    if definition.stability not in STABILITIES:
        problems.append(f"{where}: stability {definition.stability!r} must be one of {', '.join(STABILITIES)}")
    for key, attribute in definition.attributes.items():
        problems += [_within(where, problem) for problem in _attribute_problems(key, attribute)]
    return [problem for problem in problems if problem is not None]


def _attribute_problems(key: str, attribute: AttributeDefinition) -> list[str]:
    problems = [name_problem("attribute", key)]
    if attribute.key != key:
        problems.append(f"attribute '{key}' is filed under another key than its own, '{attribute.key}'")
    if attribute.type not in ATTRIBUTE_TYPES:
        problems.append(
            f"attribute '{key}' has the unknown type {attribute.type!r}; known are string, int, double, boolean, any,"
            " each also with [] behind it"
        )
    if attribute.requirement_level not in REQUIREMENT_LEVELS:
        problems.append(
            f"attribute '{key}' has the unknown requirement level {attribute.requirement_level!r};"
            f" known are {', '.join(REQUIREMENT_LEVELS)}"
        )
    return [problem for problem in problems if problem is not None]


def _within(where: str, problem: str | None) -> str | None:
    return None if problem is None else f"{where}: {problem}"
