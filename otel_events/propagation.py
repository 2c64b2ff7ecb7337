"""Across processes: trace, correlation and their types, through headers and the environment."""

from __future__ import annotations

import math
import os
import re
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from opentelemetry import trace
from opentelemetry.context import Context

from otel_events import catalog, runtime
from otel_events.binding import Attachment, bind_process, current
from otel_events.context import CORRELATION, BindingScope, bound_attributes, known_attributes
from otel_events.tracing import with_process_parent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping

    from opentelemetry.propagators.textmap import TextMapPropagator
    from opentelemetry.trace import Span
    from typing_extensions import Self

BAGGAGE = "baggage"
_W3C = ("traceparent", "tracestate", BAGGAGE)
_MAX_HEADER = 8192  # characters; the W3C's baggage specification bounds so what must be passed on
_MAX_ENTRIES = 64
_MAX_VALUE = 256  # characters; a correlation value is an id or a name
_MAX_FIELDS = 10_000  # headers or variables of one carrier
_INT = re.compile(r"-?[0-9]{1,19}")

# Which bound attributes may travel. `configure(baggage_keys=...)` replaces it.
allowed_keys: tuple[str, ...] = tuple(CORRELATION)


def _as_it_is(_key: str, value: Any) -> Any:
    return value


# Takes secrets out of what a key names: the guard of the process's events. Put here by `process`.
without_secrets: Callable[[str, Any], Any] = _as_it_is


def inject(carrier: MutableMapping[str, str], *, environment: bool | None = None) -> MutableMapping[str, str]:
    """Write the trace and the bound attributes that hold here into *carrier* and return it.

    Bound attributes leave the process by this call alone, and of them only the correlation attributes (or those of
    `configure(baggage_keys=...)`): as W3C baggage, percent-encoded. What `OTEL_PROPAGATORS` leaves out is not written, nor
    what the redaction of events takes for a secret.

    Args:
        carrier: headers of a request, or the environment of a child process.
        environment: write `TRACEPARENT`, `TRACESTATE` and `BAGGAGE` instead of headers; by default only if *carrier*
            is `os.environ`. A child process that uses this package understands either.
    """
    is_environment = carrier is os.environ if environment is None else environment
    try:
        for name, value in _fields_to_send().items():
            carrier[re.sub(r"\W", "_", name).upper() if is_environment else name] = value
    except Exception:
        runtime.capture.accounts.problems.add("bad_carrier")
    return carrier


def extract(carrier: Mapping[str, Any]) -> Remote:
    """Return a scope in which the trace and the attributes hold that *carrier* brings.

    Attributes come back with the catalogue's types. Keys that are not allowed, values that are too long or of a wrong
    type are ignored, and nothing overrides what the code has bound. A span of the same trace that is active already
    stays: it is nearer than the sender's.

    Args:
        carrier: headers of a request (any spelling of their names, as text or bytes), or an environment.
    """
    return Remote(*_read(carrier))


def adopt_environment(environ: Mapping[str, str]) -> None:
    """Take trace and attributes that a parent process left in *environ* as this process's defaults.

    Raises nothing, whatever is in there, and costs nothing where there is nothing.
    """
    if not any(name.upper() in environ or name in environ for name in (*_W3C, "b3", "x-b3-traceid", "X_B3_TRACEID")):
        return
    parent, attributes = _read(environ)
    runtime.process_parent = parent
    bind_process({**attributes, **runtime.process_attributes})


class Remote(BindingScope):
    """What another process sent, current in this block."""

    def __init__(self, parent: Span | None, attributes: Mapping[str, Any]) -> None:
        super().__init__()
        self._parent = parent
        self._attributes = attributes

    def copy(self) -> Self:
        return type(self)(self._parent, self._attributes)

    def open(self) -> None:
        bound = known_attributes()
        self._attachment = Attachment({key: value for key, value in self._attributes.items() if key not in bound})
        here = trace.get_current_span(self._attachment.binding.outer).get_span_context()
        is_nearer = self._parent is not None and here.trace_id == self._parent.get_span_context().trace_id
        self._attachment.attach(None if is_nearer else self._parent)


