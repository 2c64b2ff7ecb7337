"""Attributes, groups of them, and references to both, out of registry files."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from otel_events.catalog import builtin_rows
from otel_events.catalog.event_definition import (
    ATTRIBUTE_TYPES,
    REQUIREMENT_LEVELS,
    STABILITIES,
    AttributeDefinition,
)
from otel_events.catalog.names import name_problem
from otel_events.catalog.otel_attributes import OTEL_ATTRIBUTES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from otel_events.catalog.registry_problems import Item, Problems

_ATTRIBUTE_KEYS = ("key", "type", "brief", "stability", "note", "examples", "deprecated", "annotations")
_REFERENCE_KEYS = (
    "ref",
    "requirement_level",
    "brief",
    "note",
    "examples",
    "stability",
    "deprecated",
    "annotations",
)
_GROUP_KEYS = ("id", "visibility", "attributes", "brief", "note", "stability", "deprecated", "annotations")
# Weaver has no unit of an attribute, and no other type in a reference: free annotations hold them.
_ANNOTATIONS = ("unit", "type", "members")


def read_attribute(item: Item, problems: Problems) -> AttributeDefinition:
    """Return the attribute that *item* defines, noting what is wrong with it."""
    problems.check_keys(item, _ATTRIBUTE_KEYS)
    key = problems.text(item, "key", required=True)
    problem = name_problem("attribute", key) if key else None
    if problem:
        problems.tell(item, problem)
    kind, members = _read_type(item, item.mapping.get("type"), problems)
    annotations = problems.annotations(item, _ANNOTATIONS)
    return AttributeDefinition(
        key=key,
        type=kind,
        brief=problems.text(item, "brief", required=True),
        unit=problems.text(annotations, "unit"),
        examples=_examples(item),
        note=read_note(item, problems),
        members=members,
        stability=read_stability(item, problems),
    )


def read_stability(item: Item, problems: Problems) -> Any:
    """Return the stability of *item*, which Weaver requires; `development` where it is missing or wrong."""
    stability = problems.text(item, "stability", required=True)
    if stability and stability not in STABILITIES:
        problems.tell(item, f"stability '{stability}' must be one of {', '.join(STABILITIES)}")
    return stability if stability in STABILITIES else "development"


@dataclass(slots=True)
class References:
    """All that events of a registry may refer to: its own attributes and groups, the built-in and OTel's."""

    attributes: Mapping[str, AttributeDefinition]
    groups: Mapping[str, Item]
    problems: Problems
    fallback: Callable[[str], AttributeDefinition | None] = builtin_rows.attribute_of
    _entered: list[str] = field(default_factory=list)

    def resolve(self, item: Item) -> dict[str, AttributeDefinition]:
        """Return the attributes that *item*, an event or a group, refers to, by key."""
        found: dict[str, AttributeDefinition] = {}
        for reference in self.problems.items(item, "attributes"):
            if "ref_group" in reference.mapping:
                found.update(self._resolve_group(reference))
            else:
                attribute = self._resolve_one(reference)
                if attribute is not None:
                    found[attribute.key] = attribute
        return found

    def _resolve_group(self, reference: Item) -> dict[str, AttributeDefinition]:
        self.problems.check_keys(reference, ("ref_group",))
        name = str(reference.mapping["ref_group"])
        group = self.groups.get(name)
        if group is None:
            if name in builtin_rows.GROUPS:
                return builtin_rows.group_of(name)
            self.problems.tell(reference, f"ref_group '{name}' is not defined under 'attribute_groups' of any file")
            return {}
        if name in self._entered:
            self.problems.tell(reference, f"ref_group '{name}' refers back to itself")
            return {}
        self._entered.append(name)
        try:
            return self.resolve(group)
        finally:
            self._entered.pop()

    def _resolve_one(self, reference: Item) -> AttributeDefinition | None:
        problems = self.problems
        problems.check_keys(reference, _REFERENCE_KEYS)
        key = problems.text(reference, "ref", required=True)
        attribute = self.attributes.get(key) or self.fallback(key) or OTEL_ATTRIBUTES.get(key)
        if attribute is None:
            if key:
                problems.tell(reference, f"ref '{key}' is not defined under 'attributes' of any file")
            return None
        return self._refined(attribute, reference)

    def _refined(self, attribute: AttributeDefinition, reference: Item) -> AttributeDefinition:
        problems = self.problems
        changes: dict[str, Any] = {"requirement_level": _read_level(reference, problems)}
        for name in ("brief", "note"):
            if name in reference.mapping:
                changes[name] = problems.text(reference, name)
        if "examples" in reference.mapping:
            changes["examples"] = _examples(reference)
        if "stability" in reference.mapping:
            changes["stability"] = read_stability(reference, problems)
        annotations = problems.annotations(reference, _ANNOTATIONS)
        if "unit" in annotations.mapping:
            changes["unit"] = problems.text(annotations, "unit")
        if "type" in annotations.mapping:
            changes["type"], changes["members"] = _read_type(annotations, annotations.mapping["type"], problems)
        return replace(attribute, **changes)


