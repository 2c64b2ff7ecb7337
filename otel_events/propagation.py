"""Across processes: trace, correlation and their types, through headers and the environment."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from opentelemetry import propagate, trace

from otel_events import catalog, runtime
from otel_events.context import CORRELATION, Attachment, bound_attributes, current
from otel_events.scoping import Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, MutableMapping

    from opentelemetry.context import Context

    from otel_events.scoping import Make

BAGGAGE = "baggage"
# OpenTelemetry's names for its headers in the environment are the same words in capitals.
_VARIABLES = ("traceparent", "tracestate", BAGGAGE)
_MAX_HEADER = 8192  # bytes, as the W3C's baggage specification bounds what must be passed on
_MAX_ENTRIES = 64
_MAX_VALUE = 256  # characters; a correlation value is an id or a name

# Which bound attributes may travel. `configure(baggage_keys=...)` replaces it.
allowed_keys: tuple[str, ...] = CORRELATION


def inject(carrier: MutableMapping[str, str], *, environment: bool | None = None) -> MutableMapping[str, str]:
    """Write the trace and the bound attributes that hold here into *carrier* and return it.

    Bound attributes leave the process by this call alone, and of them only the correlation attributes (or those of
    `configure(baggage_keys=...)`): as W3C baggage, percent-encoded.

    Args:
        carrier: headers of a request, or the environment of a child process.
        environment: write `TRACEPARENT`, `TRACESTATE` and `BAGGAGE` instead of headers; by default only if *carrier*
            is `os.environ`.
    """
    fields: dict[str, str] = {}
    context, _ = current()
    propagate.inject(fields, _with_process_parent(context))
    own = ",".join(_baggage_entries())
    if own:
        fields[BAGGAGE] = f"{fields[BAGGAGE]},{own}" if fields.get(BAGGAGE) else own
    is_environment = carrier is os.environ if environment is None else environment
    for name, value in fields.items():
        carrier[name.upper() if is_environment else name] = value
    return carrier


def extract(carrier: Mapping[str, Any]) -> Remote:
    """Return a scope in which the trace and the attributes that *carrier* brings hold: `with extract(headers):`.

    Attributes come back with the catalogue's types. Keys that are not allowed, values that are too long or of a wrong
    type are ignored, and nothing overrides what the code has bound.

    Args:
        carrier: headers of a request (any spelling of their names), or an environment.
    """
    return Remote(*_read(carrier))


def adopt_environment(environ: Mapping[str, str]) -> None:
    """Take trace and attributes that a parent process left in *environ* as this process's defaults."""
    if not any(name.upper() in environ for name in _VARIABLES):
        return
    parent, attributes = _read({name: environ[name.upper()] for name in _VARIABLES if name.upper() in environ})
    runtime.process_parent = parent
    runtime.process_attributes = {**attributes, **runtime.process_attributes}


class Remote(Scope):
    """What another process sent, current in this block."""

    def __init__(self, parent: trace.Span | None, attributes: Mapping[str, Any]) -> None:
        self._parent = parent
        self._attributes = attributes
        self._attachment: Attachment | None = None

    def per_call(self, _function: Callable[..., Any]) -> Make:
        return lambda _call: Remote(self._parent, self._attributes)

    def open(self) -> None:
        bound = bound_attributes()
        self._attachment = Attachment({key: value for key, value in self._attributes.items() if key not in bound})

    def attach(self) -> None:
        if self._attachment is not None:
            self._attachment.attach(self._parent)

    def step_out(self) -> None:
        if self._attachment is not None:
            self._attachment.step_out()

    def close(self, _error: BaseException | None) -> None:
        if self._attachment is not None:
            self._attachment.detach()


def _with_process_parent(context: Context) -> Context:
    if runtime.process_parent is None or trace.get_current_span(context).get_span_context().is_valid:
        return context
    return trace.set_span_in_context(runtime.process_parent, context)


def _baggage_entries() -> Iterator[str]:
    bound = bound_attributes()
    for key in allowed_keys:
        value = bound.get(key)
        if isinstance(value, bool):
            value = "true" if value else "false"
        if isinstance(value, (str, int, float)) and len(str(value)) <= _MAX_VALUE:
            yield f"{quote(key, safe='')}={quote(str(value), safe='')}"


def _read(carrier: Mapping[str, Any]) -> tuple[trace.Span | None, dict[str, Any]]:
    try:
        headers = {str(name).lower(): value for name, value in carrier.items() if str(name).lower() in _VARIABLES}
    except Exception:
        runtime.capture.accounts.problems.add("bad_carrier")
        return None, {}
    headers = {name: value for name, value in headers.items() if isinstance(value, str) and len(value) <= _MAX_HEADER}
    span = trace.get_current_span(_extract_trace(headers))
    return (span if span.get_span_context().is_valid else None), dict(_typed(headers.get(BAGGAGE, "")))


def _extract_trace(headers: Mapping[str, str]) -> Context:
    from opentelemetry.context import Context

    return propagate.extract(headers, Context())


def _typed(header: str) -> Iterator[tuple[str, Any]]:
    known = catalog.current()
    for entry in header.split(",")[:_MAX_ENTRIES]:
        key, has_value, text = entry.partition(";")[0].partition("=")
        key, text = unquote(key.strip()), unquote(text.strip())
        if not has_value or key not in allowed_keys or not text.isprintable() or len(text) > _MAX_VALUE:
            continue
        definition = known.attribute(key)
        value = _parse(text, definition.type if definition is not None else "string")
        if value is not None:
            yield key, value


def _parse(text: str, kind: str) -> bool | int | float | str | None:
    try:
        if kind == "int":
            number = int(text) if len(text) < 20 else None
            return number if number is not None and -(2**63) <= number < 2**63 else None
        if kind == "double":
            return float(text)
    except ValueError:
        return None
    if kind == "boolean":
        return {"true": True, "false": False}.get(text.lower())
    return text or None
