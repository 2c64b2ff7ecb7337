"""`show`: the story of one task, trace, cycle or session."""

from __future__ import annotations

import sys

import click

from otel_events.cli.inputs import Input, ReadingCommand, reads

_EPILOG = """\b
Examples:
  otel-events show task t-1
  otel-events show task draft                 # the latest of that name
  otel-events show trace 20c0e7ed             # the first digits will do
  otel-events show cycle 42 logs/ traces.jsonl
  otel-events show session s-1 --no-attributes
  otel-events show task t-1 --run 2           # its second run
  otel-events show task t-1 --json 'severity>=warn'
"""


@click.command("show", cls=ReadingCommand, epilog=_EPILOG)
@click.argument("what", type=click.Choice(["task", "trace", "cycle", "session"]))
@click.argument("id_", metavar="ID")
@reads
@click.option(
    "--run", type=click.IntRange(min=1), metavar="N", help="The N-th run of an id that was used again.  [the latest]"
)
@click.option("--all-runs", is_flag=True, help="All of them, one after the other.")
@click.option("--no-attributes", is_flag=True, help="Names and times only.")
@click.option(
    "--json",
    "is_json",
    is_flag=True,
    help="The records, in the order of time, one a line; each with its `run`, of how many `runs`.",
)
def command(
    *, what: str, id_: str, read: Input, run: int | None, all_runs: bool, no_attributes: bool, is_json: bool
) -> None:
    """Tell the story of one task, trace, cycle or session as a tree: times, durations, attributes, errors.

    A task is shown with its child tasks; its name will do for its id, and means the latest. Where an id was used again, the
    latest run is shown. Give events and traces files together to see spans as well.
    """
    from otel_events.cli.row_formats import write_jsonl
    from otel_events.cli.story_choice import find_story
    from otel_events.cli.story_output import write_story
    from otel_events.reading.analysis.story import build_tree

    if run is not None and all_runs:
        raise click.UsageError("--run or --all-runs, not both")
    if what == "trace" and (run is not None or all_runs):
        raise click.UsageError("an id of a trace is used once: --run and --all-runs are for tasks, cycles and sessions")
    story = find_story(read, what, id_.strip())
    told = story.choose(run, is_all=all_runs)
    if is_json:
        for number, records in told.items():
            beside = {} if what == "trace" else {"run": number, "runs": len(story.runs)}
            write_jsonl(records, sys.stdout, beside)
        return
    roots = [root for records in told.values() for root in build_tree(records)]
    write_story(roots, [record for records in told.values() for record in records], with_attributes=not no_attributes)
    if story.is_cut:
        click.echo("... and more than one tree can show; narrow it with --since, --until or a filter", err=True)
