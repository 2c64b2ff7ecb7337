"""Hooks of the program's own, and what they cannot do."""

import sys

from otel_events.accounting import Accounts
from otel_events.event import Event, Severity
from otel_events.notices import Notices
from otel_events.pipeline.before_emit import BeforeEmit


def through(hook, *events, slow=10.0):
    """Return the events after the hook, with what was counted."""
    accounts = Accounts()
    after = BeforeEmit([hook], accounts, Notices(), slow)(list(events))
    return after, accounts.dropped.counts(), accounts.problems.counts()


def make(**attributes):
    return Event("thing.happened", 1, 1, attributes=attributes, bound={"task_id": "t-1"}, body="Thing happened")


def test_a_hook_changes_events():
    """In place or by a new one."""

    def hook(event):
        event.attributes["zone"] = "eu"
        event.name = "thing.renamed"
        event.severity = Severity.WARN
        event.bound = {**event.bound, "build": 7}
        return event

    ((after,), dropped, problems) = through(hook, make(a=1))

    assert (after.name, after.attributes, after.bound) == (
        "thing.renamed",
        {"a": 1, "zone": "eu"},
        {"task_id": "t-1", "build": 7},
    )
    assert (after.severity, after.severity_text, dropped, problems) == (Severity.WARN, "WARN", {}, {})


def test_a_hook_drops_events_and_that_is_counted():
    """As `before_emit`."""
    after, dropped, _ = through(lambda event: event if event.attributes["n"] else None, make(n=0), make(n=1))

    assert ([event.attributes for event in after], dropped) == ([{"n": 1}], {"before_emit": 1})


def test_a_hook_that_raises_stops_nothing(caplog):
    """The event goes on as it was before; the failure is told without quoting the event."""

    def hook(event):
        event.attributes["half"] = True
        event.attributes["deep"]["half"] = True
        raise ValueError(event.attributes["a"])

    ((after,), _, problems) = through(hook, make(a="hunter2", deep={"x": 1}))

    assert after.attributes == {"a": "hunter2", "deep": {"x": 1}}
    assert problems == {"before_emit_failed": 1}
    assert "hunter2" not in caplog.text
    assert "hook failed" in caplog.text


def test_a_hook_that_exits_stops_nothing():
    """Not the program's decision to make here."""
    event = make(a=1)

    (after, _, problems) = through(lambda _event: sys.exit(1), event)

    assert (after, problems) == ([event], {"before_emit_failed": 1})


def test_a_hook_that_returns_something_else_is_told(caplog):
    """And the event goes on."""
    event = make(a=1)

    (after, _, problems) = through(lambda _event: "done", event)

    assert (after, problems) == ([event], {"before_emit_failed": 1})
    assert "must return an Event or None, not str" in caplog.text


def test_what_a_hook_puts_in_is_made_fit_to_be_encoded():
    """Any value, any key."""

    def hook(event):
        event.attributes[3] = {1, 2}
        event.attributes["o"] = object()
        event.attributes["big"] = 2**70
        return event

    ((after,), _, _) = through(hook, make())

    assert set(after.attributes) == {"3", "o", "big"}
    assert all(isinstance(value, (str, list)) for value in after.attributes.values())


def test_what_is_shared_cannot_be_changed_in_place():
    """Other events have the same mapping."""
    event = make()

    def hook(given):
        given.bound["x"] = 1
        return given

    ((after,), _, problems) = through(hook, event)

    assert after.bound == {"task_id": "t-1"}
    assert problems == {"before_emit_failed": 1}


def test_a_hook_that_changes_no_bound_attribute_leaves_them_shared():
    """So that they are guarded and encoded once."""
    event = make()

    ((after,), _, _) = through(lambda given: given, event)

    assert after.bound is event.bound


def test_a_slow_hook_is_told(caplog):
    """Whatever counts as slow."""
    _, _, problems = through(lambda event: event, make(), slow=-1.0)

    assert problems == {"before_emit_slow": 1}
    assert "took more than" in caplog.text


def test_a_hook_that_fails_after_another_has_changed_the_event_takes_back_its_own_changes_alone():
    """Each hook for itself."""

    def first(event):
        event.attributes["zone"] = "eu"
        return event

    def second(event):
        event.name, event.body, event.bound = "gone", None, {}
        raise RuntimeError

    event = make(a=1)
    (after,) = BeforeEmit([first, second], Accounts(), Notices())([event])

    assert (after.name, after.body, after.attributes, after.bound) == (
        "thing.happened",
        "Thing happened",
        {"a": 1, "zone": "eu"},
        {"task_id": "t-1"},
    )
