"""What each guard costs an event on the pipeline's thread, all in one interleaved run.

python -m benchmarks.guard_costs [--rounds N]
"""

from __future__ import annotations

import argparse
import time
import uuid
from typing import TYPE_CHECKING, Any, TypeAlias

from benchmarks.event import CORRELATION, MESSAGE, METHOD, NAME, SOURCES
from benchmarks.machine import describe_machine
from otel_events.accounting import Accounts
from otel_events.event import Event, Severity
from otel_events.filter_language import parse_filter
from otel_events.notices import Notices
from otel_events.pipeline.before_emit import BeforeEmit
from otel_events.pipeline.deduplicate import Deduplicate, DeduplicateSettings
from otel_events.pipeline.filter import Filter
from otel_events.pipeline.limit import Limit, LimitSettings
from otel_events.pipeline.rate_limit import RateLimit, RateLimiter, RateLimitSettings
from otel_events.pipeline.redact import Redact
from otel_events.pipeline.roll_up import RollUp, RollUpSettings
from otel_events.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_events.pipeline.stage import Stage

Make: TypeAlias = "Callable[[int], dict[str, Any]]"

BATCH = 4_096
_STACK = "Traceback (most recent call last):\n" + '  File "/srv/app/client.py", line 42, in connect\n    call()\n' * 8


def _plain(number: int) -> dict[str, Any]:
    return {"source": SOURCES[number & 63], "quality": number * 0.001, "tokens": number, "method": METHOD}


EVENTS: dict[str, Make] = {
    "ordinary": _plain,
    "with a UUID": lambda number: {**_plain(number), "request_id": str(uuid.UUID(int=(number + 1) << 90))},
    "with a suspicious word": lambda number: {**_plain(number), "note": f"used {number} tokens of the key budget"},
    "an error with its stack": lambda number: {
        **_plain(number),
        "exception.type": "ConnectionError",
        "exception.message": f"cannot reach db {number}",
        "exception.stacktrace": f"{_STACK}ConnectionError: cannot reach db {number}",
    },
}


def build_guards() -> dict[str, Stage]:
    """Return each guard by what the table calls it: those that are on by default first."""
    accounts, notices = Accounts(), Notices()
    clauses = parse_filter("-debug.*, -* severity<info")
    limits = RateLimitSettings((RateLimit("other.*", per_second=1),))
    return {
        "redact": Redact(Redactor(), accounts, notices),
        "limit": Limit(LimitSettings(), accounts),
        "deduplicate (errors)": Deduplicate(DeduplicateSettings(), accounts.summarised),
        "before_emit, a hook that does nothing": BeforeEmit([lambda event: event], accounts, notices),
        "filter of two clauses": Filter(clauses, accounts),
        "rate limit that does not fit": RateLimiter(limits, accounts.summarised),
        "roll up that fits": RollUp(RollUpSettings((NAME, "error")), accounts.summarised),
    }


def make_events(make: Make, begin: int) -> list[Event]:
    """Return a batch as `normalize` leaves it: bound attributes shared, no value twice that programs do not repeat."""
    bound = dict(CORRELATION)
    is_error = make is EVENTS["an error with its stack"]
    name, severity = ("error", Severity.ERROR) if is_error else (NAME, Severity.INFO)
    return [
        Event(name, 1, 1, severity, severity.name, MESSAGE, make(number), bound)
        for number in range(begin, begin + BATCH)
    ]


def measure(rounds: int) -> dict[str, dict[str, float]]:
    """Return microseconds of CPU an event, by guard and by kind of event; each figure is the best of *rounds*."""
    best: dict[str, dict[str, float]] = {}
    guards = build_guards()
    for turn in range(rounds):
        for kind, make in EVENTS.items():
            for name, guard in guards.items():
                events = make_events(make, turn * BATCH)
                began = time.thread_time()
                guard(events)
                spent = (time.thread_time() - began) / BATCH * 1e6
                row = best.setdefault(name, {})
                row[kind] = min(row.get(kind, spent), spent)
    return best


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.guard_costs")
    parser.add_argument("--rounds", type=int, default=15)
    costs = measure(parser.parse_args().rounds)
    on_by_default = ("redact", "limit", "deduplicate (errors)")
    costs["together, as it is without settings"] = {
        kind: sum(costs[name][kind] for name in on_by_default) for kind in EVENTS
    }
    print("\n".join(f"{name}: {fact}" for name, fact in describe_machine().items()))
    print("\n| µs an event | " + " | ".join(EVENTS) + " |\n|---|" + "---|" * len(EVENTS))
    for name, row in costs.items():
        print(f"| {name} | " + " | ".join(f"{row[kind]:.2f}" for kind in EVENTS) + " |")


if __name__ == "__main__":
    main()
