"""`show`: the story of one task, trace or cycle."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from otel_events.cli.inputs import Input, ReadingCommand, reads

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_events.reading.record import Record

_EPILOG = """\b
Examples:
  otel-events show task t-1
  otel-events show trace 20c0e7ed             # the first digits will do
  otel-events show cycle 42 logs/ traces.jsonl
  otel-events show task t-1 --json 'severity>=warn'
"""


@click.command("show", cls=ReadingCommand, epilog=_EPILOG)
@click.argument("what", type=click.Choice(["task", "trace", "cycle"]))
@click.argument("id_", metavar="ID")
@reads
@click.option("--no-attributes", is_flag=True, help="Names and times only.")
@click.option("--json", "is_json", is_flag=True, help="The records, in the order of time, one a line.")
def command(*, what: str, id_: str, read: Input, no_attributes: bool, is_json: bool) -> None:
    """Tell the story of one task, trace or cycle as a tree: times, durations, attributes, errors.

    A task is shown with its child tasks. Give events and traces files together to see spans as well.
    """
    from otel_events.cli.complaints import NotThereError
    from otel_events.cli.row_formats import write_jsonl
    from otel_events.cli.story_output import write_story
    from otel_events.reading.analysis.story import build_tree, collect

    records, is_cut = collect(read.records(), _belongs(what, id_), with_inner=what != "trace")
    if not records:
        raise NotThereError(f"there is no {what} {id_} among the events that were read")
    if is_json:
        write_jsonl(records, sys.stdout)
        return
    write_story(build_tree(records), records, with_attributes=not no_attributes)
    if is_cut:
        click.echo("... and more than one tree can show; narrow it with --since, --until or a filter", err=True)


def _belongs(what: str, id_: str) -> Callable[[Record], bool]:
    from otel_events.reading.analysis import story

    id_ = id_.strip()
    if what == "task":
        return story.OfTask(id_)
    return story.of_trace(id_.lower()) if what == "trace" else story.of_cycle(id_)
