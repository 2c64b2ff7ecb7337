"""What is wrong with a registry, collected with file and line."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from otel_events.catalog.located_yaml import LocatedMapping

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a registry file, and where it stands."""

    path: Path
    mapping: LocatedMapping

    @property
    def place(self) -> str:
        """Return file and line as editors understand them."""
        return self.place_of("")

    def place_of(self, key: str) -> str:
        """Return the same of *key*, if it is there."""
        return f"{self.path}:{self.mapping.lines.get(key, self.mapping.line)}"


@dataclass(slots=True)
class Problems:
    """All problems of one reading, in the order in which they were met."""

    told: list[str] = field(default_factory=list)

    def tell(self, item: Item, problem: str, key: str = "") -> None:
        """Note *problem* of *item*, or of what it has under *key*."""
        self.told.append(f"{item.place_of(key)}: {problem}")

    def text(self, item: Item, key: str, *, required: bool = False) -> str:
        """Return the string under *key*, or "" with a problem noted."""
        value = item.mapping.get(key)
        if isinstance(value, str) and (value or not required):
            return value
        if value is None and not required:
            return ""
        problem = f"'{key}' is missing" if value in (None, "") else f"'{key}' must be a string, not {value!r}"
        self.tell(item, problem, key)
        return ""

    def flag(self, item: Item, key: str, *, default: bool) -> bool:
        """Return the boolean under *key*, or *default*, with a problem noted where it is something else."""
        value = item.mapping.get(key, default)
        if isinstance(value, bool):
            return value
        self.tell(item, f"'{key}' must be true or false, not {value!r}", key)
        return default

    def strings(self, item: Item, key: str) -> tuple[str, ...]:
        """Return the strings listed under *key*."""
        value = item.mapping.get(key) or []
        if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
            return tuple(value)
        self.tell(item, f"'{key}' must be a list of strings, not {value!r}", key)
        return ()

    def items(self, item: Item, key: str) -> list[Item]:
        """Return the mappings listed under *key*."""
        value = item.mapping.get(key) or []
        if not isinstance(value, list):
            self.tell(item, f"'{key}' must be a list", key)
            return []
        wrong = [entry for entry in value if not isinstance(entry, LocatedMapping)]
        for entry in wrong:
            self.tell(item, f"'{key}' must list mappings, and holds {entry!r}", key)
        return [Item(item.path, entry) for entry in value if isinstance(entry, LocatedMapping)]

    def annotations(self, item: Item, known: Collection[str]) -> Item:
        """Return the annotations of *item*; they are free, so only a near miss of a *known* one is a problem."""
        value = item.mapping.get("annotations")
        if value is None:
            return Item(item.path, LocatedMapping())
        if not isinstance(value, LocatedMapping):
            self.tell(item, "'annotations' must be a mapping")
            return Item(item.path, LocatedMapping())
        annotations = Item(item.path, value)
        for key in value:
            near = None if key in known else _nearest(key, known)
            if near:
                self.tell(annotations, f"unknown annotation '{key}': did you mean '{near}'?")
        self._tell_doubled(annotations)
        return annotations

    def check_keys(self, item: Item, known: Collection[str]) -> None:
        """Note keys of *item* that are not *known*, or stand there twice."""
        for key in item.mapping:
            if key not in known:
                near = _nearest(key, known)
                hint = f"did you mean '{near}'?" if near else f"known are {', '.join(sorted(known))}"
                self.tell(item, f"unknown key '{key}': {hint}", key)
        self._tell_doubled(item)

    def _tell_doubled(self, item: Item) -> None:
        for key in item.mapping.doubled:
            self.tell(item, f"key '{key}' stands there twice")


def _nearest(key: Any, known: Collection[str]) -> str | None:
    return next(iter(difflib.get_close_matches(str(key), known, n=1, cutoff=0.75)), None)
