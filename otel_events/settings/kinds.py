"""How one value is read: from the text of an environment variable, or from a keyword."""

from __future__ import annotations

import math
import operator
import os
import reprlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from otel_events.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Callable

# What the specification suggests for "indefinite": the largest number of milliseconds in 31 bits. Every lock, socket
# and thread of every platform can wait that long; with infinity some raise.
LONGEST_WAIT = (2**31 - 1) / 1000
_LONGEST_AGE = 100 * 366 * 86_400.0

_WHOLE = lazy_pattern(r"[0-9]{1,18}")  # more digits are no setting, and `int` refuses some thousands of them
_NUMBER_WITH_UNIT = lazy_pattern(r"([0-9]{1,18}(?:\.[0-9]{0,18})?|\.[0-9]{1,18})\s*([A-Za-z]*)")
_DURATION_UNITS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_SIZE_UNITS = {"": 1, "b": 1} | {
    f"{letter}{suffix}": factor**power
    for power, letter in enumerate("kmgt", start=1)
    for suffix, factor in (("b", 1000), ("ib", 1024))
}
_CREDENTIALS = lazy_pattern(r"(?:(?<=//)|^)[^\s]*@")

_short = reprlib.Repr()
_short.maxstring = _short.maxother = 100


class UnusableError(ValueError):
    """A value cannot be used. Its arguments are the reasons; without any, `Kind.expects` says what would be right."""


def show(value: object) -> str:
    """Return *value* for a message: short, and without the credentials that stand before the @ of a URL."""
    if isinstance(value, str):
        value = _CREDENTIALS.sub("***@", value)
    return _short.repr(value)


class Partial(NamedTuple):
    """A value of which some parts could not be used.

    Attributes:
        value: what could be used.
        complaints: one clause for each part that could not, fit to follow the variable's name and a colon.
    """

    value: Any
    complaints: tuple[str, ...]


class Kind(NamedTuple):
    """What a setting's value may be.

    Attributes:
        expects: a phrase that follows "must be" and "is not".
        read: makes the value out of an environment variable's text; may return a `Partial`.
        accept: makes the value out of a keyword's.
        choices: the names it may have, where they are few; for suggestions.
        secret: the value must not appear in a message.
    """

    expects: str
    read: Callable[[str], Any]
    accept: Callable[[Any], Any]
    choices: tuple[str, ...] = ()
    secret: bool = False


def _read_boolean(text: str) -> bool:
    # The specification: nothing but "true" is true, whatever other worlds write.
    word = text.lower()
    if word not in {"true", "false"}:
        raise UnusableError
    return word == "true"


def _accept_boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise UnusableError
    return value


def _read_text(text: str) -> str:
    return text


def _accept_text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise UnusableError
    return value.strip()


def _accept_path(value: object) -> str:
    path = os.fspath(value) if isinstance(value, (str, os.PathLike)) else None
    if not isinstance(path, str) or not path.strip() or "\0" in path:
        raise UnusableError
    return path


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _read_quantity(text: str, units: dict[str, Any]) -> Any:
    match = _NUMBER_WITH_UNIT.fullmatch(text.strip())
    factor = units.get(match[2].lower()) if match else None
    if match is None or factor is None:
        raise UnusableError
    return float(match[1]) * factor if "." in match[1] else int(match[1]) * factor


def _within(seconds: float, longest: float) -> float:
    if not 0 <= seconds <= longest:
        raise UnusableError
    return float(seconds)


def _duration(expects: str, longest: float) -> Kind:
    def read(text: str) -> float:
        return _within(_read_quantity(text, _DURATION_UNITS), longest)

    def accept(value: Any) -> float:
        if isinstance(value, str):
            return read(value)
        if isinstance(value, timedelta):
            return _within(value.total_seconds(), longest)
        if not _is_number(value):
            raise UnusableError
        return _within(value, longest)

    return Kind(expects, read, accept)


def _zero_to(kind: Kind, instead: object) -> Kind:
    """Return *kind* with zero meaning *instead*."""
    return Kind(
        kind.expects,
        lambda text: kind.read(text) or instead,
        lambda value: kind.accept(value) or instead,
    )


def _read_milliseconds(text: str) -> float:
    if not _WHOLE.fullmatch(text):
        raise UnusableError
    return _within(int(text) / 1000, LONGEST_WAIT)


