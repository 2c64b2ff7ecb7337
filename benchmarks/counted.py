"""A program for an instruction counter: emits as often as told, on one of the two hot paths."""

from __future__ import annotations

import os
import sys

import otel_events as ev
from benchmarks.event import CORRELATION, METHOD, NAME, SERVICE, SOURCES


def main(path: str, count: int, endpoint: str) -> None:
    """Emit *count* events; on the `whole` path hand them over too, on that of the `caller` leave them in the queue."""
    # Nothing but us decides when the pipeline thread works, so that the count does not depend on time.
    ev.configure(service_name=SERVICE, endpoint=endpoint, flush_interval=600.0)
    with ev.context(**CORRELATION):
        for i in range(count):
            ev.emit(NAME, source=SOURCES[i & 63], quality=i * 0.001, tokens=i, method=METHOD)
    if path == "whole" and not ev.flush(120.0):
        sys.exit("not handed over in time")
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
