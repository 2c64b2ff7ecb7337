"""`replay`: send records again, as they were."""

from __future__ import annotations

import click

from otel_events.cli.inputs import Input, ReadingCommand, reads

_EPILOG = """\b
Examples:
  otel-events replay events.jsonl --to http://localhost:4318 --speed max
  otel-events replay events.jsonl --to copy.jsonl --speed max 'task.*'
  otel-events replay logs/ --to ledger --speed max --since yesterday
  otel-events replay events.jsonl --to ledger --rebase-time --speed 10
"""


def _read_speed(_ctx: click.Context, _param: click.Parameter, value: str) -> float | None:
    word = value.strip().lower()
    if word == "max":
        return None
    try:
        speed = float(word.removesuffix("x"))
    except ValueError:
        speed = 0.0
    if not 1e-6 <= speed <= 1e9:
        raise click.BadParameter(f"{value!r} is neither a number above 0 nor 'max'")
    return speed


@click.command("replay", cls=ReadingCommand, epilog=_EPILOG)
@reads
@click.option(
    "--speed", default="1", metavar="N|max", callback=_read_speed, help="1 as it happened, 2 twice as fast.  [1]"
)
@click.option(
    "--to", metavar="ENDPOINT|ledger|FILE", help="Base URL of an OTLP receiver, `ledger`, or a file.  [configured]"
)
@click.option("--protocol", type=click.Choice(["http/protobuf", "grpc"]), help="That ENDPOINT speaks.")
@click.option("--rebase-time", is_flag=True, help="Move all times alike, so that the last record is of now.")
@click.option("--patience", type=click.FloatRange(min=0), default=30.0, help="Seconds to go on without progress.  [30]")
@click.option("--json", "is_json", is_flag=True, help="The counts, as one JSON object.")
def command(
    *,
    read: Input,
    speed: float | None,
    to: str | None,
    protocol: str | None,
    rebase_time: bool,
    patience: float,
    is_json: bool,
) -> int:
    """Send the events and spans of FILEs again as they were: uid, times, trace, severity, attributes, scope, resource.

    They pass no guard. Each is marked by the attribute otel_events.replayed_at, and what has that is not replayed again.
    --to speaks with the headers and certificates of OTEL_EXPORTER_OTLP_*; without it records go where those say. A ledger
    takes no spans. Exit code 1: not all was accepted.
    """
    from otel_events.cli.replay_run import Wish, run_replay

    return run_replay(read, Wish(speed, to, protocol, rebase_time, patience, is_json))
