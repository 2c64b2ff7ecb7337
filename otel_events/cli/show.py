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
  otel-events show task t-1 --json 'severity>=warn'
"""


@click.command("show", cls=ReadingCommand, epilog=_EPILOG)
@click.argument("what", type=click.Choice(["task", "trace", "cycle", "session"]))
@click.argument("id_", metavar="ID")
@reads
@click.option("--no-attributes", is_flag=True, help="Names and times only.")
@click.option("--json", "is_json", is_flag=True, help="The records, in the order of time, one a line.")
def command(*, what: str, id_: str, read: Input, no_attributes: bool, is_json: bool) -> None:
    """Tell the story of one task, trace, cycle or session as a tree: times, durations, attributes, errors.

    A task is shown with its child tasks; its name will do for its id, and means the latest. Give events and traces files
    together to see spans as well.
    """
    from otel_events.cli.row_formats import write_jsonl
    from otel_events.cli.story_choice import find_story
    from otel_events.cli.story_output import write_story
    from otel_events.reading.analysis.story import build_tree

    records, is_cut = find_story(read, what, id_.strip())
    if is_json:
        write_jsonl(records, sys.stdout)
        return
    write_story(build_tree(records), records, with_attributes=not no_attributes)
    if is_cut:
        click.echo("... and more than one tree can show; narrow it with --since, --until or a filter", err=True)