def _read_exporter_timeout(text: str) -> float | Partial:
    """Read seconds, as the installed exporters do, though the specification says milliseconds."""
    match = _NUMBER_WITH_UNIT.fullmatch(text)
    if match is None or match[2]:
        raise UnusableError
    seconds = _within(float(match[1]), LONGEST_WAIT) or LONGEST_WAIT
    if 1000 <= seconds < LONGEST_WAIT:
        likely = f"{text} is taken for seconds, as Python's exporters take it; write {seconds / 1000:g} if milliseconds were meant"
        return Partial(seconds, (likely,))
    return seconds


def whole_number(minimum: int) -> Kind:
    """Return the kind of whole numbers from *minimum* up."""

    def read(text: str) -> int:
        if not _WHOLE.fullmatch(text):
            raise UnusableError
        return accept(int(text))

    def accept(value: Any) -> int:
        if isinstance(value, (bool, str)) or operator.index(value) < minimum:
            raise UnusableError
        return operator.index(value)

    return Kind(f"a whole number, {minimum} or more", read, accept)


def size(minimum: int) -> Kind:
    """Return the kind of sizes in bytes from *minimum* up."""

    def read(text: str) -> int:
        return within(int(_read_quantity(text, _SIZE_UNITS)))

    def accept(value: Any) -> int:
        if isinstance(value, str):
            return read(value)
        if isinstance(value, bool):
            raise UnusableError
        return within(operator.index(value))

    def within(number: int) -> int:
        if not minimum <= number < 2**63:
            raise UnusableError
        return number

    return Kind(f"a number of bytes, {minimum} or more, such as 1048576 or '64MiB'", read, accept)


def one_of(*choices: str) -> Kind:
    """Return the kind of a word out of *choices*, in any case."""

    def accept(value: object) -> str:
        if not isinstance(value, str) or value.strip().lower() not in choices:
            raise UnusableError
        return value.strip().lower()

    return Kind("one of " + ", ".join(map(repr, choices)), accept, accept, choices)


def _read_protocol(text: str) -> str | Partial:
    if text.lower() == "http/json":
        return Partial("http/protobuf", ("'http/json' is not supported; using 'http/protobuf'",))
    return str(_PROTOCOL.read(text))


def _accept_ledger(value: object) -> str | bool:
    return value if isinstance(value, bool) else _accept_path(value)


def _accept_sampler(value: object) -> object:
    return value if callable(getattr(value, "should_sample", None)) else _accept_text(value)


def _accept_sampler_argument(value: object) -> str:
    return repr(value) if _is_number(value) else _accept_text(value)


def _accept_any_number_of_callables(value: object) -> tuple[object, ...]:
    several = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    if not all(callable(one) for one in several):
        raise UnusableError
    return several


def not_from_text(text: str) -> Any:
    """Raise: for the settings that only code can give."""
    raise UnusableError(f"{show(text)} cannot be given as text")


BOOLEAN = Kind("'true' or 'false'", _read_boolean, _accept_boolean)
TEXT = Kind("a text that is not empty", _read_text, _accept_text)
PATH = Kind("a path", _accept_path, _accept_path)
_PROTOCOL = one_of("http/protobuf", "grpc")
PROTOCOL = Kind(_PROTOCOL.expects, _read_protocol, _PROTOCOL.accept, _PROTOCOL.choices)
WAIT = _duration(f"a number of seconds from 0 to {LONGEST_WAIT:.0f}, or a text such as '500ms'", LONGEST_WAIT)
NO_LONGER_THAN = _zero_to(WAIT, LONGEST_WAIT)
AGE = _duration("a number of seconds, 0 or more, or a text such as '7d'", _LONGEST_AGE)
AGE_OR_OFF = _zero_to(AGE, None)
SIZE_OR_OFF = _zero_to(size(0), None)
MILLISECONDS = Kind("a whole number of milliseconds, 0 or more", _read_milliseconds, WAIT.accept)
MILLISECONDS_NO_LONGER_THAN = _zero_to(MILLISECONDS, LONGEST_WAIT)
EXPORTER_TIMEOUT = Kind("a number of seconds, 0 (no limit) or more", _read_exporter_timeout, NO_LONGER_THAN.accept)
LEDGER = Kind("a path, True or False", _accept_path, _accept_ledger)
SAMPLER = Kind("the name of a sampler, or a Sampler", _read_text, _accept_sampler)
SAMPLER_ARGUMENT = Kind("a number or a text", _read_text, _accept_sampler_argument)
CALLABLES = Kind("a callable or a list of them", not_from_text, _accept_any_number_of_callables)
