"""What log bridges share: which attributes name an event, whose records are ours, and the scope of a logger."""

from __future__ import annotations

from enum import Enum
from typing import Any

from otel_events import catalog
from otel_events.catalog.names import is_name
from otel_events.event import InstrumentationScope

OUR_LOGGER = "otel_events"
_OUR_THREADS = ("otel_events", "otel-events")
# How a log call names the event: ours, and that of OpenTelemetry's instrumentation of `logging`.
_NAME_KEYS = ("event", "otel.event.name")
_MAX_SCOPES = 4096

_scopes: dict[str, InstrumentationScope] = {}


def scope_of(logger: str) -> InstrumentationScope:
    """Return the scope of what *logger* says: always the same one, so that its records go out together."""
    scope = _scopes.get(logger)
    if scope is None:
        if len(_scopes) >= _MAX_SCOPES:
            _scopes.clear()
        scope = _scopes[logger] = InstrumentationScope(logger)
    return scope


def is_our_logger(logger: str) -> bool:
    """Tell whether *logger* is the one through which this package warns, or below it."""
    return logger == OUR_LOGGER or logger.startswith(f"{OUR_LOGGER}.")


def is_our_thread(thread_name: object) -> bool:
    """Tell whether a thread of that name is one of this package's."""
    return type(thread_name) is str and thread_name.startswith(_OUR_THREADS)


def is_event_name(value: object) -> bool:
    """Tell whether *value* names an event: as `emit` takes it, where a text must be known or look like a name."""
    kind = type(value)
    if kind is str:
        return is_name(str(value)) or catalog.current().find(str(value)) is not None
    try:
        return issubclass(kind, Enum) or hasattr(kind, "__otel_event__")
    except Exception:  # a metaclass of the program's
        return False


def take_name(attributes: dict[str, Any]) -> Any:
    """Take the event's name out of *attributes* and return it; empty if they name none."""
    for key in _NAME_KEYS:
        if key in attributes and is_event_name(attributes[key]):
            return attributes.pop(key)
    return ""


def as_names(given: Any) -> tuple[str, ...]:
    """Return *given*, one name or several, as a tuple; TypeError if it is neither."""
    names = (given,) if isinstance(given, str) else tuple(given)
    if not all(isinstance(name, str) for name in names):
        raise TypeError(f"names of loggers are strings, not {given!r}")
    return names


def is_among(logger: str, names: tuple[str, ...]) -> bool:
    """Tell whether *logger* is one of *names* or below one."""
    return any(logger == name or logger.startswith(f"{name}.") for name in names)
