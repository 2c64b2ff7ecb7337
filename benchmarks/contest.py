"""Subjects side by side, each in a process of its own, measured in turns."""

from __future__ import annotations

import itertools
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from benchmarks.processes import Acceptor, Worker, WorkerError
from benchmarks.subjects import OURS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_keys = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Effort:
    """How much to measure. More rounds narrow the spread; longer ones tell more of rare things.

    Attributes:
        name: for people.
        rounds: turns of each subject, in rows of many short ones.
        few: turns in rows that take seconds each.
        seconds: of one long measurement.
    """

    name: str
    rounds: int
    few: int
    seconds: float


QUICK = Effort("quick", rounds=5, few=3, seconds=1.0)
FULL = Effort("full", rounds=21, few=7, seconds=4.0)


@dataclass(frozen=True, slots=True)
class Entry:
    """One who takes part.

    Attributes:
        subject: its name.
        options: what it sets differently.
        label: its name in figures, if it takes part twice.
        endpoint: where it sends, if not to the acceptor.
    """

    subject: str
    options: dict[str, Any] = field(default_factory=dict)
    label: str = ""
    endpoint: str = ""

    @property
    def name(self) -> str:
        """Its name in figures."""
        return self.label or self.subject


class Contest:
    """Those who take part in one row. Who fails is out; if that is us, so is the row."""

    def __init__(self, acceptor: Acceptor, home: Path, entries: list[Entry]) -> None:
        self._acceptor = acceptor
        self._keys = {entry.name: f"{entry.name}-{next(_keys)}" for entry in entries}
        self.failures: dict[str, str] = {}
        self._workers = {
            entry.name: Worker(
                entry.subject, entry.endpoint or acceptor.url(self._keys[entry.name]), home, entry.options
            )
            for entry in entries
        }

    def rounds(self, turns: int, measure: str, /, *, warm_up: bool = True, **arguments: Any) -> dict[str, list[Any]]:
        """Have everybody measure, *turns* times, one after the other, after a first time that does not count.

        Every other time in reverse: who comes later is not always measured on the machine of a moment later.
        """
        figures: dict[str, list[Any]] = {name: [] for name in self._workers}
        for turn in range(turns + warm_up):
            order = list(self._workers.items())
            for name, worker in reversed(order) if turn % 2 else order:
                figure = self._ask(name, worker, measure, arguments)
                if figure is None:
                    figures.pop(name)
                elif turn or not warm_up:
                    figures[name].append(figure)
        return figures

    def arrived(self, name: str, what: str = "count") -> dict[str, Any]:
        """Return what the acceptor has of *name* so far; *what* may be `hang` or `release`."""
        return self._acceptor.tell(self._keys[name], what)

    def told(self) -> str:
        """Return who failed, and how."""
        return "; ".join(self.failures.values())

    def _ask(self, name: str, worker: Worker, measure: str, arguments: dict[str, Any]) -> Any:
        try:
            return worker.do(measure, **arguments)
        except WorkerError as error:
            self.failures[name] = str(error)
            self._workers.pop(name).close()
            if name == OURS:
                raise
            return None

    def close(self) -> None:
        """End everybody."""
        for name, worker in self._workers.items():
            self._acceptor.tell(self._keys[name], "release")
            worker.close()


class Bench:
    """What rows are measured with."""

    def __init__(self, home: Path, effort: Effort) -> None:
        self.home = home
        self.effort = effort
        self.acceptor = Acceptor(home)

    @contextmanager
    def contest(self, *entries: Entry | str) -> Iterator[Contest]:
        """Give a contest between *entries*; a plain name takes part with its defaults."""
        contest = Contest(self.acceptor, self.home, [Entry(one) if isinstance(one, str) else one for one in entries])
        try:
            yield contest
        finally:
            contest.close()

    def tell(self, text: str) -> None:
        """Say how far we are."""
        print(text, file=sys.stderr, flush=True)

    def close(self) -> None:
        """End the acceptor."""
        self.acceptor.close()
