"""Capture: what happens on the caller's thread when a program says that something happened."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from enum import Enum
from time import time_ns
from typing import TYPE_CHECKING, Any

from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY, get_current
from opentelemetry.trace.propagation import _SPAN_KEY

from otel_events import catalog, runtime
from otel_events.context import current_in
from otel_events.errors import StrictModeError
from otel_events.event import DEFAULT_SCOPE, CapturedException, InstrumentationScope
from otel_events.values import IMMUTABLE, estimate, freeze

if TYPE_CHECKING:
    from otel_events.event import Draft

_LARGE_TEXT = 1024  # characters; from here on a string weighs in the queue's bound
_MAX_EXCEPTION_MESSAGE = 64 * 1024
_MAX_NAME = 256


class Emitter:
    """Emits events under one instrumentation scope; the package's own `emit` is one of these."""

    __slots__ = ("_scope",)

    def __init__(self, scope: InstrumentationScope) -> None:
        self._scope = scope

    def emit(  # noqa: C901, PLR0912  # the hot path: a call costs as much as the work in it
        self,
        event: Any,
        message_or_attributes: str | Mapping[str, Any] | None = None,
        /,
        *,
        severity: int | str | None = None,
        timestamp: Any = None,
        exception: Any = None,
        attributes: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> None:
        """Say that something happened. Never raises, never waits.

        Args:
            event: its name, dotted (`evidence.added`); a member of an Enum of names; or an instance of a class made
                with `define`, which brings its attributes.
            message_or_attributes: a string is the message; a mapping is attributes. Without a message the
                definition's message, or a string attribute `message`, serves as body.
            severity: OpenTelemetry's number, its name, or a logging word; else the definition's, else INFO.
            timestamp: when it happened, if not now: a datetime, seconds since the epoch as float, nanoseconds as int.
            exception: an exception, or True for the one being handled.
            attributes: more attributes, for keys that are no keywords.
            **fields: attributes. One trailing underscore is dropped (`from_`); None removes a bound attribute.
        """
        try:
            context = get_current()
            bound = owner = None
            if context:
                context, binding = current_in(context)
                if binding is not None:
                    bound = binding.merged
                    owner = binding.owner
                if context.get(_SUPPRESS_INSTRUMENTATION_KEY):
                    runtime.capture.accounts.dropped.add("suppressed")
                    return
            message = message_or_attributes
            weight = 0
            for value in fields.values():
                kind = type(value)
                if kind is str:
                    if len(value) > _LARGE_TEXT:
                        weight += len(value)
                elif kind not in IMMUTABLE:
                    weight = _freeze_in_place(fields)
                    break
            if type(event) is not str or attributes is not None or (message is not None and type(message) is not str):
                event, message, attributes = _sort_out(event, message, attributes)
                weight += _freeze_in_place(attributes)
            if owner is not None and event in runtime.closing_names:
                fields = owner.close_by_hand(event, {**(attributes or {}), **fields})
            capture = runtime.capture
            draft = (
                next(capture.sequence),
                time_ns(),
                event,
                message,
                severity,
                timestamp,
                exception if exception is None else capture_exception(exception),
                attributes,
                fields,
                bound,
                runtime.process_attributes,
                context,
                self._scope,
            )
            if runtime.strict is not None:
                runtime.strict(draft)
            if context:
                span = context.get(_SPAN_KEY)
                if span is not None and span.is_recording():  # type: ignore[attr-defined]  # the key holds spans only
                    runtime.copy_to_span(span, draft)
            capture.put(draft, event, weight)
        except StrictModeError:
            raise
        except Exception:
            # Nothing that an event holds may break the program that tells of it.
            runtime.capture.accounts.dropped.add("emit_failed")


def _freeze_in_place(attributes: dict[str, Any]) -> int:
    """Detach every value from what the program may still change; return what they weigh beyond an ordinary draft."""
    weight = 0
    for key, value in attributes.items():
        if type(value) not in IMMUTABLE:
            frozen = attributes[key] = freeze(value)
            weight += estimate(frozen)
        elif type(value) is str and len(value) > _LARGE_TEXT:
            weight += len(value)
    return weight


def _sort_out(event: Any, message: Any, attributes: Any) -> tuple[str, str | None, dict[str, Any]]:
    """Return name, message and attributes of a call that said more than a name and keywords."""
    own: dict[str, Any] = {}
    if type(event) is not str:
        event, own = identify(event)
    if isinstance(message, Mapping):
        own.update(_copy(message))
        message = None
    elif message is not None and not isinstance(message, str):
        message = str(freeze(message))
    if attributes is not None:
        own.update(_copy(attributes))
    return event, message, own


def _copy(attributes: Any) -> dict[str, Any]:
    try:
        return {key if type(key) is str else str(freeze(key)): value for key, value in attributes.items()}
    except Exception:
        # A mapping that breaks, or no mapping at all: the event goes without it, and says what it could not bring.
        runtime.capture.accounts.problems.add("bad_attributes")
        return {"attributes": attributes}


def identify(event: Any) -> tuple[str, dict[str, Any]]:
    """Return the name that *event* means, and the attributes it brings: a typed event has some, a name has none."""
    if isinstance(event, Enum):
        event = event.value if isinstance(event.value, str) else event.name
    if isinstance(event, str):
        return str.__str__(event), {}
    definition = getattr(type(event), "__otel_event__", None)
    if definition is not None:
        return definition.name, event_attributes(event)
    runtime.capture.accounts.problems.add("bad_name")
    return str(freeze(event))[:_MAX_NAME], {}


def event_attributes(event: Any) -> dict[str, Any]:
    """Return the attributes of an instance of a typed event, by the names they go out under."""
    return {key: getattr(event, field) for field, key in type(event).__otel_fields__}


def capture_exception(exception: Any) -> CapturedException | None:
    """Return what can be kept of *exception* (True: the one being handled), or None if there is none."""
    error = sys.exc_info()[1] if exception is True else exception
    if isinstance(error, tuple) and len(error) == 3:  # as `sys.exc_info()` gives it
        error = error[1]
    if not isinstance(error, BaseException):
        if error is not None:
            runtime.capture.accounts.problems.add("bad_exception")
        return None
    return CapturedException(exception_type(error), _message_of(error), error, error.__traceback__)


def exception_type(error: BaseException) -> str:
    """Return the qualified name of the exception's class, as `exception.type` and `error.type` want it."""
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _message_of(error: BaseException) -> str:
    try:
        return str(error)[:_MAX_EXCEPTION_MESSAGE]
    except Exception:
        return f"<unprintable {type(error).__name__}>"


def refuse_departures(draft: Draft) -> None:
    """Raise if the event of *draft* is unknown to the catalogue or departs from its definition; for strict mode.

    Raises:
        StrictModeError: it does.
    """
    name, given, fields = draft[2], draft[7], draft[8]
    definition = catalog.current().find(name)
    if definition is None:
        raise StrictModeError(f"event '{name}' is not in the catalogue; define it, or correct its name")
    if departures := catalog.check(definition, {**(draft[9] or {}), **(given or {}), **(fields or {})}):
        raise StrictModeError(f"event '{name}': {'; '.join(departures)}")


def get_emitter(name: str, version: str = "", *, schema_url: str = "") -> Emitter:
    """Return an emitter whose events carry *name* and *version* as their instrumentation scope.

    For a library's own instrumentation; a program uses `emit`.
    """
    return Emitter(InstrumentationScope(name, version, schema_url))


emit = Emitter(DEFAULT_SCOPE).emit
