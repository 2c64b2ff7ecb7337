"""Let the program's own hooks change or drop events, and let none of them stop delivery."""

from __future__ import annotations

import time
from dataclasses import fields
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from otel_events.event import SEVERITY_WORDS, Event, parse_severity
from otel_events.interrupts import is_interrupt
from otel_events.values import clean, clean_text, freeze

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from otel_events.accounting import Accounts
    from otel_events.notices import Notices

_SLOW = 0.1  # seconds for one event: ten a second is less than any program emits
_PLAIN = frozenset({str, int, float, bool, bytes, type(None)})
_FIELDS = tuple(field.name for field in fields(Event))
_facts: Callable[[Event], tuple[Any, ...]] = attrgetter(*_FIELDS)


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
        # The hook gets the event itself, and what was in it is kept: it may change it before it fails. Nested values
        # are copied for the same reason, and others share what is bound.
        before = _facts(event)
        known, bound, severity = event.attributes, event.bound, (event.severity, event.severity_text)
        event.attributes = {key: value if type(value) in _PLAIN else freeze(value) for key, value in known.items()}
        event.bound = given = MappingProxyType(bound)
        began = time.monotonic()
        try:
            after = hook(event)
            if after is not None:
                _mend(after, known, severity)
                if after.bound is given:
                    after.bound = bound
                else:
                    after.bound = _fit(after.bound, bound)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # one that exits must not end the thread, nor take the batch with it
            if is_interrupt(error):
                raise
            _restore(event, before)
            self._tell_failure(hook, error)
            return event
        if time.monotonic() - began > self._slow:
            self._tell_slowness(hook)
        if after is None:
            self._accounts.dropped.add("before_emit")
        return after  # type: ignore[no-any-return]  # `_mend` has seen to it

    def _tell_failure(self, hook: Callable[[Event], Any], error: BaseException) -> None:
        self._accounts.problems.add("before_emit_failed")
        self._notices.warn(
            f"before_emit_failed:{_name_of(hook)}",
            f"the before_emit hook {_name_of(hook)} failed, and the event went on unchanged: {_kind_of(error)}",
        )

    def _tell_slowness(self, hook: Callable[[Event], Any]) -> None:
        self._accounts.problems.add("before_emit_slow")
        self._notices.warn(
            f"before_emit_slow:{_name_of(hook)}",
            f"the before_emit hook {_name_of(hook)} took more than {self._slow:g} s for an event; all others wait",
        )


def _restore(event: Event, facts: tuple[Any, ...]) -> None:
    for name, value in zip(_FIELDS, facts, strict=True):
        setattr(event, name, value)


def _mend(event: object, known: Mapping[str, Any], severity: tuple[int, str]) -> None:
    """Leave nothing in *event* but what can be encoded, whatever a hook put there. *known* and *severity* can be."""
    if not isinstance(event, Event):
        raise TypeError(f"a before_emit hook must return an Event or None, not {type(event).__name__}")
    event.attributes = _fit(event.attributes, known)
    event.name = _text(event.name)
    event.body = _value(event.body)
    if event.severity is not severity[0]:
        parsed = parse_severity(event.severity)
        if parsed is None:
            raise ValueError(f"a before_emit hook set a severity that is none; {SEVERITY_WORDS}")
        event.severity = parsed
        if event.severity_text == severity[1]:  # or else the hook has said it in its own words
            event.severity_text = parsed.name


def _fit(attributes: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Return *attributes* as they can be encoded: as they are, if all of them are *known* to be."""
    is_known = type(attributes) is dict and all(
        # A list: a generator would cost every event twice as much.
        [known.get(key, known) is value and type(value) in _PLAIN for key, value in attributes.items()]  # noqa: C419
    )
    return attributes if is_known else {_text(key): _value(value) for key, value in attributes.items()}  # type: ignore[return-value]


def _value(value: Any) -> Any:
    return clean(value) if type(value) in _PLAIN else freeze(value)


def _text(value: Any) -> str:
    return clean_text(value if type(value) is str else str(value))


def _name_of(hook: object) -> str:
    return str(getattr(hook, "__qualname__", type(hook).__name__))[:80]


def _kind_of(error: BaseException) -> str:
    # A TypeError of ours, or of the hook's own signature, says what to mend; other messages may quote the event.
    return str(error) if isinstance(error, TypeError) else type(error).__name__
