"""What can become of one OTLP request: the answers a transport gives, by the OTLP specification."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

_LONGEST_REASON = 300  # characters; a server may answer with a page


class Accepted(NamedTuple):
    """The server has the request; *rejected* of its records it will not keep (a partial success)."""

    rejected: int = 0
    message: str = ""


class Retry(NamedTuple):
    """The server asks for the same request later, *after* seconds from now if it said so."""

    reason: str
    after: float | None = None


@dataclass(frozen=True, slots=True)
class _Because:
    reason: str


class Unreachable(_Because):
    """No answer that can be trusted: no connection, none in time, or one that broke off. To be sent again.

    The server may have kept the request all the same, so that sending again can make duplicates.
    """

    __slots__ = ()


class TooLarge(_Because):
    """The server takes no request of this size: half of it may pass."""

    __slots__ = ()


class Refused(_Because):
    """The server will not take this request, and the specification forbids to send it again."""

    __slots__ = ()


Outcome: TypeAlias = Accepted | Retry | Unreachable | TooLarge | Refused


def say(*parts: str) -> str:
    """Return *parts* as one short printable line, leaving out the empty ones: servers choose some of the words."""
    line = ": ".join(part for part in parts if part)
    line = "".join(character if character.isprintable() else " " for character in line[: 2 * _LONGEST_REASON])
    line = " ".join(line.split())
    return line if len(line) <= _LONGEST_REASON else line[: _LONGEST_REASON - 1] + "…"
