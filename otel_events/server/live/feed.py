"""What all clients with one filter get: each event looked at once, each frame worded once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from otel_events.server.live.frames import EventsFrame, Frame, HeartbeatFrame, cut

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from otel_events.server.live.ring import Ring
    from otel_events.server.store.stored import StoredEvent

_ALL = 1 << 62


class Member(Protocol):
    """Who gets frames."""

    @property
    def is_behind(self) -> bool: ...

    def push(self, frames: Sequence[Frame]) -> None: ...


class Feed:
    """Frames for everybody who has one filter.

    Args:
        ring: where events come from.
        wants: tells whether an event is for them.

    Attributes:
        cursor: up to which events have been looked at.
        members: those who are up to date, and get every frame.
    """

    def __init__(self, ring: Ring, wants: Callable[[StoredEvent], bool]) -> None:
        self._ring = ring
        self.wants = wants
        self.cursor = ring.cursor
        self.members: set[Member] = set()

    def advance(self) -> None:
        """Give the members what has come since the last time."""
        if self.cursor >= self._ring.cursor:
            return
        events = list(filter(self.wants, self._ring.after(self.cursor, _ALL)))
        self.cursor = self._ring.cursor
        if not events:
            return
        pieces = list(cut(events))
        frames: list[Frame] = [EventsFrame(piece, piece[-1].seq) for piece in pieces[:-1]]
        frames.append(EventsFrame(pieces[-1], self.cursor))
        for member in self.members:
            member.push(frames)

    def beat(self, time: str) -> None:
        """Tell the members for whom nothing is waiting that the connection lives."""
        heartbeat = HeartbeatFrame(self.cursor, time)
        for member in self.members:
            if not member.is_behind:
                member.push([heartbeat])
