"""Typed events: annotated classes that the catalogue, type checkers and editors know."""

from __future__ import annotations

import dataclasses
import inspect
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from otel_events.catalog import process_wide
from otel_events.catalog.enum_names import event_name_of
from otel_events.catalog.event_definition import AttributeDefinition, EventDefinition
from otel_events.catalog.field_types import field_hints, field_type
from otel_events.catalog.names import name_problem
from otel_events.errors import DefinitionError
from otel_events.event import Severity, parse_severity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: object):  # noqa: ANN202  # what type checkers alone look at
        return lambda function: function


__all__ = ["define", "event_attributes", "event_name_of"]

_Class = TypeVar("_Class")
_TEXTS = ("brief", "message", "category")
_FLAGS = ("lifecycle", "rolled_up_in_displays", "copied_to_spans")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(dataclasses.field, dataclasses.Field))
def define(
    name: str,
    *,
    brief: str = "",
    message: str = "",
    severity: Severity | str | int | None = None,
    category: str = "",
    aliases: Sequence[str] = (),
    lifecycle: bool = False,
    rolled_up_in_displays: bool = False,
    copied_to_spans: bool = True,
    **unknown: NoReturn,
) -> Callable[[type[_Class]], type[_Class]]:
    """Return a decorator that makes an annotated class the typed event *name*, and the catalogue know it.

    The class becomes a frozen, slotted dataclass with keyword arguments; a dataclass stays as it is. Its fields are the
    event's attributes: `from_` is the attribute `from`, `Annotated[float, "brief text"]` gives a brief, a field that
    is None is not sent.

    Args:
        name: the event name, such as `order.placed`. A built-in one is replaced as a whole.
        brief: one sentence on what happened; by default the first line of the class's docstring.
        message: a short display string, the body of events that bring none of their own.
        severity: of events that say none; by default INFO.
        category: the group it is listed under.
        aliases: older spellings that mean this event.
        lifecycle: begins or ends something, or alerts: never held back, and dropped last.
        rolled_up_in_displays: so frequent that displays should show a count.
        copied_to_spans: becomes a span event inside a recording span.
        unknown: there is no other keyword; what is given here is told along with all other mistakes.

    Raises:
        DefinitionError: on decoration, with everything that is wrong.
    """
    if not isinstance(name, str):
        # At once: `@define` without a name would otherwise turn the class into a function, silently.
        raise DefinitionError("this event cannot be defined", [str(name_problem("event name", name))])
    texts = {"brief": brief, "message": message, "category": category}
    flags = dict(zip(_FLAGS, (lifecycle, rolled_up_in_displays, copied_to_spans), strict=True))
    keywords: dict[str, Any] = {**texts, "severity": severity, "aliases": aliases, **flags, **unknown}

    def decorate(owner: type[_Class]) -> type[_Class]:
        if not inspect.isclass(owner):
            raise DefinitionError(f"event '{name}' cannot be defined", [f"@define decorates a class, not {owner!r}"])
        frame = inspect.currentframe()
        around = frame.f_back.f_locals if frame is not None and frame.f_back is not None else {}
        return _define(owner, name, keywords, around)

    return decorate


def event_attributes(event: Any) -> dict[str, Any]:
    """Return the attributes of a typed *event*, without those that are None; TypeError if it is not one."""
    fields = getattr(type(event), "__otel_fields__", None)
    if fields is None:
        raise TypeError(f"{type(event).__name__} is no typed event: decorate it with @define('order.placed')")
    # A field that no constructor has set is as good as None.
    return {key: value for name, key in fields if (value := getattr(event, name, None)) is not None}


