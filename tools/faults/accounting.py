"""Checks of what a program said about its own events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tools.faults.laboratory import Ended

_SHUTDOWN_SECONDS = 2.0  # the default of `exit_timeout`
_BUSY_MACHINE = 2.0


def check_equation(stats: dict[str, Any], sink: str = "otlp") -> Iterator[str]:
    """Yield a problem unless every event of the writer is accounted for."""
    taken = stats["emitted"] + stats["own"] + stats["adopted"]
    gone = stats["delivered"].get(sink, 0) + sum(stats["dropped"].values()) + sum(stats["summarised"].values())
    waits = stats["queued"] + stats["spooled"] + stats["handed_on"]
    if taken != gone + waits:
        parts = {key: stats[key] for key in ("emitted", "own", "adopted", "delivered", "dropped", "queued", "spooled")}
        yield f"the accounts do not add up: {taken} taken, {gone + waits} accounted for ({parts})"


def check_program(ended: Ended) -> Iterator[str]:
    """Yield what a program that ended in an orderly way did wrong."""
    if ended.code != 0:
        yield f"it ended with code {ended.code}: {ended.warned[-300:]}"
    if "Traceback" in ended.warned:
        yield f"it showed a traceback: {ended.warned[-300:]}"
    yield from check_equation(ended.stats)
    seconds = ended.said.get("shutdown_seconds", 0.0)
    if seconds > _SHUTDOWN_SECONDS + _BUSY_MACHINE:
        yield f"its shutdown took {seconds:.2f} s"


def count_dropped(programs: Iterable[Ended]) -> dict[str, int]:
    """Return what *programs* counted as dropped, by reason."""
    sums: dict[str, int] = {}
    for ended in programs:
        for reason, count in ended.stats["dropped"].items():
            sums[reason] = sums.get(reason, 0) + count
    return sums


def is_told(ended: Ended) -> bool:
    """Return whether a program warned of anything, or counted a loss, a retry or another problem."""
    stats = ended.stats
    return bool(ended.warned.strip() or stats["dropped"] or stats["problems"])


def count_lost(missing: int, programs: list[Ended]) -> int:
    """Return how many of *missing* events nobody has counted as dropped.

    What writers say of themselves is emitted too, and may be among the dropped: the accounts must add up besides.
    """
    return max(0, missing - sum(count_dropped(programs).values()))


def needs_telling(ended: Ended) -> bool:
    """Return whether anything became of a program's events but that they arrived."""
    return bool(
        ended.stats["dropped"] or ended.stats["spooled"] or not ended.said["flush"] or not ended.said["shutdown"]
    )
