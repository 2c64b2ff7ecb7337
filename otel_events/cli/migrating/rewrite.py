"""`migrate rewrite`: a diff, and the files if that is asked for."""

from __future__ import annotations

import difflib
import sys
from typing import TYPE_CHECKING

import click

from otel_events.cli import exit_codes
from otel_events.cli.colours import palette_for
from otel_events.cli.migrating.choice import surveyed_files
from otel_events.cli.migrating.scan import tell_problems
from otel_events.migrating.native import AFTERWARDS
from otel_events.migrating.program import UnparsableError
from otel_events.migrating.source_files import SourceFileError, replace_source
from otel_events.reading.harmless import harmless
from otel_events.reading.texts import count_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from otel_events.migrating.survey import Surveyed


def run_rewrite(
    path: Path,
    *,
    modules: Sequence[str],
    ignores_nothing: bool,
    is_native: bool,
    shows_diff: bool,
    writes: bool,
) -> int:
    """Show or write what becomes of the files beneath *path*; return the exit code."""
    _, surveyed = surveyed_files(path, modules, ignores_nothing=ignores_nothing)
    problems: list[dict[str, str]] = []
    changed, systems = 0, set()
    for found in surveyed:
        try:
            after = _after(found, is_native=is_native)
            if after is not None and after != found.source:
                if shows_diff or not writes:
                    _show_diff(found.path, found.source, after)
                if writes:
                    replace_source(found.path, found.source, after, root=path)
                changed += 1
                systems |= {site.system for site in found.sites if site.native}
        except (SourceFileError, UnparsableError) as error:
            problems.append({"file": str(found.path), "problem": str(error).removeprefix(f"{found.path} ")})
            continue
        if found.problem:
            problems.append({"file": str(found.path), "problem": found.problem})
        _tell_by_hand(found, is_native=is_native)
    _tell_outcome(changed, systems if is_native else set(), writes=writes)
    tell_problems(problems)
    return exit_codes.INPUT if problems else exit_codes.OK


def _after(found: Surveyed, *, is_native: bool) -> bytes | None:
    return None if found.program is None else found.program.rewritten(is_native=is_native)


def _show_diff(path: Path, before: bytes, after: bytes) -> None:
    name = path.as_posix().lstrip("/").encode("utf-8", "surrogateescape")
    old, new = (text.splitlines(keepends=True) for text in (before, after))
    lines = difflib.diff_bytes(difflib.unified_diff, old, new, b"a/" + name, b"b/" + name)
    is_for_people = sys.stdout.isatty()
    sys.stdout.flush()
    for line in lines:
        whole = line if line.endswith((b"\n", b"\r")) else line + b"\n\\ No newline at end of file\n"
        if is_for_people:
            sys.stdout.write(_coloured(whole.decode("utf-8", "replace")))
        else:
            sys.stdout.buffer.write(whole)  # what `patch` takes, whatever the file's encoding and line ends


def _coloured(line: str) -> str:
    text = harmless(line.rstrip("\r\n"), keep_lines=True)
    palette = palette_for()
    if line.startswith(("+++", "---")):
        return palette.bold(text) + "\n"
    return {"+": palette.good, "-": palette.bad}.get(line[0], str)(text) + "\n"


def _tell_by_hand(found: Surveyed, *, is_native: bool) -> None:
    """Say on standard error what a person has to look at."""
    for site in found.sites:
        is_told = site.note and (is_native or site.kind not in {"call", "reference"})
        if is_told:
            code = harmless(" ".join(site.code.split()))
            click.echo(f"{harmless(str(found.path))}:{site.line}: {code}: {harmless(site.note)}", err=True)


def _tell_outcome(changed: int, systems: Iterable[str], *, writes: bool) -> None:
    for letter in sorted(systems):
        if letter in AFTERWARDS:
            click.echo(AFTERWARDS[letter], err=True)
    if not changed:
        click.echo("nothing to change", err=True)
    elif writes:
        click.echo(f"{count_of(changed, 'file')} written", err=True)
    else:
        click.echo(f"{count_of(changed, 'file')} would change; --write writes", err=True)
