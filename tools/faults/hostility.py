"""Programs that emit what no program should, on machines whose clock jumps."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tests.acceptor import HttpAcceptor, accept, answer_with
from tools.faults.accounting import check_equation, check_program, count_dropped, count_lost, is_told
from tools.faults.received import Received
from tools.faults.report import Finding

if TYPE_CHECKING:
    from tools.faults.laboratory import Ended, Laboratory

NAMES = (
    "100 MB payload",
    "cyclic, 10,000 deep",
    "NaN and infinities",
    "surrogates",
    "exceptions in __repr__",
    "objects that lie",
    "re-entrant emits",
    "timestamps far away",
    "clock jumps",
)
_SHIM = Path(__file__).with_name("clock.c")


def try_hostile(laboratory: Laboratory, fault: str, mode: str) -> Finding:
    """Let a program do it against the real Collector."""
    settings = {"PYTHONWARNINGS": "default"} if fault != "clock jumps" else _bend_time(laboratory)
    if settings is None:
        return _untried(f"hostile: {fault}", mode)
    place = laboratory.place(f"hostile-{NAMES.index(fault)}-{mode}", mode, **settings)
    with laboratory.collector(place.directory.name) as collector:
        ended = place.run("hostile", collector.http_endpoint, kind=fault)
        ended.stats  # noqa: B018  # raises with what it wrote, if it did not come so far
        rest = place.send_rest(collector.http_endpoint)
        received = Received(collector.events_path)
    missing = ended.said["plain"] - len(received.numbers["hostile"])
    dropped = count_dropped([ended, *rest])
    problems = [*check_program(ended), *(problem for one in rest for problem in check_equation(one.stats))]
    problems += [f"it raised {name}" for name in ended.said["raised"]]
    if dropped.keys() - ({"queue_full"} if "100 MB" in fault else set()):
        problems.append(f"dropped {dropped}")
    if missing:
        problems.append(f"{missing} ordinary events beside them did not arrive")
    return Finding(
        fault=f"hostile: {fault}",
        mode=mode,
        trials=1,
        events=ended.stats["emitted"],
        acknowledged=ended.stats["emitted"],
        lost=count_lost(missing, [ended, *rest]),
        duplicated=received.duplicated,
        told=int(is_told(ended)),
        figures=_describe(ended, dropped),
        problems=tuple(problems),
    )


def _describe(ended: Ended, dropped: dict[str, int]) -> str:
    counts = {
        "cut": ended.stats["cut"],
        "redacted": ended.stats["redacted"],
        "problems": ended.stats["problems"],
        "dropped": dropped,
    }
    parts = [
        f"memory +{ended.said['grown_kib'] / 1024:.0f} MiB",
        *(f"{key} {value}" for key, value in counts.items() if value),
    ]
    return ", ".join(parts)


def try_clock_after_restart(laboratory: Laboratory, years: int) -> Finding:
    """Leave events on disk, and let the next process believe that it is ten years earlier, or later."""
    fault = f"clock {years:+d} years after a restart"
    bent = _bend_time(laboratory)
    if bent is None:
        return _untried(fault, "async")
    place = laboratory.place(f"clock{years}")
    with HttpAcceptor() as acceptor:
        acceptor.usual = answer_with(503)
        endpoint = f"http://127.0.0.1:{acceptor.port}"
        ended = place.run("burst", endpoint, count=500, is_named=True)
        acceptor.usual = accept
        place.settings = {**bent, "FAULTS_CLOCK_YEARS": str(years)}
        rest = place.send_rest(endpoint)
        names = set(acceptor.names)
    dropped = count_dropped(rest)
    problems = [*check_program(ended), *(problem for one in rest for problem in check_equation(one.stats))]
    if dropped.keys() - ({"spool_expired"} if years > 0 else set()):  # the age cap goes by the clock
        problems.append(f"dropped {dropped}")
    return Finding(
        fault=fault,
        mode="async",
        trials=1,
        events=500,
        acknowledged=500,
        lost=count_lost(500 - len(names), rest),
        duplicated=len(acceptor.names) - len(names),
        told=int(bool(dropped)),
        figures=f"dropped {dropped}" if dropped else "",
        problems=tuple(problems),
    )


def _bend_time(laboratory: Laboratory) -> dict[str, str] | None:
    """Build the shim, if there is a C compiler; return the settings that put it beneath a program."""
    compiler = shutil.which("cc")
    shim = laboratory.directory / "clock.so"
    if compiler is None:
        return None
    if not shim.exists():
        subprocess.run([compiler, "-shared", "-fPIC", "-o", str(shim), str(_SHIM), "-ldl"], check=True)
    return {"LD_PRELOAD": str(shim), "PYTHONWARNINGS": "default"}


def _untried(fault: str, mode: str) -> Finding:
    return Finding(fault, mode, 0, 0, 0, 0, 0, 0, "not tried: it needs a C compiler")
