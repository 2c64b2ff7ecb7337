"""Rows as a table for people, as lines of JSON, as CSV; written while they come."""

from __future__ import annotations

import csv
import shutil
import sys
from itertools import chain, islice
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Any

import orjson

from otel_events.cli.colours import Palette, palette_for
from otel_events.event import parse_severity
from otel_events.ledger.line import dump_line
from otel_events.ledger.tags import tag
from otel_events.reading.harmless import harmless, harmless_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from otel_events.reading.record import Record

_LOOKED_AT = 200  # rows by which the widths are chosen
_WIDEST = 48
_GAP = "  "
_NOTHING: Mapping[str, int] = MappingProxyType({})


def write_table(
    fields: Sequence[str], rows: Iterable[Sequence[str]], out: IO[str], *, numbers: frozenset[str] = frozenset()
) -> None:
    """Write *rows* of harmless texts under a heading, the last column as wide as it likes; nothing if there are none.

    Args:
        fields: the headings.
        rows: one text for each field.
        out: where to; on a terminal lines are cut to its width.
        numbers: the fields that stand to the right.
    """
    rows = iter(rows)
    first = list(islice(rows, _LOOKED_AT))
    if not first:
        return
    headings = [harmless(field) for field in fields]
    # A column that says nothing in all the rows looked at, of many that do, is only noise.
    widths = [max(len(row[index]) for row in (headings, *first)) for index in range(len(headings))]
    kept = [index for index in range(len(headings)) if any(row[index] for row in first)] or [0]
    palette = palette_for(out)
    width = shutil.get_terminal_size().columns if out.isatty() else None
    severity = fields.index("severity") if "severity" in fields else -1
    layout = [
        (index, min(widths[index], _WIDEST) if place + 1 < len(kept) else 0, fields[index] in numbers)
        for place, index in enumerate(kept)
    ]
    out.write(palette.bold(_fit(layout, headings, width)) + "\n")
    for row in chain(first, rows):
        line = _fit(layout, row, width)
        out.write(_coloured(line, row, severity, palette) + "\n")


def write_jsonl(
    items: Iterable[Record | Mapping[str, Any]], out: IO[str], beside: Mapping[str, int] = _NOTHING
) -> None:
    """Write one object a line, with *beside* at its end; on a terminal what it would obey is escaped, as JSON escapes it."""
    more = "".join(f',"{key}":{number}' for key, number in beside.items()).encode()
    is_terminal = out.isatty()
    binary = getattr(out, "buffer", None)
    for item in items:
        line = item.line() if hasattr(item, "line") else dump_line({key: tag(value) for key, value in item.items()})
        if more:  # a ledger's line stays as it stood
            line = line.rstrip().removesuffix(b"}") + more + b"}\n"
        if is_terminal or binary is None:
            text = line.decode("utf-8", "replace")
            out.write(harmless_json(text) if is_terminal else text)
        else:
            binary.write(line)


def write_csv(fields: Sequence[str], rows: Iterable[Sequence[Any]], out: IO[str]) -> None:
    """Write a heading and *rows*; what is neither text nor number as JSON."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(fields)
    clean = harmless if out.isatty() else str
    for row in rows:
        writer.writerow([clean(_csv_value(value)) for value in row])


def json_text(value: Any) -> str:
    """Return *value* as indented JSON for standard output."""
    text = orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode()
    return harmless_json(text) if sys.stdout.isatty() else text


def _csv_value(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    return orjson.dumps(tag(value)).decode()


def _fit(layout: Sequence[tuple[int, int, bool]], row: Sequence[str], width: int | None) -> str:
    cells = []
    for index, wanted, is_number in layout:
        text = row[index]
        if wanted and len(text) > wanted:
            text = text[: wanted - 1] + "…"
        cells.append(text.rjust(wanted) if is_number else text.ljust(wanted))
    line = _GAP.join(cells).rstrip()
    return line if width is None or len(line) <= width else line[: width - 1] + "…"


def _coloured(line: str, row: Sequence[str], severity: int, palette: Palette) -> str:
    return palette.by_severity(line, parse_severity(row[severity]) or 0) if severity >= 0 and palette.is_on else line
