"""What is known of spools, as text for people or as JSON; and their deletion, which asks before."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import IO, TYPE_CHECKING, Any

import click

from otel_events import spool
from otel_events.cli.colours import palette_for
from otel_events.cli.row_formats import json_text, write_table
from otel_events.ledger.instants import format_instant
from otel_events.reading.harmless import harmless
from otel_events.reading.texts import count_of, show_local

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.spool import Rejected, SpoolInfo

_FIELDS = ("service", "signal", "waiting", "requests", "size", "alive", "dead", "refused", "destination")
_NUMBERS = frozenset({"waiting", "requests", "size", "alive", "dead", "refused"})


def write_list(spools: Sequence[SpoolInfo], *, is_all: bool, is_json: bool, out: IO[str]) -> None:
    """Write one row for each spool, with *is_all* also for those in which nothing is left."""
    if is_json:
        out.write(json_text([_as_dict(info) for info in spools]) + "\n")
        return
    if not spools:
        click.echo("no spools: nothing waits to be sent")
        return
    shown = [info for info in spools if is_all or not _is_empty(info)]
    write_table(_FIELDS, map(_row, shown), out, numbers=_NUMBERS)
    if len(shown) < len(spools):
        out.write(f"{count_of(len(spools) - len(shown), 'spool')} in which nothing is left (--all)\n")


def write_details(spools: Sequence[SpoolInfo], *, is_json: bool) -> None:
    """Write all that is known of each spool."""
    if is_json:
        details = [{**_as_dict(info), "quarantine": _quarantine_of(info)} for info in spools]
        sys.stdout.write(json_text(details) + "\n")
        return
    for number, info in enumerate(spools):
        click.echo("\n" * bool(number), nl=False)
        _write_one(info)
    if not spools:
        click.echo("no spools: nothing waits to be sent")


def write_quarantine(spools: Sequence[SpoolInfo], *, is_json: bool) -> None:
    """Write one entry for each request that was refused."""
    entries = [(info, rejected) for info in spools for rejected in spool.quarantine(info.path)]
    if is_json:
        rows = [{"service": info.service, "signal": info.signal, **_as_entry(one)} for info, one in entries]
        sys.stdout.write(json_text(rows) + "\n")
        return
    if not entries:
        click.echo("nothing in quarantine")
        return
    for info, one in entries:
        when = show_local(round(one.time * 1e9))
        click.echo(f"{when}  {harmless(info.service)} {info.signal}  {count_of(one.records, 'record')}: {one.cause}")
        click.echo(f"  {harmless(one.reason)}\n  {harmless(str(one.path))}")
    click.echo("\nOnce the receiver takes them: otel-events spool quarantine --resend")


def purge_spools(spools: Sequence[SpoolInfo], *, is_sure: bool) -> bool:
    """Ask, and delete *spools*; return whether all of them are gone."""
    if not spools:
        click.echo("no spools: nothing to delete")
        return True
    if not is_sure:
        write_list(spools, is_all=True, is_json=False, out=sys.stderr)
        waiting = sum(info.records for info in spools)
        question = f"Delete {count_of(len(spools), 'spool')} with {count_of(waiting, 'record')} that were never sent?"
        if not sys.stdin.isatty():
            raise click.UsageError(f"nobody is there to ask: {question} Say --yes")
        if not click.confirm(question, err=True):
            click.echo("nothing deleted")
            return False
    results = [_purge(info) for info in spools]  # each of them, whatever the first one says
    return all(results)


def _purge(info: SpoolInfo) -> bool:
    try:
        lost = spool.delete(info.path)
    except spool.SpoolInUseError as error:
        click.echo(f"Error: left alone: {harmless(str(error))}", err=True)
        return False
    click.echo(
        f"deleted {harmless(f'{info.service} {info.signal}')}: {count_of(lost, 'record')} that waited ({info.path})"
    )
    return True


def _write_one(info: SpoolInfo) -> None:
    palette = palette_for()
    click.echo(palette.bold(f"{harmless(info.service) or '(unknown service)'} {info.signal}"))
    is_journal = info.signal == "journal"
    unit = "event" if is_journal else "record"
    facts = {
        "destination": harmless(info.destination) or ("the sinks of its service" if is_journal else "not known"),
        "directory": harmless(str(info.path)),
        "waiting": f"{count_of(info.records, unit)} in {count_of(info.batches, 'request')}, {show_bytes(info.bytes)} on disk",
        "writers": f"{info.living} running, {info.dead} dead that left something to send",
        "refused": f"{count_of(info.rejected, 'request')} in quarantine" if info.rejected else "",
    }
    for label, text in facts.items():
        if text:
            click.echo(f"  {label:<12} {text}")
    for path in info.unreadable:
        click.echo(f"  {palette.bad('unreadable'.ljust(12))} {harmless(str(path))}")
    for rejected in spool.quarantine(info.path)[:5]:
        click.echo(f"  {'':<12} {show_local(round(rejected.time * 1e9))} {harmless(rejected.reason)}")


def _is_empty(info: SpoolInfo) -> bool:
    return not (info.batches or info.living or info.rejected or info.unreadable)


def _row(info: SpoolInfo) -> list[str]:
    return [
        harmless(info.service) or "?",
        info.signal,
        f"{info.records:,}",
        f"{info.batches:,}",
        show_bytes(info.bytes),
        str(info.living or ""),
        str(info.dead or ""),
        str(info.rejected or ""),
        harmless(info.destination),
    ]


def _as_dict(info: SpoolInfo) -> dict[str, Any]:
    return {**asdict(info), "path": str(info.path), "unreadable": [str(path) for path in info.unreadable]}


def _quarantine_of(info: SpoolInfo) -> list[dict[str, Any]]:
    return [_as_entry(rejected) for rejected in spool.quarantine(info.path)]


def _as_entry(rejected: Rejected) -> dict[str, Any]:
    return {**asdict(rejected), "path": str(rejected.path), "time": format_instant(round(rejected.time * 1e9))}


def show_bytes(size: int) -> str:
    """Return a number of bytes as people write it."""
    for unit, factor in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size} B"
