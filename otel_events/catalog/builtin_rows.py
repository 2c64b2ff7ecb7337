"""The built-in definitions, each made out of its generated row when it is first asked for."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from otel_events.catalog import builtin
from otel_events.catalog.event_definition import AttributeDefinition, EventDefinition
from otel_events.event import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from otel_events.catalog.event_definition import RequirementLevel

ALIASES: Mapping[str, str] = builtin.ALIASES
NAMES = builtin.EVENTS.keys()
GROUPS = builtin.GROUPS.keys()

# One letter each in the rows, because there are many of them.
LEVELS: Mapping[str, RequirementLevel] = {"r": "required", "m": "recommended", "o": "opt_in"}


@cache
def definition_of(name: str) -> EventDefinition:
    """Return the built-in definition of *name*, a canonical one; KeyError if there is none."""
    brief, message, severity, category, domain, aliases, references, flags, stability, note = builtin.EVENTS[name]
    attributes: dict[str, AttributeDefinition] = {}
    for reference in references:
        # A bare word is a group of references.
        for one in builtin.GROUPS[reference] if isinstance(reference, str) else (reference,):
            attributes[one[0]] = _referred(*one) if len(one) == 2 else _refined(*one)
    return EventDefinition(
        name=name,
        brief=brief,
        message=message,
        severity=None if severity is None else Severity(severity),
        category=category,
        domain=domain,
        aliases=aliases,
        attributes=attributes,
        lifecycle="l" in flags,
        rolled_up_in_displays="r" in flags,
        copied_to_spans="s" in flags,
        stability=stability,
        note=note,
    )


@cache
def attribute_of(key: str) -> AttributeDefinition | None:
    """Return the built-in attribute *key* as shared by the events that carry it, or None."""
    return _referred(key, "m") if key in builtin.ATTRIBUTES else None


@cache
def _referred(key: str, level: str) -> AttributeDefinition:
    """Return the attribute that all events share which say no more than its key."""
    return _refined(key, level, *builtin.ATTRIBUTES[key])


def _refined(key: str, level: str, *row: Any) -> AttributeDefinition:
    kind, brief, unit, examples, note, members, stability = row
    return AttributeDefinition(
        key=key,
        type=kind,
        brief=brief,
        requirement_level=LEVELS[level],
        unit=unit,
        examples=examples,
        note=note,
        members=members,
        stability=stability,
    )


@cache
def group_of(name: str) -> dict[str, AttributeDefinition]:
    """Return the attributes of the built-in group *name*; KeyError if there is none."""
    return {key: _referred(key, level) for key, level in builtin.GROUPS[name]}
