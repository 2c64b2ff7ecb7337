"""kill -9 at random instants, and the next process that delivers what the killed one had promised to keep."""

from __future__ import annotations

import math
import os
import random
import signal
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING

from tools.faults.laboratory import kill_after
from tools.faults.received import Received
from tools.faults.report import Finding

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from tools.backends.collector import Collector
    from tools.faults.laboratory import Laboratory, Place

# What `async` states that a kill may take, and what a busy machine may add to it before the disk has a batch.
FLUSH_WINDOW = 0.050
_BUSY_MACHINE = 0.250
_LONGEST_LIFE = 0.35
_PATIENCE = 60.0  # seconds; reached only by a program that keeps nothing


@dataclass(frozen=True, slots=True)
class _Killed:
    """One trial: what had been acknowledged before the kill."""

    run: str
    emitted_at: dict[int, float]
    flushed: int
    killed_at: float


def try_kills(laboratory: Laboratory, mode: str) -> Finding:
    """Kill a program again and again; each next one adopts what the last has left."""
    trials = laboratory.choose(10, 200)
    chance = random.Random(f"kill {mode}")
    place = laboratory.place(f"kill-{mode}", mode)
    killed: list[_Killed] = []
    with laboratory.collector(place.directory.name) as collector:
        for trial in range(trials):
            killed.append(_kill_one(place, collector, f"{mode}-{trial}", chance))
            if trial % 20 == 19:
                laboratory.tell(f"kill -9, {mode}: {trial + 1} of {trials}")
        if not any(one.emitted_at for one in killed):
            raise RuntimeError("no program came as far as an event")
        rest = place.send_rest(collector.http_endpoint)
        left = place.waiting()
        received = Received(collector.events_path)
    damaged = [one for ended in rest for one in ended.stats["dropped"].items()]
    return _judge(_Counts(mode, _bound(laboratory)), killed, received, left, damaged)


