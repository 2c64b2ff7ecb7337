"""What is sent to clients: frames, each worded once however many clients get it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from otel_events.server.store.stored import StoredEvent

# A counts frame or a gap is small beside any event; nobody's bound is reached by these.
_SMALL = 256
MAX_EVENTS = 200
MAX_BYTES = 256 * 1024  # one event alone may have more


class Frame:
    """One message of the stream.

    Attributes:
        cursor: everything up to it has been sent or told, once the client has this frame.
        size: in bytes, near enough to keep bounds by.
    """

    __slots__ = ("_server_sent", "_text", "cursor", "size")
    kind: ClassVar[str] = ""

    def __init__(self, cursor: int, size: int = _SMALL) -> None:
        self.cursor = cursor
        self.size = size
        self._text: str | None = None
        self._server_sent: bytes | None = None

    @property
    def text(self) -> str:
        """Return it as JSON, for a WebSocket."""
        if self._text is None:
            self._text = self._as_text()
        return self._text

    @property
    def server_sent(self) -> bytes:
        """Return it as server-sent events."""
        if self._server_sent is None:
            self._server_sent = self._as_server_sent()
        return self._server_sent

    def facts(self) -> dict[str, Any]:
        """Return what it says, as an object for JSON."""
        return {"type": self.kind, "cursor": self.cursor}

    def _as_text(self) -> str:
        return orjson.dumps(self.facts()).decode()

    def _as_server_sent(self) -> bytes:
        return b"id: %d\nevent: %s\ndata: %s\n\n" % (self.cursor, self.kind.encode(), self.text.encode())


class EventsFrame(Frame):
    """Events, one after the other.

    Attributes:
        events: oldest first.
        ids_ascend: a client may resume after each of them. Not so where counts that are still to come tell of earlier ones.
    """

    __slots__ = ("events", "ids_ascend")
    kind = "events"

    def __init__(self, events: Sequence[StoredEvent], cursor: int, *, ids_ascend: bool = True) -> None:
        super().__init__(cursor, sum(len(event.line) for event in events))
        self.events = events
        self.ids_ascend = ids_ascend

    def _as_text(self) -> str:
        joined = b",".join([event.wire() for event in self.events])
        return (b'{"type":"events","cursor":%d,"events":[%s]}' % (self.cursor, joined)).decode()

    def _as_server_sent(self) -> bytes:
        cursor = None if self.ids_ascend else self.cursor
        return b"".join(
            [
                b"id: %d\nevent: event\ndata: %s\n\n" % (event.seq if cursor is None else cursor, event.wire())
                for event in self.events
            ]
        )


class CountsFrame(Frame):
    """How many events of frequent types there were, in place of each of them.

    Attributes:
        first: seq of the first event that may be among those counted.
        last: seq of the last one.
        counts: by name.
    """

    __slots__ = ("counts", "first", "last")
    kind = "counts"

    def __init__(self, first: int, last: int, counts: Mapping[str, int]) -> None:
        super().__init__(last)
        self.first = first
        self.last = last
        self.counts = counts

    def facts(self) -> dict[str, Any]:
        return {**super().facts(), "from": self.first, "to": self.last, "counts": self.counts}


class GapFrame(Frame):
    """Events that were not sent; the client may fetch them.

    Attributes:
        first: seq of the first event that may be among them.
        last: seq of the last one.
        dropped: how many there were.
    """

    __slots__ = ("dropped", "first", "last")
    kind = "gap"

    def __init__(self, first: int, last: int, dropped: int) -> None:
        super().__init__(last)
        self.first = first
        self.last = last
        self.dropped = dropped

    def facts(self) -> dict[str, Any]:
        return {**super().facts(), "from": self.first, "to": self.last, "dropped": self.dropped}


class HeartbeatFrame(Frame):
    """Nothing has happened, and the connection lives.

    Attributes:
        time: ISO 8601, UTC.
    """

    __slots__ = ("time",)
    kind = "heartbeat"

    def __init__(self, cursor: int, time: str) -> None:
        super().__init__(cursor)
        self.time = time

    def facts(self) -> dict[str, Any]:
        return {**super().facts(), "time": self.time}

    def _as_server_sent(self) -> bytes:
        # A comment keeps proxies from closing; the id is for the next connection of the browser.
        return b": heartbeat %s\nid: %d\n\n" % (self.time.encode(), self.cursor)


def cut(events: Sequence[StoredEvent]) -> Iterator[Sequence[StoredEvent]]:
    """Yield *events* in pieces that make frames of a good size."""
    begin = size = 0
    for position, event in enumerate(events):
        if position > begin and (position - begin >= MAX_EVENTS or size + len(event.line) > MAX_BYTES):
            yield events[begin:position]
            begin, size = position, 0
        size += len(event.line)
    if begin < len(events):
        yield events[begin:]
