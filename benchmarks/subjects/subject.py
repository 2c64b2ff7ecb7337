"""What the bench asks of us and of every peer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from benchmarks.event import Say


@dataclass(frozen=True, slots=True)
class Place:
    """Where a subject sends or writes.

    Attributes:
        endpoint: base URL of the acceptor, the subject's own path included.
        directory: an empty folder of its own.
        options: what a row sets differently from the subject's defaults.
    """

    endpoint: str
    directory: Path
    options: dict[str, Any] = field(default_factory=dict)


class Subject(Protocol):
    """One way of saying the event, set up as its documentation advises, with its own defaults."""

    def __init__(self, place: Place) -> None: ...

    def speaking(self, *, in_span: bool = False) -> AbstractContextManager[Say]:
        """Give the call to be timed; correlation holds inside, and if asked a recording span."""

    def drain(self, timeout: float) -> bool:
        """Return True once all that was said is handed over or written."""
