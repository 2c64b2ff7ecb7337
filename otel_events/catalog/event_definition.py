"""What the catalogue knows of an event type: values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

    from otel_events.event import Severity, Value

RequirementLevel: TypeAlias = Literal["required", "recommended", "opt_in"]
Stability: TypeAlias = Literal["development", "alpha", "beta", "release_candidate", "stable"]

REQUIREMENT_LEVELS: tuple[str, ...] = get_args(RequirementLevel)
STABILITIES: tuple[str, ...] = get_args(Stability)

_SCALARS = ("string", "int", "double", "boolean", "any")
# `any` has no array or template of its own worth naming: it takes every value already.
ATTRIBUTE_TYPES: frozenset[str] = frozenset(
    [*_SCALARS, *(f"{scalar}[]" for scalar in _SCALARS), *(f"template[{scalar}]" for scalar in _SCALARS)]
    + [f"template[{scalar}[]]" for scalar in _SCALARS]
)


@dataclass(frozen=True, slots=True)
class AttributeDefinition:
    """One attribute of an event type.

    Attributes:
        key: its name on the wire.
        type: OpenTelemetry Weaver's word: `string`, `int`, `double`, `boolean`, each with `[]`, `any`, `template[...]`.
        brief: one sentence.
        requirement_level: whether an event must have it, should have it, or has it on request.
        unit: a UCUM unit such as `s` or `By`; empty where there is none.
        examples: values it may have.
        note: what the brief cannot hold.
        members: the well-known values, where there are some; others are fine too, as with OpenTelemetry's enums.
        stability: how far users may lean on it.
    """

    key: str
    type: str = "any"
    brief: str = ""
    requirement_level: RequirementLevel = "recommended"
    unit: str = ""
    examples: tuple[Value, ...] = ()
    note: str = ""
    members: tuple[str | int, ...] = ()
    stability: Stability = "development"

    def __hash__(self) -> int:
        # Examples may hold lists, which have no hash; equal definitions have equal keys.
        return hash(self.key)


@dataclass(frozen=True, slots=True)
class EventDefinition:
    """One event type: what it is called, what it carries, how it is treated.

    Attributes:
        name: the canonical event name.
        brief: one sentence on what happened.
        message: a short display string, the body of events that bring none of their own.
        severity: of events that say none; None means INFO.
        category: the group it is listed under.
        domain: a finer grouping where the source has one, else empty.
        aliases: older spellings that mean this event.
        attributes: what it may carry, by key; events may carry more.
        lifecycle: begins or ends something, or alerts: never held back, and dropped last.
        rolled_up_in_displays: so frequent that displays show a count.
        copied_to_spans: becomes a span event inside a recording span.
        stability: how far users may lean on it.
        note: what the brief cannot hold.
        origin: where it was defined: a class or a file; empty for built-in ones. No part of equality.
    """

    name: str
    brief: str = ""
    message: str = ""
    severity: Severity | None = None
    category: str = ""
    domain: str = ""
    aliases: tuple[str, ...] = ()
    attributes: Mapping[str, AttributeDefinition] = field(default_factory=dict)
    lifecycle: bool = False
    rolled_up_in_displays: bool = False
    copied_to_spans: bool = True
    stability: Stability = "development"
    note: str = ""
    origin: str = field(default="", compare=False)

    def __hash__(self) -> int:
        # The mapping of attributes has no hash; equal definitions have equal names.
        return hash(self.name)
