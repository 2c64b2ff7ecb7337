"""A storm of errors through the whole pipeline: little comes out, and every error is in it."""

import sys
from types import BuiltinFunctionType, FunctionType

import pytest

from otel_events.accounting import Tally
from otel_events.event import Event, Severity
from otel_events.pipeline.deduplicate import Deduplicate, DeduplicateSettings
from otel_events.pipeline.rate_limit import RateLimit, RateLimiter, RateLimitSettings
from otel_events.pipeline.roll_up import RollUp, RollUpSettings
from tests.fresh import fresh  # noqa: F401
from tools.storm import STORMS, is_whole, raise_storm

COUNT = 5_000


@pytest.mark.room
@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("storm", STORMS)
def test_every_error_of_a_storm_is_accounted_for(storm):
    """By what comes out, summaries counted for what they say, and by `stats()`: the small form of `python -m tools.storm`."""
    say, settings = STORMS[storm]

    found = raise_storm(say, COUNT, settings)

    assert is_whole(found), found


@pytest.mark.slow
@pytest.mark.usefixtures("fresh")
def test_of_equal_errors_the_first_and_a_summary_come_out():
    """However many there were; a slow machine may need another window."""
    found = raise_storm(*STORMS["equal"][:1], COUNT, {})

    assert found["out"] - found["summaries"] == 1
    assert found["summaries"] < 20


@pytest.mark.parametrize(
    "stage",
    [
        Deduplicate(DeduplicateSettings(max_fingerprints=100), Tally(), lambda: 0.0),
        RateLimiter(
            RateLimitSettings((RateLimit("error", per_second=1, by="fingerprint"),), max_buckets=100),
            Tally(),
            lambda: 0.0,
        ),
        RollUp(RollUpSettings(("*",), max_windows=100), Tally(), lambda: 0.0),
    ],
    ids=lambda stage: type(stage).__name__,
)
def test_memory_is_bounded_whatever_differs(stage):
    """What a stage keeps does not grow with the number of different fingerprints, correlations or names."""
    sizes = [_size_after(stage, begin) for begin in (0, 2_000, 4_000)]

    assert sizes[0] > 10_000  # it is looked at
    assert sizes[2] <= sizes[1] * 1.1


def _size_after(stage, begin):
    for number in range(begin, begin + 2_000):
        word = "".join(chr(ord("g") + int(digit)) for digit in str(number))
        stage([Event("error", 1, 1, Severity.ERROR, "ERROR", word, {"task_id": word}, {})] * 2)
    return _size(stage, set())


def _size(value, seen):
    """Return about how much memory *value* takes with all that it alone leads to."""
    if id(value) in seen or isinstance(value, (type, Tally, FunctionType, BuiltinFunctionType)):
        return 0
    seen.add(id(value))
    inside = []
    if isinstance(value, dict):
        inside = [*value.keys(), *value.values()]
    elif isinstance(value, (list, tuple, set, frozenset)):
        inside = list(value)
    names = [*getattr(type(value), "__slots__", ()), *getattr(value, "__dict__", ())]
    inside += [getattr(value, name, None) for name in names]
    return sys.getsizeof(value) + sum(_size(one, seen) for one in inside)
