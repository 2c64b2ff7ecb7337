"""Parameters of requests: each declared once, for reading it and for describing it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from otel_events.filter_language import FilterError, parse_filter
from otel_events.reading.times import parse_when
from otel_events.server.api.problem import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Place: TypeAlias = Literal["query", "path"]

_WHOLE = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_LAST = 2**63 - 1
_MAX_TEXT = 1_000
_MAX_FILTER = 4_000
MAX_SEQ = 2**53 - 1  # what JavaScript can count


@dataclass(frozen=True, slots=True)
class Kind:
    """What the value of a parameter may be.

    Attributes:
        schema: as JSON Schema.
        read: makes the value of its text, or raises ValueError that says what would be right.
    """

    schema: Mapping[str, Any]
    read: Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an operation.

    Attributes:
        name: as requests spell it.
        kind: of its value.
        doc: what it does, in a sentence.
        default: its value where it is missing.
        place: where requests have it.
        is_required: it must be given.
        keyword: what the function that answers calls it; its name if empty.
    """

    name: str
    kind: Kind
    doc: str
    default: Any = None
    place: Place = "query"
    is_required: bool = False
    keyword: str = ""

    def read(self, text: str | None) -> Any:
        """Return the value of *text*, or raise RequestError that names the parameter and the cure."""
        if not text and self.is_required:
            raise RequestError(400, f"{self.name} is missing: {self.doc}", parameter=self.name)
        if text is None:
            return self.default
        if "\0" in text:
            raise RequestError(400, f"{self.name} has a NUL character in it", parameter=self.name)
        try:
            return self.kind.read(text)
        except FilterError as error:
            problem = "; ".join(f"column {each.column}: {each.problem}" for each in error.mistakes)
            column = error.mistakes[0].column
            raise RequestError(400, f"{self.name}: {problem}", parameter=self.name, column=column) from error
        except ValueError as error:
            raise RequestError(400, f"{self.name}: {error}", parameter=self.name) from error


def whole_number(least: int, most: int) -> Kind:
    """Return the kind of whole numbers from *least* to *most*."""

    def read(text: str) -> int:
        value = int(text) if _WHOLE.fullmatch(text) else least - 1
        if not least <= value <= most:
            raise ValueError(f"say a whole number from {least} to {most}, not {text!r:.60}")
        return value

    return Kind({"type": "integer", "minimum": least, "maximum": most}, read)


def choice(*names: str) -> Kind:
    """Return the kind of the words *names*."""

    def read(text: str) -> str:
        if text not in names:
            raise ValueError(f"say {', '.join(names[:-1])} or {names[-1]}, not {text!r:.60}")
        return text

    return Kind({"type": "string", "enum": list(names)}, read)


def _read_text(text: str) -> str:
    if not text:
        raise ValueError("it is empty; leave it out")
    if len(text) > _MAX_TEXT:
        raise ValueError(f"it may have {_MAX_TEXT:,} characters")
    return text


def _read_instant(text: str) -> int:
    return max(-_LAST, min(parse_when(text), _LAST))


def _read_filter(text: str) -> Any:
    if len(text) > _MAX_FILTER:
        raise ValueError(f"a filter may have {_MAX_FILTER:,} characters")
    return parse_filter(text)


def _read_keys(text: str) -> tuple[str, ...]:
    keys = tuple(dict.fromkeys(key.strip() for key in text.split(",") if key.strip()))
    if not 1 <= len(keys) <= 20:
        raise ValueError("say 1 to 20 attributes with commas between")
    return keys


RUN = whole_number(1, MAX_SEQ)
TEXT = Kind({"type": "string", "minLength": 1, "maxLength": _MAX_TEXT}, _read_text)
INSTANT = Kind({"type": "string"}, _read_instant)
FILTER = Kind({"type": "string", "maxLength": _MAX_FILTER}, _read_filter)
KEYS = Kind({"type": "string"}, _read_keys)

CHOSEN = Parameter(
    "filter",
    FILTER,
    "Which events: the filter language of all commands, such as `task.* severity>=warn`.",
    keyword="chosen",
)
SINCE = Parameter(
    "since", INSTANT, "Nothing that happened earlier: an ISO 8601 time, Unix seconds, or how long ago (`10m`, `2d`)."
)
UNTIL = Parameter("until", INSTANT, "Nothing that happened then or later; written as `since` is.")


def limit(default: int, most: int = 1_000) -> Parameter:
    """Return the parameter `limit`."""
    return Parameter("limit", whole_number(1, most), "At most so many.", default)
