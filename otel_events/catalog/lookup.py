"""The catalogue: event definitions by name and by alias."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_events.catalog import builtin_rows
from otel_events.catalog.validation import problems_of
from otel_events.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from otel_events.catalog.event_definition import AttributeDefinition, EventDefinition


class Catalog:
    """Built-in definitions and the users' own, which win. It never changes: `extended` gives a new one.

    Attributes:
        find: `find(spelling)` returns the definition of a name or an alias, or None. It is the look-up of every emit,
            so it is the bound method of a dict, without a frame of ours around it.
        replaced: the built-in names that users' definitions stand in for.
    """

    __slots__ = ("_aliases", "_attributes", "_own", "find", "replaced")

    find: Callable[[str], EventDefinition | None]
    replaced: tuple[str, ...]

    def __init__(self, own: Mapping[str, EventDefinition] | None = None) -> None:
        """Make the catalogue of the built-in definitions and *own*, which must have passed `extended`."""
        self._own: dict[str, EventDefinition] = dict(own or {})
        self._aliases = _aliases(self._own)
        self._attributes: dict[str, AttributeDefinition] = {}
        for definition in self._own.values():
            for key, attribute in definition.attributes.items():
                self._attributes.setdefault(key, attribute)
        self.find = _BySpelling(self._own, self._aliases).__getitem__
        self.replaced = tuple(name for name in self._own if name in builtin_rows.NAMES)

    def canonical(self, name: str) -> str:
        """Return the canonical name that *name* is an alias of; any other name comes back unchanged."""
        return self._aliases.get(name, name)

    def aliases_of(self, name: str) -> tuple[str, ...]:
        """Return every other spelling of the event that *name*, itself canonical or an alias, means."""
        canonical = self.canonical(name)
        return tuple(alias for alias, meant in self._aliases.items() if meant == canonical)

    def attribute(self, key: str) -> AttributeDefinition | None:
        """Return the attribute *key*: the built-in one, else the first that a user's definition has, else None."""
        return builtin_rows.attribute_of(key) or self._attributes.get(key)

    def definitions(self) -> tuple[EventDefinition, ...]:
        """Return every definition: the built-in ones (or what replaced them), then the users' others."""
        builtin = (self._own.get(name) or builtin_rows.definition_of(name) for name in builtin_rows.NAMES)
        others = (definition for name, definition in self._own.items() if name not in builtin_rows.NAMES)
        return (*builtin, *others)

    def own_definitions(self) -> tuple[EventDefinition, ...]:
        """Return the users' definitions alone."""
        return tuple(self._own.values())

    def extended(self, definitions: Iterable[EventDefinition]) -> Catalog:
        """Return a catalogue that has *definitions* as well, or raise DefinitionError with all that is wrong.

        A definition of a built-in name replaces it whole; only the old spellings go on meaning that name. One from
        the same origin as an earlier one (a module loaded again, a registry read again) replaces it silently.
        """
        added = list(definitions)
        own = dict(self._own)
        problems = [problem for definition in added for problem in problems_of(definition)]
        problems += _conflicts(own, added)
        own.update((definition.name, definition) for definition in added)
        problems += _clashes(own)
        if problems:
            # One mistake may show on two ways; the reader needs it once.
            raise DefinitionError("these event definitions cannot be used", list(dict.fromkeys(problems)))
        return Catalog(own)


class _BySpelling(dict[str, "EventDefinition | None"]):
    """Definitions by every spelling; built-in ones are made when first met, since most programs meet few."""

    def __init__(self, own: Mapping[str, EventDefinition], aliases: Mapping[str, str]) -> None:
        super().__init__(own)
        self.update((alias, own[name]) for alias, name in aliases.items() if name in own)
        self._aliases = aliases

    def __missing__(self, spelling: str) -> EventDefinition | None:
        name = self._aliases.get(spelling, spelling)
        if name not in builtin_rows.NAMES:
            return None  # not kept: the names that programs make up have no bound
        definition = self[spelling] = builtin_rows.definition_of(name)
        return definition


def _aliases(own: Mapping[str, EventDefinition]) -> dict[str, str]:
    """Return all aliases with the names they mean. The old spellings of a replaced name stay good."""
    aliases = dict(builtin_rows.ALIASES)
    for definition in own.values():
        aliases.update(dict.fromkeys(definition.aliases, definition.name))
    return aliases


def _conflicts(own: Mapping[str, EventDefinition], added: Iterable[EventDefinition]) -> list[str]:
    """Return the names that two users' definitions claim."""
    problems = []
    seen = dict(own)
    for definition in added:
        earlier = seen.setdefault(definition.name, definition)
        if not _is_same_source(earlier, definition):
            by = " and by ".join(one.origin or "an EventDefinition without origin" for one in (earlier, definition))
            problems.append(f"event '{definition.name}' is defined twice: by {by}")
    return problems


def _is_same_source(earlier: EventDefinition, later: EventDefinition) -> bool:
    """Tell whether *later* is *earlier* come again, and so no conflict."""
    if earlier.origin == later.origin:
        return bool(earlier.origin) or earlier == later
    # A module that is run as the program and imported as well defines everything twice.
    mains = [one for one in (earlier, later) if one.origin.startswith(("__main__:", "__mp_main__:"))]
    return bool(mains) and earlier == later


def _clashes(own: Mapping[str, EventDefinition]) -> list[str]:
    """Return the spellings that would mean two events."""
    problems = []
    meant = dict(builtin_rows.ALIASES)
    for definition in own.values():
        for alias in definition.aliases:
            owner = alias if alias in own or alias in builtin_rows.NAMES else meant.setdefault(alias, definition.name)
            if definition.name not in (owner, alias):
                problems.append(f"event '{definition.name}': alias '{alias}' already means '{owner}'")
    problems += [
        f"event name '{name}' is an alias of '{meant[name]}'; choose another, or define '{meant[name]}'"
        for name in own
        if meant.get(name, name) != name
    ]
    return problems
