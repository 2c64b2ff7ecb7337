"""What commands that emit have in common: the program's name, an end in bounded time, and whether all is safe."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

import otel_events as ev
from otel_events.cli import STARTED
from otel_events.reading.harmless import harmless

if TYPE_CHECKING:
    from otel_events.stats import Stats

SERVICE = "otel-events"
# Once events are on disk the network gets this long: enough for a Collector on this machine, no wait for one that hangs.
_NETWORK_SECONDS = 0.1
# A command of one event gives it what is left of this since it began, but in any case enough for one that is near: where
# to begin took long, for other programs have the processor, a server on this machine takes long as well.
_QUICK_SECONDS = 0.17
_QUICK_PART = 0.4
_LEAST_NETWORK_SECONDS = 0.05
_SET_UP_SECONDS = 10.0

# Nothing of this process waits to be handed over any more.
has_finished = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the events.

    Attributes:
        is_safe: a sink has them, or the disk until one does.
        is_accepted: every sink has them. Only known if it was waited for.
        waiting: records that are on disk for a receiver which has not got them, those of earlier programs among them.
        dropped: events lost, by reason.
    """

    is_safe: bool
    is_accepted: bool
    waiting: int
    dropped: dict[str, int]


def name_service() -> None:
    """Name this program, unless the environment does: else each event would come from `unknown_service:python`."""
    if "service.name=" not in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", ""):
        os.environ.setdefault("OTEL_SERVICE_NAME", SERVICE)


def finish(wait: float | None, *, is_quick: bool = False) -> Outcome:
    """Hand over what was emitted, and end.

    Args:
        wait: seconds for the network to accept it; None to leave that to whoever sends next, once it is on disk.
        is_quick: the whole command is to be done within a quarter of a second.
    """
    global has_finished
    is_handed_over = _hand_over()
    network = _network_left() if is_quick else _NETWORK_SECONDS
    is_accepted = wait is not None and ev.flush(wait)
    is_closed = ev.shutdown(network if is_handed_over else _SET_UP_SECONDS)
    stats = ev.stats()
    has_finished = True
    waiting = sum(spool.records for spool in stats.spools)
    is_safe = is_closed or (is_handed_over and _is_kept(stats))
    return Outcome(is_safe, is_accepted, waiting, dict(stats.dropped))


def _is_kept(stats: Stats) -> bool:
    """Tell whether nothing of what the sinks were given is lost: a short deadline may be too short to close them all."""
    # What a ledger could not write waits in memory, and is counted as dropped only once the ledger is closed.
    is_written = "ledger_write_failed" not in stats.problems
    return is_written and not stats.dropped and all(spool.is_on_disk for spool in stats.spools if spool.records)


def tell(outcome: Outcome, wait: float | None) -> bool:
    """Say what is not as it should be; return whether all is as it was asked for."""
    for reason, count in outcome.dropped.items():
        click.echo(f"Warning: {count:,} dropped: {harmless(reason)}", err=True)
    if not outcome.is_safe:
        click.echo("Error: it could be handed over to nobody, nor kept on disk", err=True)
        return False
    if wait is not None and not outcome.is_accepted:
        click.echo(f"Error: it was not accepted within {wait:g} s; it is kept, to be sent again", err=True)
        return False
    # The writer's last word may be late: that is nobody's loss. A script has --wait, and no use for words.
    if wait is None and outcome.waiting > 1 and sys.stderr.isatty():
        click.echo(
            f"{outcome.waiting:,} records are kept on disk, not delivered yet: the next program of this service sends them.",
            err=True,
        )
    return True


def _network_left() -> float:
    spent = time.monotonic() - STARTED
    return max(_LEAST_NETWORK_SECONDS, min(_NETWORK_SECONDS, _QUICK_SECONDS - spent), _QUICK_PART * spent)


def _hand_over() -> bool:
    """Give everything to the sinks, however long that takes here: it must not count as time for the network."""
    from otel_events import process

    try:
        return process.current().ready_pipeline().hand_over(time.monotonic() + _SET_UP_SECONDS)
    except Exception as error:  # what cannot be set up is told here, and then by the shutdown
        click.echo(f"Warning: {harmless(str(error))}", err=True)
        return False
