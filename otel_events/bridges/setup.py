"""Logging and structlog set up in one line: a console, and events."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from otel_events.bridges.event_handler import EventHandler
from otel_events.bridges.log_entry import as_names
from otel_events.errors import ConfigurationError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

__all__ = ["setup_logging", "setup_structlog"]

_CONSOLE_FORMAT = "%(asctime)s %(levelname)-8s %(name)s: %(message)s"


class _ConsoleHandler(logging.StreamHandler):  # type: ignore[type-arg]  # no generic before Python 3.11
    """The console that `setup_logging` has made, so that it finds it again."""


def setup_logging(
    script: str | os.PathLike[str] | None = None,
    *,
    level: int | str = logging.ERROR,
    console: bool | None = None,
    console_level: int | str = logging.INFO,
    include: str | Iterable[str] = (),
    exclude: str | Iterable[str] = (),
) -> logging.Logger:
    """Send what the program logs to the console and, from *level* on, the way of events; return a logger.

    It puts handlers on the root logger, and lowers the root logger's level where they need that. May be called again:
    the last call holds.

    Args:
        script: the program's `__file__`: names the logger that is returned, and every record carries `script_name` and
            `script_path` (relative to the working directory, if it is below).
        level: what goes the way of events.
        console: whether to print to standard error, as it was logged, past the guards; by default only if nothing else has
            handlers on the root logger.
        console_level: what to print.
        include: loggers whose records become events, with those below them; all if empty.
        exclude: loggers whose records do not, with those below them.

    Raises:
        ConfigurationError: with everything wrong in the arguments; nothing is changed then.
    """
    events_from, console_from = _checked(level, console_level, include, exclude)
    attributes = _script_attributes(script) if script is not None else {}
    root = logging.getLogger()
    for handler in [one for one in root.handlers if type(one) in (EventHandler, _ConsoleHandler)]:
        root.removeHandler(handler)
    levels = [events_from]
    if console or (console is None and not root.handlers):
        root.addHandler(_console(console_from))
        levels.append(console_from)
    root.addHandler(EventHandler(events_from, include=include, exclude=exclude, attributes=attributes))
    if root.level > min(levels):
        root.setLevel(min(levels))
    return logging.getLogger(attributes.get("script_name"))


def setup_structlog(
    *,
    level: int | str = logging.INFO,
    events_level: int | str | None = None,
    stream: TextIO | None = None,
    json: bool | None = None,
) -> Any:
    """Let structlog print to *stream* and send the same the way of events; return a logger.

    Entries carry what is bound in structlog's contextvars and, printed too, what `context`, `task` and `bind` have
    bound, and the ids of the current span.

    Args:
        level: entries below it cost next to nothing and go nowhere.
        events_level: what goes the way of events; by default all that is printed.
        stream: where to print; by default standard output.
        json: print JSON lines; by default only if *stream* is no terminal.

    Raises:
        ConfigurationError: with everything wrong in the arguments; nothing is changed then.
    """
    from otel_events.bridges.structlog_console import configure_structlog

    printed_from, captured_from = _checked(level, level if events_level is None else events_level)
    return configure_structlog(printed_from, captured_from, sys.stdout if stream is None else stream, json=json)


def _checked(level: Any, other_level: Any, *names: Any) -> tuple[int, int]:
    """Return both levels as numbers, or raise with all that is wrong in them and in the *names* of loggers."""
    problems: list[str] = []
    numbers = [_level(one, problems) for one in (level, other_level)]
    for given in names:
        try:
            as_names(given)
        except TypeError as error:  # noqa: PERF203  # two of them
            problems.append(str(error))
    if problems:
        raise ConfigurationError("logging cannot be set up so", problems)
    return numbers[0], numbers[1]


def _level(given: Any, problems: list[str]) -> int:
    number = logging.getLevelName(given.upper()) if isinstance(given, str) else given
    if isinstance(number, int) and not isinstance(number, bool):
        return number
    problem = f"level {given!r} must be a name such as 'INFO' or 'ERROR', or a number of logging's"
    if problem not in problems:
        problems.append(problem)
    return logging.NOTSET


def _script_attributes(script: str | os.PathLike[str]) -> dict[str, str]:
    path = Path(script)
    try:
        shown = path.resolve().relative_to(Path.cwd().resolve())
    except (ValueError, OSError):  # elsewhere, or on another drive
        shown = path
    return {"script_name": path.stem, "script_path": shown.as_posix()}


def _console(level: int) -> logging.Handler:
    handler = _ConsoleHandler()
    handler.setLevel(level)
    handler.setFormatter(logging.Formatter(_CONSOLE_FORMAT))
    return handler
