"""Sending again what a destination once refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from otel_events import spool
from otel_events.cli.spool_sending import Sent, send_all
from otel_events.reading.texts import count_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from otel_events.cli.spool_couriers import Found
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


def resend_all(spools: Sequence[SpoolInfo], **wish: Any) -> bool:
    """Send what is in the quarantine of *spools*; tell of each; return whether all of it was accepted."""
    refused = [info for info in spools if info.rejected]
    return send_all(refused, _resend, nothing="nothing in quarantine", **wish)


def _resend(info: SpoolInfo, found: Found) -> Resent:
    if isinstance(found, str):
        return Resent(service=info.service, signal=info.signal, left=info.rejected, failure=found)
    courier, address = found
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
        destination=address,
        accepted=courier.accepted,
        rejected=courier.rejected,
        left=left,
        failure=failure,
        message=courier.message,
    )
