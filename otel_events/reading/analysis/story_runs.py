"""Which run of an id that was used again each record of a story is of, by the rule of the server's pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_events.reading.analysis.pairs import part_of
from otel_events.reading.runs import Role, Run, Runs, run_at
from otel_events.reading.uids import writer_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.reading.record import Record

# Whose ids are used again, and where records say them. A trace's id is not.
ID_KEYS = {"task": "task_id", "cycle": "cycle", "session": "session_id"}


def split_runs(records: Sequence[Record], what: str, id_: str) -> list[list[Record]]:
    """Return *records*, which stand in the order of time, run by run in the order in which those began.

    Args:
        records: that belong to the story, of children and spans too.
        what: `task`, `cycle` or `session`.
        id_: of it. A cycle's number counts within a session: those of several sessions are different runs.
    """
    # A cycle's number without a session counts within one run of a program.
    known = Runs(lambda _: [], takes_strangers=lambda key: bool(key[0]))
    placed = {
        id(record): known.place(_key(record, what, id_), _role(record, what), *_where(record))
        for record in records
        if record.kind == "event" and record.text(ID_KEYS[what]) == id_
    }
    runs = list(dict.fromkeys(placed.values()))
    story: dict[Run | None, list[Record]] = {run: [] for run in sorted(runs, key=lambda run: (run.began, run.number))}
    for record in records:
        run = placed.get(id(record)) or run_at(runs, *_where(record))
        story.setdefault(run, []).append(record)
    return list(story.values())


def _key(record: Record, what: str, id_: str) -> tuple[str, str]:
    return record.text("session_id") if what == "cycle" else what, id_


def _role(record: Record, what: str) -> Role:
    part = part_of(record.name)
    return part.role if part is not None and part.family == what else "tells"


def _where(record: Record) -> tuple[int, str, str]:
    return record.timestamp, record.text("trace_id"), writer_of(record.text("uid"))
