"""What a fault did to events, and the table of all."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

_COLUMNS = ("fault", "mode", "trials", "events", "acknowledged", "lost", "duplicated", "told", "figures")


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of the table.

    Attributes:
        fault: what was done.
        mode: the durability.
        trials: how often.
        events: how many were emitted.
        acknowledged: how many of these the mode had promised to keep.
        lost: how many of the acknowledged are nowhere, and in no count.
        duplicated: how many arrived more than once, by `log.record.uid`.
        told: in how many trials the program's counts, a warning, or a writer without an end told of what happened.
        figures: what was measured beside.
        problems: what broke a promise; empty for a row that holds.
    """

    fault: str
    mode: str
    trials: int
    events: int
    acknowledged: int
    lost: int
    duplicated: int
    told: int
    figures: str = ""
    problems: tuple[str, ...] = field(default=())

    @property
    def holds(self) -> bool:
        """Whether every promise was kept."""
        return not self.broken

    @property
    def broken(self) -> list[str]:
        """What broke a promise, in words."""
        return [*self.problems, *([f"{self.lost} acknowledged events lost"] if self.lost else [])]

    def as_dict(self) -> dict[str, Any]:
        """Return the same as plain values."""
        return {**asdict(self), "holds": self.holds}


def render_table(findings: list[Finding]) -> str:
    """Return *findings* as a Markdown table, and below it every promise that was broken."""
    rows = [list(_COLUMNS), *(_cells(finding) for finding in findings)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    broken = [f"BROKEN  {one.fault} ({one.mode}): {problem}" for one in findings for problem in one.broken]
    return "\n".join([*lines, *(["", *broken] if broken else [])])


def _cells(finding: Finding) -> list[str]:
    return [f"{value:,}" if isinstance(value := getattr(finding, column), int) else value for column in _COLUMNS]
