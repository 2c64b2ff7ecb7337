"""Sending again what a destination once refused."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import click

from otel_events import spool
from otel_events.cli.harmless import harmless
from otel_events.cli.row_formats import json_text
from otel_events.cli.spool_couriers import Couriers
from otel_events.cli.texts import count_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.cli.courier import Courier
    from otel_events.spool import Rejected, SpoolInfo
    from otel_events.spool.queue import Encoding


@dataclass(frozen=True, slots=True)
class Resent:
    """What became of the quarantine of one spool.

    Attributes:
        accepted: records that the receiver has now.
        rejected: records of accepted requests that it would not keep: they are gone.
        left: requests that are in quarantine still.
        failure: why, if there are any.
        message: what the receiver said of those rejected.
    """

    service: str
    signal: str
    destination: str
    accepted: int
    rejected: int
    left: int
    failure: str
    message: str


def resend_all(
    spools: Sequence[SpoolInfo], *, to: str | None, protocol: str | None, patience: float, is_json: bool
) -> bool:
    """Send what is in the quarantine of *spools*; tell of each; return whether all of it was accepted."""
    couriers = Couriers(to, protocol, patience)
    results = []
    for info in spools:
        if not info.rejected:
            continue
        result = _resend(info, couriers.find(info))
        results.append(result)
        if not is_json:
            _tell(result)
    if is_json:
        sys.stdout.write(json_text([asdict(result) for result in results]) + "\n")
    elif not results:
        click.echo("nothing in quarantine")
    return not any(result.left or result.rejected for result in results)


def _resend(info: SpoolInfo, found: tuple[Courier, str] | str) -> Resent:
    if isinstance(found, str):
        return Resent(info.service, info.signal, "", 0, 0, info.rejected, found, "")
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


def _tell(result: Resent) -> None:
    where = f" by {result.destination}" if result.destination else ""
    click.echo(harmless(f"{result.service} {result.signal}: {count_of(result.accepted, 'record')} accepted{where}"))
    if result.rejected:
        click.echo(harmless(f"  {result.rejected:,} rejected by the receiver: {result.message}"))
    if result.left:
        click.echo(harmless(f"  {count_of(result.left, 'request')} left in quarantine: {result.failure}"))
