"""Which files and which modules the options of `migrate` name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from otel_events.cli.complaints import InputError, missing_extra
from otel_events.cli.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from otel_events.migrating.survey import Surveyed
    from otel_events.migrating.systems import Modules


def surveyed_files(path: Path, modules: Sequence[str], *, ignores_nothing: bool) -> tuple[int, Iterator[Surveyed]]:
    """Return how many files there are beneath *path*, and what is found in them; or raise an error that click shows."""
    try:
        import libcst  # noqa: F401  # whether it is installed
        import pathspec  # noqa: F401
    except ImportError as error:
        raise missing_extra("migrate", "migrate") from error
    from otel_events.migrating.source_files import SourceFileError, find_source_files

    try:
        files = list(find_source_files(path, honours_ignore_files=not ignores_nothing))
    except SourceFileError as error:
        raise InputError(str(error)) from error
    return len(files), _survey(files, parse_modules(modules))


def parse_modules(words: Sequence[str]) -> Modules:
    """Return the modules that `OLD=DROP_IN` name, beside those that are known, or raise BadParameter."""
    from otel_events.migrating.systems import BY_DROP_IN, Modules

    named = {}
    for word in words:
        old, _, drop_in = word.partition("=")
        if not old.replace(".", "").isidentifier() or drop_in not in BY_DROP_IN:
            known = ", ".join(BY_DROP_IN)
            raise click.BadParameter(f"{word!r} is no OLD=DROP_IN, with one of {known}", param_hint="--module")
        named[old] = BY_DROP_IN[drop_in]
    return Modules(named)


def _survey(files: Sequence[Path], modules: Modules) -> Iterator[Surveyed]:
    from otel_events.migrating.survey import survey

    progress = Progress("looking into", len(files), "files")
    try:
        for found in survey(files, modules, progress.show):
            progress.clear()
            yield found
    finally:
        progress.clear()
