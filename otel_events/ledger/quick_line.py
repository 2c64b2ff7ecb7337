"""Lines of usual events, put together of pieces that many of them share."""

from __future__ import annotations

from itertools import repeat
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from otel_events.event import CORRELATION, Event
from otel_events.ledger.instants import second_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_MAX_SCOPES = 64  # mappings of bound attributes, and scopes
_MAX_FACTS = 256  # of one of them: names, traces, flags
_LAST_SECOND = 253_402_300_800  # where the calendar ends
_SECOND = 1_000_000_000
_LINE_END = orjson.Fragment(b"\n")
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
        self._second = (-(1 << 80), b"")  # long before any
        self._middle: tuple[Any, Any, bytes] = (None, None, b"")

    def encode_all(self, events: Sequence[Event]) -> list[bytes | None]:
        """Return the line of each of *events*, None where it has to be written the long way; an error if all have to.

        What differs from line to line is encoded together, one kind of it after the other.
        """
        lines: list[bytes | None] = [None] * len(events)
        plain = _Columns()
        places = [place for place, event in enumerate(events) if self._add(event, plain)]
        if places:
            for place, line in zip(places, plain.lines(self._before_attributes), strict=True):
                lines[place] = line
        return lines

    def _add(self, event: Event, columns: _Columns) -> bool:
        """Add what stands on the line of *event* to *columns*; return False where it has to be written the long way."""
        timestamp, own, body = event.timestamp, event.attributes, event.body
        if event.observed_timestamp != timestamp or event.resource is not None or type(body) is not str:
            return False
        if not event.uid or not _CORRELATION.isdisjoint(own):
            return False
        for value in own.values():
            kind = type(value)
            # NaN and the infinities are the only floats that are not themselves less themselves.
            if kind not in _PLAIN and not (kind is float and value - value == 0.0):  # type: ignore[operator]
                return False
        second = self._second
        if not 0 <= (fraction := timestamp - second[0]) < _SECOND:
            if not 0 <= timestamp < _LAST_SECOND * _SECOND:
                return False
            seconds, fraction = divmod(timestamp, _SECOND)
            second = self._second = (seconds * _SECOND, b'{"time":"%b.' % second_text(seconds))
        last = self._last
        if last.bound is not event.bound or last.scope is not event.scope:
            last = self._last = self._known.get((id(event.bound), id(event.scope))) or self._learn(event)
        fact = _FACTS(event)
        pieces = last.pieces.get(fact) or self._learn_pieces(last, fact, event)
        if pieces is not self._middle[0] or body is not self._middle[1]:
            self._middle = (pieces, body, pieces[0] + orjson.dumps(body) + pieces[1])
        columns.seconds.append(second[1])
        columns.fractions.append(_SECOND + fraction)
        columns.instants.append(timestamp / 1e9)
        columns.middles.append(self._middle[2])
        columns.uids.append(event.uid)
        columns.attributes.append({**own, **last.others, **own} if last.others else own)
        columns.ends.append(pieces[2])
        return True

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


class _Columns:
    """What lines consist of, beside what is the same on all of them."""

    __slots__ = ("attributes", "ends", "fractions", "instants", "middles", "seconds", "uids")

    def __init__(self) -> None:
        self.seconds: list[bytes] = []
        self.fractions: list[int] = []  # nanoseconds, with a 1 in front, for their noughts
        self.instants: list[float] = []
        self.middles: list[bytes] = []
        self.uids: list[str] = []
        self.attributes: list[Mapping[str, Any]] = []
        self.ends: list[bytes] = []

    def lines(self, before_attributes: bytes) -> Iterator[bytes]:
        """Return each line, or raise if something in them has no usual form."""
        # Apart are rows by what JSON never has in it: a line's end, and where there are no texts a comma.
        attributes: list[Any] = [_LINE_END] * (2 * len(self.attributes) - 1)
        attributes[::2] = self.attributes
        uids: list[Any] = [_LINE_END] * len(attributes)
        uids[::2] = self.uids
        columns = (
            self.seconds,
            _inside(self.fractions)[1:].split(b",1"),
            repeat(b'Z","unix":', len(self.seconds)),
            _inside(self.instants).split(b","),
            self.middles,
            _inside(uids).split(b",\n,"),
            repeat(before_attributes, len(self.seconds)),
            _inside(attributes).split(b",\n,"),
            self.ends,
        )
        return map(b"".join, zip(*columns, strict=True))


class _Known:
    """What is known of the events that share bound attributes and scope."""

    __slots__ = ("bound", "others", "pieces", "scope")

    def __init__(self, event: Event) -> None:
        self.bound = event.bound
        self.scope = event.scope
        self.others: Mapping[str, Any] = {}
        self.pieces: dict[Any, tuple[bytes, bytes, bytes]] = {}


def _inside(container: Mapping[str, Any] | list[Any]) -> bytes:
    return orjson.dumps(container)[1:-1]
