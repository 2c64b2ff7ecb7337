"""What an event looks like in a message: a line of the ledger, a known shape, or what a function makes of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import orjson

from otel_events.ledger.broadcast import as_broadcast_line
from otel_events.ledger.flat import FlatFormat
from otel_events.ledger.line import EventsFormat

if TYPE_CHECKING:
    from otel_events.event import Event

# A function is given the line of the ledger as a mapping, and returns what is JSON; None leaves the event out.
Shape: TypeAlias = Literal["line", "flat", "broadcast"] | Callable[[dict[str, Any]], Any]
SHAPES = ("line", "flat", "broadcast")

_OPTIONS = orjson.OPT_NON_STR_KEYS


class Shaper:
    """Makes the payloads of messages. Used by one thread.

    Args:
        shape: of the payloads.
        service: the program's `service.name`.
        writer_id: the prefix of its uids.
    """

    def __init__(self, shape: Shape, *, service: str, writer_id: str) -> None:
        # The resource stands in a header of ledgers, and messages have none.
        self._lines = EventsFormat(service=service, resource={}, writer_id=writer_id)
        self._flat = FlatFormat() if shape == "flat" else None
        self._function = as_broadcast_line if shape == "broadcast" else shape if callable(shape) else None

    def line(self, event: Event) -> bytes:
        """Return *event* as a line of the ledger, without its end."""
        return self._lines.encode(event)[:-1]

    def payload(self, event: Event, line: bytes) -> bytes | None:
        """Return what goes out for *event*, None for nothing; or raise whatever the function does."""
        if self._flat is not None:
            return self._flat.encode(event)[:-1]
        if self._function is None:
            return line
        made = self._function(orjson.loads(line))
        return None if made is None else _dump(made)


def _dump(made: Any) -> bytes:
    try:
        return orjson.dumps(made, default=str, option=_OPTIONS)
    except (TypeError, ValueError):  # integers beyond 64 bits and lone surrogates, which Python's own takes
        return json.dumps(made, default=str).encode()
