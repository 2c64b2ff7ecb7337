"""Records as a table of DuckDB: questions by SQL, and Parquet files."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from otel_events.cli import exit_codes
from otel_events.cli.complaints import InputError, missing_extra
from otel_events.cli.output_file import opened
from otel_events.cli.row_formats import write_csv, write_jsonl, write_table
from otel_events.event import CORRELATION
from otel_events.ledger.instants import format_instant
from otel_events.ledger.tags import tag_attributes
from otel_events.reading.texts import show_value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from otel_events.cli.query_request import Query
    from otel_events.reading.record import Record

_KINDS = {str: "VARCHAR", int: "BIGINT"}
_COLUMNS = {
    "time": "TIMESTAMP_NS",
    "event": "VARCHAR",
    "severity": "VARCHAR",
    "severity_number": "TINYINT",
    "message": "VARCHAR",
    **{key: _KINDS[kind] for key, kind in CORRELATION.items()},
    "trace_id": "VARCHAR",
    "span_id": "VARCHAR",
    "uid": "VARCHAR",
    "service": "VARCHAR",
    "kind": "VARCHAR",
    "duration": "DOUBLE",
    "attributes": "JSON",
}


def run_sql(query: Query, records: Iterable[Record]) -> int:
    """Write the answer to the query's SQL (or all its records, as Parquet); return the exit code."""
    try:
        import duckdb
    except ImportError:
        raise missing_extra("SQL and Parquet", "sql") from None

    with tempfile.TemporaryDirectory(prefix="otel-events-") as folder:
        lines = Path(folder) / "events.jsonl"
        _write_rows(records, lines)
        with duckdb.connect() as connection:
            # Nothing is fetched from anywhere, whatever the question.
            connection.execute("SET autoinstall_known_extensions=false; SET autoload_known_extensions=false")
            connection.execute(f"SET temp_directory={_quoted(folder)}")
            columns = ", ".join(f"{_quoted(name)}: {_quoted(kind)}" for name, kind in _COLUMNS.items())
            connection.execute(  # names and kinds are ours
                f"CREATE VIEW events AS SELECT * FROM read_json({_quoted(str(lines))}, format='newline_delimited',"  # noqa: S608
                f" maximum_object_size=67108864, columns={{{columns}}})"
            )
            try:
                _answer(connection, query)
            except duckdb.Error as error:
                raise InputError(f"SQL: {error}") from error
    return exit_codes.OK


def _answer(connection: Any, query: Query) -> None:
    names = ", ".join('"' + name.replace('"', '""') + '"' for name in query.fields) or "*"
    question = query.sql.rstrip().rstrip(";") or f"SELECT {names} FROM events"  # noqa: S608  # quoted, and asked by whoever owns the data
    if query.form == "parquet":
        assert query.output is not None
        connection.execute(f"COPY ({question}) TO {_quoted(os.path.abspath(query.output))} (FORMAT parquet)")  # noqa: PTH100  # a Path would not leave a wrong one as it is
        return
    answer = connection.execute(question)
    fields = [column[0] for column in answer.description or ()]
    rows = iter(answer.fetchone, None)
    with opened(query.output) as out:
        if query.form == "jsonl":
            write_jsonl((dict(zip(fields, map(_jsonable, row), strict=True)) for row in rows), out)
        elif query.form == "csv":
            write_csv(fields, ([_jsonable(value) for value in row] for row in rows), out)
        else:
            write_table(fields, ([show_value(_jsonable(value)) for value in row] for row in rows), out)


def _write_rows(records: Iterable[Record], path: Path) -> None:
    with path.open("wb", buffering=1 << 20) as file:
        for record in records:
            file.write(orjson.dumps(_row(record), default=str, option=orjson.OPT_APPEND_NEWLINE))


def _row(record: Record) -> dict[str, Any]:
    row: dict[str, Any] = {
        "time": format_instant(record.timestamp).rstrip("Z") if record.timestamp else None,
        "event": record.name,
        "severity": record.severity_name,
        "severity_number": record.severity,
        "message": record.text("message") or None,
        "kind": record.kind,
        "duration": record.duration,
        "attributes": tag_attributes({k: v for k, v in record.attributes.items() if k not in CORRELATION}),
    }
    for key, kind in CORRELATION.items():
        value = record.get(key)
        row[key] = str(value) if kind is str and value is not None else value if type(value) is kind else None
    for key in ("trace_id", "span_id", "uid", "service"):
        row[key] = record.text(key) or None
    return row


def _jsonable(value: Any) -> Any:
    if isinstance(value, str | int | float | bool | list | dict | bytes) or value is None:
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