def try_shared_kills(laboratory: Laboratory, mode: str, processes: int) -> Finding:
    """Have several programs share a spool, each killed and started again at random, the Collector now and then frozen."""
    trials = laboratory.choose(3, 200 // processes)
    place = laboratory.place(f"shared-{processes}-{mode}", mode)
    with laboratory.collector(place.directory.name) as collector, ThreadPoolExecutor(processes) as pool:
        runs = [f"{mode}-{processes}-{number}" for number in range(processes)]
        works = [pool.submit(_kill_in_turn, place, collector.http_endpoint, run, trials) for run in runs]
        _freeze_now_and_then(collector, works)
        killed = [one for work in works for one in work.result()]
        rest = place.send_rest(collector.http_endpoint)
        left = place.waiting()
        received = Received(collector.events_path)
    damaged = [one for ended in rest for one in ended.stats["dropped"].items()]
    finding = _judge(_Counts(mode, _bound(laboratory)), killed, received, left, damaged)
    return replace(finding, fault=f"kill -9, {processes} share a spool")


def _bound(laboratory: Laboratory) -> float:
    """Return the age from which on an event must be safe, though the program had not seen it leave the queue."""
    # The short form runs wherever the tests do, and how long a busy machine lets a thread wait has no bound.
    return math.inf if laboratory.is_quick else FLUSH_WINDOW + _BUSY_MACHINE


def _kill_in_turn(place: Place, endpoint: str, run: str, trials: int) -> list[_Killed]:
    chance = random.Random(run)
    killed = []
    with (place.directory_made() / f"{run}.warnings").open("a") as warnings:
        for trial in range(trials):
            name = f"{run}-{trial}"
            process = place.start("numbered", endpoint, stderr=warnings, run=name, seed=name)
            killed.append(_watch_and_kill(process, name, chance))
    return killed


def _freeze_now_and_then(collector: Collector, works: list[Future[list[_Killed]]]) -> None:
    pid = collector.process.pid
    assert pid is not None
    chance = random.Random("freeze")
    while wait(works, timeout=chance.random()).not_done:
        os.kill(pid, signal.SIGSTOP)
        wait(works, timeout=chance.random())
        os.kill(pid, signal.SIGCONT)


def _kill_one(place: Place, collector: Collector, run: str, chance: random.Random) -> _Killed:
    pid = collector.process.pid
    assert pid is not None
    is_outage = chance.random() < 0.5  # then what is left on disk is all that there is
    if is_outage:
        os.kill(pid, signal.SIGSTOP)
    try:
        with (place.directory_made() / "warnings").open("a") as warnings:
            process = place.start("numbered", collector.http_endpoint, stderr=warnings, run=run, seed=run)
            return _watch_and_kill(process, run, chance)
    finally:
        if is_outage:
            os.kill(pid, signal.SIGCONT)


def _watch_and_kill(process: subprocess.Popen[str], run: str, chance: random.Random) -> _Killed:
    """Kill it in the middle: from its first event on, or the first that is safe, or, one time in ten, during its start."""
    killed_at: list[float] = []

    def kill() -> None:
        killed_at.append(time.monotonic())
        with suppress(ProcessLookupError):
            process.kill()

    assert process.stdout is not None
    if chance.random() < 0.1:
        lines, delay = [], chance.random() * _LONGEST_LIFE
    else:
        with kill_after(process, _PATIENCE):
            lines = _read_until(process.stdout, chance.choice("EF"))
        delay = chance.random() ** 2 * _LONGEST_LIFE
    timer = threading.Timer(delay, kill)
    timer.start()
    lines.extend(process.stdout)
    timer.join()
    process.stdout.close()
    if process.wait() != -signal.SIGKILL:
        raise RuntimeError(f"a program ended by itself with code {process.returncode}")
    return _read_acknowledged(run, lines, killed_at[0])


def _read_until(said: IO[str], first: str) -> list[str]:
    """Return the lines that *said* has up to the first that begins with *first*."""
    lines = []
    for line in said:
        lines.append(line)
        if line.startswith(first):
            break
    return lines


def _read_acknowledged(run: str, lines: list[str], killed_at: float) -> _Killed:
    emitted_at: dict[int, float] = {}
    flushed = 0
    for line in lines:
        if not line.endswith("\n"):  # cut short by the kill
            continue
        what, number, *at = line.split()
        if what == "E":
            emitted_at[int(number)] = int(at[0]) / 1e9
        else:
            flushed = int(number)
    return _Killed(run, emitted_at, flushed, killed_at)


@dataclass(slots=True)
class _Counts:
    """What became of the events of the killed programs.

    Attributes:
        mode: the durability.
        bound: the age from which on an event must be safe, whatever the program knew of it.
    """

    mode: str
    bound: float
    promised: int = 0
    lost: int = 0
    in_window: int = 0
    before_others: int = 0
    told: int = 0
    silent: int = 0
    late: int = 0
    false_holes: int = 0
    oldest: float = 0.0

    def add(self, one: _Killed, received: Received) -> None:
        """Count one trial."""
        arrived, is_unclean = received.numbers[one.run], received.is_unclean(one.run)
        ages = {number: one.killed_at - at for number, at in one.emitted_at.items() if number not in arrived}
        in_window = {number: age for number, age in ages.items() if self._may_be_lost(one, number, age)}
        promised = len(one.emitted_at) - len(in_window)
        self.promised += promised
        self.lost += len(ages) - len(in_window)
        self.in_window += len(in_window)
        self.late += sum(age > FLUSH_WINDOW for age in in_window.values())
        self.oldest = max(self.oldest, *in_window.values(), 0.0)
        self.before_others += sum(number < max(arrived, default=0) for number in ages)
        # What the writer says of itself may have a number beyond events that the window took: that hole tells the truth.
        unacknowledged = 1 if self.mode == "async" else 0
        self.false_holes += received.holes(one.run) > len(ages) + unacknowledged
        self.told += is_unclean
        self.silent += bool(promised) and not is_unclean

    def _may_be_lost(self, one: _Killed, number: int, age: float) -> bool:
        return self.mode == "async" and number > one.flushed and age <= self.bound


def _judge(
    counts: _Counts, killed: list[_Killed], received: Received, left: int, dropped: list[tuple[str, int]]
) -> Finding:
    for one in killed:
        counts.add(one, received)
    unborn = f"{sum(not one.emitted_at for one in killed)} killed before the first event"
    window = (
        f"{counts.in_window:,} lost in the window, {counts.late:,} of them older than {FLUSH_WINDOW * 1000:.0f} ms, "
        f"the oldest {counts.oldest * 1000:.0f} ms"
    )
    return Finding(
        fault="kill -9",
        mode=counts.mode,
        trials=len(killed),
        events=sum(len(one.emitted_at) for one in killed),
        acknowledged=counts.promised,
        lost=counts.lost,
        duplicated=received.duplicated,
        told=counts.told,
        figures=f"{window}; {unborn}" if counts.mode == "async" else unborn,
        problems=tuple(_find_problems(counts, received, left, dropped)),
    )


def _find_problems(counts: _Counts, received: Received, left: int, dropped: list[tuple[str, int]]) -> Iterator[str]:
    if counts.silent:
        yield f"{counts.silent} killed programs look as if they had ended well, or had never been"
    if counts.before_others:
        yield f"{counts.before_others} events are missing before others that arrived: more than a tail was lost"
    if counts.false_holes:
        yield f"{counts.false_holes} writers have holes in their sequence, and no event of theirs was lost"
    if unstarted := received.unstarted():
        yield f"{len(unstarted)} writers never said that they started"
    if left:
        yield f"{left} records were never sent by the processes that came after"
    if dropped:
        yield f"the last processes dropped records: {dict(dropped)}"
