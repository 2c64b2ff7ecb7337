"""Records in the order, number and form that a query asks for."""

from __future__ import annotations

import heapq
import sys
from itertools import chain, islice
from typing import IO, TYPE_CHECKING, Any

import click

from otel_events.cli import exit_codes
from otel_events.cli.field_watch import watch
from otel_events.cli.output_file import opened
from otel_events.cli.row_formats import write_csv, write_jsonl, write_table
from otel_events.reading.harmless import harmless
from otel_events.reading.texts import (
    DURATION,
    count_of,
    fold_stack,
    own_message,
    show_pairs,
    show_recent,
    show_seconds,
    show_value,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from otel_events.cli.query_request import Query
    from otel_events.reading.record import Record

_TABLE = ("time", "severity", "event", "persona", "task_id", "message", "attributes")
_CSV = (
    *("time", "event", "severity", "message", "task_id", "parent_task_id", "persona", "session_id", "cycle", "day"),
    *("env_id", "episode", "trace_id", "span_id", "uid", "service", "attributes"),
)


def run_query(query: Query) -> int:
    """Write what *query* asks for; return the exit code."""
    is_held = bool(query.sort or query.sql or query.output) or not sys.stdout.isatty()
    records = query.read.records(shows_progress=is_held, hides_own=not query.is_all)
    records = _once(records, query)
    if query.sql or query.form == "parquet":
        from otel_events.cli.query_sql import run_sql

        return run_sql(query, _ordered(records, query))
    records = watch(records, (*query.fields, *filter(None, (query.sort.removeprefix("-"),))))
    with opened(query.output) as out:
        _write(_ordered(records, query), query, out)
    return exit_codes.OK


def _once(records: Iterator[Record], query: Query) -> Iterator[Record]:
    """Yield *records* without those that were read before, if that is wanted; tell how many those were."""
    from otel_events.reading.analysis.writers import Writers

    first = next(records, None)
    if first is None:
        return
    is_wanted = query.is_unique if query.is_unique is not None else query.read.file_count != 1
    if not is_wanted:
        yield first
        yield from records
        return
    writers = Writers()
    yield from filter(writers.add, chain((first,), records))
    if writers.duplicates and query.is_unique is None:
        said = f"{count_of(writers.duplicates, 'record')} that had been read before left out (--no-unique shows them)"
        click.echo(said, err=True)


def _write(records: Iterable[Record], query: Query, out: IO[str]) -> None:
    if query.form == "table":
        fields = query.fields or _TABLE
        write_table(fields, ([_cell(record, field) for field in fields] for record in records), out)
    elif query.form == "csv":
        fields = query.fields or _CSV
        write_csv(fields, ([_plain(record, field) for field in fields] for record in records), out)
    elif query.fields:
        rows = ({field: _plain(record, field) for field in query.fields} for record in records)
        write_jsonl(rows, out)
    else:
        write_jsonl(records, out)


def _ordered(records: Iterator[Record], query: Query) -> Iterable[Record]:
    if not query.sort:
        return islice(records, query.limit) if query.limit is not None else records
    field = query.sort.removeprefix("-")
    is_falling = query.sort.startswith("-")

    def key(record: Record) -> tuple[int, Any]:
        value = record.timestamp if field == "time" else record.severity if field == "severity" else record.get(field)
        # Numbers among themselves, texts among themselves; what says nothing comes last either way round.
        if value is None:
            return (-1 if is_falling else 9, 0)
        return (0, value) if isinstance(value, int | float) else (1, str(value))

    if query.limit is None:
        return sorted(records, key=key, reverse=is_falling)
    return (heapq.nlargest if is_falling else heapq.nsmallest)(query.limit, records, key=key)


def _cell(record: Record, field: str) -> str:
    if field == "time":
        return show_recent(record.timestamp)
    if field == "attributes":
        return show_pairs(record)
    if field == "message":
        return harmless(own_message(record))
    if field == DURATION:
        return show_seconds(record.duration)
    return show_value(fold_stack(field, record.get(field)))


def _plain(record: Record, field: str) -> Any:
    return record.as_dict()["attributes"] if field == "attributes" else record.get(field)
