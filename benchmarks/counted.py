"""A program for an instruction counter: emits as often as told, on one of the hot paths, or only sets up."""

from __future__ import annotations

import os
import sys

import otel_events as ev
from benchmarks.event import CORRELATION, METHOD, NAME, SERVICE, SOURCES

_CALLERS = ("caller", "journal", "task")
_TO_LEDGER = ("journal", "ledger")


def main(path: str, count: int, destination: str) -> None:
    """Emit *count* events; on the caller's paths leave them in the queue, on the others hand them over too.

    Args:
        path: `caller`; `journal`, the same with a journal; `task`, tasks in place of events; `whole`, by OTLP; `ledger`;
            or `configure`, without events.
        count: of events or tasks; of calls of `configure`.
        destination: the endpoint, or the ledger's file.
    """
    if path == "configure" and not count:
        os._exit(0)
    sinks = {"sink": "ledger", "ledger": destination} if path in _TO_LEDGER else {"endpoint": destination}
    durability = "journal" if path == "journal" else "async"
    # Nothing but us decides when the pipeline thread works, so that the count does not depend on time.
    ev.configure(service_name=SERVICE, flush_interval=600.0, durability=durability, **sinks)
    if path == "configure":
        os._exit(0)
    ev.emit(NAME)
    if not ev.flush(120.0):  # what comes with the first event is done now, or it would be counted by chance
        sys.exit("not handed over in time")
    with ev.context(**CORRELATION):
        (_do_tasks if path == "task" else _emit)(count)
    if path not in _CALLERS and not ev.flush(120.0):
        sys.exit("not handed over in time")
    os._exit(0)


def _emit(count: int) -> None:
    for i in range(count):
        ev.emit(NAME, source=SOURCES[i & 63], quality=i * 0.001, tokens=i, method=METHOD)


def _do_tasks(count: int) -> None:
    for _ in range(count):
        with ev.task("draft"):
            pass


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
