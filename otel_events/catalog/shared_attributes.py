"""What the events of a catalogue have in common: attributes that are the same wherever they occur."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from otel_events.event import CORRELATION as CORRELATION_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from otel_events.catalog.event_definition import AttributeDefinition, EventDefinition

CORRELATION = "correlation"
# In the order in which people read them; the names are the users' words, flat on purpose.
CORRELATION_KEYS = tuple(CORRELATION_TYPES)


@dataclass(frozen=True, slots=True)
class SharedAttributes:
    """One definition for each key, and the events' own attributes as departures from it."""

    by_key: Mapping[str, AttributeDefinition]

    @classmethod
    def of(cls, definitions: Iterable[EventDefinition]) -> SharedAttributes:
        """Return the attributes of *definitions*, each as most of its events have it."""
        forms: dict[str, Counter[AttributeDefinition]] = {}
        for definition in definitions:
            for key, attribute in definition.attributes.items():
                forms.setdefault(key, Counter())[replace(attribute, requirement_level="recommended")] += 1
        return cls({key: counter.most_common(1)[0][0] for key, counter in forms.items()})

    def is_shared(self, attribute: AttributeDefinition) -> bool:
        """Tell whether *attribute* says nothing but its requirement level of its own."""
        return replace(attribute, requirement_level="recommended") == self.by_key[attribute.key]

    def has_correlation(self, definition: EventDefinition) -> bool:
        """Tell whether *definition* has the whole group of correlation attributes, in its common form."""
        attributes = definition.attributes
        return all(key in attributes and attributes[key] == self.by_key[key] for key in CORRELATION_KEYS)

    def own(self, definition: EventDefinition) -> list[AttributeDefinition]:
        """Return the attributes of *definition* less the correlation group, if it has that."""
        is_grouped = self.has_correlation(definition)
        return [
            attribute
            for key, attribute in definition.attributes.items()
            if not (is_grouped and key in CORRELATION_KEYS)
        ]
