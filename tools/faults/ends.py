"""Programs that end in every way in which programs end, with children of every kind."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.acceptor import HttpAcceptor, hang
from tools.faults.accounting import check_equation
from tools.faults.laboratory import kill_after
from tools.faults.programs.ends import WAYS
from tools.faults.received import Received
from tools.faults.report import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.faults.laboratory import Laboratory, Place

NAMES = tuple(WAYS)
_PATIENCE = 60.0
_STUCK = 0.3  # what an exit may wait for a Collector that hangs, once all is on disk
_BUSY_MACHINE = 1.2  # whoever waits for the network takes the two seconds of `exit_timeout`
_SIGTERM = -15


def try_end(laboratory: Laboratory, fault: str, mode: str) -> Finding:
    """Let a program end so, with the real Collector there; the next process sends what is left."""
    trials = laboratory.choose(1, 5)
    place = laboratory.place(f"end-{NAMES.index(fault)}-{mode}", mode)
    expected: list[dict[str, int]] = []
    problems: list[str] = []
    lines: list[dict[str, Any]] = []
    missing = 0
    with laboratory.collector(place.directory.name) as collector:
        for _ in range(trials):
            said, found = _run(place, collector.http_endpoint, fault)
            lines += said
            problems += found
            expected.append({line["run"]: line["count"] for line in said})
        place.send_rest(collector.http_endpoint)
        received = Received(collector.events_path)
    counts = received.runs_by_count()
    for run in {run for one in expected for run in one if run != "threads"}:
        missing += max(0, sum(one.get(run, 0) for one in expected) - counts.get(run, 0))
    problems += _check_threads(lines, counts)
    emitted = sum(counts.values())
    return Finding(
        fault=f"end: {fault}",
        mode=mode,
        trials=trials,
        events=emitted + missing,
        acknowledged=emitted + missing,
        lost=missing,
        duplicated=received.duplicated,
        told=len(received.stopped),
        figures=f"{len(received.started)} writers, {len(received.stopped)} said that they stopped",
        problems=tuple(dict.fromkeys(problems)),
    )


def _run(place: Place, endpoint: str, way: str) -> tuple[list[dict[str, Any]], list[str]]:
    with (place.directory_made() / "stderr").open("w+") as warnings:
        process = place.start("ends", endpoint, stderr=warnings, way=way)
        with kill_after(process, _PATIENCE):
            out, _ = process.communicate()
        warnings.seek(0)
        warned = warnings.read()
    said = [json.loads(line) for line in out.splitlines()]
    return said, list(_check_end(process.returncode, way, said, warned))


def _check_end(code: int, way: str, said: list[dict[str, Any]], warned: str) -> Iterator[str]:
    if code != (_SIGTERM if way == "SIGTERM" else 0):
        yield f"it ended with code {code}: {warned[-300:]}"
    if "Traceback" in warned:
        yield f"it showed a traceback: {warned[-600:]}"
    if not said:
        yield "it said nothing"
    for line in said:
        if "stats" in line:
            yield from check_equation(line["stats"])


def _check_threads(lines: list[dict[str, Any]], counts: dict[str, int]) -> Iterator[str]:
    """Yield a problem if what threads emitted until the very end is neither there nor counted."""
    final = [line["stats"] for line in lines if "stats" in line]
    if not final:
        return
    kept = sum(stats["emitted"] - sum(stats["dropped"].values()) for stats in final)
    others = sum(line["count"] for line in lines if line["run"] == "main")
    if counts.get("threads", 0) != kept - others:
        yield f"threads had {kept - others} events taken, and {counts.get('threads', 0)} arrived"


def try_hung_exit(laboratory: Laboratory, mode: str) -> Finding:
    """Let programs end while the Collector hangs: all is on disk, so nobody waits for the network."""
    trials = laboratory.choose(3, 20)
    place = laboratory.place(f"hung-exit-{mode}", mode)
    seconds: list[float] = []
    with HttpAcceptor() as acceptor:
        acceptor.usual = hang
        endpoint = f"http://127.0.0.1:{acceptor.port}"
        for _ in range(trials):
            seconds.append(place.run("ends", endpoint, way="return").exit_seconds)
        waiting = place.waiting()
    problems = []
    if min(seconds) > _STUCK + _BUSY_MACHINE:
        problems.append(f"the quickest end took {min(seconds):.2f} s")
    events = trials * 200
    return Finding(
        fault="end: Collector hangs",
        mode=mode,
        trials=trials,
        events=events,
        acknowledged=events,
        lost=max(0, events - waiting),
        duplicated=0,
        told=trials,
        figures=f"from the last event to the end of the process {min(seconds):.2f}-{max(seconds):.2f} s",
        problems=tuple(problems),
    )
