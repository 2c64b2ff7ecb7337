"""One batch seen through: sent, then settled with the spool and the accounts as the answer says."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, TypeAlias

from otel_events.otlp.outcome import Accepted, Refused, Retry, TooLarge, Unreachable, say
from otel_events.spool.queue import REFUSED, TOO_LARGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.accounting import Accounts
    from otel_events.notices import Notices
    from otel_events.otlp.outcome import Outcome
    from otel_events.otlp.transport import Transport
    from otel_events.sinks.joining import Joining
    from otel_events.spool.queue import Batch, Encoding, Spool

Failure: TypeAlias = Retry | Unreachable


class Delivery:
    """Send batches of one spool over one transport. Used by one thread at a time.

    Attributes:
        rejected: records that the server took and would not keep.
    """

    def __init__(
        self,
        *,
        name: str,
        address: str,
        spool: Spool,
        transport: Transport,
        joining: Joining,
        accounts: Accounts,
        notices: Notices,
    ) -> None:
        self.rejected = 0
        self._name = name
        self._address = address
        self._spool = spool
        self._transport = transport
        self._joining = joining
        self._accounts = accounts
        self._notices = notices
        # Re-entrant, for a signal handler may flush in the middle of it.
        self._counting = threading.RLock()

    def has_counted(self, patience: float) -> bool:
        """Return True only if, within *patience* seconds, all that the spool let go of as delivered is counted as well."""
        if not self._counting.acquire(timeout=patience):
            return False
        self._counting.release()
        return True

    def deliver(self, batches: Sequence[Batch], deadline: float) -> Failure | None:
        """See taken *batches* through as one request; if that failed for now, return why: they are back in the spool."""
        outcome = self._send(self._joining.join(batches), deadline)
        if isinstance(outcome, (Retry, Unreachable)):
            self._accounts.problems.add(f"{self._name}_retry")
            self._put_back(batches)
            return outcome
        if isinstance(outcome, Accepted):
            self._accept(batches, outcome)
        elif len(batches) > 1:
            # One of them is to blame: each shall answer for itself.
            self._joining.leave_apart(len(batches))
            self._put_back(batches)
        elif isinstance(outcome, TooLarge):
            self._split(batches[0], outcome)
        else:
            self._give_up(batches[0], outcome)
        return None

    def warn(self, cause: str, message: str) -> None:
        """Tell of *cause* at this destination, at most once a minute."""
        # A handler may need what the interpreter has taken down already.
        if not sys.is_finalizing():
            self._notices.warn(f"{self._name}_{cause} {self._address}", f"{self._address}: {message}")

    def _put_back(self, batches: Sequence[Batch]) -> None:
        for batch in reversed(batches):
            self._spool.put_back(batch)

    def _send(self, request: tuple[bytes, Encoding], deadline: float) -> Outcome:
        try:
            return self._transport.send(*request, deadline)
        except Exception as error:  # a mistake of ours must not end the thread and lose all that follows
            self._accounts.problems.add("transport_error")
            return Unreachable(say("our own mistake", type(error).__name__, str(error)))

    def _accept(self, batches: Sequence[Batch], accepted: Accepted) -> None:
        with self._counting:
            # The spool says no if it was closed meanwhile: it has counted these records already.
            records = sum(batch.records for batch in batches if self._spool.release(batch))
            if not records:
                return
            rejected = min(accepted.rejected, records)
            self._accounts.delivered.add(self._name, records - rejected)
            if rejected:
                self.rejected += rejected
                self._accounts.dropped.add(f"{self._name}_rejected", rejected)
        if rejected or accepted.message:
            self.warn("rejected", say(f"rejected {rejected} of {records} records", accepted.message))

    def _split(self, batch: Batch, too_large: TooLarge) -> None:
        halves = self._joining.halve(batch)
        if halves is not None:
            self._accounts.problems.add(f"{self._name}_split")
            self._spool.split(batch, halves)
        elif self._spool.quarantine(batch, f"{self._name}_{TOO_LARGE}", too_large.reason):
            said = f"{len(batch.body)} bytes are too many for it, and cannot be split: {too_large.reason}"
            self.warn("too_large", said + self._where_kept())

    def _give_up(self, batch: Batch, refused: Refused) -> None:
        if self._spool.quarantine(batch, f"{self._name}_{REFUSED}", refused.reason):
            said = f"refused {batch.records} records, which are given up: {refused.reason}"
            self.warn("refused", said + self._where_kept())

    def _where_kept(self) -> str:
        file = self._spool.rejected_file
        return "" if file is None else f"; the request is kept in {file}"
