"""Quantiles of any number of durations in bounded memory."""

from __future__ import annotations

import math
from collections import Counter

# Neighbouring buckets are 2 % apart, so that a quantile is at most 1 % off. From a nanosecond to years are 2,000 buckets.
_GROWTH = math.log(1.02)
_LEAST = 1e-9


class Quantiles:
    """Count values of 0 and more by their size."""

    __slots__ = ("_buckets", "count", "highest", "lowest", "total")

    def __init__(self) -> None:
        self._buckets: Counter[int] = Counter()
        self.count = 0
        self.total = 0.0
        self.highest = 0.0
        self.lowest = math.inf

    def add(self, value: float, times: int = 1) -> None:
        """Count *value*; what is negative or no number counts as 0."""
        value = value if value > 0 and math.isfinite(value) else 0.0
        self.count += times
        self.total += value * times
        self.highest = max(self.highest, value)
        self.lowest = min(self.lowest, value)
        self._buckets[int(math.log(value / _LEAST) / _GROWTH) if value > _LEAST else -1] += times

    def quantile(self, share: float) -> float | None:
        """Return the value that *share* of all values do not exceed, to 1 %; None if there are none."""
        wanted = share * self.count
        seen = 0
        for bucket, count in sorted(self._buckets.items()):
            seen += count
            if seen >= wanted:
                estimate = 0.0 if bucket < 0 else _LEAST * math.exp((bucket + 0.5) * _GROWTH)
                return min(self.highest, max(self.lowest, estimate))
        return None

    def summary(self) -> dict[str, float | int | None]:
        """Return count, p50, p95 and the greatest, which is exact."""
        return {
            "count": self.count,
            "p50": self.quantile(0.5),
            "p95": self.quantile(0.95),
            "max": self.highest if self.count else None,
        }
