"""Lines of usual events, put together of pieces that many of them share."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from otel_events.event import CORRELATION, Event
from otel_events.ledger.instants import second_text

if TYPE_CHECKING:
    from collections.abc import Mapping

_MAX_SCOPES = 64  # mappings of bound attributes, and scopes
_MAX_FACTS = 256  # of one of them: names, traces, flags
_LAST_SECOND = 253_402_300_800  # where the calendar ends
_PLAIN = frozenset({str, int, bool, type(None)})
_CORRELATION = frozenset(CORRELATION)
_FACTS = attrgetter(
    *("name", "severity", "severity_text", "trace_id", "span_id", "trace_flags", "dropped_attributes", "given_name")
)


class Around(Protocol):
    """Gives what stands on an event's line around its message, its uid and its attributes."""

    def __call__(self, event: Event, /) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any], Mapping[str, Any]]:
        """Return what stands between time and message, between message and uid, and behind the attributes.

        And the bound attributes that stand among the event's own.
        """


class QuickLines:
    """Writes the line of an event that differs from others in little but time, message, uid and its own attributes.

    Args:
        service: the writing program's `service.name`.
        around: asked once for many events.
    """

    def __init__(self, service: str, around: Around) -> None:
        self._around = around
        self._before_attributes = b',"service":' + orjson.dumps(service) + b',"attributes":'
        # By identity, and kept beside what is known of them, so that it cannot pass to others.
        self._known: dict[tuple[int, int], _Known] = {}
        # What the event before had, as one often has the same.
        self._last = _Known(Event("", 0, 0))
        self._second = (-1, b"")

    def encode(self, event: Event) -> bytes | None:
        """Return the line of *event*; None, or an error, where it has to be written the long way."""
        timestamp, own, body = event.timestamp, event.attributes, event.body
        if event.observed_timestamp != timestamp or event.resource is not None or type(body) is not str:
            return None
        if not event.uid or not _CORRELATION.isdisjoint(own):
            return None
        for value in own.values():
            kind = type(value)
            # NaN and the infinities are the only floats that are not themselves less themselves.
            if kind not in _PLAIN and not (kind is float and value - value == 0.0):  # type: ignore[operator]
                return None
        seconds, fraction = divmod(timestamp, 1_000_000_000)
        if not 0 <= seconds < _LAST_SECOND:
            return None
        last, second = self._last, self._second
        if last.bound is not event.bound or last.scope is not event.scope:
            last = self._last = self._known.get((id(event.bound), id(event.scope))) or self._learn(event)
        if second[0] != seconds:
            second = self._second = (seconds, b'{"time":"%b.' % second_text(seconds))
        fact = _FACTS(event)
        pieces = last.pieces.get(fact) or self._learn_pieces(last, fact, event)
        if last.others:
            own = {**own, **last.others, **own}
        # fmt: off
        return b"".join((
            second[1], b'%09dZ","unix":' % fraction, orjson.dumps(timestamp / 1e9), pieces[0],
            orjson.dumps(body), pieces[1], orjson.dumps(event.uid), self._before_attributes, orjson.dumps(own), pieces[2],
        ))
        # fmt: on

    def _learn(self, event: Event) -> _Known:
        if len(self._known) >= _MAX_SCOPES:
            self._known.clear()
        known = self._known[id(event.bound), id(event.scope)] = _Known(event)
        return known

    def _learn_pieces(self, known: _Known, fact: Any, event: Event) -> tuple[bytes, bytes, bytes]:
        before, between, behind, known.others = self._around(event)
        if len(known.pieces) >= _MAX_FACTS:
            known.pieces.clear()
        pieces = known.pieces[fact] = (
            b"," + _inside(before) + b',"message":',
            (b"," + _inside(between) if between else b"") + b',"uid":',
            (b"," + _inside(behind) if behind else b"") + b"}\n",
        )
        return pieces


class _Known:
    """What is known of the events that share bound attributes and scope."""

    __slots__ = ("bound", "others", "pieces", "scope")

    def __init__(self, event: Event) -> None:
        self.bound = event.bound
        self.scope = event.scope
        self.others: Mapping[str, Any] = {}
        self.pieces: dict[Any, tuple[bytes, bytes, bytes]] = {}


def _inside(mapping: Mapping[str, Any]) -> bytes:
    return orjson.dumps(mapping)[1:-1]
