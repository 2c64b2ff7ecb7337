"""Python's log levels as OpenTelemetry's severities."""

from __future__ import annotations

import logging
from typing import TypeAlias

from otel_events.event import Severity, parse_severity

# OpenTelemetry's number, and the word for it: OpenTelemetry's own, or that of the source where it has one of its own.
NumberAndWord: TypeAlias = "tuple[int, str]"

_STEPS = ((50, Severity.FATAL), (40, Severity.ERROR), (30, Severity.WARN), (20, Severity.INFO), (10, Severity.DEBUG))
_USUAL_WORDS = frozenset({"DEBUG", "INFO", "WARN", "WARNING", "ERROR", "CRITICAL", "FATAL", "NOTSET"})
_MAX_WORD = 64

_known: dict[tuple[int, str], NumberAndWord] = {}


def severity_of(level: object, word: object = "") -> NumberAndWord:
    """Return the severity that a log level means: as OpenTelemetry's own logging handler maps it.

    Args:
        level: the level's number, 40 for ERROR; anything else counts as INFO.
        word: the level's name; kept where it is not one of the usual ones.
    """
    if type(level) is not int or type(word) is not str:
        return _severity_of(level if isinstance(level, int) else logging.INFO, str(word))
    known = _known.get((level, word))
    if known is None:
        known = _severity_of(level, word)
        if len(_known) < 256:
            _known[(level, word)] = known
    return known


def severity_of_word(word: object) -> Severity | None:
    """Return the severity that the name of a level means, None if it means none."""
    return parse_severity(word) if type(word) is str and len(word) <= _MAX_WORD else None


def _severity_of(level: int, word: str) -> NumberAndWord:
    number = next((severity + min(level - step, 3) for step, severity in _STEPS if level >= step), Severity.TRACE)
    is_usual = not word or word in _USUAL_WORDS or word.startswith("Level ")
    return int(number), Severity(number).name if is_usual else word[:_MAX_WORD]
