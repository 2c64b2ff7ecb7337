"""A replay from its options to its account."""

from __future__ import annotations

import os
import stat
import sys
import time
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from otel_events.cli import exit_codes
from otel_events.cli.complaints import InputError
from otel_events.cli.emitting import SERVICE
from otel_events.cli.endpoints import find_endpoints
from otel_events.cli.inputs import is_path, tell
from otel_events.cli.progress import Progress
from otel_events.cli.replaying.lossless import PassedOver, read_items
from otel_events.cli.replaying.pace import Pace, bounds_of, pace_from
from otel_events.cli.replaying.play import Played, play
from otel_events.cli.replaying.targets import LedgerTarget, OtlpTarget, Target
from otel_events.cli.row_formats import json_text
from otel_events.ledger.instants import format_instant
from otel_events.ledger.read import ReadReport
from otel_events.ledger.rotate import ledger_files
from otel_events.reading.harmless import harmless
from otel_events.reading.selection import Selection
from otel_events.reading.sources import SourceError, ledger_path
from otel_events.reading.texts import count_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from otel_events.cli.inputs import Input
    from otel_events.cli.replaying.spans import SpanBatch
    from otel_events.event import Event
    from otel_events.reading.sources import Source


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: see the command's options."""

    speed: float | None
    to: str | None
    protocol: str | None
    is_rebased: bool
    patience: float
    is_json: bool


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the records.

    Attributes:
        read: records that were to be sent.
        accepted: those that the target has.
        rejected: those that it would not keep, or cannot carry.
        replayed_before: records passed over, since an earlier replay has sent them.
        spans_passed_over: spans, which cannot be sent there.
        failure: why it ended before the end; empty if it did not.
        message: what was said of those rejected.
        last: the time of the last record that arrived, as it was in the file.
    """

    target: str
    read: int
    accepted: int
    rejected: int
    replayed_before: int
    spans_passed_over: int
    failure: str
    message: str
    last: str


def run_replay(read: Input, wish: Wish) -> int:
    """Replay, and tell what became of it; return the exit code."""
    sources = read.sources()
    try:
        return _replay(read, wish, sources)
    finally:
        for source in sources:
            source.close()


def _replay(read: Input, wish: Wish, sources: Sequence[Source]) -> int:
    target = open_target(wish.to, wish.protocol, wish.patience, sources)
    passed_over, played = PassedOver(), Played()
    progress = Progress(f"replayed to {harmless(target.name)}")
    failure, code = "", exit_codes.OK
    try:
        items = _Items(read, with_spans=target.takes_spans)
        bounds = _bounds(items, wish, sources)
        wanted = items.of(sources, read.report, passed_over)
        for first in wanted:  # the pace begins with it, whenever it comes
            pace = _pace(wish, bounds or (first.timestamp, first.timestamp))
            if not play(chain((first,), wanted), pace, target, played, progress):
                failure = target.failure or "not all was accepted"
                break
    except KeyboardInterrupt:
        failure, code = "interrupted", exit_codes.INTERRUPTED
    finally:
        progress.clear()
        target.close()
    account = _account(target, played, passed_over, failure)
    _write(account, is_json=wish.is_json)
    tell(read.report)
    if read.report.unreadable >= len(sources):
        raise InputError("nothing could be read to its end")
    return code or (exit_codes.NO if failure or account.rejected else exit_codes.OK)


@dataclass(frozen=True, slots=True)
class _Items:
    """What is to be replayed, as often as it has to be read."""

    read: Input
    with_spans: bool

    def of(self, sources: Sequence[Source], report: ReadReport, passed_over: PassedOver) -> Iterator[Event | SpanBatch]:
        read = self.read
        selection = Selection(read.filter, read.since, read.until)
        return read_items(sources, selection, report, passed_over, _warn, with_spans=self.with_spans)


def _warn(text: str) -> None:
    click.echo(f"Warning: {harmless(text)}", err=True)


def _bounds(items: _Items, wish: Wish, sources: Sequence[Source]) -> tuple[int, int] | None:
    """Return the earliest and the latest time, where they have to be known before: all is read once for it."""
    if not wish.is_rebased or wish.speed == 1:
        return None
    if any(source.path is None or not _is_regular(source.path) for source in sources):
        raise click.UsageError("times that come through a pipe can only be rebased with --speed 1")
    return bounds_of(items.of(items.read.sources(), ReadReport(), PassedOver()))


def _pace(wish: Wish, bounds: tuple[int, int]) -> Pace:
    return pace_from(wish.speed, time.time_ns(), bounds, is_rebased=wish.is_rebased and bounds[0] > 0)


def _is_regular(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:  # gone meanwhile: reading tells
        return True


# -- where to --------------------------------------------------------------------------------------------------------


def open_target(to: str | None, protocol: str | None, patience: float, sources: Sequence[Source]) -> Target:
    """Return where *to* says, which must be none of *sources*; where the environment says if it is None."""
    path = _ledger_of(to)
    if path is not None:
        _refuse_loop(path, sources)
        return LedgerTarget(path, service=SERVICE)
    endpoints = find_endpoints(to, protocol)
    if "logs" not in endpoints:
        raise click.UsageError("no endpoint is configured: say --to ENDPOINT, --to ledger or --to FILE")
    return OtlpTarget(endpoints["logs"], endpoints.get("traces"), patience=patience)


def _ledger_of(to: str | None) -> Path | None:
    if to is None or "://" in to:
        return None
    if to == "ledger":
        try:
            return ledger_path()
        except SourceError as error:
            raise click.UsageError(str(error)) from error
    if to != "-" and is_path(to):
        return Path(to)
    return None


def _refuse_loop(path: Path, sources: Sequence[Source]) -> None:
    """Raise if *path*, or a rotated file of that ledger, is among *sources*."""
    written = {identity for each in ledger_files(path) if (identity := _identify(each)) is not None}
    for source in sources:
        identity = _identify(source.path) if source.path is not None else _identify(sys.stdin.fileno())
        if identity in written:
            raise click.UsageError(
                f"{harmless(source.name)} is of the very ledger that is to be written: it would grow for ever. Name another"
            )


def _identify(place: Path | int) -> tuple[int, int] | None:
    try:
        status = os.fstat(place) if isinstance(place, int) else place.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


# -- the account -----------------------------------------------------------------------------------------------------


def _account(target: Target, played: Played, passed_over: PassedOver, failure: str) -> Account:
    return Account(
        target=target.name,
        read=played.read,
        accepted=target.accepted,
        rejected=target.rejected,
        replayed_before=passed_over.replayed,
        spans_passed_over=passed_over.spans,
        failure=failure,
        message=target.message,
        last=format_instant(played.last) if played.last else "",
    )


def _write(account: Account, *, is_json: bool) -> None:
    if is_json:
        sys.stdout.write(json_text(asdict(account)) + "\n")
        return
    of = f" of {account.read:,}" if account.read != account.accepted else ""
    click.echo(harmless(f"{account.accepted:,}{of} record{'s' * (account.read != 1)} accepted by {account.target}"))
    notes = {
        f"{account.rejected:,} rejected: {account.message}": account.rejected,
        f"stopped: {account.failure}"
        + f"; the last that arrived is of {account.last}" * bool(account.last): account.failure,
        f"{account.replayed_before:,} passed over: an earlier replay has sent them": account.replayed_before,
        f"{count_of(account.spans_passed_over, 'span')} passed over: no spans can be sent there": account.spans_passed_over,
    }
    for text, holds in notes.items():
        if holds:
            click.echo(f"  {harmless(text)}")
