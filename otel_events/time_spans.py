"""Spans of time as people write them: `50ms`, `10m`, `1h30m`."""

from __future__ import annotations

import re

from otel_events.lazy_pattern import lazy_pattern

_ONE = r"(\d+(?:\.\d+)?|\.\d+)\s*(ns|us|µs|μs|ms|s|sec|m|min|h|d|w)"
_PART = lazy_pattern(_ONE, re.ASCII)
_WHOLE = lazy_pattern(rf"(?:{_ONE}\s*)+", re.ASCII)
_SECONDS = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "μs": 1e-6,
    "ms": 1e-3,
    "s": 1,
    "sec": 1,
    "m": 60,
    "min": 60,
    "h": 3_600,
    "d": 86_400,
    "w": 604_800,
}


def parse_span(text: str) -> float | None:
    """Return the seconds that *text* means, None if it is no span of time."""
    word = text.strip().lower()
    if not _WHOLE.fullmatch(word):
        return None
    return sum(float(count) * _SECONDS[unit] for count, unit in _PART.findall(word))
