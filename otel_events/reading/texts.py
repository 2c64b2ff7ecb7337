"""Values of events as short text for people."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import orjson

from otel_events.event import CORRELATION
from otel_events.ledger.tags import tag
from otel_events.reading.harmless import harmless
from otel_events.reading.whereabouts import STACKS

if TYPE_CHECKING:
    from otel_events.reading.record import Record

DURATION = "duration"  # in seconds, wherever it stands
_FOREVER = 1e300
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def show_value(value: Any) -> str:
    """Return *value* as people write it, harmless to a terminal: texts bare, the rest as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return harmless(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:.6g}" if isinstance(value, float) else str(value)
    try:
        return harmless(orjson.dumps(tag(value)).decode())
    except TypeError:
        return harmless(str(value))


def show_pairs(record: Record, *, leave_out: frozenset[str] = frozenset()) -> str:
    """Return the attributes of *record* but the correlation ones as `key=value key="two words"`; of a stack its last line."""
    return " ".join(
        f"{harmless(key)}={_show_attribute(key, fold_stack(key, value))}"
        for key, value in record.attributes.items()
        if key not in CORRELATION and key not in leave_out
    )


def fold_stack(key: str, value: Any) -> Any:
    """Return *value*; of a stack only its last line, which says what was raised."""
    if key not in STACKS or not isinstance(value, str) or "\n" not in value.strip():
        return value
    return "… " + value.strip().splitlines()[-1].strip()


def _show_attribute(key: str, value: Any) -> str:
    # As a filter takes it: `duration>50ms`.
    is_time = key == DURATION and type(value) in {int, float}
    return show_seconds(value).replace(" ", "") or str(value) if is_time else _quote(show_value(value))


def count_of(number: int, noun: str) -> str:
    """Return so many of something: `1 record`, `2,000 records`."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def show_seconds(seconds: float | None) -> str:
    """Return a duration: `250 µs`, `1.50 s`, `2m05s`, `3h12m`."""
    if seconds is None or not -_FOREVER < seconds < _FOREVER:  # whole numbers may be larger than a float can be
        return ""
    if seconds < 0.000_999_5:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 0.999_5:
        return f"{seconds * 1e3:.3g} ms"
    if seconds < _MINUTE:
        return f"{seconds:.2f} s"
    if seconds < _HOUR:
        return f"{int(seconds) // 60}m{int(seconds) % 60:02d}s"
    if seconds < _DAY:
        return f"{int(seconds) // _HOUR}h{int(seconds) % _HOUR // 60:02d}m"
    return f"{int(seconds) // _DAY}d{int(seconds) % _DAY // _HOUR:02d}h"


def show_local(nanoseconds: int, *, with_date: bool = True) -> str:
    """Return an instant in local time, to the millisecond; empty if it is not known."""
    if not nanoseconds:
        return ""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    try:
        text = time.strftime("%Y-%m-%d %H:%M:%S" if with_date else "%H:%M:%S", time.localtime(seconds))
    except (ValueError, OverflowError, OSError):  # a year that the calendar lacks
        return str(nanoseconds)
    return f"{text}.{rest // 1_000_000:03d}"


def show_recent(nanoseconds: int) -> str:
    """Return an instant in local time, on a terminal without its date if that is today's."""
    text = show_local(nanoseconds)
    return text.removeprefix(time.strftime("%Y-%m-%d ")) if sys.stdout.isatty() else text


def own_message(record: Record) -> str:
    """Return the message of *record*, empty if it says only what the name does."""
    from otel_events.catalog import current  # not everybody who shows a number needs the catalogue

    definition = current().find(record.name) if record.name else None
    message = record.text("message")
    return "" if definition is not None and definition.message == message else message


def show_ago(nanoseconds: int, now: float) -> str:
    """Return how long before *now* (Unix seconds) an instant was: `now`, `5s ago`, `3h ago`."""
    seconds = now - nanoseconds / 1e9
    if abs(seconds) < 1:
        return "now"
    size = abs(seconds)
    units = ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "m"), (1, "s"))
    unit, name = next((unit, name) for unit, name in units if size >= unit)
    return f"{int(size // unit)}{name} ago" if seconds > 0 else f"in {int(size // unit)}{name}"


def _quote(text: str) -> str:
    return f'"{text}"' if " " in text or not text else text
