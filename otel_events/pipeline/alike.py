"""Drafts with the same name and the same keys: what that settles about all of them is worked out once."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeAlias

from otel_events import catalog
from otel_events.emit import has_options
from otel_events.event import Severity
from otel_events.values import clean

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from otel_events.catalog import Catalog, EventDefinition

_Known: TypeAlias = "tuple[Catalog, dict[tuple[str, tuple[str, ...]], Shape]]"

_MAX_SHAPES = 1024  # names and keys are few; a program that makes them up must not fill the memory
_MAX_KEYS = 64
_MAX_KINDS = 64  # of one shape
_MAX_NAME = 256
_FOREIGN = 2  # the length of the draft of somebody else's record
_UNKNOWN: Any = object()
_PLAIN = frozenset({str, int, float, bool})
_INT_MIN, _INT_MAX = -(1 << 63), (1 << 63) - 1


class Shape:
    """What a name and the keys of attributes settle about an event.

    Attributes:
        name: canonical.
        given_name: the alias that the program used, else empty.
        severity: the definition's, else INFO.
        body: the definition's message.
        is_known: the catalogue knows the event.
        missing: not all that is required is among the keys; the rest may be bound.
        keys: of the attributes.
        says_message: there is an attribute `message` among them, which is the body if it is a string.
    """

    __slots__ = (
        "_admitted",
        "_conformity",
        "body",
        "given_name",
        "is_known",
        "keys",
        "missing",
        "name",
        "says_message",
        "severity",
    )

    def __init__(self, name: str, keys: tuple[str, ...], definition: EventDefinition | None) -> None:
        self.keys = keys
        self.says_message = "message" in keys
        self._admitted: set[tuple[type, ...]] = set()
        self.is_known = definition is not None
        self._conformity = None if definition is None else catalog.conformity_of(definition)
        self.name = name if definition is None else definition.name
        self.given_name = name if self.name != name else ""
        severity = None if definition is None else definition.severity
        self.severity = Severity.INFO if severity is None else severity
        self.body = (definition.message or None) if definition is not None else None
        required = () if self._conformity is None else self._conformity.required
        self.missing = not set(keys).issuperset(required)

    def admits(self, rows: Sequence[dict[str, Any]]) -> bool:
        """Tell whether the attributes in each of *rows* are as OTLP and the definition want them, just as they are."""
        return self.look_at(self.columns_of(rows)) is not None

    def columns_of(self, rows: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
        """Return the values in *rows* by key."""
        # Not by `zip` over all rows at once: its thousands of iterators would call the garbage collector.
        return {key: list(map(itemgetter(key), rows)) for key in self.keys}

    def look_at(self, columns: Mapping[str, list[Any]]) -> tuple[dict[str, set[type]], dict[str, set[str]]] | None:
        """Return what kinds of values, and what different texts, are in *columns*; None if one is not as `admits` wants it."""
        kinds = {key: set(map(type, column)) for key, column in columns.items()}
        texts = texts_in(columns, kinds)
        for key, column in columns.items():
            if not self._admits(key, column, kinds[key], texts.get(key, ())):
                return None
        return kinds, texts

    def admits_one(self, row: dict[str, Any]) -> bool:
        """Tell of one row what `admits` does of many."""
        kinds = tuple(map(type, row.values()))
        if kinds not in self._admitted:
            if not self.admits((row,)):
                return False
            if len(self._admitted) < _MAX_KINDS:
                self._admitted.add(kinds)
            return True
        for value in row.values():
            kind = type(value)
            if kind is str:
                if not value.isascii() and clean(value) is not value:
                    return False
            elif kind is int and not _INT_MIN <= value <= _INT_MAX:
                return False
        return True

    def is_complete(self, everything: Mapping[str, Any]) -> bool:
        """Tell whether *everything*, what is bound included, has what is missing, as the definition wants it."""
        return self._conformity is None or not self._conformity.departures(everything)

    def _admits(self, key: str, column: list[Any], kinds: set[type], texts: Collection[str]) -> bool:
        if not kinds <= _PLAIN or (self._conformity is not None and not self._conformity.admits(key, kinds)):
            return False
        if kinds == {str}:
            return all(map(str.isascii, texts)) or all(clean(text) is text for text in texts)
        if kinds == {int}:
            return min(column) >= _INT_MIN and max(column) <= _INT_MAX  # type: ignore[no-any-return]  # of numbers
        return kinds.isdisjoint({str, int}) or all(clean(value) is value for value in column)


def texts_in(columns: Mapping[str, list[Any]], kinds: Mapping[str, set[type]]) -> dict[str, set[str]]:
    """Return the different texts in those *columns*, whose values are of these *kinds*, in which there are any."""
    return {
        key: set(column) if len(kinds[key]) == 1 else {value for value in column if type(value) is str}
        for key, column in columns.items()
        if str in kinds[key]
    }


class Kin:
    """Drafts of one shape with the same around them: bound attributes, Context and scope.

    Attributes:
        shape: of all of them.
        places: where in the batch they stand.
        drafts: themselves.
        speaking: the places of others, which bring messages of their own.
    """

    __slots__ = ("drafts", "places", "shape", "speaking")

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.places: list[int] = []
        self.drafts: list[Any] = []
        self.speaking: list[int] = []


class Shapes:
    """Remembers shapes, for as long as the catalogue stays the same."""

    def __init__(self) -> None:
        self._known: _Known = (catalog.current(), {})

    def of(self, draft: Any, catalog_now: Catalog) -> Shape | None:
        """Return the shape of *draft*, or None if it has to be looked at for itself."""
        known = self._known
        if known[0] is not catalog_now:
            known = self._known = (catalog_now, {})
        if draft[6] is not None or (draft[4] and draft[5]):
            return None
        keys = tuple(draft[5] or draft[4] or ())
        return known[1].get((draft[2], keys)) or _learn(known, draft[2], keys)

    def group(self, drafts: Sequence[Any], catalog_now: Catalog) -> tuple[Iterable[Kin], list[int]]:
        """Return what belongs together of *drafts*, and the places of those that have to be looked at alone."""
        known = self._known
        if known[0] is not catalog_now:
            known = self._known = (catalog_now, {})
        kins: dict[tuple[Any, ...], Kin] = {}
        alone: list[int] = []
        # Of the draft before: most have the same all around them, which is told by identity in no time.
        name_before = keys_before = context_before = around_before = _UNKNOWN
        kin: Kin | None = None
        for place, draft in enumerate(drafts):
            if len(draft) == _FOREIGN:
                alone.append(place)
                continue
            _, _, name, message, given, fields, more, context, around = draft
            # Most events bring keywords, or a mapping; the few that bring both are looked at alone.
            if more is not None or (given and fields):
                alone.append(place)
                continue
            keys = tuple(fields or given or ())
            if (
                name is not name_before
                or keys != keys_before
                or around is not around_before
                or context is not context_before
            ):
                name_before, keys_before, context_before, around_before = name, keys, context, around
                # By what is in it: where Contexts alternate, each event may have one of its own that says the same.
                same = (name, keys, id(context), *map(id, around))
                kin = kins.get(same) or _begin(kins, same, known)
            if kin is None:
                alone.append(place)
            elif message is not None:
                kin.speaking.append(place)
            else:
                kin.places.append(place)
                kin.drafts.append(draft)
        return kins.values(), alone


def _begin(kins: dict[tuple[Any, ...], Kin], same: tuple[Any, ...], known: _Known) -> Kin | None:
    name, keys, *_ = same
    shape = known[1].get((name, keys)) or _learn(known, name, keys)
    if shape is None:
        return None
    kin = kins[same] = Kin(shape)
    return kin


def _learn(known: _Known, name: str, keys: tuple[str, ...]) -> Shape | None:
    definitions, shapes = known
    shape = None
    if _is_plain_name(name) and len(keys) <= _MAX_KEYS and all(map(_is_plain_key, keys)) and not has_options(keys):
        shape = Shape(name, keys, definitions.find(name))
    if shape is not None:
        if len(shapes) >= _MAX_SHAPES:
            shapes.clear()
        shapes[name, keys] = shape
    return shape


def _is_plain_name(name: Any) -> bool:
    """Tell whether *name* needs no cleaning. A plain log record has none, and is nothing that could be unknown."""
    return type(name) is str and 0 < len(name) <= _MAX_NAME and name.isascii()


def _is_plain_key(key: Any) -> bool:
    return type(key) is str and key.isascii() and 0 < len(key) <= _MAX_NAME and key[-1] != "_"
