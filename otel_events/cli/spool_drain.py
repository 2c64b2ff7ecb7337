"""Sending what dead processes have left in spools, with an honest account of it."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import click

from otel_events import spool
from otel_events.accounting import Accounts
from otel_events.cli.harmless import harmless
from otel_events.cli.progress import Progress
from otel_events.cli.row_formats import json_text
from otel_events.cli.spool_couriers import OTLP, Couriers
from otel_events.cli.texts import count_of
from otel_events.notices import Notices
from otel_events.spool.queue import REFUSED, TOO_LARGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.cli.courier import Courier
    from otel_events.spool import SpoolInfo
    from otel_events.spool.queue import Batch


@dataclass(frozen=True, slots=True)
class Drained:
    """What became of one spool.

    Attributes:
        accepted: records that the receiver has.
        rejected: records that it took and would not keep: they are gone.
        quarantined: records that it refused for good, now in quarantine.
        left: records that are still there, those of running processes included.
        lost: records that could not be read, by reason.
        failure: why it ended before the end; empty if it did not.
    """

    service: str
    signal: str
    destination: str
    accepted: int
    rejected: int
    left: int
    lost: dict[str, int]
    failure: str
    message: str
    quarantined: int = 0

    @property
    def is_done(self) -> bool:
        """Return whether nothing was left or lost that could have been sent."""
        return not (self.failure or self.rejected or self.lost or self.quarantined)


def drain_all(
    spools: Sequence[SpoolInfo],
    *,
    to: str | None,
    protocol: str | None,
    patience: float,
    quarantines: bool,
    is_json: bool,
) -> bool:
    """Send what is in *spools*; tell of each; return whether all of it was accepted."""
    couriers = Couriers(to, protocol, patience)
    results = []
    for info in spools:
        if not info.records:
            continue
        result = _refuse(info) or _drain(info, couriers.find(info), quarantines=quarantines)
        results.append(result)
        if not is_json:
            _tell(result, info)
    if is_json:
        sys.stdout.write(json_text([asdict(result) for result in results]) + "\n")
    elif not results:
        click.echo("nothing waits to be sent")
    return all(result.is_done for result in results)


def _refuse(info: SpoolInfo) -> Drained | None:
    if info.signal != "journal":
        return None
    # Those of a running process are on their way.
    reason = "" if info.living else "a journal: any program of this service delivers it, once it has run `configure`"
    return Drained(info.service, info.signal, "", 0, 0, info.records, {}, reason, "")


def _drain(info: SpoolInfo, found: tuple[Courier, str] | str, *, quarantines: bool) -> Drained:
    if isinstance(found, str):
        return Drained(info.service, info.signal, "", 0, 0, info.records, {}, found, "")
    courier, address = found
    accounts = Accounts()
    progress = Progress(f"{harmless(info.service)} {info.signal}", info.records)

    def deliver(batch: Batch) -> bool | spool.Refusal:
        is_delivered = courier.deliver(batch.body, batch.records, batch.encoding)
        progress.show(courier.accepted + courier.rejected)
        if not quarantines or courier.refusal is None:
            return is_delivered
        courier.failure = ""  # no reason to stop
        return courier.refusal

    try:
        _, left = spool.drain(info.path, deliver, accounts=accounts, notices=Notices())
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
        lost=lost,
        failure=courier.failure,
        message=courier.message,
        quarantined=quarantined,
    )


def _name_of(info: SpoolInfo) -> str:
    return "otlp" if info.signal in OTLP else info.signal


def _tell(result: Drained, info: SpoolInfo) -> None:
    where = f" by {result.destination}" if result.destination else ""
    total = count_of(info.records, "record")
    click.echo(harmless(f"{result.service} {result.signal}: {result.accepted:,} of {total} accepted{where}"))
    notes: dict[str, Any] = {
        f"{result.rejected:,} rejected by the receiver: {result.message}": result.rejected,
        f"{result.quarantined:,} refused for good, now in quarantine": result.quarantined,
        f"{result.left:,} left there: {result.failure}": result.left and result.failure,
        f"{result.left:,} left to running processes, which send them": result.left and not result.failure,
    }
    for reason, count in result.lost.items():
        notes[f"{count:,} could not be read: {reason}"] = count
    for text, holds in notes.items():
        if holds:
            click.echo(f"  {harmless(text)}")
