"""Hold back what comes too often, and say how much of it there was."""

from __future__ import annotations

import random
import time
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from otel_events.event import Severity
from otel_events.pipeline.bounds import Bounds
from otel_events.pipeline.fingerprint import fingerprint
from otel_events.pipeline.name_patterns import ByName
from otel_events.pipeline.summary import Run, seconds, with_facts
from otel_events.pipeline.windows import Windows

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_events.accounting import Tally
    from otel_events.event import Event

SUPPRESSED = "otel_events.suppressed"


class RateLimit(NamedTuple):
    """How often events may come.

    Attributes:
        pattern: of the event name.
        per_second: how many pass in the long run; 0.1 is one in ten seconds.
        burst: how many may pass at once after a quiet time.
        by: `type`: each event name has its own account; `fingerprint`: each name with the same error or message has.
        jitter: the part by which the rate of each account differs by chance, so that many programs do not beat in time.
    """

    pattern: str
    per_second: float
    burst: int = 1
    by: Literal["type", "fingerprint"] = "type"
    jitter: float = 0.1


class RateLimitSettings(NamedTuple):
    """What is limited; nothing by default.

    Attributes:
        limits: the first whose pattern fits counts.
        window: seconds after which a summary says what was held back.
        max_buckets: accounts that are kept; beyond them the one that was used least recently is forgotten.
    """

    limits: tuple[RateLimit, ...] = ()
    window: float = 10.0
    max_buckets: int = 10_000


class RateLimiter:
    """Token buckets by event type or fingerprint. What is held back is summarised in `otel_events.suppressed`.

    What a summary stands for, less itself, is counted in *summarised* as `rate_limited`. Lifecycle and alert events
    always pass.
    """

    def __init__(
        self,
        settings: RateLimitSettings,
        summarised: Tally,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        _check(settings)
        self._settings = settings
        self._limits = ByName([(limit.pattern, limit) for limit in settings.limits])
        self._buckets: OrderedDict[tuple[str, str], _Bucket] = OrderedDict()
        # By name, so that a million fingerprints make one summary each window and not a million.
        self._windows: Windows[Run] = Windows(settings.window, settings.max_buckets)
        self._summarised = summarised
        self._clock = clock
        self._chance = chance
        self.held = 0

    def __call__(self, events: list[Event]) -> list[Event]:
        if not self._settings.limits:
            return events
        now = self._clock()
        passing = self.release(now)
        for event in events:
            limit = self._limits.find(event.name)
            if limit is None or self._bucket(event, limit, now).take(now):
                passing.append(event)
            else:
                passing += self._hold(event, now)
        return passing

    def due(self) -> float | None:
        """Return when a summary is due (`time.monotonic()`), or None."""
        return self._windows.due()

    def release(self, now: float) -> list[Event]:
        """Return the summaries that are due by *now*; math.inf means all."""
        return [self._summary(run) for _, run in self._windows.close_until(now)]

    def _bucket(self, event: Event, limit: RateLimit, now: float) -> _Bucket:
        key = (event.name, fingerprint(event) if limit.by == "fingerprint" else "")
        bucket = self._buckets.get(key)
        if bucket is not None:
            self._buckets.move_to_end(key)
            return bucket
        if len(self._buckets) >= self._settings.max_buckets:
            self._buckets.popitem(last=False)
        rate = limit.per_second * (1 + limit.jitter * (2 * self._chance() - 1))
        bucket = self._buckets[key] = _Bucket(rate, limit.burst, now)
        return bucket

    def _hold(self, event: Event, now: float) -> list[Event]:
        released: list[Event] = []
        run = self._windows.find(event.name)
        if run is None:
            run = Run()
            gone = self._windows.open(event.name, run, now)
            released = [] if gone is None else [self._summary(gone)]
        run.add(event)
        self.held += 1
        return released

    def _summary(self, run: Run) -> Event:
        last = run.last
        if last is None:  # a window is opened for an event
            raise AssertionError
        self.held -= run.count
        self._summarised.add("rate_limited", run.count - 1)
        what = last.name or "log records"
        body = f"{what}: {run.count} suppressed in {seconds(self._settings.window)}"
        summary = with_facts(last, run, body, {"event": last.name})
        return replace(
            summary, name=SUPPRESSED, given_name="", severity=Severity.WARN, severity_text=Severity.WARN.name
        )


def _check(settings: RateLimitSettings) -> None:
    bounds = Bounds("rate limits")
    for limit in settings.limits:
        bounds.pattern(limit.pattern)
        bounds.number(f"per_second of {limit.pattern!r:.40}", limit.per_second, above=0)
        bounds.number(f"burst of {limit.pattern!r:.40}", limit.burst, least=1)
        bounds.number(f"jitter of {limit.pattern!r:.40}", limit.jitter, least=0, below=1)
        bounds.one_of(f"by of {limit.pattern!r:.40}", limit.by, ("type", "fingerprint"))
    bounds.number("window", settings.window, above=0)
    bounds.number("max_buckets", settings.max_buckets, least=1)
    bounds.check()


class _Bucket:
    """Tokens that come back with time."""

    __slots__ = ("_burst", "_rate", "_tokens", "_until")

    def __init__(self, rate: float, burst: int, now: float) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._tokens = float(burst)
        self._until = now

    def take(self, now: float) -> bool:
        """Take one token, if there is one."""
        self._tokens = min(self._burst, self._tokens + max(now - self._until, 0.0) * self._rate)
        self._until = now
        if self._tokens < 1 - 1e-9:
            return False
        self._tokens = max(self._tokens - 1, 0.0)
        return True


__all__ = ["SUPPRESSED", "RateLimit", "RateLimitSettings", "RateLimiter"]
