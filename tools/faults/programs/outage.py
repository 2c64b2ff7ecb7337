"""Emits as fast as is allowed while the Collector is away, says so, and waits until all is sent."""

from __future__ import annotations

import json
import os
import time

import otel_events as ev
from tools.faults.programs.telling import given, resident_kib, say

_MOST_QUEUED = 20_000  # as fast as allowed: a program that does not care would be told of `queue_full`
_LOOK_EACH = 1_000
_PATIENCE = 900.0
_GLANCE = 0.002


def main() -> None:
    """Emit, wait for the Collector, end."""
    arguments = given()
    ev.configure(attributes={"run": arguments["run"]})
    ev.emit("numbered.event", n=0)
    ev.flush(timeout=0.2)
    before, began = resident_kib(), time.monotonic()
    for number in range(1, arguments["count"]):
        ev.emit("numbered.event", n=number, source="paper.pdf", quality=0.82, persona="thesis", cycle=number % 500)
        if number % _LOOK_EACH == 0:
            while ev.stats().queued > _MOST_QUEUED:
                time.sleep(0.005)
    while ev.stats().queued:
        time.sleep(0.005)
    emitted = {
        "seconds": time.monotonic() - began,
        "grown_kib": resident_kib() - before,
        "bytes": sum(spool.bytes for spool in ev.stats().spools),
    }
    os.write(1, (json.dumps(emitted) + "\n").encode())
    drained = _await_all_sent()
    highest = resident_kib("VmHWM") - before
    is_safe = ev.shutdown()
    say(**emitted, drain_seconds=drained, highest_kib=highest, shutdown=is_safe)


def _await_all_sent() -> float:
    """Return the seconds from the last look at which nothing was delivered, to the first at which all was."""
    until = time.monotonic() + _PATIENCE
    began = time.monotonic()
    while time.monotonic() < until and (now := ev.stats()).spooled:
        if not now.delivered:
            ev.flush(timeout=0.0)  # an attempt at once, in the middle of a long wait for the next
            began = time.monotonic()
        time.sleep(_GLANCE)
    return time.monotonic() - began


if __name__ == "__main__":
    main()
