"""Capture: what happens on the caller's thread when a program says that something happened."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import wraps
from time import time_ns
from typing import TYPE_CHECKING, Any, TypeVar, cast

from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY
from opentelemetry.trace.propagation import _SPAN_KEY

from otel_events import catalog, runtime
from otel_events.binding import Onlooker, close_by_hand, current_in, get_context
from otel_events.context import attribute_name, frozen
from otel_events.definition import event_attributes
from otel_events.errors import StrictModeError
from otel_events.event import DEFAULT_SCOPE, InstrumentationScope
from otel_events.exception_snapshot import capture_exception, weight_of
from otel_events.interrupts import is_interrupt
from otel_events.values import clean, estimate, freeze

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from opentelemetry.context import Context

    from otel_events.binding import Binding
    from otel_events.event import CapturedException, Draft
    from otel_events.runtime import Capture

_Said = TypeVar("_Said", bound="Callable[..., None]")

_LARGE = 1024  # characters or bytes; from here on a value weighs in the queue's bound
_MAX_NAME = 256
_OPTIONS = frozenset(("severity", "timestamp", "exception", "attributes"))


def _emit(self: Any, event: Any, message: Any = None, /, **fields: Any) -> None:  # noqa: C901, PLR0912  # the hot path
    """Do what `Emitter.emit` says.

    Without its options in the signature: Python would compare each keyword of a call with each of them, which is a fifth of
    what the call costs. Nor does it look for them, which is a tenth: a plain one looks like an attribute, and is left among
    these for the pipeline to find.
    """
    try:
        context: Any = get_context()
        seen = self._last
        if seen.here is not context:
            seen = self._look_around(context)
            if seen is None:
                runtime.capture.accounts.dropped.add("suppressed")
                return
        for value in fields.values():
            kind = type(value)
            if kind is str:
                if len(value) <= _LARGE:
                    continue
            # `exception=True` is the one being handled, which has to be looked at now.
            elif kind is int or kind is float or value is None or (kind is bool and "exception" not in fields):
                continue
            given, more, weight = _look_closer(fields)
            break
        else:
            given = more = None
            weight = 0
        if message is not None or given is not None or type(event) is not str:
            event, message, given, extra = _sort_out(event, message, given)
            weight += extra
        if seen.is_in_task and event in runtime.closing_names:
            given = _close_by_hand(seen.link, event, given or {}, fields)
        capture = runtime.capture
        # fmt: off
        draft = (
            next(capture.sequence), time_ns(), event, message, given, fields, more, seen.context, seen.around,
        )
        # fmt: on
        # What `_put` would do with nearly all of them, without the call.
        if weight or not capture.is_plain or len(capture.items) >= capture.room:
            _put(capture, draft, event, weight)
        else:
            capture.items.append(draft)
            if capture.asleep:
                capture.wake()
        span = seen.span
        if span is not None:
            runtime.copy_to_span(span, draft)
    except StrictModeError:
        raise
    except Exception as error:
        if is_interrupt(error):
            raise
        # Nothing that an event holds may break the program that tells of it.
        runtime.capture.accounts.dropped.add("emit_failed")


def _look_closer(fields: dict[str, Any]) -> tuple[Any, tuple[Any, Any, Any] | None, int]:
    """Take the options out of keywords that are not all plain and short; return `attributes`, the others, and the weight."""
    given, more = _take_options(fields)
    weight = _freeze_in_place(fields)
    if more is not None and more[2] is not None:
        weight += _weigh(more[2])
    return given, more, weight


def _weigh(exception: CapturedException) -> int:
    """Return what it weighs beyond an ordinary draft."""
    weight = weight_of(exception)
    return weight if weight > _LARGE else 0


def _take_options(fields: dict[str, Any]) -> tuple[Any, tuple[Any, Any, Any] | None]:
    """Take out of keywords those that are no attributes; return the attributes among them, and the rest if any is said."""
    given = fields.pop("attributes", None)
    severity, timestamp, exception = (fields.pop(option, None) for option in ("severity", "timestamp", "exception"))
    if severity is None and timestamp is None and exception is None:
        return given, None
    return given, (frozen(severity), frozen(timestamp), None if exception is None else _capture(exception))


def has_options(keys: Iterable[str]) -> bool:
    """Tell whether `emit` has left options among keywords of these names: then `sorted_out` finds them."""
    return not _OPTIONS.isdisjoint(keys)


def sorted_out(draft: Draft) -> Draft:
    """Return *draft* with the options where they belong that `emit` has left among its keywords: plain ones, and none of weight."""
    fields = draft[5]
    if not fields or not has_options(fields):
        return draft
    fields = fields.copy()  # a copy for a span may have the same
    given, more = _take_options(fields)
    own = draft[4] if given is None else {**(draft[4] or {}), **_copy(given)}
    return (*draft[:4], own, fields, more, *draft[7:])


def _close_by_hand(link: Binding, event: str, given: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    return {**close_by_hand(link, event, {**given, **fields}), **given}


def _put(capture: Capture, draft: Draft, event: str, weight: int) -> None:
    """Put *draft* on its way; raise what strict mode has against it."""
    if not capture.is_plain and draft[5] and has_options(draft[5]):
        draft = sorted_out(draft)
    if capture.strict is not None and event:  # a plain log record is none that the catalogue could know
        capture.strict(draft)
    capture.put(draft, event, weight)


def _done_by(quick: Callable[..., None]) -> Callable[[_Said], _Said]:
    """Let *quick* do what the decorated method says, under its name, its signature and its docstring."""

    def replace(said: _Said) -> _Said:
        return cast("_Said", wraps(said)(quick))

    return replace


class Emitter(Onlooker):
    """Emits events under one instrumentation scope; the package's own `emit` is one of these."""

    __slots__ = ()

    @_done_by(_emit)
    def emit(
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
        """Say that something happened. Never raises, but what a signal handler of the program raises meanwhile; never waits.

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


def emit_own(
    name: str,
    attributes: dict[str, Any],
    context: Context,
    bound: Mapping[str, Any] | None,
    *,
    severity: int | None = None,
    exception: Any = None,
) -> None:
    """Put an event that opens or closes a scope on its way, as `emit` does, and with less to find out.

    Args:
        name: its name.
        attributes: its own, and nobody else's from now on.
        context: in which it happens, without scopes that have ended.
        bound: what is bound there.
        severity: if not the definition's.
        exception: what it tells of.
    """
    capture = runtime.capture
    try:
        if context.get(_SUPPRESS_INSTRUMENTATION_KEY):
            capture.accounts.dropped.add("suppressed")
            return
        weight = _freeze_in_place(attributes)
        captured = None if exception is None else _capture(exception)
        more = None if severity is None and captured is None else (severity, None, captured)
        if captured is not None:
            weight += _weigh(captured)
        around = (bound, runtime.process_attributes, DEFAULT_SCOPE)
        draft = (next(capture.sequence), time_ns(), name, None, attributes, None, more, context, around)
        if weight or not capture.is_plain or len(capture.items) >= capture.room:
            _put(capture, draft, name, weight)
        else:
            capture.items.append(draft)
            if capture.asleep:
                capture.wake()
        span: Any = context.get(_SPAN_KEY)
        if span is not None:
            runtime.copy_to_span(span, draft)
    except StrictModeError:
        raise
    except Exception as error:
        if is_interrupt(error):
            raise
        capture.accounts.dropped.add("emit_failed")


def capture_log_record(
    name: Any,
    message: Any,
    severity: tuple[int, str] | None,
    *,
    timestamp: int,
    exception: CapturedException | None,
    attributes: dict[str, Any],
    context: Context,
    scope: InstrumentationScope,
) -> int:
    """Put what a bridge or a drop-in was given on the way of events; return its number. May raise what its parts raise.

    Args:
        name: what `emit` takes for an event; empty for a plain log record, which no catalogue knows.
        message: the display string, or None.
        severity: OpenTelemetry's number, and the source's word for it; None for the definition's.
        timestamp: when the record was made, nanoseconds since the epoch.
        exception: what it tells of.
        attributes: its own.
        context: of the log call, which may have been on another thread.
        scope: who logged.
    """
    context, link = current_in(context)
    event, message, own, weight = _sort_out(name, message, attributes)
    if link is not None and event in runtime.closing_names:
        own = _close_by_hand(link, event, own or {}, {})
    around = (link.merged if link is not None else None, runtime.process_attributes, scope)
    capture = runtime.capture
    number = next(capture.sequence)
    more = None if severity is None and exception is None else (severity, None, exception)
    if exception is not None:
        weight += _weigh(exception)
    draft = (number, timestamp, event, message, own, None, more, context, around)
    _put(capture, draft, event, weight)
    span: Any = context.get(_SPAN_KEY) if event else None
    if span is not None:
        runtime.copy_to_span(span, draft)
    return number


def _freeze_in_place(attributes: dict[str, Any]) -> int:
    """Detach every value from what the program may still change; return what they weigh beyond an ordinary draft."""
    weight = 0
    for key, value in attributes.items():
        kind = type(value)
        if kind is str or kind is bytes:
            weight += len(value) if len(value) > _LARGE else 0
        elif kind is int or kind is float or kind is bool or value is None:
            continue
        elif (kept := frozen(value)) is not value:
            attributes[key] = kept
            weight += estimate(kept)
    return weight


def _sort_out(event: Any, message: Any, attributes: Any) -> tuple[str, str | None, dict[str, Any] | None, int]:
    """Return name, message, attributes and their weight, of a call that said more than a name and keywords."""
    own: dict[str, Any] = {}
    if type(event) is not str:
        event, own = _identify(event)
    if message is not None and type(message) is not str:
        if type(message) is dict or _is_a(message, Mapping):
            own = {**own, **_copy(message)} if own else _copy(message)
            message = None
        elif _is_a(message, str):
            message = str.__str__(message)
        else:
            message = str(freeze(message))
    if attributes is not None:
        own = {**own, **_copy(attributes)}
    weight = _freeze_in_place(own) if own else 0
    if message is not None and len(message) > _LARGE:
        weight += len(message)
    return event, message, own or None, weight


def _copy(attributes: Any) -> dict[str, Any]:
    """Return a mapping of our own with the same values, and with strings for keys."""
    if type(attributes) is dict:
        copied = attributes.copy()  # at once: another thread may be changing it
        for key in copied:
            if type(key) is not str:
                return {key if type(key) is str else str(freeze(key)): value for key, value in copied.items()}
        return copied
    copy = freeze(attributes)
    if type(copy) is dict and _is_a(attributes, Mapping):
        return copy
    # A mapping that breaks, or no mapping at all: the event says what it could not bring.
    runtime.capture.accounts.problems.add("bad_attributes")
    return {"attributes": copy}


def _identify(event: Any) -> tuple[str, dict[str, Any]]:
    """Return the name that *event* means, and the attributes it brings: a typed event has some, a name has none."""
    try:
        if _is_a(event, Enum):
            return catalog.event_name_of(event), {}
        if _is_a(event, str):
            return str.__str__(event), {}
        definition = getattr(event if _is_a(event, type) else type(event), "__otel_event__", None)
        if definition is not None:
            return definition.name, {} if _is_a(event, type) else event_attributes(event)
    except Exception:  # noqa: S110  # counted below
        pass
    runtime.capture.accounts.problems.add("bad_name")
    return str(freeze(event))[:_MAX_NAME], {}


def _capture(exception: Any) -> CapturedException | None:
    captured = capture_exception(exception)
    if captured is None and exception is not True:
        runtime.capture.accounts.problems.add("bad_exception")
    return captured


def _is_a(value: object, kind: type) -> bool:
    """Do what isinstance does, without asking the value what it would like to be."""
    try:
        return issubclass(type(value), kind)
    except Exception:  # a metaclass of the program's
        return False


def refuse_departures(draft: Draft) -> None:
    """Raise if the event of *draft* is unknown to the catalogue or departs from its definition; for strict mode.

    Raises:
        StrictModeError: it does.
    """
    name, given, fields = draft[2], draft[4] or {}, draft[5] or {}
    definition = catalog.current().find(name)
    if definition is None:
        raise StrictModeError(f"event '{name}' is not in the catalogue; define it, or correct its name")
    keywords = {attribute_name(key): value for key, value in fields.items()}
    bound, defaults, _ = draft[8]
    known = {**defaults, **(bound or {}), **given, **keywords}
    if departures := catalog.check(definition, {key: clean(value) for key, value in known.items()}):
        raise StrictModeError(f"event '{name}': {'; '.join(departures)}")


def get_emitter(name: str, version: str = "", *, schema_url: str = "") -> Emitter:
    """Return an emitter whose events carry *name* and *version* as their instrumentation scope.

    For a library's own instrumentation; a program uses `emit`.
    """
    words = (name, version, schema_url)
    name, version, schema_url = (word if type(word) is str else str(freeze(word)) for word in words)
    return Emitter(InstrumentationScope(name, version, schema_url))


emit = Emitter(DEFAULT_SCOPE).emit
