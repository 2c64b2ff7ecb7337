"""How lists are read: names of exporters and propagators, sinks, routes, patterns, the catalogue's parts."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from otel_events.lazy_pattern import lazy_pattern
from otel_events.settings.kinds import Kind, UnusableError, not_from_text, show

MESSAGE_SINKS = ("redis", "nats", "webhook")
SINKS = ("otlp", "ledger", "otel", "memory", *MESSAGE_SINKS)

_NAME = lazy_pattern(r"[^\s,]+")


def as_items(value: object) -> tuple[Any, ...]:
    """Return the items of *value*: a text is cut at commas, anything that cannot be walked is one item."""
    if isinstance(value, str):
        return tuple(item.strip() for item in value.split(",") if item.strip())
    return tuple(value) if isinstance(value, Iterable) else (value,)


def _accept_names(value: object) -> tuple[str, ...]:
    """Return each name once; none at all where the only name is `none`."""
    names = tuple(dict.fromkeys(as_items(value)))
    if not names or not all(isinstance(name, str) and _NAME.fullmatch(name) for name in names):
        raise UnusableError
    is_none = [name.lower() == "none" for name in names]
    if any(is_none) and not all(is_none):
        raise UnusableError(f"{show(value)} has 'none' beside other names")
    return () if all(is_none) else names


def is_plan(value: object) -> bool:
    """Tell whether *value* is what a sink is made of: it has a name, and `build` in place of `write`."""
    return isinstance(getattr(value, "name", None), str) and callable(getattr(value, "build", None))


def _is_sink(value: object) -> bool:
    return is_plan(value) or (
        isinstance(getattr(value, "name", None), str)
        and all(callable(getattr(value, method, None)) for method in ("write", "flush", "close"))
    )


def _accept_sinks(value: object) -> tuple[Any, ...]:
    sinks = (value,) if _is_sink(value) else as_items(value)
    if not sinks or not all(sink in SINKS if isinstance(sink, str) else _is_sink(sink) for sink in sinks):
        raise UnusableError
    return sinks


def _accept_routes(value: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return (pattern, names of sinks) pairs; whether such sinks exist is checked when all are known."""
    pairs = value.items() if isinstance(value, Mapping) else value
    routes = []
    for pair in pairs:
        pattern, names = pair if not isinstance(pair, str) else (None, ())
        sinks = as_items(names)
        if not isinstance(pattern, str) or not pattern or not all(isinstance(name, str) for name in sinks):
            raise UnusableError
        routes.append((pattern, sinks))
    return tuple(routes)


def _read_routes(text: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the pairs in `pattern=sink+sink,pattern=sink`."""
    pairs = [item.partition("=") for item in as_items(text)]
    if not pairs or not all(pattern.strip() and names.strip() for pattern, _, names in pairs):
        raise UnusableError
    return tuple((pattern.strip(), tuple(as_items(names.replace("+", ",")))) for pattern, _, names in pairs)


def _accept_overrides(value: object) -> dict[str, bool]:
    if not isinstance(value, Mapping) or not all(
        isinstance(pattern, str) and pattern and isinstance(copied, bool) for pattern, copied in value.items()
    ):
        raise UnusableError
    return dict(value)


def _accept_catalog(value: object) -> tuple[Any, ...]:
    """Return paths as texts and definitions as they are; what a definition is, the catalogue knows."""
    is_one = isinstance(value, (str, os.PathLike, type)) or not isinstance(value, Iterable)
    parts = (value,) if is_one else as_items(value)
    if any(part is None or part == "" or isinstance(part, (bytes, int, float)) for part in parts):
        raise UnusableError
    return tuple(os.fspath(part) if isinstance(part, os.PathLike) else part for part in parts)


def _accept_keys(value: object) -> tuple[str, ...]:
    keys = tuple(dict.fromkeys(as_items(value)))
    if not all(isinstance(key, str) and _NAME.fullmatch(key) for key in keys):
        raise UnusableError
    return keys


NAMES = Kind("names with commas between, or 'none'", _accept_names, _accept_names)
SINK_LIST = Kind(
    "a sink or a list of sinks, each one of " + ", ".join(map(repr, SINKS)) + " or a Sink",
    not_from_text,
    _accept_sinks,
    SINKS,
)
ROUTES = Kind("a list of (pattern, names of sinks) pairs, as text 'task.*=redis+ledger'", _read_routes, _accept_routes)
OVERRIDES = Kind("a mapping of name patterns to True or False", not_from_text, _accept_overrides)
CATALOG = Kind("a list of paths and definitions", not_from_text, _accept_catalog)
KEYS = Kind("a list of attribute names", not_from_text, _accept_keys)
LISTED_KEYS = Kind("names with commas between", _accept_keys, _accept_keys)
