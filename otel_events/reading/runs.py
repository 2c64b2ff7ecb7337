"""Which run of an id an event belongs to: programs use the id of a task, a session or a cycle again and again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# An id, or of a cycle that of its session and its own.
Key: TypeAlias = Any
# What an event does to what it is about.
Role: TypeAlias = Literal["opens", "closes", "tells"]

_MAX_KNOWN = 20_000  # ids, and traces of theirs
MAX_RUNS = 8  # of one id, the latest: older ones have had their events


@dataclass(slots=True, eq=False)
class Run:
    """One time that something of an id was done.

    Attributes:
        number: 1, 2, ... of this id, in the order in which the first events of each came.
        trace: that it began in, empty if it has none or is not known.
        writer: who said that it began, empty if that is not known.
        began: when it began; as long as nobody has said so, when the first of its events that came happened.
        started: when somebody says that it began, None if nobody has.
        ended: when it ended.
    """

    number: int
    trace: str
    writer: str
    began: int
    started: int | None = None
    ended: int | None = None

    def __post_init__(self) -> None:
        if self.started is not None:
            self.began = self.started

    def begin(self, time: int, trace: str, writer: str) -> None:
        """Take note of a start; of several the first counts."""
        if self.started is None:  # only heard of before: now it is known who does it
            self.trace, self.writer = trace or self.trace, writer or self.writer
            self.started = time
        self.began = self.started = min(self.started, time)

    def end(self, time: int) -> None:
        """Take note of an end; of several the last counts."""
        self.ended = time if self.ended is None else max(self.ended, time)

    def has_early(self, other: Run, time: int, trace: str) -> bool:
        """Return whether what was counted to *other* is of this run, which it came before the beginning of; it happened after that."""
        return (
            other is not self
            and trace == self.trace != other.trace
            and self.started is not None
            and time >= self.started
        )

    def is_over(self, time: int) -> bool:
        """Return whether it had ended before *time*."""
        return self.ended is not None and self.ended < time


def run_at(runs: Sequence[Run], time: int, trace: str, writer: str) -> Run | None:
    """Return which of *runs* what happened then, in that trace, by that writer, belongs to; None if there are none.

    A trace tells it best: children of a program go on with it. Then the writer. Else it is of the run that was on.
    """
    for same in (
        [run for run in runs if trace and run.trace == trace],
        [run for run in runs if writer and run.writer == writer],
        runs,
    ):
        if same:
            begun = [run for run in same if run.began <= time]
            return max(begun, key=_began) if begun else min(same, key=_began)
    return None


def _began(run: Run) -> tuple[int, int]:
    return run.began, run.number


class Runs:
    """Knows the latest runs of ids, and finds the one of each event.

    Args:
        load: gives the latest runs of an id as they are stored.
        takes_strangers: what comes from another writer, in another trace, is of the run that is on; else of a run of its own.

    Attributes:
        late: runs of whose trace something had come before their beginning did; whoever makes use of it empties it.
    """

    def __init__(self, load: Callable[[Key], list[Run]], *, takes_strangers: Callable[[Key], bool]) -> None:
        self._load = load
        self._takes_strangers = takes_strangers
        self.late: list[tuple[Key, Run]] = []
        self._known: dict[Key, list[Run]] = {}
        # Traces that a run has gone through, beside the one it began in: a session has many.
        self._traces: dict[tuple[Key, str], Run] = {}
        self._last: dict[Key, tuple[str, Run]] = {}

    def find(self, key: Key, time: int, trace: str, writer: str) -> Run | None:
        """Return the run of *key* that something else belongs to, None if it has none."""
        runs = self._of(key)
        known = self._traces.get((key, trace)) if trace else None
        return known if known in runs else run_at(runs, time, trace, writer)

    def place(self, key: Key, role: Role, time: int, trace: str, writer: str) -> Run:
        """Return the run of *key* that an event belongs to, which may have to begin."""
        runs = self._known.get(key) or self._of(key)
        if role == "tells" and runs and trace == runs[-1].trace and trace and time >= runs[-1].began:
            return runs[-1]  # nearly always
        find = self._to_open if role == "opens" else self._to_close if role == "closes" else self._to_tell
        run = find(key, runs, time, trace, writer) or self._begin(key, role, runs, Run(0, trace, writer, time))
        if role == "opens":
            run.begin(time, trace, writer)
        elif role == "closes":
            run.end(time)
        if trace and trace != run.trace:
            self._note_trace(key, trace, run)
        return run

    def forget(self) -> None:
        """Forget what is known; it is loaded again."""
        self.late.clear()
        self._drop()

    def _drop(self) -> None:
        self._known.clear()
        self._traces.clear()
        self._last.clear()

    def _of(self, key: Key) -> list[Run]:
        runs = self._known.get(key)
        if runs is None:
            if len(self._known) >= _MAX_KNOWN:
                self._drop()
            runs = self._known[key] = sorted(self._load(key), key=_began)
        return runs

    def _begin(self, key: Key, role: Role, runs: list[Run], run: Run) -> Run:
        run.number = max((each.number for each in runs), default=0) + 1
        runs.append(run)
        runs.sort(key=_began)
        if len(runs) > MAX_RUNS:
            runs.remove(min(runs, key=lambda each: each.number))
        if role == "opens" and self._traces.get((key, run.trace), run).trace != run.trace:
            self.late.append((key, run))
        return run

    def _note_trace(self, key: Key, trace: str, run: Run) -> None:
        last = self._last.get(key)
        if last is not None and last[0] == trace and last[1] is run:
            return
        if len(self._traces) >= _MAX_KNOWN:
            self._traces.clear()
        self._last[key] = (trace, run)
        self._traces[key, trace] = run

    def _to_tell(self, key: Key, runs: list[Run], time: int, trace: str, writer: str) -> Run | None:
        if len(runs) == 1 and writer and writer == runs[0].writer:
            return runs[0]
        known = self._traces.get((key, trace)) if trace else None
        if known is not None and known in runs and not (known.is_over(time) and known is not runs[-1]):
            return known
        run = run_at(runs, time, trace, writer)
        if run is None or self._takes_strangers(key) or not (writer and run.writer) or writer == run.writer:
            return run
        return run if self._has_trace(key, run, trace) else None

    def _to_close(self, key: Key, runs: list[Run], time: int, trace: str, writer: str) -> Run | None:
        if runs and trace == runs[-1].trace and trace and time >= runs[-1].began:
            return runs[-1]
        run = self._to_tell(key, runs, time, trace, writer)
        if run is not None and run.is_over(time) and trace and run.trace and not self._has_trace(key, run, trace):
            return None  # the end of another one, whose beginning is still on its way
        return run

    def _to_open(self, key: Key, runs: list[Run], time: int, trace: str, writer: str) -> Run | None:
        for run in reversed(runs):
            if run.ended is not None and run.ended <= time and run.started is not None and run.started != time:
                continue  # done
            is_related = self._is_related(key, run, trace, writer)
            if run.started is None:
                # Heard of before it began: queued by somebody else, or its end came first.
                if run.ended is None:
                    if is_related or self._takes_strangers(key):
                        return run
                elif is_related and time <= run.ended:
                    return run
            elif is_related and (run.ended is None or time < run.ended or time == run.started):
                return run  # said twice, as by a child too, or begun inside of itself
        return None

    def _is_related(self, key: Key, run: Run, trace: str, writer: str) -> bool:
        """Return whether what comes in *trace* from *writer* is, as far as is known, of the same work."""
        if trace and run.trace:
            return self._has_trace(key, run, trace)
        return not writer or not run.writer or writer == run.writer or self._has_trace(key, run, trace)

    def _has_trace(self, key: Key, run: Run, trace: str) -> bool:
        return bool(trace) and (run.trace == trace or self._traces.get((key, trace)) is run)
