"""How many of the catalogue's event types were seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from otel_events.catalog import EventDefinition

_OURS = "otel_events."


@dataclass(frozen=True, slots=True)
class Coverage:
    """Types seen of types defined.

    Attributes:
        seen: names that are defined and were seen.
        missing: names that are defined and were not.
        unknown: names that were seen and nobody has defined.
    """

    seen: tuple[str, ...]
    missing: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def percent(self) -> float:
        """Return the share of the defined types that were seen, in percent."""
        defined = len(self.seen) + len(self.missing)
        return 100.0 * len(self.seen) / defined if defined else 100.0


def measure_coverage(names: Iterable[str], definitions: Iterable[EventDefinition], known: Iterable[str]) -> Coverage:
    """Return the coverage of *definitions* by the event *names*; what the package says of itself does not count.

    Args:
        names: canonical names that were seen.
        definitions: what is to be covered.
        known: every name that anybody has defined.
    """
    wanted = {definition.name for definition in definitions if not definition.name.startswith(_OURS)}
    seen = {name for name in names if name and not name.startswith(_OURS)}
    return Coverage(
        seen=tuple(sorted(wanted & seen)),
        missing=tuple(sorted(wanted - seen)),
        unknown=tuple(sorted(seen - set(known))),
    )
