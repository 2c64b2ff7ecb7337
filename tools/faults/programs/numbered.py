"""Emits numbered events until it is killed, and acknowledges each over its output as the product acknowledges it.

`E n t`: `emit` has returned for number n, at monotonic nanosecond t. `F n`: all up to number n is safe, because a flush has said
True after it, or because, by the program's own counts, it has left the queue.
"""

from __future__ import annotations

import os
import random
import time

import otel_events as ev
from tools.faults.programs.telling import given

_LARGEST_BURST = 60
_LONGEST_PAUSE = 0.004
_FLUSH_CHANCE = 0.03


def main() -> None:
    """Go on for ever."""
    arguments = given()
    chance = random.Random(arguments["seed"])
    ev.configure(attributes={"run": arguments["run"]})
    number = said = 0
    while True:
        for _ in range(chance.randrange(1, _LARGEST_BURST)):
            number += 1
            ev.emit("numbered.event", n=number, text="x" * chance.randrange(200))
            os.write(1, f"E {number} {time.monotonic_ns()}\n".encode())
        time.sleep(chance.random() * _LONGEST_PAUSE)
        safe = number if chance.random() < _FLUSH_CHANCE and ev.flush(timeout=0.1) else number - ev.stats().queued
        if safe > said:
            said = safe
            os.write(1, f"F {said}\n".encode())


if __name__ == "__main__":
    main()
