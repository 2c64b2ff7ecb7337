"""Instants as ISO 8601 text, to the nanosecond."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta, timezone
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_NANOSECONDS = 1_000_000_000
_END = 1 << 63  # as `emit` has it, too: the year 2262
_ISO = re.compile(
    r"\s*(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9})\d*)?\s*(?:([Zz])|([+-])(\d\d):?(\d\d))?\s*",
    re.ASCII,
)
_INTEGER = re.compile(r"-?\d{1,30}", re.ASCII)


def format_instant(nanoseconds: int) -> str:
    """Return UTC text with nine digits of a second; the bare number where the calendar has no such year."""
    seconds, fraction = divmod(nanoseconds, _NANOSECONDS)
    try:
        return f"{second_text(seconds).decode()}.{fraction:09d}Z"
    except OverflowError:
        return str(nanoseconds)


def format_instant_for_datetime(nanoseconds: int) -> str:
    """Return UTC text that `datetime.fromisoformat` reads in every Python: microseconds, and an offset for the zone."""
    text = format_instant(nanoseconds)
    return f"{text[:-4]}+00:00" if text.endswith("Z") else text


def parse_instant(value: object) -> int | None:
    """Return nanoseconds since the Unix epoch, or None if *value* names no instant.

    Args:
        value: Unix seconds as a number, ISO 8601 text (without a zone it is UTC), or a whole number of nanoseconds as
            text, which is what `format_instant` writes for years that the calendar lacks.
    """
    if isinstance(value, str):
        return _parse_text(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    if isinstance(value, int):
        return value * _NANOSECONDS
    nanoseconds = value * _NANOSECONDS
    return round(nanoseconds) if math.isfinite(nanoseconds) else None


def parse_others_instant(value: object) -> int | None:
    """Return what `parse_instant` does; None also for what OTLP cannot carry, such as milliseconds given as seconds."""
    instant = parse_instant(value)
    return instant if instant is not None and 0 <= instant < _END else None


def _parse_text(text: str) -> int | None:
    match = _ISO.fullmatch(text)
    if match is None:
        return int(text) if _INTEGER.fullmatch(text) else None
    date, clock, fraction, _, sign, hours, minutes = match.groups()
    try:
        seconds = _parse_second(f"{date}T{clock}")
    except ValueError:
        return None
    if sign:
        offset = int(hours) * 3600 + int(minutes) * 60
        seconds -= offset if sign == "+" else -offset
    return seconds * _NANOSECONDS + int((fraction or "").ljust(9, "0"))


# Events come in the order of time, many to a second: the calendar is asked once for each second.
@lru_cache(maxsize=256)
def second_text(seconds: int) -> bytes:
    """Return the text of a whole second without its zone, or raise OverflowError where the calendar has no such year."""
    return (_EPOCH + timedelta(seconds=seconds)).isoformat()[:19].encode()


@lru_cache(maxsize=256)
def _parse_second(text: str) -> int:
    return (datetime.fromisoformat(f"{text}+00:00") - _EPOCH) // timedelta(seconds=1)