def _define(owner: type[_Class], name: str, keywords: dict[str, Any], around: Mapping[str, Any]) -> type[_Class]:
    problems: list[str] = []
    hints = field_hints(owner, around)
    known = _checked(keywords, problems)
    known["brief"] = known.get("brief") or _first_line(owner)
    made = _as_dataclass(owner, problems)
    fields = dataclasses.fields(made) if dataclasses.is_dataclass(made) else ()
    definition = EventDefinition(
        name=name,
        attributes=_attributes(fields, hints, problems),
        origin=f"{owner.__module__}:{owner.__qualname__}",
        **known,
    )
    try:
        # With problems of its own it is only tried, so that the catalogue's come along in the same error.
        process_wide.extend_current([definition]) if not problems else process_wide.current().extended([definition])
    except DefinitionError as error:
        problems += error.problems
    if problems:
        raise DefinitionError(f"event '{name}' cannot be defined by {definition.origin}", problems)
    made.__otel_event__ = definition  # type: ignore[attr-defined]
    made.__otel_fields__ = tuple((one.name, _key(one.name)) for one in fields)  # type: ignore[attr-defined]
    return made


def _checked(keywords: dict[str, Any], problems: list[str]) -> dict[str, Any]:
    """Return the *keywords* that are right, in the shape that EventDefinition takes them, and note the others."""
    known: dict[str, Any] = {}
    for key, value in keywords.items():
        if (key in _TEXTS and isinstance(value, str)) or (key in _FLAGS and isinstance(value, bool)):
            known[key] = value
        elif key == "severity" and (value is None or parse_severity(value) is not None):
            known[key] = None if value is None else parse_severity(value)
        elif key == "aliases" and isinstance(value, (str, list, tuple, set, frozenset)):
            known[key] = (value,) if isinstance(value, str) else tuple(value)
        else:
            problems.append(_keyword_problem(key, value))
    return known


def _keyword_problem(key: str, value: object) -> str:
    if key in _TEXTS:
        return f"{key}={value!r} must be a string"
    if key in _FLAGS:
        return f"{key}={value!r} must be True or False"
    if key == "severity":
        return f"severity={value!r} must be a word such as 'warn' or 'error', or a number from 1 to 24"
    if key == "aliases":
        return f"aliases={value!r} must be a sequence of strings"
    return f"unknown keyword '{key}'; known are {', '.join((*_TEXTS, 'severity', 'aliases', *_FLAGS))}"


def _first_line(owner: type[Any]) -> str:
    # A dataclass without a docstring gets its signature for one: that is no brief.
    text = inspect.cleandoc(owner.__dict__.get("__doc__") or "")
    return "" if dataclasses.is_dataclass(owner) and text.startswith(f"{owner.__name__}(") else text.partition("\n")[0]


def _as_dataclass(owner: type[_Class], problems: list[str]) -> type[_Class]:
    """Return *owner* as a dataclass, itself if it is one; note why it cannot be one."""
    if "__dataclass_fields__" in owner.__dict__:
        return owner
    has_slots = "__slots__" in owner.__dict__
    try:
        return dataclasses.dataclass(frozen=True, slots=not has_slots, kw_only=True)(owner)
    except (TypeError, ValueError) as error:  # a mutable default, a base that is not frozen, ...
        problems.append(f"{owner.__qualname__} cannot be a frozen dataclass: {error}")
        return owner


def _attributes(
    fields: tuple[dataclasses.Field[Any], ...], hints: Mapping[str, Any], problems: list[str]
) -> dict[str, AttributeDefinition]:
    attributes: dict[str, AttributeDefinition] = {}
    for one in fields:
        key = _key(one.name)
        kind = field_type(hints.get(one.name))
        has_default = one.default is not dataclasses.MISSING or one.default_factory is not dataclasses.MISSING
        if key in attributes:
            problems.append(f"two fields, '{key}' and '{key}_', would be the same attribute '{key}'")
        attributes[key] = AttributeDefinition(
            key=key,
            type=kind.type,
            brief=kind.brief,
            requirement_level="recommended" if has_default or kind.is_optional else "required",
            members=kind.members,
        )
    return attributes


def _key(field_name: str) -> str:
    return field_name.removesuffix("_")
