"""The OpenTelemetry Context of a log call, kept on its record for a handler that runs on another thread."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from opentelemetry.context import get_current

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.context import Context


class StampedRecord(logging.LogRecord):
    """A log record that knows the Context of its call.

    The Context stands in a slot and not in `__dict__`: formatters that write out everything do not see it, and it is
    not pickled.
    """

    __slots__ = ("otel_context",)

    otel_context: Context

    def __copy__(self) -> StampedRecord:
        # QueueHandler puts a copy into its queue.
        return _stamped(self.__dict__.copy(), self.otel_context)

    def __reduce__(self) -> tuple[Any, ...]:
        # Whoever unpickles it, in another process, may not have this package.
        return logging.makeLogRecord, (self.__dict__,)


def stamp_records() -> None:
    """Let every log record from now on know the Context of its call. Goes with whatever record factory there is."""
    before = logging.getLogRecordFactory()
    if not isinstance(before, _StampingFactory):
        logging.setLogRecordFactory(_StampingFactory(before))


def context_of(record: logging.LogRecord) -> Context:
    """Return the Context of the call that made *record*; if it does not know, the one that holds here."""
    return record.otel_context if type(record) is StampedRecord else get_current()


class _StampingFactory:
    def __init__(self, before: Callable[..., logging.LogRecord]) -> None:
        self._before = before

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        made = self._before(*args, **kwargs)
        # A class of the program's own stays what it is.
        return _stamped(made.__dict__, get_current()) if type(made) is logging.LogRecord else made


def _stamped(attributes: dict[str, Any], context: Context) -> StampedRecord:
    stamped = StampedRecord.__new__(StampedRecord)
    stamped.__dict__ = attributes
    stamped.otel_context = context
    return stamped
