"""The program's own LoggerProvider as a sink, so that its processors and its resource apply."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from otel_events.otel_logs import record_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry._logs import Logger, LoggerProvider

    from otel_events.accounting import Accounts
    from otel_events.event import Event, InstrumentationScope
    from otel_events.notices import Notices


class OtelSink:
    """Emit finished events through a LoggerProvider. What its processors lose is theirs: they tell nobody."""

    def __init__(
        self,
        provider: LoggerProvider,
        *,
        accounts: Accounts,
        notices: Notices,
        name: str = "otel",
        is_own: bool = False,
    ) -> None:
        """Make the sink.

        Args:
            provider: where records go.
            accounts: where they are counted.
            notices: where failures are told.
            name: the sink's, for routes and counts.
            is_own: the provider was made for this sink alone, and is shut down with it.
        """
        self.name = name
        self._provider = provider
        self._accounts = accounts
        self._notices = notices
        self._is_own = is_own
        self._loggers: dict[InstrumentationScope, Logger] = {}

    def write(self, events: Sequence[Event]) -> None:
        """Emit *events*; one that a processor fails on is counted, and the next one goes on."""
        for event in events:
            try:
                self._logger(event.scope).emit(record_of(event))
            except Exception as error:
                self._accounts.dropped.add(f"{self.name}_failed")
                self._notices.warn(f"{self.name}_failed", f"a log-record processor failed on '{event.name}': {error!r}")
            else:
                self._accounts.delivered.add(self.name)

    def flush(self, deadline: float) -> bool:
        """Flush the provider. True only says that it said so."""
        force_flush: Any = getattr(self._provider, "force_flush", None)
        if force_flush is None:
            return True
        return bool(force_flush(max(1, int((deadline - time.monotonic()) * 1000))))

    def close(self, deadline: float) -> bool:
        """Flush; a provider of the program is left open, because the program may go on using it."""
        flushed = self.flush(deadline)
        if self._is_own:
            self._provider.shutdown()  # type: ignore[attr-defined]  # one of the SDK's
        return flushed

    def _logger(self, scope: InstrumentationScope) -> Logger:
        logger = self._loggers.get(scope)
        if logger is None:
            logger = self._loggers[scope] = self._provider.get_logger(
                scope.name, scope.version or None, scope.schema_url or None, dict(scope.attributes) or None
            )
        return logger
