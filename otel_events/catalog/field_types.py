"""The catalogue's word for a Python annotation."""

from __future__ import annotations

import collections.abc
import datetime as dt
import enum
import inspect
import pathlib
import sys
import types
import typing
import uuid
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

# As `otel_events.values` turns them into what OTLP can carry.
_BY_CLASS: tuple[tuple[type, str], ...] = (
    (bool, "boolean"),
    (int, "int"),
    (float, "double"),
    (str, "string"),
    (dt.timedelta, "double"),
    (dt.date, "string"),
    (dt.time, "string"),
    (complex, "string"),
    (pathlib.PurePath, "string"),
    (uuid.UUID, "string"),
)
# Of modules that take long to import: who annotates with one has imported it.
_LATE = (("decimal", "Decimal"), ("fractions", "Fraction"))
_ARRAYS = (
    *(list, set, frozenset, collections.abc.Sequence, collections.abc.Set, collections.abc.Iterable),
    *(collections.abc.Collection, collections.abc.MutableSequence, collections.abc.MutableSet),
)


class FieldType(NamedTuple):
    """What an annotation says of an attribute: its type, its brief, its well-known values, whether it may be None."""

    type: str = "any"
    brief: str = ""
    members: tuple[str | int, ...] = ()
    is_optional: bool = False


_ANY = FieldType()


def field_type(hint: Any) -> FieldType:
    """Return what *hint* says; what the catalogue has no word for is `any`, never an error."""
    origin = get_origin(hint)
    if origin is Annotated:
        return _annotated(*get_args(hint))
    if origin in (Union, types.UnionType):
        return _union(get_args(hint))
    if origin is Literal:
        return _of_values(get_args(hint))
    if origin is tuple or origin in _ARRAYS:
        return _array(origin, get_args(hint))
    meant = _meant(hint)
    if meant is not None:
        return field_type(meant)
    # On Python 3.10 `dict[str, int]` passes for a class.
    return _class(hint) if isinstance(hint, type) and get_origin(hint) is None else _ANY


def _meant(hint: Any) -> Any:
    """Return what a NewType or a `type` statement stands for, else None."""
    return getattr(hint, "__value__" if type(hint).__name__ == "TypeAliasType" else "__supertype__", None)


def _annotated(hint: Any, *metadata: Any) -> FieldType:
    inner = field_type(hint)
    brief = next((text for text in metadata if isinstance(text, str)), inner.brief)
    return FieldType(inner.type, brief, inner.members, inner.is_optional)


def _union(hints: tuple[Any, ...]) -> FieldType:
    chosen = [field_type(hint) for hint in hints if hint is not type(None)]
    is_optional = len(chosen) < len(hints) or any(one.is_optional for one in chosen)
    words = {one.type for one in chosen}
    brief = next((one.brief for one in chosen if one.brief), "")
    if words == {"int", "double"}:
        return FieldType("double", brief, is_optional=is_optional)
    if len(words) != 1:
        return FieldType("any", brief, is_optional=is_optional)
    # A plain `str` beside a Literal means that any string will do.
    members = tuple(member for one in chosen for member in one.members) if all(one.members for one in chosen) else ()
    return FieldType(words.pop(), brief, members, is_optional)


def _of_values(values: tuple[Any, ...]) -> FieldType:
    """Return the type of a closed list of values, as Literal and Enum give it."""
    given = [value for value in values if value is not None]
    is_optional = len(given) < len(values)
    for kind, word in ((str, "string"), (int, "int")):
        if given and all(isinstance(value, kind) and not isinstance(value, bool) for value in given):
            return FieldType(word, members=tuple(given), is_optional=is_optional)
    if given and all(isinstance(value, bool) for value in given):
        return FieldType("boolean", is_optional=is_optional)
    return FieldType(is_optional=is_optional)


def _array(origin: Any, hints: tuple[Any, ...]) -> FieldType:
    if origin is tuple:
        hints = tuple(hint for hint in hints if hint is not Ellipsis)
    words = {field_type(hint).type for hint in hints}
    word = words.pop() if len(words) == 1 else "any"
    return FieldType(f"{word}[]") if word in ("string", "int", "double", "boolean") else _ANY


def _class(hint: type) -> FieldType:
    if issubclass(hint, enum.Enum):
        # Combined flags are ints that no member has.
        return FieldType("int") if issubclass(hint, enum.Flag) else _of_values(tuple(one.value for one in hint))
    for known, word in _BY_CLASS:
        if issubclass(hint, known):
            return FieldType(word)
    late = (getattr(sys.modules.get(module), name, None) for module, name in _LATE)
    return FieldType("string") if issubclass(hint, tuple(filter(None, late))) else _ANY


def field_hints(owner: type, names: typing.Mapping[str, Any]) -> dict[str, Any]:
    """Return the annotations of *owner* with its bases', resolved; those that cannot be are left out.

    Args:
        owner: the class.
        names: the names around the class, for classes that are made inside a function.
    """
    try:
        return typing.get_type_hints(owner, localns=dict(names), include_extras=True)
    except Exception:  # a name that only type checkers import, or anything else that evaluating it may raise
        return _field_hints_one_by_one(owner, names)


def _field_hints_one_by_one(owner: type, names: typing.Mapping[str, Any]) -> dict[str, Any]:
    hints: dict[str, Any] = {}
    for base in reversed(owner.__mro__):
        for name, annotation in _annotations_of(base).items():
            single = type(base.__name__, (), {"__annotations__": {name: annotation}, "__module__": base.__module__})
            try:
                hints.update(typing.get_type_hints(single, localns=dict(names), include_extras=True))
            except Exception:
                hints.pop(name, None)  # unknown to us is `any`: the event is still good
    return hints


def _annotations_of(owner: type) -> dict[str, Any]:
    if sys.version_info >= (3, 14):  # where to look at them is to evaluate them all, unless one says otherwise
        from annotationlib import Format, get_annotations

        return dict(get_annotations(owner, format=Format.FORWARDREF))
    return inspect.get_annotations(owner)
