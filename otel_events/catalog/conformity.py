"""Departures of an event from its definition."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from otel_events.catalog.event_definition import AttributeDefinition, EventDefinition

_NONE = type(None)
# By exact type, because that is one hash look-up, and because bool is an int to isinstance.
_SCALAR_TYPES: dict[str, frozenset[type]] = {
    "string": frozenset({str, _NONE}),
    "int": frozenset({int, _NONE}),
    "double": frozenset({float, int, _NONE}),
    "boolean": frozenset({bool, _NONE}),
}
_ARRAY_TYPES: frozenset[type] = frozenset({list, tuple})


class Conformity:
    """The check of one definition, worked out once so that an event costs a look-up for each attribute."""

    __slots__ = ("_arrays", "_attributes", "_required", "_scalars")

    def __init__(self, definition: EventDefinition) -> None:
        self._attributes = definition.attributes
        self._scalars: dict[str, frozenset[type]] = {}
        self._arrays: dict[str, frozenset[type]] = {}
        for key, attribute in definition.attributes.items():
            if attribute.type in _SCALAR_TYPES:
                self._scalars[key] = _SCALAR_TYPES[attribute.type]
            elif attribute.type.endswith("[]") and attribute.type != "any[]":
                self._arrays[key] = _SCALAR_TYPES[attribute.type[:-2]]
        self._required = tuple(
            key for key, attribute in definition.attributes.items() if attribute.requirement_level == "required"
        )

    @property
    def required(self) -> tuple[str, ...]:
        """The attributes that an event must have."""
        return self._required

    def admits(self, key: str, kinds: AbstractSet[type]) -> bool:
        """Return True if values of exactly *kinds* are certainly no departure; False: `departures` knows."""
        accepted = self._scalars.get(key)
        return key not in self._arrays if accepted is None else kinds <= accepted

    def departures(self, attributes: Mapping[str, Any]) -> list[str]:
        """Return one sentence for each departure; attributes that the definition lacks are none."""
        scalars = self._scalars
        wrong: list[str] = [
            key
            for key, value in attributes.items()
            if key in scalars and type(value) not in scalars[key] and not _is_subclass_instance(value, scalars[key])
        ]
        if self._arrays:
            wrong += [key for key in self._arrays if key in attributes and self._is_wrong_array(key, attributes[key])]
        departures = [_type_departure(self._attributes[key], attributes[key]) for key in wrong]
        missing = [key for key in self._required if attributes.get(key) is None]
        return departures + [f"attribute '{key}' is required and missing" for key in missing]

    def _is_wrong_array(self, key: str, value: Any) -> bool:
        if value is None:
            return False
        if type(value) not in _ARRAY_TYPES:
            return True
        accepted = self._arrays[key]
        return any(type(item) not in accepted and not _is_subclass_instance(item, accepted) for item in value)


def _is_subclass_instance(value: Any, accepted: frozenset[type]) -> bool:
    """Tell whether *value* is of a subclass (IntEnum, StrEnum, numpy.float64) of an accepted type; a bool is no int."""
    if isinstance(value, bool):
        return False
    return isinstance(value, tuple(accepted))


def _type_departure(attribute: AttributeDefinition, value: Any) -> str:
    return f"attribute '{attribute.key}' has type '{_weaver_type(value)}', and should have '{attribute.type}'"


def _weaver_type(value: Any) -> str:
    """Return the catalogue's word for the type of *value*, or Python's where the catalogue has none."""
    for word, python_type in (("boolean", bool), ("int", int), ("double", float), ("string", str)):
        if isinstance(value, python_type):
            return word
    if isinstance(value, (list, tuple)):
        inner = {_weaver_type(item) for item in value}
        return f"{inner.pop()}[]" if len(inner) == 1 else "any[]"
    return "map" if isinstance(value, Mapping) else type(value).__name__


# Keyed by the definition itself: equal definitions have equal checks. Bounded, since definitions may be made at will.
conformity_of = lru_cache(maxsize=4096)(Conformity)


def check(definition: EventDefinition, attributes: Mapping[str, Any]) -> list[str]:
    """Return how *attributes* depart from *definition*, one sentence each; no departure, no sentence.

    Whole numbers do for `double`; a None counts as absent; attributes that the definition does not name are fine.
    """
    return conformity_of(definition).departures(attributes)
