"""Let the program's own hooks change or drop events, and let none of them stop delivery."""

from __future__ import annotations

import time
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from otel_events.event import Event, parse_severity
from otel_events.values import clean, clean_text, freeze

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from otel_events.accounting import Accounts
    from otel_events.notices import Notices

_SLOW = 0.1  # seconds for one event: ten a second is less than any program emits
_PLAIN = frozenset({str, int, float, bool, bytes, type(None)})


class BeforeEmit:
    """Call each hook with each event, on the pipeline's thread, before anything else looks at it.

    A hook returns the event, changed or not, or None to drop it. If it raises or returns something else, the event goes
    on as it was before that hook; that is counted and told. So is a slow one.
    """

    def __init__(
        self, hooks: Sequence[Callable[[Event], Any]], accounts: Accounts, notices: Notices, slow: float = _SLOW
    ) -> None:
        self._hooks = tuple(hooks)
        self._accounts = accounts
        self._notices = notices
        self._slow = slow

    def __call__(self, events: list[Event]) -> list[Event]:
        for hook in self._hooks:
            events = [after for event in events if (after := self._call(hook, event)) is not None]
        return events

    def _call(self, hook: Callable[[Event], Any], event: Event) -> Event | None:
        # A hook may change what it is given before it fails, and others share what is bound.
        shared = MappingProxyType(event.bound)
        given = replace(event, attributes=freeze(event.attributes), bound=shared)  # type: ignore[arg-type]
        began = time.monotonic()
        try:
            returned = hook(given)
            after = None if returned is None else _mended(returned, event.bound, shared)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # one that exits must not end the thread, nor take the batch with it
            self._accounts.problems.add("before_emit_failed")
            self._notices.warn(
                f"before_emit_failed:{_name_of(hook)}",
                f"the before_emit hook {_name_of(hook)} failed, and the event went on unchanged: {_kind_of(error)}",
            )
            return event
        if time.monotonic() - began > self._slow:
            self._accounts.problems.add("before_emit_slow")
            self._notices.warn(
                f"before_emit_slow:{_name_of(hook)}",
                f"the before_emit hook {_name_of(hook)} took more than {self._slow:g} s for an event; all others wait",
            )
        if after is None:
            self._accounts.dropped.add("before_emit")
        return after


def _mended(event: object, shared: Mapping[str, Any], given: Mapping[str, Any]) -> Event:
    """Return *event* with nothing in it but what can be encoded, whatever a hook put there."""
    if not isinstance(event, Event):
        raise TypeError(f"a before_emit hook must return an Event or None, not {type(event).__name__}")
    event.attributes = {_text(key): _value(value) for key, value in event.attributes.items()}
    event.bound = shared if event.bound is given else {_text(key): _value(value) for key, value in event.bound.items()}
    event.name = _text(event.name)
    event.body = _value(event.body)
    severity = parse_severity(event.severity)
    if severity is None:
        raise ValueError("a before_emit hook set a severity that is none; see Severity")
    if severity != event.severity:
        event.severity, event.severity_text = severity, severity.name
    return event


def _value(value: Any) -> Any:
    return clean(value) if type(value) in _PLAIN else freeze(value)


def _text(value: Any) -> str:
    return clean_text(value if type(value) is str else str(value))


def _name_of(hook: object) -> str:
    return str(getattr(hook, "__qualname__", type(hook).__name__))[:80]


def _kind_of(error: BaseException) -> str:
    # A TypeError of ours, or of the hook's own signature, says what to mend; other messages may quote the event.
    return str(error) if isinstance(error, TypeError) else type(error).__name__
