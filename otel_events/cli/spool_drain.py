"""Sending what dead processes have left in spools."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from otel_events import spool
from otel_events.accounting import Accounts
from otel_events.cli.progress import Progress
from otel_events.cli.spool_couriers import OTLP
from otel_events.cli.spool_sending import Sent, send_all
from otel_events.notices import Notices
from otel_events.reading.harmless import harmless
from otel_events.reading.texts import count_of
from otel_events.spool.queue import REFUSED, TOO_LARGE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from otel_events.cli.courier import Courier
    from otel_events.cli.spool_couriers import Found
    from otel_events.spool import SpoolInfo
    from otel_events.spool.queue import Batch


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained(Sent):
    """What became of what waited in one spool; `left` counts records, those of running processes included.

    Attributes:
        lost: records that could not be read, by reason.
        quarantined: records that it refused for good, now in quarantine.
    """

    lost: dict[str, int] = field(default_factory=dict)
    quarantined: int = 0

    @property
    def is_done(self) -> bool:
        """Return whether nothing was left or lost that could have been sent."""
        return not (self.failure or self.rejected or self.lost or self.quarantined)

    def lines(self, info: SpoolInfo) -> Iterator[str]:
        """Yield what people are told of it."""
        total = count_of(info.records, "record")
        yield f"{self.service} {self.signal}: {self.accepted:,} of {total} accepted{self.by_whom}"
        yield from self.rejection()
        if self.quarantined:
            yield f"  {self.quarantined:,} refused for good, now in quarantine"
        if self.left:
            why = f"left there: {self.failure}" if self.failure else "left to running processes, which send them"
            yield f"  {self.left:,} {why}"
        for reason, count in self.lost.items():
            yield f"  {count:,} could not be read: {reason}"


def drain_all(spools: Sequence[SpoolInfo], *, quarantines: bool, **wish: Any) -> bool:
    """Send what is in *spools*; tell of each; return whether all of it was accepted."""
    waiting = [info for info in spools if info.records]
    drain = partial(_drain, quarantines=quarantines)
    return send_all(waiting, drain, nothing="nothing waits to be sent", **wish)


def _drain(info: SpoolInfo, found: Found, *, quarantines: bool) -> Drained:
    if info.signal == "journal":
        # Those of a running process are on their way.
        reason = (
            "" if info.living else "a journal: any program of this service delivers it, once it has run `configure`"
        )
        return Drained(service=info.service, signal=info.signal, left=info.records, failure=reason)
    if isinstance(found, str):
        return Drained(service=info.service, signal=info.signal, left=info.records, failure=found)
    courier, address = found
    accounts = Accounts()
    progress = Progress(f"{harmless(info.service)} {info.signal}", info.records)
    try:
        _, left = spool.drain(
            info.path, _delivery(courier, progress, quarantines=quarantines), accounts=accounts, notices=Notices()
        )
    finally:
        progress.clear()
        courier.close()
    lost = accounts.dropped.counts()
    quarantined = sum(lost.pop(f"{_name_of(info)}_{cause}", 0) for cause in (REFUSED, TOO_LARGE))
    if accounts.problems.counts().get("spool_quarantine_failed"):
        courier.failure = "it was refused, and there is no writing to quarantine"
    return Drained(
        service=info.service,
        signal=info.signal,
        destination=address,
        accepted=courier.accepted,
        rejected=courier.rejected,
        left=left,
        failure=courier.failure,
        message=courier.message,
        lost=lost,
        quarantined=quarantined,
    )


def _name_of(info: SpoolInfo) -> str:
    return "otlp" if info.signal in OTLP else info.signal


def _delivery(courier: Courier, progress: Progress, *, quarantines: bool) -> Callable[[Batch], bool | spool.Refusal]:
    def deliver(batch: Batch) -> bool | spool.Refusal:
        is_delivered = courier.deliver(batch.body, batch.records, batch.encoding)
        progress.show(courier.accepted + courier.rejected)
        if not quarantines or courier.refusal is None:
            return is_delivered
        courier.failure = ""  # no reason to stop
        return courier.refusal

    return deliver
