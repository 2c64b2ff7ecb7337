"""The rows of the bench, by name, in the order of the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.rows import (
    bursts,
    commands,
    delay,
    footprint,
    instructions,
    modes,
    pauses,
    reading,
    server,
    starting,
    stream,
    sustained,
    tails,
    tasks,
    volume,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.contest import Bench
    from benchmarks.results import Line

ROWS: dict[str, Callable[[Bench], list[Line]]] = {
    "bursts": bursts.bursts,
    "pauses": pauses.pauses,
    "span": pauses.in_span,
    "threads": tails.threads,
    "hung": tails.hung,
    "cpu": volume.cpu,
    "task": tasks.tasks,
    "tight": volume.tight,
    "sustained": sustained.sustained,
    "ledger": volume.ledger,
    "memory": footprint.memory,
    "growth": footprint.growth,
    "delay": delay.delay,
    "idle": footprint.idle,
    "starting": starting.starting,
    "commands": commands.commands,
    "reading": reading.reading,
    "server": server.server,
    "stream": stream.stream,
    "journal": modes.journal,
    "modes": modes.modes,
    "host": tails.host,
    "instructions": instructions.instructions,
}
