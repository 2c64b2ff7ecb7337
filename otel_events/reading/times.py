"""Instants as people write them: how long ago, or when."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta, timezone

from otel_events.time_spans import parse_span

_LONGEST = 1e10  # three centuries: beyond that it is a slip of the finger
_CLOCK = re.compile(r"\d{1,2}:\d\d(:\d\d)?", re.ASCII)


def parse_when(text: str, *, now: float | None = None) -> int:
    """Return the nanoseconds since the Unix epoch that *text* means, or raise ValueError that says what would be right.

    Args:
        text: a time ago (`10m`, `1h30m`, `2d`), a time of today (`14:30`), `today`, `yesterday`, `now`, a date or an
            ISO 8601 time (without a zone: local time), or Unix seconds.
        now: Unix time in seconds.
    """
    now = time.time() if now is None else now
    word = text.strip().lower()
    if word == "now":
        return round(now * 1e9)
    ago = parse_span(word)
    if ago is not None:
        moment: int | None = round((now - ago) * 1e9) if ago <= _LONGEST else None
    else:
        moment = _parse_moment(text.strip(), word, datetime.fromtimestamp(now).astimezone())
    if moment is None:
        raise ValueError(
            f"{text!r:.60} is no time; say how long ago ('10m', '1h30m', '2d'), when today ('14:30'), 'yesterday',"
            " or an instant ('2026-02-14T19:01:23Z')"
        )
    return moment


def _parse_moment(text: str, word: str, today: datetime) -> int | None:
    midnight = today.replace(hour=0, minute=0, second=0, microsecond=0)
    if word == "today":
        return _nanoseconds(midnight)
    if word == "yesterday":
        return _nanoseconds((midnight - timedelta(hours=12)).replace(hour=0))
    try:
        if _CLOCK.fullmatch(word):
            parts = [int(part) for part in word.split(":")]
            return _nanoseconds(midnight.replace(hour=parts[0], minute=parts[1], second=parts[2] if parts[2:] else 0))
        if re.fullmatch(r"\d{9,11}(\.\d+)?", word, re.ASCII):
            return round(float(word) * 1e9)
        return _parse_iso(text)
    except (ValueError, OverflowError, OSError):
        return None


def _parse_iso(text: str) -> int:
    # Python before 3.11 reads neither `Z` nor nanoseconds.
    text = re.sub(r"(?i)z$", "+00:00", text)
    fraction = re.search(r"[.,](\d{1,9})\d*", text)
    whole = text.replace(fraction[0], "", 1) if fraction else text
    nanoseconds = int(fraction[1].ljust(9, "0")) if fraction else 0
    return _nanoseconds(datetime.fromisoformat(whole)) + nanoseconds


def _nanoseconds(moment: datetime) -> int:
    since = moment.astimezone(timezone.utc) - datetime(1970, 1, 1, tzinfo=timezone.utc)
    return (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1_000
