"""How far long work is, in one line of a terminal's standard error."""

from __future__ import annotations

import sys
import time

_SECONDS = 0.2  # between two changes: quicker ones nobody can read


class Progress:
    """Rewrites one line in place; says nothing where standard error is no terminal.

    Args:
        what: is being worked on; harmless text.
        total: of what is counted; None if it is not known.
        unit: in which it is counted.
    """

    def __init__(self, what: str, total: int | None = None, unit: str = "") -> None:
        self._what = what
        self._of = (f" of {total:,}" if total else "") + (f" {unit}" if unit else "")
        self._is_on = sys.stderr.isatty()
        self._shown_at = 0.0

    def show(self, done: int, more: str = "") -> None:
        """Show that *done* is done, and *more*, unless it was shown just now."""
        now = time.monotonic()
        if self._is_on and now - self._shown_at >= _SECONDS:
            self._shown_at = now
            sys.stderr.write(f"\r\x1b[K{self._what}: {done:,}{self._of} {more}")
            sys.stderr.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._shown_at:
            self._shown_at = 0.0
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
