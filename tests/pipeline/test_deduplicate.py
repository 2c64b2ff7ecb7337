"""What is held back as said already, and what is said of it."""

import math

import pytest

from otel_events.accounting import Tally
from otel_events.errors import ConfigurationError
from otel_events.event import Event, InstrumentationScope, Severity
from otel_events.pipeline.deduplicate import Deduplicate, DeduplicateSettings, DuplicateRule
from otel_events.pipeline.fingerprint import message_template, stack_fingerprint

STACK = 'Traceback (most recent call last):\n  File "/srv/{}/a.py", line {}, in run\n    go()\nValueError: no'


class Clock:
    """Time that passes when told."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def stage(**settings):
    """Return a stage with its clock and its tally."""
    clock, tally = Clock(), Tally()
    return Deduplicate(DeduplicateSettings(**settings), tally, clock), clock, tally


def error(number=1, stack=STACK, uid="", timestamp=1_000_000_000):
    attributes = {"exception.type": "ValueError", "exception.stacktrace": stack}
    return Event(
        "", timestamp, 1, severity=Severity.ERROR, body=f"item {number} failed", attributes=attributes, uid=uid
    )


def test_the_first_error_passes_at_once_and_the_others_become_one_summary():
    """With count, first and last time, under the id of the last, when the window closes without any new event."""
    dedup, clock, tally = stage()

    first = dedup([error(uid="w-0")])
    held = dedup([error(n, uid=f"w-{n:x}", timestamp=(n + 1) * 1_000_000_000) for n in range(1, 119)])
    due = dedup.due()
    clock.now = due
    (summary,) = dedup.release(clock.now)

    assert ([event.uid for event in first], held, due) == (["w-0"], [], 110.0)
    assert summary.body == "item 118 failed (repeated 118 times in 10 s)"
    assert summary.uid == "w-76"
    assert {key: summary.attributes[f"otel_events.summary.{key}"] for key in ("count", "first_time", "last_time")} == {
        "count": 118,
        "first_time": "1970-01-01T00:00:02.000000Z",
        "last_time": "1970-01-01T00:01:59.000000Z",
    }
    assert (tally.counts(), dedup.held) == ({"deduplicated": 117}, 0)


def test_a_storm_that_goes_on_gives_one_summary_a_window():
    """And after a quiet window the next one is a first one again."""
    dedup, clock, _ = stage()
    passed = []
    for _ in range(50):
        passed += dedup([error() for _ in range(20)])
        clock.now += 1
    clock.now += 30
    passed += dedup.release(clock.now)
    clock.now += 30
    dedup.release(clock.now)
    passed += dedup([error()])

    assert [event.attributes.get("otel_events.summary.count", 1) for event in passed] == [1, 199, 200, 200, 200, 200, 1]


def test_errors_are_equal_by_where_they_come_from():
    """Not by line numbers, folders, numbers or ids; another place or another kind is another error."""
    dedup, _, _ = stage()
    other_kind = error()
    other_kind.attributes["exception.type"] = "KeyError"

    passing = dedup(
        [
            error(1, STACK.format("x", 10)),
            error(2, STACK.format("y", 20)),
            error(1, STACK.format("x", 10).replace("a.py", "b.py")),
            other_kind,
        ]
    )

    assert len(passing) == 3


def test_domain_events_lifecycle_and_alerts_pass():
    """What happened twice happened twice."""
    dedup, _, _ = stage(rules=(DuplicateRule("*"),))
    names = ["task.failed", "alert.triggered", "session.start"]
    events = [Event(name, 1, 1, severity=Severity.ERROR) for name in names] * 2

    assert dedup(events) == events
    plain, _, _ = stage()
    twice = [Event("evidence.added", 1, 1), Event("evidence.added", 1, 1)]
    assert plain(twice) == twice


def test_domain_events_are_deduplicated_when_asked():
    """By pattern and key attributes, own or bound."""
    dedup, _, _ = stage(rules=(DuplicateRule("file.*", ("path", "task_id")),))
    events = [
        Event("file.modified", 1, 1, attributes={"path": path, "size": size}, bound={"task_id": task})
        for path, size, task in [("a", 1, "t"), ("a", 2, "t"), ("b", 1, "t"), ("a", 1, "u")]
    ]

    assert dedup(events) == [events[0], events[2], events[3]]


def test_a_single_repetition_comes_as_it_is():
    """A summary of one would say less."""
    dedup, _, tally = stage()
    second = error(uid="w-2")
    dedup([error(uid="w-1"), second])

    assert dedup.release(math.inf) == [second]
    assert tally.counts() == {}


def test_memory_is_bounded_and_everything_is_accounted_for():
    """Under more fingerprints than are kept, at the end, with math.inf."""
    dedup, _, tally = stage(rules=(DuplicateRule("n.*", ("n",)),), max_fingerprints=100)
    events = [Event("n.n", 1, 1, attributes={"n": n // 3}) for n in range(3_000)]

    out = dedup(events)
    out += dedup.release(math.inf)

    assert len(out) + tally.counts()["deduplicated"] == len(events)
    assert (dedup.held, dedup.due()) == (0, None)


def test_fingerprints_fold_what_varies():
    """Numbers, ids, line numbers, folders."""
    assert message_template("user 12 of 0x1f, 6f1e2d3c-0000-4000-8000-000000000000 at 12:30") == "user # of #, # at #"
    assert stack_fingerprint(STACK.format("x", 1)) == stack_fingerprint(STACK.format("y/z", 2))
    assert stack_fingerprint(STACK.format("x", 1)) != stack_fingerprint(STACK.format("x", 1).replace("run", "walk"))


def test_settings_that_cannot_work_are_refused_with_all_that_is_wrong():
    """Before anything is emitted."""
    with pytest.raises(ConfigurationError) as error:
        stage(rules=(DuplicateRule(""),), window=float("nan"), max_fingerprints=0)

    assert len(error.value.problems) == 3


def test_the_same_words_from_two_loggers_are_two_errors():
    """Which logger speaks, and how severely, is part of what makes two errors the same."""
    deduplicate = Deduplicate(DeduplicateSettings(), Tally())
    events = [
        Event("", 1, 1, severity=severity, body="connection lost", scope=InstrumentationScope(logger))
        for logger, severity in (("payments", Severity.ERROR), ("auth", Severity.ERROR), ("payments", Severity.FATAL))
    ]

    assert deduplicate(events) == events


def test_the_same_failure_for_two_reasons_is_two_errors():
    """Where there is no exception, the reason tells errors apart; where there is one, it is what counts."""
    deduplicate = Deduplicate(DeduplicateSettings(), Tally())
    exception = {"exception.type": "ValueError", "exception.message": "no"}

    def failed(**attributes):
        return Event("error", 1, 1, severity=Severity.ERROR, body="Error", attributes=attributes)

    refused, repeated, away = (failed(reason=reason) for reason in ("card 17 refused", "card 18 refused", "bank away"))
    raised, again = (failed(**exception, reason=reason) for reason in ("one", "another"))

    assert deduplicate([refused, repeated, away, raised, again]) == [refused, away, raised]
