"""How lists of key=value pairs are read: headers, resource attributes, bound attributes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from otel_events.event import CORRELATION
from otel_events.lazy_pattern import lazy_pattern
from otel_events.settings.kinds import Kind, Partial, UnusableError, show

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeAlias

    _Check: TypeAlias = Callable[[str, Any], tuple[str, Any]]

_HEADER_NAME = lazy_pattern(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
# What both HTTP and gRPC can carry; above all no line break, which would start a header of the value's own.
_METADATA_NAME = lazy_pattern(r"[0-9a-z_.-]+(?<!-bin)")  # behind -bin stand bytes, which no text is
_HEADER_VALUE = lazy_pattern(r"[\x20-\x7e]*")


def is_metadata_name(name: str) -> bool:
    """Tell whether gRPC can send a text under *name*."""
    return _METADATA_NAME.fullmatch(name) is not None


def _read_pair(item: str, check: _Check) -> tuple[str, Any]:
    key, separator, value = item.partition("=")
    if not separator or not key.strip():
        raise UnusableError("is not of the form key=value")
    try:
        return check(unquote(key.strip(), errors="strict"), unquote(value.strip(), errors="strict"))
    except UnicodeDecodeError:
        raise UnusableError("is not percent-encoded UTF-8") from None


def _accept_pair(key: object, value: object, check: _Check) -> tuple[str, Any]:
    if not isinstance(key, str) or not key.strip():
        raise UnusableError("must be a text that is not empty")
    return check(key.strip(), value)


def _read_pairs(text: str, check: _Check) -> dict[str, Any] | Partial:
    """Read `key=value,key=value`, both percent-encoded; leave out, with a complaint, what cannot be used."""
    value: dict[str, Any] = {}
    complaints: list[str] = []
    for number, item in enumerate(text.split(","), start=1):
        if not item.strip():
            continue
        try:
            name, one = _read_pair(item, check)
        except UnusableError as error:
            complaints.append(f"item {number} {error}; it is left out")
        else:
            value[name] = one
    return Partial(value, tuple(complaints)) if complaints else value


def _accept_pairs(value: object, check: _Check) -> dict[str, Any]:
    """Return the pairs of a mapping, or raise with one reason for each that cannot be used."""
    if not isinstance(value, Mapping):
        raise UnusableError
    accepted: dict[str, Any] = {}
    reasons: list[str] = []
    for key, item in value.items():
        try:
            name, one = _accept_pair(key, item, check)
        except UnusableError as error:  # noqa: PERF203 - one bad pair must not hide the next
            reasons.append(f"key {show(key)} {error}")
        else:
            accepted[name] = one
    if reasons:
        raise UnusableError(*reasons)
    return accepted


def _check_header(key: str, value: Any) -> tuple[str, str]:
    if not _HEADER_NAME.fullmatch(key):
        raise UnusableError("has a name that no header may have")
    if not isinstance(value, str) or not _HEADER_VALUE.fullmatch(value):
        raise UnusableError("has a value that is not text of printable ASCII")
    return key.lower(), value.strip()


def _check_resource_attribute(key: str, value: Any) -> tuple[str, Any]:
    values: Iterable[Any] = value if isinstance(value, (list, tuple)) else (value,)
    if not all(isinstance(one, (str, bool, int, float)) for one in values):
        raise UnusableError(f"must be a text, a number, a boolean, or a list of these, not {show(value)}")
    return key, tuple(value) if isinstance(value, (list, tuple)) else value


def _check_bound_attribute(key: str, value: Any) -> tuple[str, Any]:
    if CORRELATION.get(key) is not int:
        return key, value
    if isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]{1,18}", value):
        return key, int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise UnusableError(f"must be a whole number, not {show(value)}")
    return key, value


def _kind(expects: str, check: _Check, *, secret: bool = False) -> Kind:
    return Kind(expects, lambda text: _read_pairs(text, check), lambda value: _accept_pairs(value, check), (), secret)


HEADERS = _kind("a mapping of header names to texts", _check_header, secret=True)
RESOURCE_ATTRIBUTES = _kind("a mapping of names to texts, numbers or booleans", _check_resource_attribute)
ATTRIBUTES = _kind("a mapping of names to values", _check_bound_attribute)
