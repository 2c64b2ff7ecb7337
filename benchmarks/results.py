"""A line of the table: what was measured of us and of peers, and what we aim at."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

from benchmarks.subjects import OURS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of several rounds and the quartiles around it."""

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Return the spread of *values*, which are not empty."""
        if len(values) < 3:
            return cls(median(values), min(values), max(values))
        low, _, high = quantiles(values, n=4, method="inclusive")
        return cls(median(values), low, high)


@dataclass(frozen=True, slots=True)
class Aim:
    """What to reach, and what must hold.

    Attributes:
        goal: where we want to be.
        floor: the least that must hold.
        of_ratio: both are about ours / peer's, else about our own figure.
        is_more_better: as for rates.
    """

    goal: float
    floor: float
    of_ratio: bool = True
    is_more_better: bool = False

    def judge(self, figure: float) -> tuple[bool, bool]:
        """Return whether *figure* reaches the goal, and whether it keeps the floor."""
        if self.is_more_better:
            return figure >= self.goal, figure >= self.floor
        return figure <= self.goal, figure <= self.floor


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table.

    Attributes:
        row: the row of the bench that measured it.
        what: in words.
        unit: of the figures.
        ours: None if it could not be measured; the note says why.
        against: the peer of the ratio.
        peers: figures of peers.
        ratio: ours / the peer's, worked out round by round.
        aim: None for what is only told.
        note: what else to know.
    """

    row: str
    what: str
    unit: str
    ours: Spread | None = None
    against: str | None = None
    peers: Mapping[str, Spread] = field(default_factory=dict)
    ratio: Spread | None = None
    aim: Aim | None = None
    note: str = ""

    @property
    def verdict(self) -> tuple[bool, bool] | None:
        """Whether goal and floor are reached; None where there is no aim or no figure."""
        figure = self.ratio if self.aim and self.aim.of_ratio else self.ours
        return None if self.aim is None or figure is None else self.aim.judge(figure.middle)

    def as_dict(self) -> dict[str, Any]:
        """Return the same as plain values."""
        verdict = self.verdict
        reached = {} if verdict is None else {"reaches_goal": verdict[0], "keeps_floor": verdict[1]}
        return {**asdict(self), **reached}


def compare(
    row: str,
    what: str,
    unit: str,
    values: Mapping[str, Sequence[float]],
    aim: Aim | None = None,
    *,
    against: str | None = None,
    note: str = "",
) -> Line:
    """Return the line of *values*: by subject, a figure for each round, in the order of the rounds."""
    peers = {name: Spread.of(rounds) for name, rounds in values.items() if name != OURS and rounds}
    mine = values.get(OURS, ())
    pairs = zip(mine, values.get(against or "", ()), strict=False)
    ratios = [own / max(other, 1e-9) for own, other in pairs]
    return Line(
        row,
        what,
        unit,
        ours=Spread.of(mine) if mine else None,
        against=against,
        peers=peers,
        ratio=Spread.of(ratios) if ratios else None,
        aim=aim,
        note=note,
    )


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which *share* (0..1) of *values* lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


def halves(figures: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, list[float]]:
    """Return the median call of each round, in microseconds."""
    return {name: [percentile(one["ns"], 0.5) / 1e3 for one in rounds] for name, rounds in figures.items()}


def taken_off(figures: Mapping[str, Sequence[Mapping[str, Any]]], against: str) -> str:
    """Return what was taken off the clock's figures, and the ratio without that: the smaller figure gains by it."""
    own = {name: [one["own_ns"] / 1e3 for one in rounds] for name, rounds in figures.items() if rounds}
    if OURS not in own or against not in own:
        return ""
    gross = {name: [a + b for a, b in zip(halves(figures)[name], own[name], strict=True)] for name in (OURS, against)}
    ratio = median(one / other for one, other in zip(gross[OURS], gross[against], strict=False))
    costs = " and ".join(f"{median(own[name]):.2f}" for name in (OURS, against))
    return f"the clock's own {costs} µs are taken off; with them the ratio is 1/{1 / ratio:.1f}"
