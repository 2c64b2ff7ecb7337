"""`migrate verify`: two files or folders read side by side, and what they say otherwise."""

from __future__ import annotations

import math
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from otel_events.cli import exit_codes
from otel_events.cli.complaints import InputError
from otel_events.cli.inputs import passed_over
from otel_events.cli.progress import Progress
from otel_events.cli.row_formats import json_text, write_table
from otel_events.ledger.read import ReadReport
from otel_events.ledger.split import DamagedError
from otel_events.migrating.comparison import Comparison
from otel_events.migrating.pairing import KEY_FIELDS, Pairing
from otel_events.migrating.said import LineReader
from otel_events.reading.harmless import harmless
from otel_events.reading.lines import read_blocks
from otel_events.reading.sources import SourceError, find_sources
from otel_events.reading.texts import count_of, show_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from otel_events.migrating.said import Said
    from otel_events.reading.sources import Source

_LEAST_BYTES = 32 << 20  # less is read before a line about it could be
_KINDS = ("same", "different", "missing", "extra")
_FIELD_KINDS = ("different", "missing", "extra", "redacted")


@dataclass(frozen=True, slots=True)
class VerifyWish:
    """What is asked for: see the command's options."""

    tolerance: float
    keys: Sequence[str]
    ignored: Sequence[str]
    most_examples: int


class _File:
    """One side: what is read, and what was passed over."""

    def __init__(self, path: str, advance: Callable[[int], None]) -> None:
        self.report = ReadReport()
        self._advance = advance
        try:
            self.sources: Sequence[Source] = find_sources([path])
        except SourceError as error:
            raise InputError(str(error)) from error

    def events(self) -> Iterator[Said]:
        reader = LineReader(self.report)
        for source in self.sources:
            try:
                with source.open() as stream:
                    for block in read_blocks(stream):
                        self.report.oversized += block.oversized
                        for line in block.lines:
                            self._advance(len(line) + 1)
                            yield from reader.read(line)
                        if block.tail:
                            yield from reader.read(block.tail, is_whole=False)
            except (DamagedError, OSError) as error:  # noqa: PERF203  # one source of many
                self.report.unreadable += 1
                click.echo(f"Warning: {harmless(source.name)} cannot be read to its end: {error}", err=True)


def run_verify(old: str, new: str, wish: VerifyWish, *, is_json: bool) -> int:
    """Compare and write; return the exit code."""
    progress, done = Progress("comparing, MB"), 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        if done >= _LEAST_BYTES:
            progress.show(done // 1_000_000)

    files = {"old": _File(old, advance), "new": _File(new, advance)}
    pairing = Pairing(round(wish.tolerance * 1e9), wish.keys or KEY_FIELDS, wish.ignored)
    comparison = Comparison(wish.most_examples)
    try:
        comparison.add(pairing.pairs(files["old"].events(), files["new"].events()))
    finally:
        progress.clear()
    if is_json:
        sys.stdout.write(json_text(_as_dict(comparison, pairing, files)) + "\n")
    else:
        _write(comparison)
    _tell_doubts(comparison, pairing, files)
    if any(file.report.unreadable for file in files.values()):
        return exit_codes.INPUT
    return exit_codes.OK if comparison.is_equal and comparison.old else exit_codes.NO


def _as_dict(comparison: Comparison, pairing: Pairing, files: Mapping[str, _File]) -> dict[str, Any]:
    counts = {key: getattr(comparison, key) for key in ("old", "new", *_KINDS)}
    return {
        "equal": comparison.is_equal,
        **counts,
        "names": {name: {kind: each[kind] for kind in _KINDS} for name, each in comparison.names.items()},
        "fields": {name: {kind: each[kind] for kind in _FIELD_KINDS} for name, each in comparison.fields.items()},
        "examples": _guarded(comparison.examples),
        "passed_over": {side: file.report.passed_over for side, file in files.items()},
        "out_of_order": dict(pairing.out_of_order),
        "cut_short": pairing.cut_short,
    }


def _write(comparison: Comparison) -> None:
    click.echo(f"{count_of(comparison.old, 'old event')}, {comparison.new:,} new: ", nl=False)
    click.echo(", ".join(f"{getattr(comparison, kind):,} {kind}" for kind in _KINDS))
    told = {name: each for name, each in comparison.names.items() if not comparison.is_equal and set(each) != {"same"}}
    _write_counts("event", _KINDS, told)
    _write_counts("field", _FIELD_KINDS, comparison.fields)
    for example in _guarded(comparison.examples):
        _write_example(example)


def _write_counts(what: str, kinds: Sequence[str], counters: Mapping[str, Mapping[str, int]]) -> None:
    if not counters:
        return
    click.echo()
    rows = [
        [harmless(name), *(f"{counters[name][kind]:,}" if counters[name][kind] else "" for kind in kinds)]
        for name in sorted(counters)
    ]
    write_table([what, *kinds], rows, sys.stdout, numbers=frozenset(kinds))


def _write_example(example: Mapping[str, Any]) -> None:
    when = example.get("time", example.get("old_time", ""))
    click.echo(f"\n{example['kind']}: {harmless(example['event'])} {when}".rstrip())
    for name, value in example["fields"].items():
        if example["kind"] == "different":
            sides = (f"{side} {show_value(value[side]) if side in value else 'has none'}" for side in ("old", "new"))
            click.echo(f"  {harmless(name)}: {', '.join(sides)}")
        else:
            click.echo(f"  {harmless(name)}: {show_value(value)}")


def _guarded(examples: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return *examples* without secrets: what the old system wrote may have some."""
    from otel_events.accounting import Accounts
    from otel_events.guards import build_redactor
    from otel_events.notices import Notices
    from otel_events.settings import resolve

    settings, _ = resolve({}, os.environ)
    guard = build_redactor(settings, Accounts(), Notices(quiet_seconds=math.inf))
    clean = dict if guard is None else guard.attributes
    return [_shown(each, clean) for each in examples]


def _shown(example: dict[str, Any], clean: Callable[[Any], Any]) -> dict[str, Any]:
    """Return what is shown of *example*: of a pair the fields that differ, on the sides that have them."""
    rest = {key: value for key, value in example.items() if key not in {"fields", "old", "new"}}
    if example["kind"] != "different":
        return {**rest, "fields": clean(example["fields"])}
    # All that a side says is looked at together: one field may name another as a secret, in another key or in a value.
    said = {side: dict(zip(example[side], clean(example[side]).items(), strict=True)) for side in ("old", "new")}
    fields: dict[str, Any] = {}
    for name, sides in example["fields"].items():
        each = {side: said[side][name] for side in sides}
        fields[next(iter(each.values()))[0]] = {side: value for side, (_, value) in each.items()}
    return {**rest, "fields": fields}


def _tell_doubts(comparison: Comparison, pairing: Pairing, files: Mapping[str, _File]) -> None:
    """Say on standard error what may make the answer wrong."""
    for side, file in files.items():
        said = passed_over(file.report)
        if said:
            click.echo(f"Passed over in the {side} file: {said}.", err=True)
        if pairing.out_of_order[side]:
            late = count_of(pairing.out_of_order[side], "line")
            click.echo(
                f"{late} of the {side} file came later than newer ones; --tolerance gives them more time.", err=True
            )
    if pairing.cut_short:
        click.echo(
            f"{count_of(pairing.cut_short, 'line')} could not wait for a partner: too many did at once.", err=True
        )
    if not comparison.old:
        click.echo("the old file has no events, so that there is nothing to compare", err=True)
