"""`tail`: the last events, and those that come."""

from __future__ import annotations

import click

from otel_events.cli.inputs import Input, ReadingCommand, reads

_EPILOG = """\b
Examples:
  otel-events tail
  otel-events tail -f
  otel-events tail -f 'severity>=warn' persona=thesis -n 50
  otel-events tail -f --json events.jsonl | jq .event
  some-program | otel-events tail -f -
"""


@click.command("tail", cls=ReadingCommand, epilog=_EPILOG)
@reads
@click.option("--follow", "-f", is_flag=True, help="Go on with what is appended, through rotations, until Ctrl-C.")
@click.option("--lines", "-n", type=click.IntRange(min=0), help="How many of the last events.  [10]")
@click.option("--all", "is_all", is_flag=True, help="Every event: no roll-ups, and what writers say of themselves.")
@click.option("--json", "is_json", is_flag=True, help="One object a line, without roll-ups.")
def command(*, read: Input, follow: bool, lines: int | None, is_all: bool, is_json: bool) -> None:
    """Show the last events that fit FILTER, and with -f those that come.

    One line an event: time, time since the one before, program and persona, indented by task. Types that the catalogue calls
    frequent are shown as one line a second with a count; on a terminal also what any other has beyond twenty a second.
    """
    from otel_events.cli.tail_loop import Wanted, run_tail

    run_tail(read, Wanted(follow, lines, is_all, is_json))