def read_group(item: Item, problems: Problems) -> str:
    """Return the id of the group that *item* defines, noting what is wrong with it."""
    problems.check_keys(item, _GROUP_KEYS)
    if item.mapping.get("visibility") not in ("internal", "public"):
        problems.tell(item, "'visibility' must be internal or public")
    return problems.text(item, "id", required=True)


def _read_type(item: Item, kind: object, problems: Problems) -> tuple[str, tuple[str | int, ...]]:
    if isinstance(kind, str) and kind in ATTRIBUTE_TYPES:
        return kind, ()
    if isinstance(kind, dict) and isinstance(kind.get("members"), list):
        values: list[Any] = [
            member.get("value", member.get("id")) if isinstance(member, dict) else None for member in kind["members"]
        ]
        if values and all(type(value) is str for value in values):
            return "string", tuple(values)
        if values and all(type(value) is int for value in values):
            return "int", tuple(values)
        problems.tell(item, "'members' must each have an 'id' and a 'value', all strings or all ints")
        return "any", ()
    problems.tell(
        item,
        "'type' is missing"
        if kind is None
        else f"unknown type {kind!r}; known are string, int, double, boolean, any, each also with [] behind it,"
        " template[...] and an enum by 'members'",
    )
    return "any", ()


def _read_level(item: Item, problems: Problems) -> str:
    level = item.mapping.get("requirement_level") or "recommended"
    if isinstance(level, dict) and len(level) == 1:
        (word,) = level
        if word == "conditionally_required":
            return "recommended"  # the condition is prose: no check of ours can know it
        level = word
    if isinstance(level, str) and level in REQUIREMENT_LEVELS:
        return level
    problems.tell(item, f"requirement_level {level!r} must be one of {', '.join(REQUIREMENT_LEVELS)}")
    return "recommended"


def _examples(item: Item) -> tuple[Any, ...]:
    examples = item.mapping.get("examples")
    if examples is None:
        return ()
    return tuple(examples) if isinstance(examples, list) else (examples,)


def read_note(item: Item, problems: Problems) -> str:
    """Return the note of *item*; what is deprecated and has none says so there."""
    note = problems.text(item, "note")
    deprecated = item.mapping.get("deprecated")
    if note or deprecated is None:
        return note
    if not isinstance(deprecated, dict) or "reason" not in deprecated:
        problems.tell(item, "'deprecated' must be a mapping with a 'reason' (renamed, obsoleted, uncategorized)")
        return ""
    if deprecated.get("renamed_to"):
        return f"Deprecated: renamed to {deprecated['renamed_to']}."
    return f"Deprecated: {deprecated.get('note') or deprecated['reason']}"
