"""`heartbeat`: a sign of life from a shell."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from otel_events.cli import exit_codes
from otel_events.cli.examples import examples

if TYPE_CHECKING:
    from collections.abc import Sequence

_EPILOG = examples(
    "heartbeat courier --every 30s",
    "heartbeat nightly-backup --every 1m -- ./backup.sh --full",
    "heartbeat courier --status DRAINING &",
)
_LONG = 3_600.0


class _EndedError(BaseException):
    """SIGTERM came."""


@click.command("heartbeat", epilog=_EPILOG)
@click.argument("name")
@click.option("--every", default="30s", metavar="TIME", help="How often: 30s, 5m.  [30s]")
@click.option("--status", help="How it stands, on every beat.")
@click.argument("arguments", nargs=-1, metavar="[-- COMMAND...]", type=click.UNPROCESSED)
def command(*, name: str, every: str, status: str | None, arguments: Sequence[str]) -> int:
    """Emit the event heartbeat for NAME again and again, by the same settings and sinks as the library.

    With COMMAND as long as that runs: its input and output are its own, signals are passed on to it, and its exit code is this
    one's. Without, until Ctrl-C or SIGTERM. Who waits for the beats: otel-events expect --help.
    """
    from otel_events.cli import emitting

    emitting.name_service()
    import otel_events as ev

    try:
        # Bare digits are seconds, as in the library.
        beat = ev.heartbeat(name, float(every) if every.replace(".", "", 1).isdigit() else every)
    except ev.ConfigurationError as error:
        raise click.UsageError(str(error)) from error
    beat.set(status=status)
    with beat:
        code = _run(tuple(arguments), name) if arguments else _wait()
    return code if emitting.tell(emitting.finish(None), None) or code else exit_codes.NO


def _run(arguments: tuple[str, ...], name: str) -> int:
    from otel_events.cli.child_task import forwarding, run_command

    with forwarding() as begin:
        return run_command(arguments, os.environ, None, name, begin)[0]


def _wait() -> int:
    """Wait for a signal, and return the exit code that it stands for."""
    if sys.stderr.isatty():
        click.echo("it beats; Ctrl-C ends it", err=True)
    before = signal.signal(signal.SIGTERM, _end)
    try:
        while True:
            time.sleep(_LONG)
    except KeyboardInterrupt:
        return exit_codes.INTERRUPTED
    except _EndedError:
        return exit_codes.OK
    finally:
        with suppress(OSError, ValueError):
            signal.signal(signal.SIGTERM, before)


def _end(_number: int, _frame: object) -> None:
    raise _EndedError
