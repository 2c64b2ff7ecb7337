"""How long to wait before a request is sent again."""

from __future__ import annotations

import random
from typing import NamedTuple


class Backoff(NamedTuple):
    """Waits that double from *initial* to *maximum* seconds, by chance up to half as long.

    Chance spreads what waited out the same outage: else all of it would return in one instant. A wait that the server
    asks for is kept in full, a little added by chance, up to *longest*: a mistaken server must not silence us for a week.
    """

    initial: float = 0.5
    maximum: float = 30.0
    longest: float = 300.0

    def delay(self, failures: int, asked: float | None = None) -> float:
        """Return the seconds to wait after so many *failures* in a row; *asked* is what the server asks for."""
        if asked is not None:
            return min(max(asked, self.initial / 2), self.longest) * random.uniform(1.0, 1.2)  # noqa: S311 - not a secret
        growth = 2.0 ** min(failures - 1, 30)
        return min(self.maximum, self.initial * growth) * random.uniform(0.5, 1.0)  # noqa: S311 - not a secret
