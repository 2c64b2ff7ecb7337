"""One event a second of many."""

import math

import pytest

from otel_events.accounting import Tally
from otel_events.errors import ConfigurationError
from otel_events.event import Event
from otel_events.pipeline.roll_up import RollUp, RollUpSettings


class Clock:
    """Time that passes when told."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def stage(*patterns, **settings):
    """Return a stage with its clock and its tally."""
    clock, tally = Clock(), Tally()
    return RollUp(RollUpSettings(patterns, **settings), tally, clock), clock, tally


def test_a_window_becomes_one_event_with_figures():
    """Count, min, mean, max and last of each number; for each correlation by itself."""
    roll_up, clock, tally = stage("reward.*")
    events = [
        Event(
            "reward.computed",
            n,
            1,
            body="Reward computed",
            attributes={"reward": n * 1.0, "slot": "a"},
            bound={"env_id": n % 2},
        )
        for n in range(6)
    ]

    passing = roll_up(events)
    clock.now = roll_up.due()
    even, odd = roll_up.release(clock.now)

    assert (passing, clock.now) == ([], 101.0)
    assert even.body == "Reward computed (3 in 1 s)"
    assert even.bound == {"env_id": 0}
    assert even.attributes | {"otel_events.summary.first_time": "", "otel_events.summary.last_time": ""} == {
        "reward": 4.0,
        "slot": "a",
        "reward.min": 0.0,
        "reward.mean": 2.0,
        "reward.max": 4.0,
        "otel_events.summary.count": 3,
        "otel_events.summary.first_time": "",
        "otel_events.summary.last_time": "",
    }
    assert odd.attributes["reward.mean"] == 3.0
    assert (tally.counts(), roll_up.held, roll_up.due()) == ({"rolled_up": 4}, 0, None)


def test_only_what_is_asked_for_is_rolled_up():
    """And never what begins or ends something."""
    roll_up, _, _ = stage("epoch.*", "task.*")
    free = [Event("evidence.added", 1, 1), Event("task.completed", 1, 1), Event("task.completed", 1, 1)]

    assert roll_up(free) == free


def test_one_alone_comes_as_it_is():
    """A window of one has nothing to sum up."""
    roll_up, _, tally = stage("epoch.*")
    event = Event("epoch.completed", 1, 1, attributes={"loss": 0.5})
    roll_up([event])

    assert roll_up.release(math.inf) == [event]
    assert tally.counts() == {}


def test_memory_is_bounded_and_everything_is_accounted_for():
    """With more correlations than are kept."""
    roll_up, _, tally = stage("n.*", max_windows=10)
    events = [Event("n.n", 1, 1, bound={"episode": n // 4}) for n in range(400)]

    out = roll_up(events)
    out += roll_up.release(math.inf)

    assert len(out) + tally.counts()["rolled_up"] == 400
    assert roll_up.held == 0


def test_odd_correlation_values_do_no_harm():
    """A list has no hash."""
    roll_up, _, _ = stage("n.*")

    assert roll_up([Event("n.n", 1, 1, attributes={"task_id": ["a"]})]) == []


def test_settings_that_cannot_work_are_refused_with_all_that_is_wrong():
    """Before anything is emitted."""
    with pytest.raises(ConfigurationError) as error:
        stage(" ", window=-1, max_windows=0)

    assert len(error.value.problems) == 3
