"""A ready set-up of structlog: events, and a console that is pretty on a terminal and JSON in a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TextIO

import structlog

from otel_events.bridges.structlog_processors import EventTee, add_bound_attributes

if TYPE_CHECKING:
    from structlog.typing import Processor


def configure_structlog(level: int, events_level: int, stream: TextIO, *, json: bool | None) -> Any:
    """Configure structlog; return a logger. See `setup_structlog`."""
    is_json = not stream.isatty() if json is None else json
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            EventTee(events_level),
            add_bound_attributes,
            structlog.processors.StackInfoRenderer(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *(_json_lines() if is_json else _pretty_lines()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        context_class=dict,
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
    return structlog.get_logger()


# Neither prints the local variables of frames, which structlog does by default: there are secrets in them.


def _json_lines() -> list[Processor]:
    transformer = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    return [structlog.processors.ExceptionRenderer(transformer), structlog.processors.JSONRenderer()]


def _pretty_lines() -> list[Processor]:
    return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
