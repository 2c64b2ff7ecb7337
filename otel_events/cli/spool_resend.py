"""Sending again what a destination once refused."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, cast

import click

from otel_events import spool
from otel_events.cli.courier import Courier
from otel_events.cli.endpoints import find_endpoints
from otel_events.cli.harmless import harmless
from otel_events.cli.row_formats import json_text
from otel_events.cli.spool_drain import endpoint_of
from otel_events.cli.texts import count_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.otlp.endpoint import Endpoint, Signal
    from otel_events.spool import Rejected, SpoolInfo
    from otel_events.spool.queue import Encoding


_NOWHERE = "nothing says where it was to go: name an endpoint with --to"


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
    configured = find_endpoints(to, protocol)
    results = []
    for info in spools:
        if not info.rejected:
            continue
        result = _resend(info, endpoint_of(info, configured, is_given=to is not None), patience)
        results.append(result)
        if not is_json:
            _tell(result)
    if is_json:
        sys.stdout.write(json_text([asdict(result) for result in results]) + "\n")
    elif not results:
        click.echo("nothing in quarantine")
    return not any(result.left or result.rejected for result in results)


def _resend(info: SpoolInfo, endpoint: Endpoint | None, patience: float) -> Resent:
    if endpoint is None or info.signal not in ("logs", "traces"):
        is_other = endpoint is not None
        reason = f"it is of the sink {info.signal!r}, and no OTLP" if is_other else _NOWHERE
        return Resent(info.service, info.signal, "", 0, 0, info.rejected, reason, "")
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


def _tell(result: Resent) -> None:
    where = f" by {result.destination}" if result.destination else ""
    click.echo(harmless(f"{result.service} {result.signal}: {count_of(result.accepted, 'record')} accepted{where}"))
    if result.rejected:
        click.echo(harmless(f"  {result.rejected:,} rejected by the receiver: {result.message}"))
    if result.left:
        click.echo(harmless(f"  {count_of(result.left, 'request')} left in quarantine: {result.failure}"))
