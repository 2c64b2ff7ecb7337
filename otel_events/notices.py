"""Warnings about ourselves: at most one a minute for each cause, through the logger `otel_events`."""

from __future__ import annotations

import logging
import threading
import time
from traceback import walk_tb

from otel_events.kinds import type_name

logger = logging.getLogger("otel_events")

_QUIET_SECONDS = 60.0
_LONGEST_TOLD = 500  # characters


def told(error: BaseException) -> str:
    """Return *error* in its own words, a bounded part of them; its kind alone where they cannot be had."""
    try:
        text = str.__str__(repr(error))
    except Exception:  # of a sink, an exporter, a sampler: its code is the program's
        return type_name(type(error))
    return text if len(text) <= _LONGEST_TOLD else f"{text[:_LONGEST_TOLD]}…"


def kind_and_place(error: BaseException) -> str:
    """Return of what kind *error* is and where it was raised. Not its words: they may quote what was not guarded yet."""
    kind = type_name(type(error))
    for frame, line in reversed(list(walk_tb(error.__traceback__))):
        return f"{kind} in {frame.f_code.co_name}, line {line}"
    return kind


class Notices:
    """Tell each cause at once, then at most once a minute, with the number of times it was held back.

    Never call it on a thread that emits: a log handler may lock, write, or emit itself.
    """

    def __init__(self, quiet_seconds: float = _QUIET_SECONDS) -> None:
        self._quiet_seconds = quiet_seconds
        self._told: dict[str, float] = {}
        self._held: dict[str, int] = {}
        self._lock = threading.RLock()  # a signal handler may flush, or end the program, in the middle of it

    def warn(self, cause: str, message: str) -> None:
        """Log *message* as a warning unless *cause* was told within the last minute."""
        now = time.monotonic()
        with self._lock:
            last = self._told.get(cause)
            if last is not None and now - last < self._quiet_seconds:
                self._held[cause] = self._held.get(cause, 0) + 1
                return
            self._told[cause] = now
            held = self._held.pop(cause, 0)
        suffix = f" ({held} more times since the last such warning)" if held else ""
        # Without a handler Python prints the message alone, and a terminal would not know whose it is.
        prefix = "" if logger.hasHandlers() else "otel_events: "
        logger.warning("%s%s%s", prefix, message, suffix)
