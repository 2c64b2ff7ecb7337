"""Statistics as text for people, or as one JSON object."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import click

from otel_events.catalog import current
from otel_events.cli import exit_codes
from otel_events.cli.catalog_source import HOW_TO_DEFINE, definitions_of
from otel_events.cli.colours import palette_for
from otel_events.cli.field_watch import tell_missing
from otel_events.cli.row_formats import json_text, write_table
from otel_events.ledger.instants import format_instant
from otel_events.reading.analysis.coverage import measure_coverage
from otel_events.reading.analysis.statistics import NONE, Statistics
from otel_events.reading.harmless import harmless
from otel_events.reading.own_words import asks_for_own
from otel_events.reading.texts import count_of, show_ago, show_local, show_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from otel_events.cli.inputs import Input
    from otel_events.reading.analysis.coverage import Coverage
    from otel_events.reading.analysis.statistics import Group
    from otel_events.reading.analysis.writers import WriterState

_ENDS = {
    "stopped": "stopped",
    "open": "running, or killed just now",
    "unclean": "unclean (killed, or the end not kept)",
}
_SHOWN = 5  # orphans, writers: the rest is in the JSON


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: see the command's options."""

    by: str
    limit: int
    target: float | None
    catalog: tuple[str, ...]
    modules: tuple[str, ...]
    is_all: bool
    is_json: bool

    @property
    def covers_own(self) -> bool:
        """Return whether it is the user's own definitions that are to be covered."""
        return bool(self.catalog or self.modules)


@dataclass(frozen=True, slots=True)
class _Result:
    statistics: Statistics
    writers: Sequence[WriterState]
    coverage: Coverage
    read: Input


def run_stats(read: Input, wanted: Wanted) -> int:
    """Count and write; return the exit code."""
    definitions = definitions_of(wanted.catalog, wanted.modules, is_own=wanted.covers_own)
    statistics = Statistics(wanted.by, counts_own=wanted.is_all or asks_for_own(read.filter))
    add = statistics.add
    for record in read.records(hides_own=False):
        add(record)
    statistics.finish()
    if not statistics.total.count and statistics.has_heard_writers:
        read.tell_of_nothing()
    if wanted.by not in {"task", "session"} and set(statistics.groups) == {""}:
        tell_missing(wanted.by, ())
    known = [definition.name for definition in current().definitions()]
    coverage = measure_coverage(statistics.names, definitions, known)
    result = _Result(statistics, statistics.writers.states(time.time_ns()), coverage, read)
    if wanted.is_json:
        sys.stdout.write(json_text(_as_dict(result, wanted)) + "\n")
    else:
        _write(result, wanted)
    if wanted.target is not None and coverage.percent < wanted.target:
        click.echo(f"coverage {coverage.percent:.1f} % is below the target of {wanted.target:g} %", err=True)
        return exit_codes.NO
    return exit_codes.OK


def _write(result: _Result, wanted: Wanted) -> None:
    statistics = result.statistics
    total = statistics.total
    bold = palette_for().bold
    if not total.count:
        click.echo("no events")
        return
    span = max(0, total.last - total.first) / 1e9 if total.last else 0.0
    rate = f", {total.count / span:,.1f}/s" if span > 0 else ""
    counted = count_of(total.count - statistics.spans, "event")
    counted += f" and {count_of(statistics.spans, 'span')}" * bool(statistics.spans)
    click.echo(f"{bold(counted)} in {show_seconds(span)}{rate}", nl=False)
    click.echo(f", {show_local(total.first)} to {show_local(total.last)}\n" if total.last else "\n")
    write_table(
        (wanted.by, "count", "%", "per s", "failed", "p50", "p95", "max", "last"),
        _rows(result, wanted),
        sys.stdout,
        numbers=frozenset(("count", "%", "per s", "failed", "p50", "p95", "max")),
    )
    hidden = len(statistics.groups) - wanted.limit
    click.echo(f"... and {hidden:,} more (--limit)\n" if hidden > 0 else "")
    for label, text in _facts(result, wanted):
        click.echo(f"{bold(label.ljust(10))} {text}")


def _rows(result: _Result, wanted: Wanted) -> Iterator[list[str]]:
    total = result.statistics.total
    span = max(0, total.last - total.first) / 1e9
    # All of one day need not say it in each row.
    with_date = show_local(total.first)[:10] != show_local(total.last)[:10]
    for name, group in _largest(result.statistics.groups, wanted.limit):
        durations = group.durations
        yield [
            harmless(name) or NONE,
            f"{group.count:,}",
            f"{100 * group.count / total.count:.1f}",
            f"{group.count / span:.3g}" if span > 0 else "",
            f"{group.failures:,}" if group.failures else "",
            *(show_seconds(durations.quantile(share)) if durations else "" for share in (0.5, 0.95)),
            show_seconds(durations.highest) if durations else "",
            show_local(group.last, with_date=with_date).partition(".")[0],
        ]


