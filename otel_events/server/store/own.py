"""What programs say of their own writing: kept and made use of, and shown only to those who ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_events.filter_language import FilterSettings

OWN_PREFIX = "otel_events.writer."
_WORD = "otel_events"


def is_own(name: str) -> bool:
    """Return whether events of that name are hidden unless somebody asks for them."""
    return name.startswith(OWN_PREFIX)


def asks_for_own(chosen: FilterSettings | None) -> bool:
    """Return whether *chosen* names them."""
    return chosen is not None and any(_WORD in clause.pattern for clause in chosen.clauses if not clause.excludes)
