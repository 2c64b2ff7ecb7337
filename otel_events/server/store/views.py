"""What can be asked beside events: tasks, traces, counts, rates, writers, the disk."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import orjson

from otel_events.ledger.rotate import ledger_files
from otel_events.reading.runs import run_at
from otel_events.server.store.tasks import RUNNING, load_runs
from otel_events.server.store.writer_views import Fate, fates, list_writers

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from otel_events.reading.runs import Run
    from otel_events.server.store.place import Place

ORPHANED = "orphaned"
MOST_SERIES = 100
LONGEST_NAME = 200  # characters; a longer one is listed nowhere
OTHERS = "(others)"
_SECOND = 1_000_000_000
_TASK_KEYS = (
    *(
        "task_id",
        "run",
        "name",
        "persona",
        "session_id",
        "session_run",
        "cycle",
        "cycle_run",
        "parent_task_id",
        "parent_run",
    ),
    *("trace_id", "span_id", "state", "started", "ended", "duration", "events", "errors", "error_type", "attributes"),
    *("writer", "first_time", "first_seq", "last_seq"),
)
# The highest number: runs that are not kept any more are among them.
_TASKS = f"SELECT {', '.join(_TASK_KEYS)}, (SELECT max(run) FROM tasks AS every WHERE every.task_id = tasks.task_id) FROM tasks"  # noqa: S608  # named here
_SPAN_KEYS = (
    *(
        "trace_id",
        "span_id",
        "parent_span_id",
        "name",
        "started",
        "ended",
        "status",
        "service",
        "task_id",
        "session_id",
    ),
    "body",
)
_MAX_SPANS = 10_000


class Views:
    """Answers on the connection of the calling thread, with plain mappings. Times are nanoseconds since the Unix epoch."""

    def __init__(self, connect: Callable[[], sqlite3.Connection], place: Place) -> None:
        self._connect = connect
        self._place = place

    def tasks(
        self,
        *,
        state: str | None = None,
        since: int | None = None,
        until: int | None = None,
        limit: int = 200,
        **equal: str | int | None,
    ) -> list[dict[str, Any]]:
        """Return tasks, each run of them by itself, those with the latest events first.

        Args:
            state: `running`, `completed`, `failed`, `cancelled`, `orphaned` (began, and its writer is gone), or `mentioned`
                (its id stands on events, and none says that it began); None for all but these last.
            since: those that ended, or were active, then or later.
            until: those that began earlier.
            limit: at most so many.
            equal: `task_id`, `session_id`, `cycle`, `persona`, `parent_task_id`, `name`, `trace_id`, or the number of a run
                (`session_run`, `cycle_run`, `parent_run`): what it must be.
        """
        conditions = ["state = ?" if state else "state <> 'mentioned'"]
        values: list[str | int] = []
        if state:
            values.append(RUNNING if state == ORPHANED else state)
        for key, value in equal.items():
            if value is not None and key in _TASK_KEYS:
                conditions.append(f"{key} = ?")
                values.append(value)
        if since is not None:
            conditions.append("(ended >= ? OR ended IS NULL)")
            values.append(since)
        if until is not None:
            conditions.append("started < ?")
            values.append(until)
        rows = self._connect().execute(
            f"{_TASKS} WHERE {' AND '.join(conditions)} ORDER BY last_seq DESC",  # columns are named here, values are bound
            values,
        )
        writers = fates(self._connect())
        found: list[dict[str, Any]] = []
        for row in rows:
            task = _task(row, writers)
            if state is None or task["state"] == state:
                found.append(task)
                if len(found) >= limit:
                    break
        return found

    def task(self, task_id: str, run: int | None = None) -> dict[str, Any] | None:
        """Return one run of a task, of several the one that began last; None if there is none."""
        condition, values = ("AND run = ?", (run,)) if run is not None else ("", ())
        row = (
            self._connect()
            .execute(
                f"{_TASKS} WHERE task_id = ? {condition} ORDER BY started DESC, run DESC LIMIT 1", (task_id, *values)
            )
            .fetchone()
        )
        return _task(row, fates(self._connect())) if row else None

    def beneath(self, task_id: str, run: int, *, limit: int) -> list[dict[str, Any]]:
        """Return the tasks beneath one run of a task, and beneath those, in the order in which they came."""
        rows = self._connect().execute(
            "WITH RECURSIVE beneath (id, number) AS (SELECT ?1, ?2 UNION SELECT inner.task_id, inner.run FROM tasks AS inner JOIN"  # noqa: S608
            " beneath ON inner.parent_task_id = beneath.id AND ifnull(inner.parent_run, 1) = beneath.number LIMIT ?3)"
            f" {_TASKS} JOIN beneath ON task_id = id AND run = number WHERE NOT (id = ?1 AND number = ?2)"
            " AND state <> 'mentioned' ORDER BY first_seq",  # columns are named here, values are bound
            (task_id, run, limit + 1),
        )
        writers = fates(self._connect())
        return [_task(row, writers) for row in rows]

    def spans(
        self, *, trace_id: str | None = None, task_id: str | None = None, run: int | None = None
    ) -> list[dict[str, Any]]:
        """Return the spans of a trace, of a task, or of one *run* of a task, those that began first first."""
        column, value = ("trace_id", trace_id) if trace_id is not None else ("task_id", task_id)
        rows = self._connect().execute(
            f"SELECT {', '.join(_SPAN_KEYS)} FROM spans WHERE {column} = ? ORDER BY started LIMIT ?",  # noqa: S608  # columns are named here, values are bound
            (value, _MAX_SPANS),
        )
        spans = [_span(row) for row in rows]
        if task_id is None or run is None:
            return spans
        runs = load_runs(self._connect(), task_id, _MAX_SPANS)
        return [span for span in spans if _is_of(run, run_at(runs, span["started"], span["trace_id"], ""))]

    def counts(self, since: int | None = None, until: int | None = None) -> dict[str, int]:
        """Return how many events of each name are kept, the most frequent first; own ones among them."""
        if since is None and until is None:
            rows = self._connect().execute("SELECT name, count FROM names WHERE count > 0 ORDER BY count DESC, name")
        else:
            first, last = _seconds(since, until)
            rows = self._connect().execute(
                "SELECT names.name, sum(seconds.count) AS total FROM seconds JOIN names ON names.id = seconds.name"
                " WHERE second BETWEEN ? AND ? GROUP BY seconds.name ORDER BY total DESC, names.name",
                (first, last),
            )
        return dict(rows.fetchall())

    def total(self) -> int:
        """Return how many events are kept, those aside that writers say of themselves."""
        count: int
        (count,) = self._connect().execute("SELECT ifnull(sum(count), 0) FROM names WHERE NOT is_own").fetchone()
        return count

    def rates(self, since: int, until: int, *, step: int = 1, by: str = "event") -> dict[str, list[int]]:
        """Return the counts of each *step* seconds between two times, by `event`, `category` or `severity`.

        Programs that make names up have as many as they like: beside the largest series there is one for all others, and for names
        that are too long.
        """
        first, last = _seconds(since, until)
        column = {"event": "names.name", "category": "names.category", "severity": "seconds.level"}[by]
        query = (
            f"SELECT {column}, (second - ?1) / ?3, sum(seconds.count) FROM seconds JOIN names ON names.id = seconds.name"  # noqa: S608  # columns are named here, values are bound
            " WHERE second BETWEEN ?1 AND ?2 AND NOT names.is_own GROUP BY 1, 2"
        )
        rows = self._connect().execute(query, (first, last, step)).fetchall()
        totals: Counter[str | int] = Counter()
        for name, _, count in rows:
            totals[name] += count
        words: Mapping[Any, str] = _LEVELS if by == "severity" else {}
        short = Counter({name: count for name, count in totals.items() if len(str(name)) <= LONGEST_NAME})
        shown = {name: words.get(name, str(name)) for name, _ in short.most_common(MOST_SERIES)}
        size = (last - first) // step + 1
        series: dict[str, list[int]] = defaultdict(lambda: [0] * size)
        for name, place, count in rows:
            series[shown.get(name, OTHERS)][place] += count
        return dict(series)

    def writers(self, *, limit: int = 1_000) -> list[dict[str, Any]]:
        """Return what is known of each writer, the latest first."""
        return list_writers(self._connect(), limit)

    def disk(self) -> dict[str, int]:
        """Return how many bytes the files of events and spans and the index take."""
        return {
            "events": sum(map(_size, ledger_files(self._place.ledger))),
            "spans": sum(map(_size, ledger_files(self._place.spans))),
            "index": _size(self._place.index) + _size(self._place.index.with_name(self._place.index.name + "-wal")),
        }


_LEVELS = {0: "unspecified", 1: "trace", 2: "debug", 3: "info", 4: "warn", 5: "error", 6: "fatal"}


def _seconds(since: int | None, until: int | None) -> tuple[int, int]:
    first = since // _SECOND if since is not None else -(2**62)
    last = (until - 1) // _SECOND if until is not None else 2**62
    return first, last


def _is_of(number: int, run: Run | None) -> bool:
    return run is None or run.number == number


def _task(row: tuple[Any, ...], writers: Mapping[str, Fate]) -> dict[str, Any]:
    task: dict[str, Any] = dict(zip((*_TASK_KEYS, "runs"), row, strict=True))
    task["attributes"] = orjson.loads(task["attributes"]) if task["attributes"] else {}
    fate = writers.get(task["writer"]) if task["state"] == RUNNING else None
    if fate is not None and fate.is_gone:
        task["state"] = ORPHANED
    # Of a program that was killed nobody hears; that it is silent is all that can be said before it counts as gone.
    task["writer_last"] = fate.last if fate is not None else None
    return task


def _span(row: tuple[Any, ...]) -> dict[str, Any]:
    span: dict[str, Any] = dict(zip(_SPAN_KEYS, row, strict=True))
    said = orjson.loads(span.pop("body"))
    return {**span, "status": "error" if span["status"] else "ok", **said}


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # pruned meanwhile
        return 0
