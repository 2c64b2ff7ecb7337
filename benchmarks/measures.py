"""What a worker can measure; each returns plain figures."""

from __future__ import annotations

import gc
import threading
import time
from statistics import median
from time import perf_counter_ns, process_time_ns, sleep
from typing import TYPE_CHECKING, Any

from benchmarks.event import NAME, say_nothing
from benchmarks.residence import resident_bytes, voluntary_switches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from benchmarks.subjects.subject import Subject

_SPAN_EVENTS = 100  # a span holds 128 by default
_OWN_CALLS = 100
_PATIENCE = 60.0


def _clocked(call: Callable[[int], object], numbers: Iterable[int]) -> list[int]:
    taken = []
    for i in numbers:
        began = perf_counter_ns()
        call(i)
        taken.append(perf_counter_ns() - began)
    return taken


def _clocked_apart(call: Callable[[int], object], numbers: range, pause: float) -> tuple[list[int], list[int]]:
    """Return what calls with pauses before them take, and what the clock takes by itself, with pauses too.

    With cold caches the latter changes from one tenth of a second to the next, with the machine's sleep states: it is
    measured in between, not afterwards.
    """
    taken, own = [], []
    for i in numbers:
        sleep(pause)
        taken += _clocked(call, (i,))
        if i % 4 == 0:
            sleep(pause)
            own += _clocked(say_nothing, (i,))
    return taken, own


def _net(taken: list[int], own: list[int] | None = None) -> dict[str, Any]:
    """Return *taken* without what the clock and the event's values cost by themselves, and that cost."""
    cost = median(_clocked(say_nothing, range(500)) if own is None else own)
    return {"ns": [max(1, round(one - cost)) for one in taken], "own_ns": cost}


def calls(subject: Subject, *, count: int, bursts: int = 1, in_span: bool = False) -> dict[str, Any]:
    """Time calls one by one, in *bursts* of *count*, and the CPU of all threads; each is handed over before the next begins.

    The first burst finds a process that has rested while others were measured, and shows how cold that has made it.
    """
    taken: list[int] = []
    own: list[int] = []
    is_drained = True
    began = process_time_ns()
    for first in range(0, bursts * count, count):
        for start in range(first, first + count, _SPAN_EVENTS):
            with subject.speaking(in_span=in_span) as say:
                taken += _clocked(say, range(start, min(start + _SPAN_EVENTS, first + count)))
        own += _clocked(say_nothing, range(_OWN_CALLS))
        is_drained &= subject.drain(_PATIENCE)
    cpu = process_time_ns() - began
    return {**_net(taken, own), "cpu_ns": cpu / len(taken), "is_drained": is_drained}


def calls_apart(subject: Subject, *, count: int, pause: float, in_span: bool = False) -> dict[str, Any]:
    """Time *count* calls, at most as many as a span holds events, with pauses before each."""
    with subject.speaking(in_span=in_span) as say:
        taken, own = _clocked_apart(say, range(count), pause)
    return {**_net(taken, own), "is_drained": subject.drain(_PATIENCE)}


