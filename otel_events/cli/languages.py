"""`languages`: the senders for other languages, as files of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from otel_events.cli import exit_codes
from otel_events.cli.complaints import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

_EPILOG = """\b
Examples:
  otel-events languages shell                 # ./otel-events.sh
  otel-events languages javascript web/events
  otel-events languages powershell scripts
"""
# Where they lie: in an installed package beside this code, in a clone in a folder of its own.
_PLACES = (Path(__file__).parents[1] / "languages", Path(__file__).parents[2] / "languages")
# Language: (how to begin, what its folder has that is no part of it).
_LANGUAGES = {
    "shell": ("say `. ./otel-events.sh`, then `event evidence.added source=paper.pdf`", ("parts",)),
    "javascript": ('say `import { event, task } from "./otel-events.js"`', ()),
    "powershell": (
        "say `Import-Module ./OtelEvents`, then `Send-OtelEvent evidence.added @{ source = 'paper.pdf' }`",
        (),
    ),
}


@click.command("languages", epilog=_EPILOG)
@click.argument("language", type=click.Choice(list(_LANGUAGES)))
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path())
@click.option("--force", is_flag=True, help="Overwrite files that are not as they would be written.")
def command(*, language: str, folder: Path, force: bool) -> int:
    """Copy what sends events from LANGUAGE into FOLDER.

    The files need nothing of this package, nor Python: they speak OTLP to a Collector, or to `otel-events serve`.
    """
    hint, left_out = _LANGUAGES[language]
    source = next((place / language for place in _PLACES if (place / language).is_dir()), None)
    if source is None:
        raise InputError(f"the files for {language} are not in this installation")
    texts = {path.relative_to(source): path.read_bytes() for path in _files(source, left_out)}
    if not force:
        _refuse_others(folder, texts)
    for path, text in texts.items():
        target = folder / path
        _write(target, text)
        click.echo(str(target))
    click.echo(f"Now {hint}. docs/languages.md has the rest.", err=True)
    return exit_codes.OK


def _files(source: Path, left_out: tuple[str, ...]) -> Iterator[Path]:
    for path in sorted(source.rglob("*")):
        if path.is_file() and path.relative_to(source).parts[0] not in left_out:
            yield path


def _refuse_others(folder: Path, texts: dict[Path, bytes]) -> None:
    for path, text in texts.items():
        target = folder / path
        if target.exists() and (not target.is_file() or target.read_bytes() != text):
            raise InputError(f"{target} is there already, and is another; --force overwrites it")


def _write(target: Path, text: bytes) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text)
    except OSError as error:
        raise InputError(f"{target} cannot be written: {error.strerror or error}") from error
