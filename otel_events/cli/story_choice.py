"""Which story is meant: by its id, or a task by its name; and which of its runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

import click

from otel_events.cli.complaints import NotThereError
from otel_events.filter_language import FilterSettings
from otel_events.reading.analysis import story
from otel_events.reading.analysis.story_runs import ID_KEYS, split_runs
from otel_events.reading.harmless import harmless
from otel_events.reading.selection import Selection
from otel_events.reading.sources import STANDARD_INPUT
from otel_events.reading.texts import count_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from otel_events.cli.inputs import Input
    from otel_events.reading.record import Record

_OTHERS: dict[str, Callable[[str], Callable[[Record], bool]]] = {
    "trace": lambda id_: story.of_trace(id_.lower()),
    "cycle": story.of_cycle,
    "session": story.of_session,
}


@dataclass(frozen=True, slots=True)
class Story:
    """What was found.

    Attributes:
        title: what it is the story of.
        runs: the records of each run of the id, by the numbers of these; what the filter leaves of them.
        begun: when each of these began.
        is_cut: there is more of it than one tree can show.
    """

    title: str
    runs: Sequence[Sequence[Record]]
    begun: Sequence[int]
    is_cut: bool

    def choose(self, run: int | None, *, is_all: bool) -> dict[int, Sequence[Record]]:
        """Return the records of *run*, of the latest, or of all, by the run's number; or raise NotThereError."""
        count = len(self.runs)
        if run is not None and run > count:
            raise NotThereError(f"there is no run {run} of {self.title}, but {count_of(count, 'run')}")
        told = {number: records for number, records in enumerate(self.runs, 1) if records and run in {None, number}}
        if not told:
            raise NotThereError(f"nothing of {self.title} fits the filter")
        if is_all:
            return told
        latest = max(told, key=lambda number: (self.begun[number - 1], number))
        if count > 1:
            click.echo(
                f"run {latest} of {count} of {self.title}; --run N shows another, --all-runs all of them", err=True
            )
        return {latest: told[latest]}


def find_story(read: Input, what: str, id_: str) -> Story:
    """Return the story, or raise NotThereError."""
    # Runs are told by what begins and ends them, which a filter may leave out.
    whole = replace(read, filter=FilterSettings())
    if what == "task":
        id_, records, is_cut = _find_task(whole, id_)
    else:
        records, is_cut = story.collect(whole.records(), _OTHERS[what](id_), with_inner=what != "trace")
    if not records:
        raise _not_there(whole, what, id_)
    runs = split_runs(records, what, id_) if what in ID_KEYS else [story.in_time(records)]
    fits = Selection(read.filter).compile()
    left = [list(filter(fits, run)) if fits else run for run in runs]
    return Story(harmless(f"{what} {id_}"), left, [run[0].timestamp if run else 0 for run in runs], is_cut)


def _find_task(read: Input, id_: str) -> tuple[str, list[Record], bool]:
    of_task = story.OfTask(id_)
    records, is_cut = story.collect(read.records(), of_task, with_inner=True)
    if records:
        return id_, records, is_cut
    if id_ not in of_task.names:
        near = get_close_matches(id_, of_task.names, n=3)
        raise _not_there(read, "task", id_, f"; did you mean {' or '.join(map(repr, near))}?" if near else "")
    latest, count = of_task.names[id_]
    if STANDARD_INPUT in read.paths:  # which is gone
        raise _not_there(read, "task", id_, f"; the latest of that name has the id {latest}")
    if count > 1:
        click.echo(harmless(f"task {latest}, the latest of {count:,} with the name {id_!r}"), err=True)
    return latest, *story.collect(read.records(), story.OfTask(latest), with_inner=True)


def _not_there(read: Input, what: str, id_: str, hint: str = "") -> NotThereError:
    looked_at = count_of(read.report.events, "record")
    return NotThereError(harmless(f"there is no {what} {id_!r} among {looked_at}{hint}"))
