"""What sources give: messages, in batches, each batch with the place behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from otel_events.errors import OtelEventsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class RelayError(OtelEventsError):
    """A source cannot be read at all; the message says why, without a password."""


class Message(NamedTuple):
    """One message.

    Attributes:
        payload: what was said.
        key: tells it from every other message of all sources, and is the same when it is read again; None if nothing is.
        subject: the topic it was said on; empty where there are none.
        is_loose: the key does so only together with a time that the payload says.
    """

    payload: bytes
    key: str | None
    subject: str = ""
    is_loose: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages that were read together.

    Attributes:
        messages: in their order; none when there was nothing to read just now.
        place: where to go on when all of them are safe; None if a source has no places.
    """

    messages: Sequence[Message] = ()
    place: Any = None


class Source(Protocol):
    """Where messages come from."""

    name: str

    def read(self, place: Any) -> Iterator[Batch]:
        """Yield what comes behind *place*, None for the beginning; an empty batch about once a second where there is none.

        Raises:
            RelayError: it cannot be read at all.
        """

    def close(self) -> None:
        """Let go of it."""
