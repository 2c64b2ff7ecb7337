"""The program whose events the soak is about: numbered, at a steady rate, a set count.

python -m tools.soak.emitting RATE COUNT
"""

from __future__ import annotations

import json
import random
import sys
import time

import otel_events as ev

SERVICE = "soak"
NUMBER = "n"  # the attribute with the event's number, from 1
_PAUSE = 0.01  # seconds
_TYPES = ("evidence.added", "state.mood", "decision", "rag.retrieval", "wave.result", "quality.check")


def emit_numbered(number: int, chance: random.Random) -> None:
    """Emit the event with this number: mostly measurements, some of several types, now and then a warning."""
    draw = chance.random()
    if draw < 0.6:
        ev.emit("reward.computed", n=number, env_id=number % 8, episode=number // 1000, reward=draw)
    elif draw < 0.999:
        source, task_id = f"paper-{number % 100}.pdf", f"t-{number % 40}"
        ev.emit(chance.choice(_TYPES), n=number, quality=draw, source=source, task_id=task_id, persona="thesis")
    else:
        ev.emit("pressure.noticed", f"Pressure in tank {number % 7}", severity="warning", n=number)


def main(rate: float, count: int) -> None:
    """Emit *count* events and say what became of them."""
    ev.configure(service_name=SERVICE)
    chance, began, sent = random.Random(1), time.monotonic(), 0
    while sent < count:
        due = min(count, int((time.monotonic() - began) * rate))
        while sent < due:
            sent += 1
            emit_numbered(sent, chance)
        time.sleep(_PAUSE)
    took = time.monotonic() - began
    is_safe = ev.flush(60)
    stats = ev.stats()
    lost = {"dropped": sum(stats.dropped.values()), "summarised": sum(stats.summarised.values())}
    print(json.dumps({"emitted": sent, "seconds": took, "is_safe": is_safe, **lost}))


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]))
