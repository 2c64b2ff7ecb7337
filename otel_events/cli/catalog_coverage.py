"""Which types of the catalogue were seen, by category, as text or as JSON."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING

import click

from otel_events.catalog import current
from otel_events.cli.catalog_source import HOW_TO_DEFINE
from otel_events.cli.colours import palette_for
from otel_events.cli.row_formats import json_text, write_table
from otel_events.reading.analysis.coverage import Coverage, measure_coverage
from otel_events.reading.harmless import harmless

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.catalog import EventDefinition
    from otel_events.cli.inputs import Input


def write_coverage(read: Input, definitions: Sequence[EventDefinition], *, is_json: bool) -> float:
    """Read, write, and return the coverage in percent."""
    counts = Counter(record.name for record in read.records() if record.kind == "event")
    coverage = measure_coverage(counts, definitions, [definition.name for definition in current().definitions()])
    if is_json:
        seen = {name: counts[name] for name in coverage.seen}
        unknown = {name: counts[name] for name in coverage.unknown}
        found = {"percent": coverage.percent, "seen": seen, "missing": coverage.missing, "unknown": unknown}
        sys.stdout.write(json_text(found) + "\n")
    else:
        _write(coverage, definitions, counts)
    return coverage.percent


def _write(coverage: Coverage, definitions: Sequence[EventDefinition], counts: Counter[str]) -> None:
    bold = palette_for().bold
    categories = {definition.name: definition.category or "others" for definition in definitions}
    seen = Counter(categories[name] for name in coverage.seen)
    missing = Counter(categories[name] for name in coverage.missing)
    rows = [
        [harmless(name), str(seen[name]), str(seen[name] + missing[name]), _missing_of(name, coverage, categories)]
        for name in sorted({*seen, *missing})
    ]
    write_table(("category", "seen", "of", "missing"), rows, sys.stdout, numbers=frozenset({"seen", "of"}))
    defined = len(coverage.seen) + len(coverage.missing)
    click.echo(f"\n{bold('coverage')}  {len(coverage.seen)} of {defined} types ({coverage.percent:.1f} %)")
    if coverage.unknown:
        names = ", ".join(f"{name} ({counts[name]:,})" for name in coverage.unknown)
        click.echo(f"{bold('unknown')}   {harmless(names)}")
        if not current().own_definitions():
            click.echo(f"{' ' * 9} {HOW_TO_DEFINE}")


def _missing_of(category: str, coverage: Coverage, categories: dict[str, str]) -> str:
    return harmless(", ".join(name for name in coverage.missing if categories[name] == category))