def _largest(groups: dict[str, Group], limit: int) -> list[tuple[str, Group]]:
    return sorted(groups.items(), key=lambda item: (-item[1].count, item[0]))[:limit]


def _facts(result: _Result, wanted: Wanted) -> Iterator[tuple[str, str]]:
    palette = palette_for()
    statistics, read = result.statistics, result.read
    failures = statistics.failures
    yield "failures", palette.bad(f"{failures:,}") if failures else palette.good("none")
    orphans = statistics.pairs.orphans()
    yield "open", palette.bad(f"{len(orphans):,} began and never ended") if orphans else palette.good("nothing")
    for orphan in orphans[:_SHOWN]:
        yield "", f"{harmless(f'{orphan.family} {orphan.identity}')}, since {show_local(orphan.record.timestamp)}"
    if statistics.delays.highest > 0:  # else one clock, read once, gave both times: nothing was measured
        delay = statistics.delays
        p50, p95 = show_seconds(delay.quantile(0.5)), show_seconds(delay.quantile(0.95))
        yield "delay", f"from event to record: p50 {p50}, p95 {p95}, max {show_seconds(delay.highest)}"
    if statistics.writers.duplicates:
        yield "duplicates", f"{statistics.writers.duplicates:,}, counted once"
    if not read.is_everything:
        yield "gaps", palette.dim("not told, since events were filtered away")
        return
    yield from _writer_facts(result)
    coverage = result.coverage
    defined = len(coverage.seen) + len(coverage.missing)
    yield "coverage", f"{len(coverage.seen)} of {defined} types of the catalogue ({coverage.percent:.1f} %)"
    if coverage.unknown:
        yield "unknown", harmless(", ".join(coverage.unknown[:_SHOWN])) + (", ..." if coverage.unknown[_SHOWN:] else "")
        if not wanted.covers_own:
            yield "", palette.dim(HOW_TO_DEFINE)


def _writer_facts(result: _Result) -> Iterator[tuple[str, str]]:
    palette = palette_for()
    writers = result.writers
    if not writers:
        return
    missing, unexplained = (sum(getattr(each, name) for each in writers) for name in ("missing", "unexplained"))
    ends = [f"{count:,} {said}" for end, said in _ENDS.items() if (count := _count_ends(writers, end))]
    yield "writers", f"{len(writers):,}: {', '.join(ends)}"
    text = f"{count_of(missing, 'number')} missing, {unexplained:,} of them without a word"
    yield "gaps", palette.good("none") if not missing else palette.bad(text) if unexplained else text
    doubtful = [each for each in writers if each.end != "stopped" or each.unexplained]
    for each in sorted(doubtful, key=lambda state: -state.unexplained)[:_SHOWN]:
        gap = f", {each.unexplained:,} missing of {each.last_number:,}" if each.unexplained else ""
        heard = show_ago(each.last_time, time.time())
        end = f", no end seen, last heard of {heard}" if each.end != "stopped" else ""
        yield "", f"{harmless(each.writer)} ({harmless(each.service)}){gap}{end}"


def _count_ends(writers: Sequence[WriterState], end: str) -> int:
    return sum(each.end == end for each in writers)


def _as_dict(result: _Result, wanted: Wanted) -> dict[str, Any]:
    statistics, coverage, report = result.statistics, result.coverage, result.read.report
    total = statistics.total
    return {
        "events": total.count - statistics.spans,
        "spans": statistics.spans,
        "first": format_instant(total.first) if total.last else None,
        "last": format_instant(total.last) if total.last else None,
        "failures": statistics.failures,
        "by": wanted.by,
        "groups": [_group(name, group) for name, group in _largest(statistics.groups, wanted.limit)],
        "group_count": len(statistics.groups),
        "orphans": [
            {"family": each.family, "id": each.identity, "since": format_instant(each.record.timestamp)}
            for each in statistics.pairs.orphans()
        ],
        "duplicates": statistics.writers.duplicates,
        "delay_seconds": statistics.delays.summary(),
        "writers": [{**asdict(each), "unexplained": each.unexplained} for each in result.writers],
        "is_everything": result.read.is_everything,
        "coverage": {**asdict(coverage), "percent": round(coverage.percent, 2)},
        "passed_over": {
            kind: getattr(report, kind) for kind in ("torn", "malformed", "foreign", "oversized", "unreadable")
        },
    }


def _group(name: str, group: Group) -> dict[str, Any]:
    return {
        "name": name,
        "count": group.count,
        "failures": group.failures,
        "first": format_instant(group.first) if group.last else None,
        "last": format_instant(group.last) if group.last else None,
        "duration_seconds": group.durations.summary() if group.durations else None,
    }
