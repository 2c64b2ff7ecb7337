"""Which run of an id that was used again each record of a story is of, by the rule of the server's pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_events.reading.analysis.pairs import part_of
from otel_events.reading.analysis.story import in_time
from otel_events.reading.runs import Role, Run, Runs, run_at
from otel_events.reading.uids import writer_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.reading.record import Record

# Whose ids are used again, and where records say them. A trace's id is not.
ID_KEYS = {"task": "task_id", "cycle": "cycle", "session": "session_id"}


def split_runs(records: Sequence[Record], what: str, id_: str) -> list[list[Record]]:
    """Return *records*, which stand in the order in which they came, run by run, by the numbers of these; each in the order of time.

    Args:
        records: that belong to the story, of children and spans too.
        what: `task`, `cycle` or `session`.
        id_: of it. A cycle's number counts within a session: those of several sessions are different runs.
    """
    # A cycle's number without a session counts within one run of a program.
    known = Runs(lambda _: [], takes_strangers=lambda key: bool(key[0]))
    own = [record for record in records if record.kind == "event" and record.text(ID_KEYS[what]) == id_]
    placed: dict[int, Run] = {}
    runs: dict[Run, None] = {}
    for record in own:
        placed[id(record)] = run = known.place(_key(record, what, id_), _role(record, what), *_where(record))
        runs[run] = None
    # What the server does with tasks alone: an early event of a session has been counted for its cycle and its task as well.
    for _, late in known.late if what == "task" else ():
        for record in own:
            time, trace, _ = _where(record)
            if late.has_early(placed[id(record)], time, trace):
                placed[id(record)] = late
    story: dict[Run | None, list[Record]] = {run: [] for run in runs}
    for record in in_time(records):
        story.setdefault(placed.get(id(record)) or run_at(list(runs), *_where(record)), []).append(record)
    return list(story.values())


def _key(record: Record, what: str, id_: str) -> tuple[str, str]:
    return record.text("session_id") if what == "cycle" else what, id_


def _role(record: Record, what: str) -> Role:
    part = part_of(record.name)
    return part.role if part is not None and part.family == what else "tells"


def _where(record: Record) -> tuple[int, str, str]:
    return record.timestamp, record.text("trace_id"), writer_of(record.text("uid"))
