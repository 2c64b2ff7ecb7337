"""`spool`: what waits on disk to be sent."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from otel_events.cli import exit_codes
from otel_events.cli.examples import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_EPILOG = """\b
Examples:
  otel-events spool list
  otel-events spool inspect --json
  otel-events spool drain
  otel-events spool drain --to http://localhost:4318
  otel-events spool quarantine --resend
  otel-events spool purge --all --yes    # deletes what was never sent
"""


def _chooses(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the argument SPOOL and the option `--dir`."""
    function = click.argument("names", nargs=-1, metavar="[SPOOL]...")(function)
    return _places(function)


def _places(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--dir", "root", type=click.Path(file_okay=False), help="Where the spools are.  [OTEL_EVENTS_SPOOL_DIR]"
    )(function)


def _destination(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command that sends the options `--to`, `--protocol` and `--patience`."""
    options = (
        click.option("--to", metavar="ENDPOINT", help="Send there, and not where it was to go."),
        click.option("--protocol", type=click.Choice(["http/protobuf", "grpc"]), help="That --to speaks."),
        click.option(
            "--patience", type=click.FloatRange(min=0), default=30.0, help="Seconds to go on without progress.  [30]"
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


_as_json = click.option("--json", "is_json", is_flag=True, help="As a JSON array.")


@click.group("spool", epilog=_EPILOG)
def command() -> None:
    """What waits on disk to be sent: list it, look into it, send it, delete it.

    SPOOL is the name of a service, or the directory of one spool; without it all are meant. A program that runs sends
    what is its own; these commands are for what others have left.
    """


@command.command(
    "list",
    short_help="List spools: whose, where to, how much waits.",
    epilog=examples("spool list", "spool list --all --json"),
)
@_places
@click.option("--all", "is_all", is_flag=True, help="Those in which nothing is left as well.")
@_as_json
def list_(*, root: str | None, is_all: bool, is_json: bool) -> None:
    """List spools: whose, where to, how much waits, how many writers are alive, what was refused."""
    from otel_events.cli.spool_choice import choose
    from otel_events.cli.spool_output import write_list

    write_list(choose((), root), is_all=is_all or is_json, is_json=is_json, out=sys.stdout)


@command.command(
    short_help="Tell all that is known of each SPOOL.",
    epilog=examples("spool inspect", "spool inspect orchestrator --json"),
)
@_chooses
@_as_json
def inspect(*, names: Sequence[str], root: str | None, is_json: bool) -> None:
    """Tell all that is known of each SPOOL. Changes nothing."""
    from otel_events.cli.spool_choice import choose
    from otel_events.cli.spool_output import write_details

    write_details(choose(names, root), is_json=is_json)


@command.command(
    short_help="Send what dead processes have left.",
    epilog=examples(
        "spool drain", "spool drain orchestrator --to http://localhost:4318", "spool drain --quarantine-refused"
    ),
)
@_chooses
@_destination
@click.option(
    "--quarantine-refused", "quarantines", is_flag=True, help="Move what is refused for good out of the way, and go on."
)
@_as_json
def drain(*, names: Sequence[str], root: str | None, is_json: bool, **wish: Any) -> int:
    """Send what dead processes have left in each SPOOL, and let go of what was accepted.

    It goes where it was to go, or to the base URL --to. Headers, certificates and the rest of OTEL_EXPORTER_OTLP_* hold
    for --to, and for a destination that the environment names. At what is refused it stops, and that stays where it is; with
    --quarantine-refused it goes to quarantine, as a running program's does. Exit code 1: not all of it was accepted.
    """
    from otel_events.cli.spool_choice import choose
    from otel_events.cli.spool_drain import drain_all

    is_done = drain_all(choose(names, root), is_json=is_json, **wish)
    return exit_codes.OK if is_done else exit_codes.NO


@command.command(
    short_help="List the requests that were refused, or send them again.",
    epilog=examples("spool quarantine", "spool quarantine orchestrator --json", "spool quarantine --resend"),
)
@_chooses
@click.option("--resend", "is_resent", is_flag=True, help="Send them again; what is accepted leaves quarantine.")
@_destination
@_as_json
def quarantine(*, names: Sequence[str], root: str | None, is_json: bool, is_resent: bool, **wish: Any) -> int:
    """List the requests that their destination refused: when, why, and the file that holds each.

    With --resend they are sent again, by the rules of `drain`: once the receiver has been put right, or --to another one.
    What is refused again stays in quarantine. Exit code 1: not all of it was accepted.
    """
    from otel_events.cli.spool_choice import choose

    if not is_resent and (wish["to"] or wish["protocol"]):
        raise click.UsageError("--to and --protocol go with --resend")
    spools = choose(names, root)
    if is_resent:
        from otel_events.cli.spool_resend import resend_all

        return exit_codes.OK if resend_all(spools, is_json=is_json, **wish) else exit_codes.NO
    from otel_events.cli.spool_output import write_quarantine

    write_quarantine(spools, is_json=is_json)
    return exit_codes.OK


@command.command(
    short_help="Delete spools with all that is in them.",
    epilog=examples("spool purge orchestrator", "spool purge --all --yes    # deletes what was never sent"),
)
@_chooses
@click.option("--all", "is_all", is_flag=True, help="Every spool.")
@click.option("--yes", "-y", "is_sure", is_flag=True, help="Do not ask.")
def purge(*, names: Sequence[str], root: str | None, is_all: bool, is_sure: bool) -> int:
    """Delete each SPOOL with all that is in it, sent or not, quarantine included. Asks before.

    One that a running process uses is left alone; exit code 1 then.
    """
    from otel_events.cli.spool_choice import choose
    from otel_events.cli.spool_output import purge_spools

    if bool(names) is is_all:
        raise click.UsageError("say which SPOOL, or --all")
    return exit_codes.OK if purge_spools(choose(names, root), is_sure=is_sure) else exit_codes.NO
