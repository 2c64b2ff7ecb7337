"""What writers say of themselves (`otel_events.writer.*`): kept with the events, and no part of what people look for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_events.filter_language import FilterSettings

BEGINNING = "otel_events.writer."
_NAMESPACE = "otel_events"


def asks_for_own(filters: FilterSettings) -> bool:
    """Tell whether *filters* name what the package says of itself, so that it is not hidden."""
    return any(
        clause.pattern.startswith(_NAMESPACE)
        or any(each.key in {"event", "name"} and each.value.startswith(_NAMESPACE) for each in clause.conditions)
        for clause in filters.clauses
        if not clause.excludes
    )
