"""`migrate`: from a home-made event system to this one, step by step."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from otel_events.cli.examples import examples

if TYPE_CHECKING:
    from collections.abc import Callable

_EPILOG = """\b
Examples:
  otel-events migrate scan src
  otel-events migrate rewrite src            # shows a diff, writes nothing
  otel-events migrate rewrite src --write
  otel-events migrate shim lib/ledger_emitter.py --force
  otel-events migrate verify old.jsonl new.jsonl
"""
_DROP_INS = ("ledger_emitter", "broadcaster", "activity", "event_log", "script_logger")


def _looks_into(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the argument PATH and the options that say what is looked for there."""
    options = (
        click.argument("path", type=click.Path(path_type=Path)),
        click.option(
            "--module",
            "modules",
            multiple=True,
            metavar="OLD=DROP_IN",
            help="A module of yours that is an old system, whatever it is called: lib.events=ledger_emitter.",
        ),
        click.option(
            "--no-ignore",
            "ignores_nothing",
            is_flag=True,
            help="Also what .gitignore and .otel-eventsignore leave out.",
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


@click.group("migrate", epilog=_EPILOG)
def command() -> None:
    """Move over from a home-made event system: find its calls, change them, and see that nothing else changed.

    Five systems are known: ledger emitter (A), event broadcaster (B), activity publisher (C), a training run's event log
    (D), script logger (E). Each has a drop-in, a module with its calls. docs/migrate/index.md has the way, step by step.
    """


@command.command(
    short_help="List where old systems are used, and what becomes of it.",
    epilog=examples(
        "migrate scan src",
        "migrate scan . --module lib.events=ledger_emitter",
        "migrate scan src --json | jq .systems",
    ),
)
@_looks_into
@click.option("--json", "is_json", is_flag=True, help="As one JSON object.")
def scan(*, path: Path, is_json: bool, **wish: Any) -> int:
    """List the uses of old systems in the Python and PowerShell files beneath PATH, and what each would become.

    With the drop-in, and by the native API where that says the same; else why not. Changes nothing. Exit code 3: a
    file could not be read or parsed; the others are listed.
    """
    from otel_events.cli.migrating.scan import run_scan

    return run_scan(path, is_json=is_json, **wish)


@command.command(
    short_help="Change imports to the drop-ins, and calls to the native API.",
    epilog=examples(
        "migrate rewrite src            # shows a diff, writes nothing",
        "migrate rewrite src > move.patch",
        "migrate rewrite src --write",
        "migrate rewrite src --native   # the calls, too",
        "migrate rewrite src --native --write",
    ),
)
@_looks_into
@click.option("--native", "is_native", is_flag=True, help="Change calls as well, where the native one says the same.")
@click.option("--diff", "shows_diff", is_flag=True, help="Show the diff: what is done without --write in any case.")
@click.option("--write", "writes", is_flag=True, help="Write the files.")
def rewrite(*, path: Path, **wish: Any) -> int:
    """Change the imports of old systems beneath PATH to their drop-ins; with --native the calls as well.

    Shows a diff and writes nothing, unless --write is given. Formatting, comments, encoding, line ends and modes of files
    stay; each is replaced in one step; links are not followed. What has to be done by hand is told on standard error. Exit code
    3: a file could not be parsed or written.
    """
    from otel_events.cli.migrating.rewrite import run_rewrite

    return run_rewrite(path, **wish)


@command.command(
    short_help="Write a module under the old name that is the drop-in.",
    epilog=examples(
        "migrate shim lib/ledger_emitter.py",
        "migrate shim lib/ledger_emitter.py --force    # keeps a .bak",
        "migrate shim lib/events.py --as ledger_emitter",
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--as", "drop_in", type=click.Choice(_DROP_INS), help="Which drop-in it is to be.  [by the file's name]")
@click.option("--force", is_flag=True, help="Put it in the place of what is there, which is kept as FILE.bak.")
def shim(*, file: Path, drop_in: str | None, force: bool) -> int:
    """Write to FILE a module that is the drop-in, for programs that are not to be touched at all.

    They go on importing the old name. Nothing is overwritten without --force; links are never written through.
    """
    from otel_events.cli.migrating.shim import run_shim

    return run_shim(file, drop_in, force=force)


@command.command(
    short_help="Compare what a parallel run wrote, field by field.",
    epilog=examples(
        "migrate verify old.jsonl new.jsonl",
        "migrate verify memory/ledger.jsonl events.jsonl --tolerance 5",
        "migrate verify old.jsonl new.jsonl --ignore host --json",
    ),
)
@click.argument("old", type=click.Path())
@click.argument("new", type=click.Path())
@click.option(
    "--tolerance", type=click.FloatRange(min=0), default=2.0, help="Seconds between the two lines of an event.  [2]"
)
@click.option("--key", "keys", multiple=True, metavar="FIELD", help="Lines that differ in it are of two events.")
@click.option("--ignore", "ignored", multiple=True, metavar="FIELD", help="Leave it out.")
@click.option("--examples", "most_examples", type=click.IntRange(min=0), default=3, help="Of each kind.  [3]")
@click.option("--json", "is_json", is_flag=True, help="As one JSON object.")
def verify(*, old: str, new: str, is_json: bool, **wish: Any) -> int:
    """Compare the lines that an old system wrote (OLD) with those of a new run beside it (NEW), field by field.

    Lines of all five systems are read, and the ledger's, flat ones, OTLP in JSON; files or folders, plain or gzip. Lines are
    paired by name, by what they say, by key fields (task_id, session_id, env_id ...) and by nearness in time. What only the
    product adds (uid, trace_id, a severity, a message by definition) is no difference; nor are secrets that were taken out.
    Exit code 1: something is missing, extra or different.
    """
    from otel_events.cli.migrating.verify import VerifyWish, run_verify

    return run_verify(old, new, VerifyWish(**wish), is_json=is_json)
