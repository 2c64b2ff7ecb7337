"""How much a spool may keep."""

from __future__ import annotations

from typing import NamedTuple

_SEGMENT_SECONDS = 3600.0


class Caps(NamedTuple):
    """How much may be kept, and for how long.

    Attributes:
        max_bytes: of all segments in the directory.
        max_age: seconds after which a segment is dropped.
        memory_bytes: of what is kept while the disk cannot be written.
    """

    max_bytes: int
    max_age: float
    memory_bytes: int

    @property
    def segment_seconds(self) -> float:
        """The age at which a segment is ended."""
        return min(_SEGMENT_SECONDS, self.max_age / 8)

    @property
    def last_seconds(self) -> float:
        """The age at which a segment goes: by then no batch in it is younger than `max_age`."""
        return self.max_age + self.segment_seconds
