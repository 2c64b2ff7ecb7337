"""Rules that say which event a change of a file means: by its path, by what happened, and by what it says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from otel_events.watching.change import FileEvent

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping, Sequence

    from otel_events.watching.change import Change, Kind

# Characters of one value out of a file.
MOST_TEXT = 2_000


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. All that it asks for must hold.

    Attributes:
        name: for people.
        paths: patterns of the path from the watched directory on, of which one must fit; its groups are attributes.
        kinds: what must have happened.
        contents: patterns that must all be found in the beginning of the file; their groups are attributes.
        fields: attributes by what the file states by itself, such as `meta.model`.
        event: its name.
        attributes: that it always has.
        message: what to show people.
        severity: as `emit` takes it.
    """

    name: str
    paths: tuple[re.Pattern[str], ...]
    kinds: frozenset[Kind]
    event: str
    contents: tuple[re.Pattern[str], ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    message: str | None = None
    severity: int | str | None = None

    def __call__(self, change: Change) -> FileEvent | None:
        """Return the event that *change* means by this rule; None if it does not fit."""
        if change.kind not in self.kinds:
            return None
        relative = change.relative
        by_path = next(filter(None, (pattern.match(relative) for pattern in self.paths)), None)
        if by_path is None:
            return None
        found: dict[str, Any] = dict(by_path.groupdict())
        for pattern in self.contents:
            by_content = pattern.search(change.content.text)
            if by_content is None:
                return None
            found |= by_content.groupdict()
        found |= {key: _look_up(change.content.fields, place) for key, place in self.fields.items()}
        given = {key: _shorten(value) for key, value in found.items() if value is not None}
        attributes = {"file.path": str(change.path), **given, **self.attributes}
        return FileEvent(self.event, attributes, self.message, self.severity, self.name)


@dataclass(frozen=True, slots=True)
class RuleBook:
    """A classifier: the first of its rules that fits speaks."""

    rules: Sequence[Rule]

    def __call__(self, change: Change) -> FileEvent | None:
        """Return the event that *change* means; None if no rule fits."""
        return next(filter(None, (rule(change) for rule in self.rules)), None)


def _look_up(fields: Mapping[str, Any], place: str) -> Any:
    """Return what stands at *place*, such as `meta.model`; None if nothing does."""
    if place in fields:
        return fields[place]
    value: Any = fields
    for part in place.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value


def _shorten(value: Any) -> Any:
    if isinstance(value, str) and len(value) > MOST_TEXT:
        return value[: MOST_TEXT - 1] + "…"
    return value
