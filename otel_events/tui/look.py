"""How things look: colours that sixteen are enough for, and signs for terminals that have no others than ASCII."""

from __future__ import annotations

import locale
import os
import sys
from dataclasses import dataclass
from zlib import crc32

from rich.style import Style

_NAMED = ("cyan", "green", "magenta", "blue", "bright_cyan", "bright_green", "bright_magenta", "bright_blue")
_WARN, _ERROR, _FATAL = 13, 17, 21
PLAIN = Style()
DIM = Style(dim=True)
BOLD = Style(bold=True)
HEADING = Style(bold=True, underline=True)
LOSS = Style(bold=True, color="yellow")
MATCH = Style(underline=True)
CURSOR = Style(reverse=True)
_LOUD = {
    _WARN: Style(color="yellow"),
    _ERROR: Style(color="red", bold=True),
    _FATAL: Style(color="white", bgcolor="red", bold=True),
}
OLDER = "; not read: older ones, if any (g)"
_STYLES = tuple(Style(color=name) for name in _NAMED)


@dataclass(frozen=True, slots=True)
class Signs:
    """Signs that the screen draws with."""

    times: str
    ellipsis: str
    line: str
    bars: str
    dot: str


UNICODE = Signs("\N{MULTIPLICATION SIGN}", "…", "─", "▁▂▃▄▅▆▇█", "·")
ASCII = Signs("x", "~", "-", "_.-=+*%#", ".")


def signs(*, is_ascii: bool | None = None) -> Signs:
    """Return the signs for this terminal.

    Args:
        is_ascii: None to ask the locale.
    """
    if is_ascii is None:
        encoding = (getattr(sys.stdout, "encoding", None) or locale.getpreferredencoding(do_setlocale=False)).lower()
        is_ascii = "utf" not in encoding or os.environ.get("TERM") in {"linux", "dumb", "vt100"}
    return ASCII if is_ascii else UNICODE


def named(name: str) -> Style:
    """Return the colour of *name*, always the same."""
    return _STYLES[crc32(name.encode()) % len(_STYLES)]


def by_severity(severity: int) -> Style:
    """Return how loud OpenTelemetry's number *severity* is."""
    if severity < _WARN:
        return PLAIN
    return _LOUD[_FATAL if severity >= _FATAL else _ERROR if severity >= _ERROR else _WARN]
