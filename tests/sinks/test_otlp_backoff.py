"""The waits between attempts."""

import pytest

from otel_events.sinks.backoff import Backoff


@pytest.mark.parametrize(("failures", "longest"), [(1, 0.5), (2, 1), (3, 2), (7, 30), (10_000, 30)])
def test_waits_double_up_to_a_limit(failures, longest):
    """The wait doubles with each failure to the maximum, and is never less than half of that."""
    waits = [Backoff().delay(failures) for _ in range(200)]

    assert longest / 2 <= min(waits)
    assert max(waits) <= longest


def test_waits_differ():
    """Those who waited out the same outage do not come back in the same instant."""
    assert len({Backoff().delay(5) for _ in range(50)}) > 1
    assert len({Backoff().delay(1, asked=10) for _ in range(50)}) > 1


@pytest.mark.parametrize(("asked", "least", "most"), [(7, 7, 8.4), (0, 0.25, 0.3), (1e9, 300, 360)])
def test_a_wait_that_was_asked_for_is_kept_within_reason(asked, least, most):
    """What the server asks for is waited, but neither nothing nor a week."""
    waits = [Backoff().delay(3, asked) for _ in range(200)]

    assert least <= min(waits)
    assert max(waits) <= most
