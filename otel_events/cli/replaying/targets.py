"""Where a replay sends: an OTLP endpoint, or a ledger."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from otel_events.accounting import Accounts
from otel_events.cli.courier import Courier
from otel_events.notices import Notices
from otel_events.otlp.compression import compress
from otel_events.otlp.encode import EncodeError, LogEncoder
from otel_events.random_ids import random_id
from otel_events.sinks.ledger import LedgerSink

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from otel_events.event import Event
    from otel_events.otlp.endpoint import Endpoint

_LARGEST_REQUEST = 2 * 1024 * 1024
_DISK_SECONDS = 5.0


class Target(Protocol):
    """Takes batches of events as they are, past every guard: they have been guarded, or are to stay as they were."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def accepted(self) -> int:
        """How many records are safe there."""

    @property
    def rejected(self) -> int:
        """How many it would not keep, or cannot carry."""

    @property
    def failure(self) -> str:
        """Why the last batch did not arrive; empty if it did."""

    @property
    def message(self) -> str:
        """What was said of those rejected."""

    def send(self, events: Sequence[Event]) -> bool:
        """Send *events*; return whether all of them were answered for, else see `failure`."""

    @property
    def takes_spans(self) -> bool:
        """Whether spans can be sent there."""

    def send_spans(self, body: bytes, count: int) -> bool:
        """Send an encoded request of *count* spans; return as `send`."""

    def close(self) -> None:
        """Let go of it."""


class OtlpTarget:
    """An OTLP endpoint; each request is waited for.

    Args:
        logs: where events go.
        traces: where spans go; None if nowhere.
        patience: seconds without progress after which it gives up.
    """

    def __init__(self, logs: Endpoint, traces: Endpoint | None, *, patience: float) -> None:
        self.name = logs.address
        self._logs = Courier.to(logs, "logs", patience=patience)
        self._traces = None if traces is None else Courier.to(traces, "traces", patience=patience)
        self._couriers = [courier for courier in (self._logs, self._traces) if courier is not None]
        self._encoder = LogEncoder({}, on_unencodable=self._leave_out)
        self._left_out = 0
        self._reason = ""

    @property
    def accepted(self) -> int:
        return sum(courier.accepted for courier in self._couriers)

    @property
    def rejected(self) -> int:
        return sum(courier.rejected for courier in self._couriers) + self._left_out

    @property
    def failure(self) -> str:
        return next((courier.failure for courier in self._couriers if courier.failure), "")

    @property
    def message(self) -> str:
        return next((courier.message for courier in self._couriers if courier.message), self._reason)

    @property
    def takes_spans(self) -> bool:
        return self._traces is not None

    def send(self, events: Sequence[Event]) -> bool:
        requests = self._encoder.encode_bounded(events, _LARGEST_REQUEST)
        return all(_deliver(self._logs, body, count) for body, count in requests)

    def send_spans(self, body: bytes, count: int) -> bool:
        return self._traces is not None and _deliver(self._traces, body, count)

    def close(self) -> None:
        for courier in self._couriers:
            courier.close()

    def _leave_out(self, error: EncodeError) -> None:
        self._left_out += 1
        self._reason = str(error)


def _deliver(courier: Courier, body: bytes, count: int) -> bool:
    if courier.compresses:
        return courier.deliver(compress(body), count, "gzip")
    return courier.deliver(body, count)


class LedgerTarget:
    """A ledger, in its own format whatever is configured: the flat one would lose what the records say.

    Args:
        path: the file.
        service: who writes, as its header says; the records keep their own.
    """

    takes_spans = False

    def __init__(self, path: Path, *, service: str) -> None:
        self.name = str(path)
        self.failure = ""
        self.message = ""
        self._accounts = Accounts()
        self._sink = LedgerSink(
            path,
            resource={"service.name": service},
            service=service,
            writer_id=f"{random_id(64):016x}",
            accounts=self._accounts,
            notices=Notices(),
        )

    @property
    def accepted(self) -> int:
        return self._accounts.delivered.counts().get("ledger", 0)

    @property
    def rejected(self) -> int:
        return self._accounts.dropped.counts().get("ledger_unencodable", 0)

    def send(self, events: Sequence[Event]) -> bool:
        expected = self.accepted + self.rejected + len(events)
        self._sink.write(events)
        self._sink.flush(time.monotonic() + _DISK_SECONDS)
        is_written = self.accepted + self.rejected == expected
        self.failure = "" if is_written else "the file cannot be written"
        return is_written

    def send_spans(self, body: bytes, count: int) -> bool:  # noqa: ARG002  # never asked
        return False

    def close(self) -> None:
        self._sink.close(time.monotonic() + _DISK_SECONDS)
