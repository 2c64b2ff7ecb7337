"""`migrate shim`: one file, and where the old one is kept."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import click

from otel_events.cli import exit_codes
from otel_events.cli.complaints import InputError
from otel_events.migrating.shim import write_shim
from otel_events.migrating.source_files import SourceFileError
from otel_events.migrating.systems import BY_DROP_IN, Modules
from otel_events.reading.harmless import harmless

if TYPE_CHECKING:
    from pathlib import Path


def run_shim(file: Path, drop_in: str | None, *, force: bool) -> int:
    """Write the shim; return the exit code."""
    if file.suffix != ".py":
        raise click.BadParameter(f"{file} is no name of a Python file", param_hint="FILE")
    system = BY_DROP_IN.get(drop_in or file.stem) or Modules().system_of(file.stem)
    if system is None:
        raise click.UsageError(f"which system {file.name} is cannot be told by its name: say --as")
    if find_spec(system.path) is None:
        raise InputError(f"this version has no {system.path}")
    try:
        backup = write_shim(file, system, overwrites=force)
    except SourceFileError as error:
        raise InputError(str(error)) from error
    if backup is not None:
        click.echo(f"what was there is kept as {harmless(str(backup))}", err=True)
    click.echo(f"{harmless(str(file))} is {system.path}")
    return exit_codes.OK
