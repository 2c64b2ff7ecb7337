"""What an entry of structlog's says, taken apart into what a record of OpenTelemetry's has."""

from __future__ import annotations

from time import time_ns
from typing import TYPE_CHECKING, Any

from otel_events import catalog
from otel_events.bridges.log_entry import is_event_name
from otel_events.bridges.log_levels import severity_of_word
from otel_events.bridges.traceback_text import MAX_LINES, traceback_attributes
from otel_events.catalog.names import is_name
from otel_events.event import parse_timestamp
from otel_events.pipeline.stack import cut_stack

if TYPE_CHECKING:
    from collections.abc import Mapping

# What structlog's own processors put on an entry for others of its processors.
_FOR_ITSELF = ("_record", "_from_structlog", "level_number")
_CODE = {
    "pathname": ("code.file.path", str),
    "qual_name": ("code.function.name", str),
    "func_name": ("code.function.name", str),
    "lineno": ("code.line.number", int),
}
_JUST_NOW = 60 * 1_000_000_000  # nanoseconds


def is_entry(message: object, attributes: Mapping[str, Any]) -> bool:
    """Tell whether a log record's message is an entry on its way to structlog's ProcessorFormatter."""
    return type(message) is dict and "event" in message and "_name" in attributes


def take_apart(entry: Mapping[str, Any], attributes: dict[str, Any]) -> tuple[Any, Any, Any]:
    """Return event name (empty if it is none), message and exception of *entry*; add the rest to *attributes*.

    The text of an entry names an event if the catalogue knows it, or if it is dotted like a name; `event_name` always.
    """
    rest = dict(entry)
    for key in _FOR_ITSELF:
        rest.pop(key, None)
    text = rest.pop("event", None)
    if severity_of_word(rest.get("level")) is not None:
        del rest["level"]
    if type(rest.get("logger")) is str:
        del rest["logger"]
    if is_now(rest.get("timestamp")):
        del rest["timestamp"]
    exception = _exception(rest.pop("exc_info", None))
    _take_stacks(rest)
    _take_code(rest)
    attributes.update(rest)
    if is_event_name(attributes.get("event_name")):
        return attributes.pop("event_name"), text, exception
    return (text, None, exception) if _is_name_of_event(text) else ("", text, exception)


def is_now(value: object) -> bool:
    """Tell whether *value* is the present time, as structlog's TimeStamper puts it on entries."""
    parsed = parse_timestamp(value) if type(value) is str or type(value) is float else None
    return parsed is not None and abs(parsed - time_ns()) < _JUST_NOW


def _exception(given: Any) -> Any:
    """Return an exception that was handed over, True where structlog would take the one being handled, else None."""
    if given is None or given is False:
        return None
    return given if type(given) is tuple or issubclass(type(given), BaseException) else True


def _is_name_of_event(text: object) -> bool:
    if type(text) is not str:
        return is_event_name(text)
    return ("." in text and is_name(text)) or catalog.current().find(text) is not None


def _take_stacks(rest: dict[str, Any]) -> None:
    """Give what structlog's processors have made of an exception and of a stack the names that conventions have."""
    made = rest.get("exception")
    if type(made) is str and "\n" in made:
        del rest["exception"]
        rest.update(traceback_attributes(made))
    elif type(made) is list and made and type(made[-1]) is dict and "exc_type" in made[-1]:
        rest["exception.type"] = made[-1]["exc_type"]
        rest["exception.message"] = made[-1].get("exc_value", "")
    if type(rest.get("stack")) is str:
        rest["code.stacktrace"] = cut_stack(rest.pop("stack"), MAX_LINES)
    if rest.get("stack_info") is True:
        del rest["stack_info"]


def _take_code(rest: dict[str, Any]) -> None:
    if "lineno" not in rest and "func_name" not in rest and "qual_name" not in rest:
        return
    for key, (attribute, kind) in _CODE.items():
        if type(rest.get(key)) is kind:
            rest.setdefault(attribute, rest.pop(key))
