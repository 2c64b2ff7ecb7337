"""The program's own LoggerProvider as a sink, so that its processors and its resource apply."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from otel_events.notices import told
from otel_events.otel_logs import record_of, shared_provider

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.accounting import Accounts
    from otel_events.event import Event, InstrumentationScope
    from otel_events.notices import Notices
    from otel_events.otel_logs import Logger, LoggerProvider


class OtelSink:
    """Emit finished events through a LoggerProvider. What its processors lose is theirs: they tell nobody.

    A record that came from a LoggerProvider is not emitted again: the processors beside ours have seen it.

    Args:
        provider: where records go; None for the one that the program has set by the time of a write. It stays open,
            because the program may go on using it.
        accounts: where they are counted.
        notices: where failures are told.
    """

    name = "otel"

    def __init__(self, provider: LoggerProvider | None, *, accounts: Accounts, notices: Notices) -> None:
        self._provider = provider
        self._accounts = accounts
        self._notices = notices
        self._loggers: dict[InstrumentationScope, Logger] = {}
        self._has_lost = False

    def write(self, events: Sequence[Event]) -> None:
        """Emit *events*, or raise if there is no provider; one that a processor fails on is counted."""
        self._provider = self._provider or shared_provider()
        if self._provider is None:
            raise LookupError("the program has set no LoggerProvider")
        for event in events:
            try:
                if not event.passed_provider:
                    self._logger(self._provider, event.scope).emit(record_of(event))
            except Exception as error:  # noqa: PERF203  # each event for itself
                self._has_lost = True
                self._accounts.dropped.add("otel_failed")
                self._notices.warn("otel_failed", f"a log-record processor failed on '{event.name}': {told(error)}")
            else:
                self._accounts.delivered.add(self.name)

    def flush(self, deadline: float) -> bool:
        """Flush the provider. True says that no processor failed since the last flush, and that the provider said so."""
        has_lost, self._has_lost = self._has_lost, False
        force_flush: Any = getattr(self._provider, "force_flush", None)
        if force_flush is None:
            return not has_lost
        return bool(force_flush(max(1, int((deadline - time.monotonic()) * 1000)))) and not has_lost

    def close(self, deadline: float) -> bool:
        """Do as `flush` does."""
        return self.flush(deadline)

    def _logger(self, provider: LoggerProvider, scope: InstrumentationScope) -> Logger:
        logger = self._loggers.get(scope)
        if logger is None:
            logger = self._loggers[scope] = provider.get_logger(
                scope.name, scope.version or None, scope.schema_url or None, dict(scope.attributes) or None
            )
        return logger
