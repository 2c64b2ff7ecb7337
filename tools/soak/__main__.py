"""Soak a server: a program emits, a client reads all, another is too slow, a page is open; then everything is counted.

    python -m tools.soak [--minutes 10] [--rate 2000] [--no-page]

Prints a table, and the figures as JSON on the last line. Ends by itself; with 1 if something was lost, doubled or out of
order, or if memory goes on growing when all that is bounded is full: after a million events. Needs Linux, and for the page playwright and a Chromium.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import sys
import tempfile
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from otel_events.pipeline.writer_events import NAMES
from tools.soak.judging import (
    count_stored,
    faults_of,
    figures_of_page,
    figures_of_server,
    figures_of_watchers,
    table_of,
)
from tools.soak.page import page_open
from tools.soak.serving import serving, start_emitting
from tools.soak.watching import Reader, SlowReader

if TYPE_CHECKING:
    import subprocess

    from tools.soak.page import OpenPage
    from tools.soak.serving import Served

_LOOKS = 10  # how often the page is looked at
_MOST_LOOKING = 25.0  # seconds at a time
_PATIENCE = 120  # seconds for what is under way when the program has ended


def soak(home: Path, seconds: float, rate: float, *, with_page: bool) -> dict[str, Any]:
    """Return what was found."""
    with serving(home, seconds) as served:
        found = _load(served, seconds, rate, with_page=with_page)
        found["exit_code"] = served.end()
        found["ledger"] = count_stored(served.ledger_files, found["program"]["emitted"])
    return found


def _load(served: Served, seconds: float, rate: float, *, with_page: bool) -> dict[str, Any]:
    ended, count = threading.Event(), round(seconds * rate)
    sampling = threading.Thread(target=served.sample_until, args=(ended, min(5.0, seconds / 20)), daemon=True)
    with Reader(served) as reader, SlowReader(served) as slow, contextlib.ExitStack() as stack:
        page = stack.enter_context(page_open(served)) if with_page else None
        stack.callback(ended.set)  # whatever happens
        sampling.start()
        said = _emit(served, seconds, rate, count, page)
        reader.wait_for(count, _PATIENCE)
        ended.set()
        sampling.join()
        slow.hurry()
        slow.wait_for(count, _PATIENCE)
        if page:
            page.leave()
    found = {
        "program": said,
        "server": figures_of_server(served.samples, count, rate),
        **figures_of_watchers(reader, slow),
    }
    found["indexed"] = _indexed(served)
    if page:
        found["page"] = figures_of_page(page)
    return found


def _emit(served: Served, seconds: float, rate: float, count: int, page: OpenPage | None) -> Any:
    """Run the program to its end and return what it says; look at the page meanwhile."""
    program = start_emitting(served, rate, count)
    try:
        if page:
            _look(page, program, seconds)
        return json.loads(program.communicate(timeout=seconds + 5 * _PATIENCE)[0])
    finally:
        program.kill()


def _look(page: OpenPage, program: subprocess.Popen[str], seconds: float) -> None:
    began, every = time.monotonic(), seconds / _LOOKS
    for turn in range(_LOOKS):
        time.sleep(max(0.0, began + turn * every - time.monotonic()))
        if program.poll() is not None:
            return
        page.sample(min(_MOST_LOOKING, every / 2))


def _indexed(served: Served) -> int:
    """Return how many events the index has, without what its writer says of itself."""
    groups = served.ask("/api/stats?limit=10000")["groups"]
    return sum(group["count"] for group in groups if group["key"] not in NAMES)


def _machine() -> dict[str, Any]:
    return {
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "load": [round(load, 1) for load in os.getloadavg()],
    }


def main() -> int:
    """Soak, print the figures, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.soak", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rate", type=float, default=2000, help="events a second")
    parser.add_argument("--no-page", action="store_true", help="without a browser")
    options = parser.parse_args()
    if not Path("/proc/self/status").exists():
        parser.error("needs Linux's /proc: the server's memory is read there")
    machine = _machine()
    with tempfile.TemporaryDirectory(prefix="otel-events-soak-") as folder:
        found = soak(Path(folder), options.minutes * 60, options.rate, with_page=not options.no_page)
    found = {"machine": machine, **found, "faults": faults_of(found)}
    print(table_of(found))
    for fault in found["faults"]:
        print(f"FAULT: {fault}")
    print(json.dumps(found, default=asdict))
    return 1 if found["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