def _textmap() -> TextMapPropagator:
    """Return the process's propagator: what `OTEL_PROPAGATORS` says, unless the program has set another."""
    try:
        # Here, because with a propagator that is not installed this import fails.
        from opentelemetry.propagate import get_global_textmap
    except Exception:
        runtime.capture.accounts.problems.add("bad_propagators")
        return _w3c()
    return get_global_textmap()


@lru_cache(maxsize=1)
def _w3c() -> TextMapPropagator:
    from opentelemetry.baggage.propagation import W3CBaggagePropagator
    from opentelemetry.propagators.composite import CompositePropagator
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return CompositePropagator([TraceContextTextMapPropagator(), W3CBaggagePropagator()])


# -- sending -------------------------------------------------------------------------------------------------------


def _fields_to_send() -> dict[str, str]:
    fields: dict[str, str] = {}
    textmap = _textmap()
    context, _ = current()
    textmap.inject(fields, with_process_parent(context))
    own = ",".join(_baggage_entries()) if BAGGAGE in textmap.fields else ""
    if own:
        fields[BAGGAGE] = f"{fields[BAGGAGE]},{own}" if fields.get(BAGGAGE) else own
    return fields


def _baggage_entries() -> Iterator[str]:
    bound = bound_attributes()
    for key in allowed_keys:
        text = _safe_text(key, bound.get(key))
        if text is not None and len(text) <= _MAX_VALUE:
            yield f"{quote(key, safe='')}={quote(text, safe='', errors='replace')}"


def _safe_text(key: str, value: Any) -> str | None:
    """Return *value* as text, None if it is none or a secret: a marker in its place would correlate nothing."""
    if not isinstance(value, (str, int, float)):
        return None
    try:
        clean = without_secrets(key, value)
    except Exception:
        # A guard of the program's own; what nobody could look through stays here.
        runtime.capture.accounts.problems.add("redaction_failed")
        return None
    if clean is not value and clean != value:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


# -- receiving -----------------------------------------------------------------------------------------------------


def _read(carrier: Any) -> tuple[Span | None, dict[str, Any]]:
    """Return the span and the attributes that *carrier* brings, if it brings some."""
    try:
        textmap = _textmap()
        headers = _headers(carrier, {_plain(name): name for name in textmap.fields})
        span = trace.get_current_span(textmap.extract(headers, Context()))
        return (span if span.get_span_context().is_valid else None), dict(_typed(headers.get(BAGGAGE, "")))
    except Exception:
        runtime.capture.accounts.problems.add("bad_carrier")
        return None, {}


def _headers(carrier: Any, wanted: Mapping[str, str]) -> dict[str, str]:
    """Return the *wanted* headers of *carrier*, under their proper names."""
    headers: dict[str, str] = {}
    pairs: Iterable[Any] = carrier.items() if hasattr(carrier, "items") else carrier
    for name, value in islice(pairs, _MAX_FIELDS):
        proper = wanted.get(_plain(name))
        text = _text(value[0] if isinstance(value, (list, tuple)) and value else value)
        if proper is not None and text is not None and len(text) <= _MAX_HEADER:
            headers[proper] = text
    return headers


def _plain(name: Any) -> str:
    """Return *name* without what spellings of headers and variables differ in, WSGI's `HTTP_` included."""
    text = _text(name)
    return "" if text is None else text[:64].lower().replace("_", "-").removeprefix("http-")


def _text(value: Any) -> str | None:
    if isinstance(value, bytes):
        return value[: _MAX_HEADER + 1].decode("latin-1")
    return value if isinstance(value, str) else None


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
    if kind == "int":
        number = int(text) if _INT.fullmatch(text) else None
        return number if number is not None and -(2**63) <= number < 2**63 else None
    if kind == "double":
        try:
            fraction = float(text)
        except ValueError:
            return None
        return fraction if math.isfinite(fraction) else None
    if kind == "boolean":
        return {"true": True, "false": False}.get(text.lower())
    return text or None
