"""`stats`: count events."""

from __future__ import annotations

import click

from otel_events.cli.inputs import Input, ReadingCommand, reads

_EPILOG = """\b
Examples:
  otel-events stats
  otel-events stats --by persona 'task.*' --since 1d
  otel-events stats --target 95 logs/    # exit code 1 if fewer were seen
  otel-events stats --json events.jsonl | jq .writers
"""


@click.command("stats", cls=ReadingCommand, epilog=_EPILOG)
@reads
@click.option(
    "--by", default="event", metavar="WHAT", help="event, task, persona, cycle, session, or any attribute.  [event]"
)
@click.option("--limit", "-n", type=click.IntRange(min=1), default=40, help="Groups shown, largest first.  [40]")
@click.option("--target", type=click.FloatRange(0, 100), help="Exit with 1 if the coverage in percent is less.")
@click.option(
    "--catalog", type=click.Path(exists=True, file_okay=False), multiple=True, help="Cover this registry instead."
)
@click.option(
    "--module", "modules", metavar="NAME", multiple=True, help="Cover a Python module with @define classes instead."
)
@click.option("--all", "is_all", is_flag=True, help="Count what writers say of themselves as well.")
@click.option("--json", "is_json", is_flag=True, help="Everything, as one JSON object.")
def command(
    *,
    read: Input,
    by: str,
    limit: int,
    target: float | None,
    catalog: tuple[str, ...],
    modules: tuple[str, ...],
    is_all: bool,
    is_json: bool,
) -> int:
    """Count events, durations, failures, what never ended, gaps and ends of writers, delays, coverage.

    Quantiles are right to 1 %. Gaps and coverage are told when nothing is filtered away.
    """
    from otel_events.cli.stats_output import Wanted, run_stats

    return run_stats(read, Wanted(by, limit, target, catalog, modules, is_all, is_json))