def threads(subject: Subject, *, count: int, bursts: int, size: int, pause: float) -> dict[str, Any]:
    """Time calls on *count* threads, each saying *bursts* bursts of *size* with pauses in between."""
    taken: list[list[int]] = [[] for _ in range(count)]
    start = threading.Barrier(count)

    def work(own: list[int], first: int) -> None:
        with subject.speaking() as say:
            start.wait()
            for burst in range(bursts):
                own += _clocked(say, range(first + burst * size, first + (burst + 1) * size))
                sleep(pause)

    running = [threading.Thread(target=work, args=(own, n * bursts * size)) for n, own in enumerate(taken)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return _net([one for own in taken for one in own])


def drain(subject: Subject, *, timeout: float = _PATIENCE) -> dict[str, Any]:
    """Wait until all is handed over."""
    return {"is_drained": subject.drain(timeout)}


def tasks(subject: Any, *, count: int, bursts: int) -> dict[str, Any]:
    """Time spans, or tasks, as `calls` does calls."""
    taken: list[int] = []
    own: list[int] = []
    is_drained = True
    for _ in range(bursts):
        with subject.tasks() as work:
            taken += _clocked(work, range(count))
        own += _clocked(say_nothing, range(_OWN_CALLS))
        is_drained &= subject.drain(_PATIENCE)
    return {**_net(taken, own), "is_drained": is_drained}


def tight(subject: Subject, *, count: int) -> dict[str, Any]:
    """Say *count* events as fast as it goes, timing each, then wait until all is handed over."""
    with subject.speaking() as say:
        began = perf_counter_ns()
        taken = _clocked(say, range(count))
        said = perf_counter_ns()
    is_drained = subject.drain(_PATIENCE)
    return {"ns": median(_net(taken)["ns"]), "said_s": (said - began) / 1e9, "is_drained": is_drained}


def throughput(subject: Subject, *, count: int) -> dict[str, Any]:
    """Say *count* events and wait until all is handed over: events per second."""
    with subject.speaking() as say:
        began = perf_counter_ns()
        for i in range(count):
            say(i)
        is_drained = subject.drain(_PATIENCE)
    return {"per_s": count / ((perf_counter_ns() - began) / 1e9), "is_drained": is_drained}


def paced(subject: Subject, *, rate: int, seconds: float) -> dict[str, Any]:
    """Say *rate* events a second, ten milliseconds' worth at a time; no flush before the end. The CPU of all threads."""
    portion, count = max(1, rate // 100), 0
    began, cpu = time.perf_counter(), process_time_ns()
    with subject.speaking() as say:
        while (now := time.perf_counter() - began) < seconds:
            if count > now * rate:
                sleep(count / rate - now)
            for i in range(count, count + portion):
                say(i)
            count += portion
    subject.drain(_PATIENCE)
    return {"count": count, "cpu_ns": (process_time_ns() - cpu) / count}


def sustained(subject: Any, *, seconds: float, backlog: int = 20_000, portion: int = 1_000) -> dict[str, Any]:
    """Say as much as gets through, never letting more than *backlog* events wait; until all is handed over."""
    count = 0
    began = time.perf_counter()
    with subject.speaking() as say:
        while time.perf_counter() - began < seconds:
            for i in range(count, count + portion):
                say(i)
            count += portion
            if hasattr(subject, "backlog"):
                while subject.backlog() > backlog and time.perf_counter() - began < 2 * seconds:
                    sleep(0.001)
            else:
                subject.drain(_PATIENCE)  # the SDK's queue holds 2048 and tells nobody how full it is
    is_drained = subject.drain(_PATIENCE)
    return {"count": count, "per_s": count / (time.perf_counter() - began), "is_drained": is_drained}


def memory(subject: Subject, *, count: int, burst: int = 0) -> dict[str, Any]:
    """Say *count* events, in bursts if asked, and return by how much the process has grown at most."""
    grown = 0
    with subject.speaking() as say:
        for i in range(2000):
            say(i)
        gc.collect()
        before = resident_bytes()
        for i in range(count):
            say(i)
            if burst and not i % burst:
                sleep(0.005)
                grown = max(grown, resident_bytes() - before)
        grown = max(grown, resident_bytes() - before)
    return {"bytes": grown, "per_event": grown / count}


def idle(subject: Subject, *, seconds: float) -> dict[str, Any]:
    """Do nothing after some events, and return what that costs a second."""
    calls(subject, count=200)
    sleep(0.3)
    switches, cpu = voluntary_switches(), process_time_ns()
    sleep(seconds)
    cpu_ms = (process_time_ns() - cpu) / 1e6
    return {"cpu_ms": cpu_ms / seconds, "wakeups": max(0, voluntary_switches() - switches - 1) / seconds}


def is_journaled(subject: Any) -> dict[str, Any]:
    """Say one event, and return whether it lies under the spool's directory as soon as the call has returned."""
    with subject.speaking() as say:
        say(0)
    files = [file for file in (subject.place.directory / "spool").rglob("*") if file.is_file()]
    return {"is_journaled": any(NAME.encode() in file.read_bytes() for file in files)}
