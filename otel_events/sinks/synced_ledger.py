"""The ledger for those who want each event on the disk before `emit` returns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_events.sinks.ledger import LedgerSink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.event import Event


class SyncedLedgerSink(LedgerSink):
    """A ledger that asks the disk after every batch."""

    def write(self, events: Sequence[Event]) -> None:
        """Append *events*, and return when the disk has them, or has failed: that is counted and told."""
        super().write(events)
        try:
            self._file.sync()
        except OSError as error:
            self._accounts.problems.add("ledger_not_synced")
            self._notices.warn("ledger_not_synced", f"the disk of the ledger {self.path} failed: {error.strerror}")
