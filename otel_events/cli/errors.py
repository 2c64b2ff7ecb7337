"""`errors`: group errors by what is the same about them."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import click

from otel_events.cli.inputs import Input, ReadingCommand, reads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_events.reading.analysis.error_groups import ErrorGroup, ErrorGroups

_EPILOG = """\b
Examples:
  otel-events errors
  otel-events errors --since 1d persona=thesis
  otel-events errors --stack logs/
  otel-events errors --json | jq '.[0]'
"""
_PARTS = 12
_DIGITS = 8  # of a trace id: as many as `show trace` needs
_TIMES = "\N{MULTIPLICATION SIGN}"
_BARS = " ▁▂▃▄▅▆▇█"


@click.command("errors", cls=ReadingCommand, epilog=_EPILOG)
@reads
@click.option("--limit", "-n", type=click.IntRange(min=1), default=20, help="Groups shown, largest first.  [20]")
@click.option("--stack", is_flag=True, help="Show the stack of the latest of each group.")
@click.option("--json", "is_json", is_flag=True, help="As a JSON array.")
def command(*, read: Input, limit: int, stack: bool, is_json: bool) -> None:
    """Group errors by fingerprint: kind, place, message or reason without its numbers; with count, first, last and trend.

    An error is an event of severity ERROR or above, one whose name ends in .failed, or one with an exception.
    """
    from otel_events.reading.analysis.error_groups import ErrorGroups

    groups = ErrorGroups()
    for record in read.records():
        groups.add(record)
    found = groups.largest()
    if is_json:
        from otel_events.cli.row_formats import json_text

        sys.stdout.write(json_text([_as_dict(group, groups) for group in found[:limit]]) + "\n")
        return
    if not found:
        click.echo("no errors")
        return
    from otel_events.reading.texts import count_of

    count = sum(group.count for group in found)
    click.echo(f"{count_of(count, 'error')} in {count_of(len(found), 'group')}")
    for group in found[:limit]:
        _write(group, groups, with_stack=stack)
    if len(found) > limit:
        click.echo(f"\n... and {count_of(len(found) - limit, 'more group')} (--limit)")


def _write(group: ErrorGroup, groups: ErrorGroups, *, with_stack: bool) -> None:
    from otel_events.cli.colours import palette_for
    from otel_events.reading.failure import kind_of, said_of
    from otel_events.reading.harmless import harmless
    from otel_events.reading.texts import show_ago, show_recent
    from otel_events.reading.whereabouts import stack_of

    palette = palette_for()
    now = time.time()
    trend = _bars(group.trend(groups.first, groups.last, _PARTS))
    what = " ".join(filter(None, (group.example.name, kind_of(group.example))))
    said = said_of(group.example)
    click.echo(f"\n{palette.bad(f'{group.count:>6,} {_TIMES}')} {palette.bold(harmless(what))}  {harmless(said)}")
    when = f"first {show_recent(group.first)}, last {show_recent(group.last)} ({show_ago(group.last, now)})"
    click.echo(f"         {trend}  {palette.dim(when)}")
    for line in _where(group):
        click.echo(f"         {palette.dim(harmless(line))}")
    if with_stack:
        for line in stack_of(group.example).splitlines():
            click.echo(f"         {harmless(line)}")


def _where(group: ErrorGroup) -> Iterator[str]:
    from otel_events.reading.whereabouts import logger_of, place_of

    record = group.example
    ids = [f"{key}={record.text(key)}" for key in ("persona", "task_id") if record.text(key)]
    if record.text("trace_id"):
        ids.append(f"trace_id={record.text('trace_id')[:_DIGITS]}")
    yield f"{group.fingerprint[:12]}" + f"  latest: {' '.join(ids)}" * bool(ids)
    place, logger = place_of(record), logger_of(record)
    if place or logger:
        yield ", ".join(filter(None, (place and f"at {place}", logger and f"logger {logger}")))


def _bars(counts: list[int]) -> str:
    highest = max(counts) or 1
    return "".join(_BARS[-(-count * (len(_BARS) - 1) // highest)] for count in counts)


def _as_dict(group: ErrorGroup, groups: ErrorGroups) -> dict[str, Any]:
    from otel_events.ledger.instants import format_instant
    from otel_events.reading.failure import kind_of, said_of
    from otel_events.reading.whereabouts import logger_of, place_of, stack_of

    return {
        "fingerprint": group.fingerprint,
        "count": group.count,
        "event": group.example.name,
        "kind": kind_of(group.example),
        "message": said_of(group.example),
        "first": format_instant(group.first),
        "last": format_instant(group.last),
        "trend": group.trend(groups.first, groups.last, _PARTS),
        "place": place_of(group.example),
        "logger": logger_of(group.example),
        "stack": stack_of(group.example),
        "latest": group.example.as_dict(),
    }
