"""What a query asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_events.cli.inputs import Input


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for.

    Attributes:
        read: the records.
        fields: what to show of each; empty for the usual.
        sort: a field, with `-` before it in falling order; empty for the order of the files.
        limit: at most so many.
        form: `table`, `jsonl`, `csv` or `parquet`.
        sql: a question to the table `events`; empty for none.
        output: path of a file, None for standard output.
        is_unique: what was read twice counts once; None for so if several files are read.
        is_all: what writers say of themselves is wanted too.
    """

    read: Input
    fields: tuple[str, ...]
    sort: str
    limit: int | None
    form: str
    sql: str
    output: str | None
    is_unique: bool | None = None
    is_all: bool = False
