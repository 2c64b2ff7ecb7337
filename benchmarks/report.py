"""The table: for a terminal, as JSON, and as the page of the documentation."""

from __future__ import annotations

import json
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from benchmarks.subjects import OURS, PEERS, describe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.results import Aim, Line, Spread

_PAGE = Path(__file__).with_name("page.md")
_HEAD = ("what", "unit", "ours", "peer", "ratio", "goal", "at least", "")


def _number(figure: float) -> str:
    if abs(figure) >= 1000:
        return f"{figure:,.0f}"
    return f"{figure:.0f}" if abs(figure) >= 100 or figure == 0 else f"{figure:.3g}"


def _spread(spread: Spread | None) -> str:
    if spread is None:
        return "-"
    if spread.low == spread.high:
        return _number(spread.middle)
    return f"{_number(spread.middle)} ({_number(spread.low)}-{_number(spread.high)})"


def _fraction(figure: float) -> str:
    if figure <= 0 or figure >= 0.95:
        return f"{figure:.2f}"
    return f"1/{1 / figure:.1f}".removesuffix(".0")


def _ratio(spread: Spread | None) -> str:
    if spread is None:
        return ""
    if spread.low == spread.high:
        return _fraction(spread.middle)
    return f"{_fraction(spread.middle)} ({_fraction(spread.low)}-{_fraction(spread.high)})"


def _aimed(aim: Aim, figure: float) -> str:
    if aim.of_ratio and not aim.is_more_better:
        return _fraction(figure)
    return _number(figure) + ("x" if aim.of_ratio else "")


def _verdict(line: Line) -> str:
    if line.aim is None:
        return ""
    if line.verdict is None:
        return "not measured"
    reaches_goal, keeps_floor = line.verdict
    return "goal" if reaches_goal else "floor" if keeps_floor else "MISSED"


def _cells(line: Line) -> tuple[str, ...]:
    peer = line.peers.get(line.against or "") or next(iter(line.peers.values()), None)
    aims = ("", "") if line.aim is None else (_aimed(line.aim, line.aim.goal), _aimed(line.aim, line.aim.floor))
    return (line.what, line.unit, _spread(line.ours), _spread(peer), _ratio(line.ratio), *aims, _verdict(line))


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    ruled = [rows[0], tuple("-" * width for width in widths), *rows[1:]]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in ruled
    )


def main_table(lines: Sequence[Line]) -> str:
    """Return every line beside its peer."""
    return _table([_HEAD, *(_cells(line) for line in lines)])


def peers_table(lines: Sequence[Line]) -> str:
    """Return everybody's figures in bursts, or nothing if those were not measured."""
    of = [line for line in lines if line.row == "bursts" and line.ours is not None]
    if not of:
        return ""
    rows = [("", *(line.what for line in of))]
    for name in (OURS, *PEERS):
        figures = [line.ours if name == OURS else line.peers.get(name) for line in of]
        rows.append((describe(name), *(_spread(figure) for figure in figures)))
    return _table(rows)


def notes(lines: Sequence[Line]) -> str:
    """Return what lines have to say beyond their figures."""
    return "\n".join(f"- {line.what}: {line.note}" for line in lines if line.note)


def as_json(lines: Sequence[Line], machine: dict[str, str], effort: str) -> str:
    """Return all of it for programs."""
    return json.dumps({"effort": effort, "machine": machine, "lines": [line.as_dict() for line in lines]}, indent=1)


def as_page(lines: Sequence[Line], machine: dict[str, str], effort: str) -> str:
    """Return the page of the documentation."""
    facts = "\n".join(f"- {name}: {fact}" for name, fact in machine.items())
    return Template(_PAGE.read_text(encoding="utf-8")).substitute(
        effort=effort,
        machine=facts,
        table=main_table(lines),
        peers=peers_table(lines) or "Not measured.",
        notes=notes(lines) or "None.",
    )
