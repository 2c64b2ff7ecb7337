"""Which story is meant: by its id, or a task by its name."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

import click

from otel_events.cli.complaints import NotThereError
from otel_events.cli.harmless import harmless
from otel_events.cli.texts import count_of
from otel_events.reading.analysis import story
from otel_events.reading.sources import STANDARD_INPUT

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_events.cli.inputs import Input
    from otel_events.reading.record import Record

_OTHERS: dict[str, Callable[[str], Callable[[Record], bool]]] = {
    "trace": lambda id_: story.of_trace(id_.lower()),
    "cycle": story.of_cycle,
    "session": story.of_session,
}


def find_story(read: Input, what: str, id_: str) -> tuple[list[Record], bool]:
    """Return the records of the story, and whether there are more than one tree can show; or raise NotThereError."""
    if what == "task":
        return _find_task(read, id_)
    records, is_cut = story.collect(read.records(), _OTHERS[what](id_), with_inner=what != "trace")
    if not records:
        raise _not_there(read, what, id_)
    return records, is_cut


def _find_task(read: Input, id_: str) -> tuple[list[Record], bool]:
    of_task = story.OfTask(id_)
    records, is_cut = story.collect(read.records(), of_task, with_inner=True)
    if records:
        return records, is_cut
    if id_ not in of_task.names:
        near = get_close_matches(id_, of_task.names, n=3)
        raise _not_there(read, "task", id_, f"; did you mean {' or '.join(map(repr, near))}?" if near else "")
    latest, count = of_task.names[id_]
    if STANDARD_INPUT in read.paths:  # which is gone
        raise _not_there(read, "task", id_, f"; the latest of that name has the id {latest}")
    if count > 1:
        click.echo(harmless(f"task {latest}, the latest of {count:,} with the name {id_!r}"), err=True)
    return story.collect(read.records(), story.OfTask(latest), with_inner=True)


def _not_there(read: Input, what: str, id_: str, hint: str = "") -> NotThereError:
    looked_at = count_of(read.report.events, "record")
    return NotThereError(harmless(f"there is no {what} {id_!r} among {looked_at}{hint}"))
