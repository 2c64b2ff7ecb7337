"""`catalog`: which events there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from otel_events.cli import exit_codes
from otel_events.cli.examples import examples
from otel_events.cli.inputs import Input, ReadingCommand, reads

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_EPILOG = """\b
Examples:
  otel-events catalog list
  otel-events catalog show task.failed
  otel-events catalog new shop
  otel-events catalog check shop/registry
  otel-events catalog coverage events.jsonl --target 5
  otel-events catalog export --weaver registry
  otel-events catalog docs -o events.md
"""


def _extends(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options `--catalog` and `--module`, as the argument *more*."""
    function = click.option(
        "--module", "modules", metavar="NAME", multiple=True, help="A Python module with @define classes."
    )(function)
    return click.option(
        "--catalog", "folders", type=click.Path(), metavar="FOLDER", multiple=True, help="A registry of yours."
    )(function)


_own_only = click.option("--own", "is_own", is_flag=True, help="Yours alone, not the built-in ones.")
_as_json = click.option("--json", "is_json", is_flag=True, help="As JSON.")


@click.group("catalog", epilog=_EPILOG)
def command() -> None:
    """Which events there are: those built in, and yours, out of registries and modules."""


@command.command(
    "list",
    short_help="List the events, by category.",
    epilog=examples("catalog list --category task", "catalog list --catalog shop/registry --own --json"),
)
@_extends
@_own_only
@click.option("--category", metavar="NAME", help="This one alone.")
@_as_json
def list_(*, folders: Sequence[str], modules: Sequence[str], is_own: bool, category: str | None, is_json: bool) -> None:
    """List the events, by category."""
    from otel_events.cli.catalog_output import write_list
    from otel_events.cli.catalog_source import definitions_of

    write_list(definitions_of(folders, modules, is_own=is_own), category, is_json=is_json)


@command.command(
    short_help="Tell all that is known of one event.",
    epilog=examples("catalog show task.failed", "catalog show evidence_added --json"),
)
@click.argument("name")
@_extends
@_as_json
def show(*, name: str, folders: Sequence[str], modules: Sequence[str], is_json: bool) -> None:
    """Tell all that is known of the event NAME, which may be one of its older spellings."""
    from otel_events.cli.catalog_output import write_one
    from otel_events.cli.catalog_source import definitions_of

    write_one(name, definitions_of(folders, modules), is_json=is_json)


@command.command(
    short_help="Check registries and modules of yours.",
    epilog=examples("catalog check shop/registry", "catalog check --module shop.events"),
)
@click.argument("folders", nargs=-1, type=click.Path(), metavar="[REGISTRY]...")
@click.option("--module", "modules", metavar="NAME", multiple=True, help="A Python module with @define classes.")
@_as_json
def check(*, folders: Sequence[str], modules: Sequence[str], is_json: bool) -> int:
    """Check each REGISTRY (a folder or a file), by itself and beside the built-in catalogue; exit code 1 if it is wrong.

    All mistakes are told at once, by file and line, each with what would be right.
    """
    from otel_events.cli.catalog_output import write_check

    if not folders and not modules:
        raise click.UsageError("name a REGISTRY, or a --module")
    return exit_codes.OK if write_check(folders, modules, is_json=is_json) else exit_codes.NO


@command.command(
    cls=ReadingCommand,
    short_help="Tell which types were seen, and which were not.",
    epilog=examples("catalog coverage events.jsonl --target 5", "catalog coverage logs/ --since 1d --json"),
)
@reads
@_extends
@_own_only
@click.option("--target", type=click.FloatRange(0, 100), help="Exit with 1 if the coverage in percent is less.")
@_as_json
def coverage(
    *,
    read: Input,
    folders: Sequence[str],
    modules: Sequence[str],
    is_own: bool,
    target: float | None,
    is_json: bool,
) -> int:
    """Tell which types of the catalogue were seen in FILEs, which were not, and which seen ones nobody has defined."""
    from otel_events.cli.catalog_coverage import write_coverage
    from otel_events.cli.catalog_source import definitions_of

    percent = write_coverage(read, definitions_of(folders, modules, is_own=is_own), is_json=is_json)
    if target is not None and percent < target:
        click.echo(f"coverage {percent:.1f} % is below the target of {target:g} %", err=True)
        return exit_codes.NO
    return exit_codes.OK


@command.command(short_help="Write a registry that Weaver reads.", epilog=examples("catalog export --weaver registry"))
@click.option("--weaver", "folder", required=True, type=click.Path(file_okay=False), help="The folder to write into.")
@_extends
@_own_only
def export(*, folder: str, folders: Sequence[str], modules: Sequence[str], is_own: bool) -> None:
    """Write the catalogue as a registry that OpenTelemetry Weaver reads: a manifest and a file for each category."""
    from otel_events.cli.catalog_output import write_weaver
    from otel_events.cli.catalog_source import definitions_of

    write_weaver(definitions_of(folders, modules, is_own=is_own), folder)


@command.command(short_help="Write a page about the events.", epilog=examples("catalog docs -o events.md"))
@_extends
@_own_only
@click.option("--output", "-o", type=click.Path(dir_okay=False), help="A file, in place of standard output.")
def docs(*, folders: Sequence[str], modules: Sequence[str], is_own: bool, output: str | None) -> None:
    """Write the catalogue as a page of Markdown."""
    from otel_events.catalog.documents import reference_page
    from otel_events.cli.catalog_source import definitions_of
    from otel_events.cli.output_file import opened

    page = reference_page(definitions_of(folders, modules, is_own=is_own))
    with opened(output) as out:
        out.write(page)


@command.command(
    short_help="Begin a catalogue of your own.", epilog=examples("catalog new shop", "catalog new events --name shop")
)
@click.argument("folder", type=click.Path(file_okay=False))
@click.option("--name", metavar="WORD", help="What events' names begin with.  [the folder's name]")
def new(*, folder: str, name: str | None) -> None:
    """Write a starting registry and a typed module with the same events into FOLDER. Nothing that exists is overwritten."""
    from otel_events.cli.catalog_new import write_beginning

    write_beginning(folder, name)
