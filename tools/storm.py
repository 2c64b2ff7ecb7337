"""A storm of errors through the whole pipeline: how many events come out, what it costs, and whether each is accounted for.

    python -m tools.storm [--count N]

Each storm has a process of its own. Ends with 1 if an event is not accounted for.
"""

from __future__ import annotations

import argparse
import json
import logging
import subprocess
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import otel_events as ev
from otel_events import runtime
from otel_events.pipeline.rate_limit import RateLimit
from otel_events.pipeline.summary import COUNT
from otel_events.pipeline.writer_events import NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from otel_events.event import Event
    from otel_events.stats import Stats

_BACKLOG = 50_000  # events that may wait: a storm faster than the pipeline is held up here, and not dropped
_LOG = logging.getLogger("storm")


class Counting:
    """Counts what comes out, and what it stands for; keeps nothing."""

    name = "counting"

    def __init__(self) -> None:
        self.events = 0
        self.stands_for = 0
        self.kinds: Counter[str] = Counter()

    def write(self, events: Sequence[Event]) -> None:
        """Count a batch."""
        for event in events:
            if event.name not in NAMES:
                self.events += 1
                stands_for = event.attributes.get(COUNT, 1)
                self.stands_for += stands_for if isinstance(stands_for, int) else 1
                self.kinds["summary" if COUNT in event.attributes else "event"] += 1

    def flush(self, deadline: float) -> bool:  # noqa: ARG002  # nothing waits here
        """Return True."""
        return True

    def close(self, deadline: float) -> bool:  # noqa: ARG002
        """Return True."""
        return True


def equal_errors(number: int) -> None:
    """Log what differs in numbers alone, with a stack."""
    try:
        _connect(number)
    except ConnectionError:
        _LOG.exception("Cannot reach the database after %d ms", number)


def _connect(number: int) -> None:
    raise ConnectionError(f"db-{number % 7} does not answer")


def distinct_errors(number: int) -> None:
    """Log an error like which there is no other."""
    _LOG.error("Unknown plug-in %s", _word(number))


def limited_errors(number: int) -> None:
    """Emit distinct errors of a type of which only some a second pass."""
    ev.emit("plugin.failed", f"Unknown plug-in {_word(number)}", severity="error")


STORMS: dict[str, tuple[Callable[[int], None], dict[str, Any]]] = {
    "equal": (equal_errors, {}),
    "distinct": (distinct_errors, {}),
    "distinct, limited by type": (limited_errors, {"rate_limits": [RateLimit("plugin.*", per_second=10, burst=10)]}),
    "distinct, limited by fingerprint": (
        limited_errors,
        {"rate_limits": [RateLimit("plugin.*", per_second=10, by="fingerprint")]},
    ),
}


def raise_storm(say: Callable[[int], None], count: int, settings: dict[str, Any]) -> dict[str, Any]:
    """Return what became of *count* errors that *say* tells, in this process."""
    sink = Counting()
    ev.configure(sink=sink, **settings)
    handler = ev.EventHandler()
    _LOG.addHandler(handler)
    _LOG.propagate = False
    ev.emit("storm.begins")  # the pipeline starts with the first event; what it takes is no cost of the storm
    ev.flush(5.0)
    memory, began, cpu = _peak_memory(), time.perf_counter(), time.process_time()
    for number in range(count):
        say(number)
        if number % 1_000 == 0:
            _wait_for_room()
    is_safe = ev.flush(120.0)
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    _LOG.removeHandler(handler)
    stats = ev.stats()
    return {
        "count": count,
        "out": sink.events - 1,
        "summaries": sink.kinds["summary"],
        "accounted for": sink.stands_for - 1,
        "is_safe": is_safe,
        "missing": _missing(stats),
        "dropped": sum(stats.dropped.values()),
        "seconds": round(took, 1),
        "microseconds": round(cpu / count * 1e6, 1),
        "megabytes": round((_peak_memory() - memory) / 2**20, 1),
    }


def is_whole(found: dict[str, Any]) -> bool:
    """Tell whether every error of a storm came out or is stood for, by what came out and by `stats()`."""
    is_counted = found["accounted for"] == found["count"]
    return bool(found["is_safe"] and is_counted and not found["missing"] and not found["dropped"])


def _missing(stats: Stats) -> int:
    """Return how many events `stats()` knows nothing of."""
    known = (stats.delivered, stats.dropped, stats.summarised)
    waiting = stats.queued + stats.spooled + stats.handed_on
    return stats.emitted + stats.own + stats.adopted - waiting - sum(sum(counts.values()) for counts in known)


def _wait_for_room() -> None:
    while len(runtime.capture.items) > _BACKLOG:
        time.sleep(0.01)


def _word(number: int) -> str:
    """Return a word that no other number has: a number itself would be folded."""
    return "".join(chr(ord("g") + digit % 20) for digit in (number // 20**place for place in range(6)))


def _peak_memory() -> int:
    """Return the most memory that this process has had so far; 0 where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) * unit


def main() -> int:
    """Run all storms, or one in this process, and print what became of them."""
    parser = argparse.ArgumentParser(prog="python -m tools.storm")
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--storm", choices=list(STORMS), help="this one alone, in this process, as JSON")
    options = parser.parse_args()
    if options.storm:
        say, settings = STORMS[options.storm]
        print(json.dumps(raise_storm(say, options.count, settings)))
        return 0
    print("| storm | errors | events out | accounted for | seconds | µs of CPU each | more memory, MiB |")
    print("|---|---|---|---|---|---|---|")
    is_kept = True
    for storm in STORMS:
        command = [sys.executable, "-m", "tools.storm", "--storm", storm, "--count", str(options.count)]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        is_kept = is_kept and is_whole(found)
        columns = ("count", "out", "accounted for", "seconds", "microseconds", "megabytes")
        print(f"| {storm} | " + " | ".join(f"{found[column]:,}" for column in columns) + " |", flush=True)
        if not is_whole(found):
            print(f"NOT ACCOUNTED FOR: {found}", flush=True)
    return 0 if is_kept else 1


if __name__ == "__main__":
    sys.exit(main())
