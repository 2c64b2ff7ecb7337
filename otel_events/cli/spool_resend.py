"""Sending again what a destination once refused."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from otel_events import spool
from otel_events.cli.courier import Courier
from otel_events.cli.spool_sending import NOWHERE, Sent, send_all
from otel_events.cli.texts import count_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from otel_events.otlp.endpoint import Endpoint, Signal
    from otel_events.spool import Rejected, SpoolInfo
    from otel_events.spool.queue import Encoding


@dataclass(frozen=True, slots=True, kw_only=True)
class Resent(Sent):
    """What became of the quarantine of one spool; `left` counts requests."""

    @property
    def is_done(self) -> bool:
        """Return whether all of it was accepted."""
        return not (self.left or self.rejected)

    def lines(self, info: SpoolInfo) -> Iterator[str]:  # noqa: ARG002
        """Yield what people are told of it."""
        yield f"{self.service} {self.signal}: {count_of(self.accepted, 'record')} accepted{self.by_whom}"
        yield from self.rejection()
        if self.left:
            yield f"  {count_of(self.left, 'request')} left in quarantine: {self.failure}"


def resend_all(spools: Sequence[SpoolInfo], *, patience: float, **wish: Any) -> bool:
    """Send what is in the quarantine of *spools*; tell of each; return whether all of it was accepted."""
    refused = [info for info in spools if info.rejected]
    return send_all(refused, partial(_resend, patience=patience), nothing="nothing in quarantine", **wish)


def _resend(info: SpoolInfo, endpoint: Endpoint | None, *, patience: float) -> Resent:
    if endpoint is None:
        return Resent(service=info.service, signal=info.signal, left=info.rejected, failure=NOWHERE)
    courier = Courier(endpoint, cast("Signal", info.signal), patience=patience)
    failure = ""

    def deliver(rejected: Rejected, body: bytes, encoding: Encoding) -> bool | None:
        nonlocal failure
        if courier.deliver(body, rejected.records, encoding):
            return True
        failure = courier.failure
        # Refused again: the next one may fare better. Not reached: no other will be.
        return False if courier.refusal is not None else None

    try:
        left = spool.resend(info.path, deliver)
    finally:
        courier.close()
    return Resent(
        service=info.service,
        signal=info.signal,
        destination=endpoint.address,
        accepted=courier.accepted,
        rejected=courier.rejected,
        left=left,
        failure=failure,
        message=courier.message,
    )
