"""What comes too often, and what is said of it."""

import math

import pytest

from otel_events.accounting import Tally
from otel_events.errors import ConfigurationError
from otel_events.event import Event, Severity
from otel_events.pipeline.rate_limit import RateLimit, RateLimiter, RateLimitSettings


class Clock:
    """Time that passes when told."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def stage(*limits, chance=0.5, **settings):
    """Return a stage with its clock and its tally; chance 0.5 is no jitter."""
    clock, tally = Clock(), Tally()
    return RateLimiter(RateLimitSettings(limits, **settings), tally, clock, lambda: chance), clock, tally


def events(name, count, **attributes):
    return [Event(name, 1, 1, attributes=dict(attributes), uid=f"w-{n}") for n in range(count)]


def test_a_burst_passes_and_then_what_the_rate_allows():
    """Each event type by itself; what no pattern fits is free."""
    limiter, clock, _ = stage(RateLimit("epoch.*", per_second=2, burst=5))

    first = limiter(events("epoch.completed", 20) + events("epoch.started", 3) + events("reward.computed", 20))
    clock.now += 1.5
    second = limiter(events("epoch.completed", 20))

    assert [event.name for event in first].count("epoch.completed") == 5
    assert len(first) == 5 + 3 + 20
    assert len(second) == 3


def test_what_was_held_back_is_summarised():
    """As `otel_events.suppressed`, when the window closes, with name and count."""
    limiter, clock, tally = stage(RateLimit("epoch.*", per_second=0.1))
    passing = limiter(events("epoch.completed", 10))
    clock.now = limiter.due()
    (summary,) = limiter.release(clock.now)

    assert (len(passing), summary.name, summary.severity, summary.uid) == (
        1,
        "otel_events.suppressed",
        Severity.WARN,
        "w-9",
    )
    assert summary.attributes["event"] == "epoch.completed"
    assert summary.attributes["otel_events.summary.count"] == 9
    assert (tally.counts(), limiter.held, limiter.due()) == ({"rate_limited": 8}, 0, None)


def test_fingerprints_have_accounts_of_their_own():
    """One kind of error does not hide another."""
    limiter, _, _ = stage(RateLimit("script.error", per_second=0.1, by="fingerprint"))
    first = [Event("script.error", 1, 1, body=f"no file {n}") for n in range(5)]
    other = [Event("script.error", 1, 1, body="no space")]

    assert limiter(first + other) == [first[0], *other]


def test_rates_differ_by_chance_within_the_jitter():
    """So that many programs do not beat in time."""
    passing = []
    for chance in (0.0, 0.5, 1.0):
        limiter, clock, _ = stage(RateLimit("a.*", per_second=100, burst=2, jitter=0.1), chance=chance)
        limiter(events("a.b", 1))
        seen = 0
        for _ in range(1_000):
            clock.now += 0.001
            seen += len(limiter(events("a.b", 1)))
        passing.append(seen)

    assert passing[0] < passing[1] < passing[2]


def test_lifecycle_and_alerts_are_never_limited():
    """Whatever the pattern."""
    limiter, _, _ = stage(RateLimit("*", per_second=0.001))
    many = events("task.completed", 50) + events("alert.triggered", 50)

    assert limiter(many) == many


def test_memory_is_bounded_and_everything_is_accounted_for():
    """With more names and fingerprints than are kept."""
    limiter, clock, tally = stage(RateLimit("*", per_second=0.1, by="fingerprint"), max_buckets=50)
    emitted = [Event(f"n.n{n % 400}", 1, 1, body="again" if n % 2 else f"x{'y' * (n % 7)}") for n in range(4_000)]

    out = []
    for start in range(0, len(emitted), 100):
        out += limiter(emitted[start : start + 100])
        clock.now += 0.5
    out += limiter.release(math.inf)

    assert len(out) + tally.counts().get("rate_limited", 0) == len(emitted)
    assert limiter.held == 0


def test_without_limits_nothing_is_even_copied():
    """Off by default."""
    limiter, _, _ = stage()
    many = events("a.b", 3)

    assert limiter(many) is many


def test_limits_that_cannot_work_are_refused_with_all_that_is_wrong():
    """Before anything is emitted."""
    limits = (RateLimit("", per_second=0), RateLimit("a.*", per_second=1, burst=0, jitter=1, by="name"))

    with pytest.raises(ConfigurationError) as error:
        stage(*limits, window=0)

    assert len(error.value.problems) == 6
