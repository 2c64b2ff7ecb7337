"""`migrate scan`: the sites, as text or JSON."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from otel_events.cli import exit_codes
from otel_events.cli.colours import palette_for
from otel_events.cli.migrating.choice import surveyed_files
from otel_events.cli.row_formats import json_text
from otel_events.migrating.systems import SYSTEMS
from otel_events.reading.harmless import harmless
from otel_events.reading.texts import count_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from otel_events.migrating.site import Site
    from otel_events.migrating.survey import Surveyed

_WIDTH = 12


class _Totals:
    """What was found in all files."""

    def __init__(self) -> None:
        self.sites: Counter[str] = Counter()
        self.moved: Counter[str] = Counter()
        self.files: Counter[str] = Counter()
        self.problems: list[dict[str, str]] = []

    def add(self, found: Surveyed) -> None:
        self.sites.update(site.system for site in found.sites)
        self.moved.update(site.system for site in found.sites if site.is_moved)
        self.files.update({site.system for site in found.sites})
        if found.problem:
            self.problems.append({"file": str(found.path), "problem": found.problem})

    def as_dict(self) -> dict[str, Any]:
        return {
            system.letter: {
                "title": system.title,
                "drop_in": system.path,
                "sites": self.sites[system.letter],
                "moved": self.moved[system.letter],
                "files": self.files[system.letter],
            }
            for system in SYSTEMS
        }


def run_scan(path: Path, *, modules: Sequence[str], ignores_nothing: bool, is_json: bool) -> int:
    """Write what is found beneath *path*; return the exit code."""
    count, surveyed = surveyed_files(path, modules, ignores_nothing=ignores_nothing)
    totals = _Totals()
    if is_json:
        sites = [
            {"file": str(found.path), **site.as_dict()} for found in _counted(surveyed, totals) for site in found.sites
        ]
        answer = {"path": str(path), "files": count, "systems": totals.as_dict(), "sites": sites}
        sys.stdout.write(json_text({**answer, "unparsed": totals.problems}) + "\n")
    else:
        for found in _counted(surveyed, totals):
            if found.sites:
                _write(found.path, found.sites)
        _write_totals(totals, count)
    tell_problems(totals.problems)
    return exit_codes.INPUT if totals.problems else exit_codes.OK


def tell_problems(problems: Iterable[dict[str, str]]) -> None:
    """Say on standard error which files could not be read."""
    for each in problems:
        click.echo(f"Warning: {harmless(each['file'])} was left out: {harmless(each['problem'])}", err=True)


def _counted(surveyed: Iterable[Surveyed], totals: _Totals) -> Iterator[Surveyed]:
    for found in surveyed:
        totals.add(found)
        yield found


def _write(path: Path, sites: Iterable[Site]) -> None:
    palette = palette_for()
    click.echo(palette.bold(harmless(str(path))))
    for site in sites:
        place = f"{site.line}:{site.column}"
        click.echo(f"  {place:<8} {palette.named(site.system)} {site.kind:<10} {_one_line(site.code)}")
        if site.is_moved:
            _write_part("drop-in", "is used already")
        elif site.drop_in and site.drop_in != site.code:
            _write_part("drop-in", site.drop_in)
        if site.native:
            _write_part("native", site.native)
        if site.note:
            _write_part("not native" if site.kind in {"call", "reference"} else "by hand", site.note)
    click.echo()


def _write_part(name: str, text: str) -> None:
    click.echo(f"  {'':<8} {palette_for().dim(f'{name:>{_WIDTH}}')} {_one_line(text)}")


def _write_totals(totals: _Totals, count: int) -> None:
    for system in SYSTEMS:
        sites, moved = totals.sites[system.letter], totals.moved[system.letter]
        if sites:
            where = count_of(totals.files[system.letter], "file")
            on_it = f", {moved} on the drop-in" if moved else ""
            click.echo(f"{system.letter} {system.title}: {count_of(sites, 'site')} in {where}{on_it} ({system.path})")
    if not totals.sites:
        click.echo("none of the five systems is used there")
    click.echo(f"{count_of(count, 'file')} looked at", err=True)


def _one_line(text: str) -> str:
    return harmless(" ".join(text.split()))
