"""A catalogue as a page that people read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_events.catalog.shared_attributes import CORRELATION_KEYS, SharedAttributes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from otel_events.catalog.event_definition import AttributeDefinition, EventDefinition

_INTRODUCTION = """# Events

Every event type that the catalogue knows, by category. Other names may be emitted just as well: these are the ones
that tools know how to treat. An alias is an older spelling that means the same event.

A **lifecycle** event is never held back and is the last to be dropped under pressure. **Rolled up** means that displays
show a count; every one stays on record. What is **not copied** does not become a span event unless asked for.
"""


def reference_page(definitions: Iterable[EventDefinition]) -> str:
    """Return *definitions* as a Markdown page: contents, correlation attributes, then a section for each category."""
    ordered = list(definitions)
    shared = SharedAttributes.of(ordered)
    categories = dict.fromkeys(definition.category for definition in ordered)
    lines = [_INTRODUCTION, *_contents(ordered, categories), *_correlation(shared)]
    for category in categories:
        lines += [f"## {category or 'others'}", ""]
        for definition in ordered:
            if definition.category == category:
                lines += _section(definition, shared)
    return "\n".join(lines).rstrip() + "\n"


def _contents(definitions: list[EventDefinition], categories: Iterable[str]) -> list[str]:
    lines = ["| category | events |", "|---|---|"]
    for category in categories:
        names = ", ".join(f"`{definition.name}`" for definition in definitions if definition.category == category)
        lines.append(f"| [{category or 'others'}](#{category or 'others'}) | {names} |")
    return [*lines, ""]


def _correlation(shared: SharedAttributes) -> list[str]:
    known = [shared.by_key[key] for key in CORRELATION_KEYS if key in shared.by_key]
    if not known:
        return []
    lines = [
        "## Correlation attributes",
        "",
        "Bound by `context`, `task`, `cycle`, `session` or `bind`, on every event.",
    ]
    return [*lines, "", *_table(known)]


def _section(definition: EventDefinition, shared: SharedAttributes) -> list[str]:
    lines = [f"### {definition.name}", "", definition.brief, ""]
    facts = _facts(definition)
    if facts:
        lines += [*facts, ""]
    if definition.note:
        lines += [definition.note, ""]
    own = shared.own(definition)
    return lines + _table(own) if own else lines


def _facts(definition: EventDefinition) -> list[str]:
    facts = []
    if definition.message:
        facts.append(f"- message: {definition.message}")
    if definition.aliases:
        facts.append("- aliases: " + ", ".join(f"`{alias}`" for alias in definition.aliases))
    if definition.severity is not None:
        facts.append(f"- severity: {definition.severity.name}")
    if definition.domain:
        facts.append(f"- domain: {definition.domain}")
    policies = {
        "lifecycle": definition.lifecycle,
        "rolled up in displays": definition.rolled_up_in_displays,
        "not copied to spans": not definition.copied_to_spans,
    }
    told = [policy for policy, holds in policies.items() if holds]
    return [*facts, "- " + ", ".join(told)] if told else facts


def _table(attributes: Iterable[AttributeDefinition]) -> list[str]:
    lines = ["| attribute | type | unit | level | meaning | examples |", "|---|---|---|---|---|---|"]
    for attribute in attributes:
        meaning = " ".join(part for part in (attribute.brief, attribute.note) if part)
        if attribute.members:
            meaning += " Well known: " + ", ".join(f"`{member}`" for member in attribute.members) + "."
        examples = ", ".join(f"`{example!s}`" for example in attribute.examples)
        cells = (
            f"`{attribute.key}`",
            attribute.type,
            attribute.unit,
            attribute.requirement_level.replace("_", "-"),
            meaning,
            examples,
        )
        lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    return [*lines, ""]
