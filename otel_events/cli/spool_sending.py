"""Sending from one spool after the other, with an account of each."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import click

from otel_events.cli.row_formats import json_text
from otel_events.cli.spool_couriers import Couriers
from otel_events.reading.harmless import harmless

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from otel_events.cli.spool_couriers import Found
    from otel_events.spool import SpoolInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent(ABC):
    """What became of one spool.

    Attributes:
        accepted: records that the receiver has now.
        rejected: records that it took and would not keep: they are gone.
        left: what is still there.
        failure: why it is; empty if nothing went wrong.
        message: what the receiver said of those rejected.
    """

    service: str
    signal: str
    left: int
    destination: str = ""
    accepted: int = 0
    rejected: int = 0
    failure: str = ""
    message: str = ""

    @property
    @abstractmethod
    def is_done(self) -> bool:
        """Return whether all that could have been sent was accepted."""

    @abstractmethod
    def lines(self, info: SpoolInfo) -> Iterator[str]:
        """Yield what people are told of it; *info* is the spool as it was before."""

    @property
    def by_whom(self) -> str:
        """Return who accepted it, as the end of a sentence."""
        return f" by {self.destination}" if self.destination else ""

    def rejection(self) -> Iterator[str]:
        """Yield the line that tells of what was rejected, if anything was."""
        if self.rejected:
            yield f"  {self.rejected:,} rejected by the receiver: {self.message}"


def send_all(
    spools: Sequence[SpoolInfo],
    send: Callable[[SpoolInfo, Found], Sent],
    *,
    to: str | None,
    protocol: str | None,
    patience: float,
    is_json: bool,
    nothing: str,
) -> bool:
    """Send from each of *spools*; tell of each, or *nothing* where there are none; return whether all was accepted."""
    couriers = Couriers(to, protocol, patience)
    results = []
    for info in spools:
        result = send(info, couriers.find(info))
        results.append(result)
        if not is_json:
            for line in result.lines(info):
                click.echo(harmless(line))
    if is_json:
        sys.stdout.write(json_text([asdict(result) for result in results]) + "\n")
    elif not results:
        click.echo(nothing)
    return all(result.is_done for result in results)
