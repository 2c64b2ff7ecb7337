"""Colours on a terminal, none anywhere else; the same name always has the same one."""

from __future__ import annotations

import os
import sys
from typing import IO
from zlib import crc32

# Readable on black and on white, and far enough from each other; red and yellow are kept for severities.
_NAMED = (33, 37, 64, 67, 71, 97, 98, 103, 132, 133, 136, 139, 166, 172, 173, 31)
_RESET = "\x1b[0m"
_WARN, _ERROR, _FATAL = 13, 17, 21


class Palette:
    """Put colours around text, or leave it as it is.

    Args:
        is_on: whether there is to be any colour.
    """

    def __init__(self, *, is_on: bool) -> None:
        self.is_on = is_on

    def dim(self, text: str) -> str:
        """Return *text* in the background."""
        return f"\x1b[2m{text}{_RESET}" if self.is_on and text else text

    def bold(self, text: str) -> str:
        """Return *text* in the foreground."""
        return f"\x1b[1m{text}{_RESET}" if self.is_on and text else text

    def named(self, text: str, name: str = "") -> str:
        """Return *text* in the colour of *name*, by default its own."""
        if not self.is_on or not text:
            return text
        return f"\x1b[38;5;{_NAMED[crc32((name or text).encode()) % len(_NAMED)]}m{text}{_RESET}"

    def good(self, text: str) -> str:
        """Return *text* as good news."""
        return f"\x1b[32m{text}{_RESET}" if self.is_on and text else text

    def bad(self, text: str) -> str:
        """Return *text* as bad news."""
        return f"\x1b[31m{text}{_RESET}" if self.is_on and text else text

    def by_severity(self, text: str, severity: int) -> str:
        """Return *text* as loud as OpenTelemetry's number *severity* is."""
        if not self.is_on or not text:
            return text
        if severity >= _FATAL:
            return f"\x1b[1;37;41m{text}{_RESET}"
        if severity >= _ERROR:
            return f"\x1b[1;31m{text}{_RESET}"
        if severity >= _WARN:
            return f"\x1b[33m{text}{_RESET}"
        return text


def palette_for(stream: IO[str] | None = None) -> Palette:
    """Return the palette for *stream*, by default standard output: on a terminal, unless NO_COLOR or TERM say no."""
    stream = sys.stdout if stream is None else stream
    wants = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Palette(is_on=wants and stream.isatty())
