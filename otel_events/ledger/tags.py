"""Values that JSON cannot carry, carried in JSON.

A tag is an object with one key, named as OTLP's JSON names it:

    {"bytesValue": "<base64>"}      bytes
    {"doubleValue": "NaN"}          NaN, Infinity, -Infinity
    {"intValue": "<decimal>"}       an integer beyond 64 bits
    {"kvlistValue": {...}}          a mapping that would look like a tag itself
"""

from __future__ import annotations

import binascii
import math
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from otel_events.event import Value

_BYTES, _DOUBLE, _INT, _MAP = "bytesValue", "doubleValue", "intValue", "kvlistValue"
_TAGS = frozenset({_BYTES, _DOUBLE, _INT, _MAP})
_DOUBLES = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_PLAIN = frozenset({str, int, bool, type(None)})


def tag_attributes(attributes: Mapping[str, Value]) -> dict[str, Any]:
    """Return a new mapping whose values JSON can carry; integers beyond 64 bits are left to `tag`."""
    tagged: dict[str, Any] = dict(attributes)
    for key, value in attributes.items():
        kind = type(value)
        # NaN and the infinities are the only floats that are not themselves less themselves.
        if kind not in _PLAIN and not (kind is float and value - value == 0.0):  # type: ignore[operator]
            tagged[key] = tag(value)
    return tagged


def tag(value: Value) -> Any:
    """Return *value* in a form that JSON can carry and `untag` turns back."""
    if isinstance(value, dict):
        tagged = {key: tag(item) for key, item in value.items()}
        return {_MAP: tagged} if len(tagged) == 1 and not _TAGS.isdisjoint(tagged) else tagged
    if isinstance(value, list):
        return [tag(item) for item in value]
    if isinstance(value, bytes):
        return {_BYTES: b64encode(value).decode("ascii")}
    if isinstance(value, float) and not math.isfinite(value):
        return {_DOUBLE: _name_double(value)}
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return {_INT: str(value)}
    return value


def untag(value: Any) -> Value:
    """Return the value that `tag` was given; what is not quite a tag stays as it is."""
    if isinstance(value, dict):
        if len(value) == 1:
            ((key, carried),) = value.items()
            if key in _TAGS:
                return _open_tag(key, carried)
        return {key: untag(item) for key, item in value.items()}
    if isinstance(value, list):
        return [untag(item) for item in value]
    return value  # type: ignore[no-any-return]


def untag_attributes(attributes: Mapping[str, Any]) -> dict[str, Value]:
    """Return a new mapping of the values that `tag_attributes` was given."""
    return {key: untag(value) if type(value) in (dict, list) else value for key, value in attributes.items()}


def clean_text(value: Any) -> Any:
    """Return *value* with every lone surrogate replaced, since UTF-8 has no place for one."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {clean_text(str(key)): clean_text(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean_text(item) for item in value]
    return value


def _open_tag(key: str, carried: Any) -> Value:
    if key == _MAP and isinstance(carried, dict):
        return {name: untag(item) for name, item in carried.items()}
    if key == _DOUBLE and isinstance(carried, str) and carried in _DOUBLES:
        return _DOUBLES[carried]
    try:
        if key == _BYTES and isinstance(carried, str):
            return b64decode(carried, validate=True)
        if key == _INT and isinstance(carried, str):
            return int(carried)
    except (binascii.Error, ValueError):
        pass  # a stranger's mapping with a key of ours: it stays a mapping
    return {key: untag(carried)}


def _name_double(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"
