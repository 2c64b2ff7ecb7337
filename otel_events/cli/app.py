"""The group of all commands, each imported only when it is called, and what holds for every one of them.

To add a command: a module beside this one with a click command named `command`, and its line in `COMMANDS`.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from otel_events import quiet_start
from otel_events.cli import exit_codes
from otel_events.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence

# Command: (module, its line in the list of commands). The list is shown without importing any of them.
COMMANDS: dict[str, tuple[str, str]] = {
    "emit": ("otel_events.cli.emit", "Emit one event from a shell."),
    "run": ("otel_events.cli.run", "Run a command as a task."),
    "heartbeat": ("otel_events.cli.heartbeat", "Say again and again that something lives."),
    "tail": ("otel_events.cli.tail", "Show the last events, and follow."),
    "query": ("otel_events.cli.query", "Find events: by filter and time, as table, JSON, CSV, Parquet or by SQL."),
    "stats": ("otel_events.cli.stats", "Count events, durations, failures, gaps, delays, coverage."),
    "errors": ("otel_events.cli.errors", "Group errors by what is the same about them."),
    "show": ("otel_events.cli.show", "Tell the story of one task, trace, cycle or session as a tree."),
    "expect": ("otel_events.cli.expect", "Tell what was expected and did not happen."),
    "catalog": ("otel_events.cli.catalog", "Which events there are: list, show, check, coverage, export, docs, new."),
    "serve": ("otel_events.cli.serve", "Receive, keep, stream and show events."),
    "relay": ("otel_events.cli.relay", "Send on what programs say on Redis, NATS, in a ledger or a pipe."),
    "watch": ("otel_events.cli.watch", "Tell what happens to files, as events."),
    "replay": ("otel_events.cli.replay", "Send records again, as they were."),
    "doctor": ("otel_events.cli.doctor", "Look at settings, endpoint, spool and ledger; say what to do."),
    "spool": ("otel_events.cli.spool", "What waits on disk to be sent: list, inspect, drain, quarantine, purge."),
    "env": ("otel_events.cli.env", "Print the variables that point a program at a backend."),
    "languages": ("otel_events.cli.languages", "Copy what sends events from a shell, JavaScript or PowerShell."),
    "completion": ("otel_events.cli.completion", "Print what makes the shell complete commands and options."),
}

_EPILOG = """\b
Examples:
  otel-events emit evidence.added source=paper.pdf quality:=0.82
  otel-events run --task backup -- ./backup.sh
  otel-events tail -f 'severity>=warn'
  otel-events query 'task.* persona=thesis' --since 1h
  otel-events stats logs/ events.jsonl.gz
"""


class _ReaderGoneError(Exception):
    """Whoever read our output has seen enough."""


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one when it is asked for it."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise _ReaderGoneError from error  # click would end with 1

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which ones are like what was written."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            similar = get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean '{similar[0]}'?" if similar else ""
            ctx.fail(f"there is no command {args[0]!r}.{hint}")
        found = super().resolve_command(ctx, args)
        # Not sooner: Python itself swallows a KeyboardInterrupt that comes while it tidies up after an import.
        quiet_start.end()
        return found


@click.group(cls=LazyGroup, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="otel-events")
def group() -> None:
    """Events in your domain's own words: say what happened, and see it."""


def run(arguments: Sequence[str]) -> int:
    """Run the command that *arguments* name and return the exit code; no way out ends in a traceback."""
    _prepare_streams()
    try:
        code = _invoke(list(arguments))
        sys.stdout.flush()
    except (BrokenPipeError, _ReaderGoneError):
        _forget_output()
        return exit_codes.BROKEN_PIPE
    except OSError as error:
        # A full disk, a terminal that is gone: what was to be written is not.
        _forget_output()
        _complain(f"Error: {error.strerror or error}{f': {error.filename}' if error.filename else ''}")
        return exit_codes.INPUT
    return code


def _invoke(arguments: list[str]) -> int:
    try:
        result: Any = group.main(arguments, prog_name="otel-events", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return exit_codes.INTERRUPTED
    except click.exceptions.Exit as error:
        return error.exit_code
    return result if isinstance(result, int) else exit_codes.OK


def _prepare_streams() -> None:
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            # No character of an event is worth a crash on an old console.
            reconfigure(errors="replace" if stream.isatty() else "backslashreplace")


def _forget_output() -> None:
    """Have the interpreter flush what is left into nothing, since nobody reads on."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _complain(message: str) -> None:
    with suppress(OSError):
        click.echo(message, err=True)
