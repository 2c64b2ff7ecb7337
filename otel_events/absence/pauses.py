"""Whether this process has looked on all the time: a stop, a suspended machine and a clock that was set show alike."""

from __future__ import annotations

_SECOND = 1_000_000_000
# More than a busy machine keeps a thread waiting.
LIMIT = 3 * _SECOND


class Pauses:
    """Notice gaps between two looks that should be a second apart at most.

    Args:
        monotonic: nanoseconds of the clock that nobody sets.
        wall: nanoseconds since the Unix epoch.
    """

    def __init__(self, monotonic: int, wall: int) -> None:
        self._monotonic = monotonic
        self._wall = wall

    def look(self, monotonic: int, wall: int) -> float | None:
        """Return the seconds that were not looked at, or by which a clock was set; None if all went on as usual."""
        went_on, went_by = monotonic - self._monotonic, wall - self._wall
        self._monotonic, self._wall = monotonic, wall
        # While a machine is suspended the one stands still, and the other does not.
        if went_on > LIMIT or abs(went_by - went_on) > LIMIT:
            return max(went_on, abs(went_by - went_on)) / _SECOND
        return None
