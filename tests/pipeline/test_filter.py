"""What passes a filter, and what a filter may say."""

import pytest

from otel_events.accounting import Accounts
from otel_events.errors import ConfigurationError
from otel_events.event import Event, Severity
from otel_events.filter_language import FilterSettings, parse_filter
from otel_events.pipeline.filter import Filter


def names(text, *events):
    """Return the names of those events that pass, and how many were counted as filtered."""
    accounts = Accounts()
    passing = Filter(parse_filter(text), accounts)(list(events))
    return [event.name for event in passing], accounts.dropped.counts().get("filtered", 0)


def make(name, severity=Severity.INFO, bound=None, **attributes):
    return Event(name, 1, 1, severity=severity, attributes=attributes, bound=bound or {})


def test_names_are_included_and_excluded_by_pattern():
    """What fits an excluding clause goes, whatever includes it."""
    events = [make("task.started"), make("task.progress"), make("cycle.start")]

    assert names("task.*, -task.progress", *events) == (["task.started"], 2)
    assert names("-task.*", *events) == (["cycle.start"], 2)
    assert names("", *events) == (["task.started", "task.progress", "cycle.start"], 0)


def test_either_spelling_of_a_name_will_do():
    """The catalogue knows the old ones."""
    assert names("task_started", make("task.started"), make("task.failed")) == (["task.started"], 1)


def test_severity_is_compared_by_number():
    """By name, number or logging word."""
    events = [make("a.b", Severity.DEBUG), make("a.c", Severity.WARN), make("a.d", Severity.ERROR)]

    assert names("severity>=warning", *events)[0] == ["a.c", "a.d"]
    assert names("-a.* severity<17", *events)[0] == ["a.d"]
    assert names("a.b, severity>=ERROR", *events)[0] == ["a.b", "a.d"]


def test_attributes_are_compared_as_text_or_number():
    """Own and bound ones; one that is missing fits nothing but `!=`."""
    events = [
        make("a.b", quality=0.9),
        make("a.c", quality=0.2, done=True),
        make("a.d", bound={"persona": "thesis, new"}),
    ]

    assert names("quality>0.5", *events)[0] == ["a.b"]
    assert names("done=true", *events)[0] == ["a.c"]
    assert names("persona='thesis, *'", *events)[0] == ["a.d"]
    assert names("persona!=thesis*", *events)[0] == ["a.b", "a.c"]
    assert names("a.* quality<=0.9 quality>0.5", *events)[0] == ["a.b"]


def test_a_quoted_text_is_looked_for_in_all_that_an_event_says():
    """Name, message, own and bound attributes, whatever the case of the letters."""
    spoken = make("a.d")
    spoken.body = "Request Timed Out"
    events = [make("a.b", note="it timed out"), make("a.c", bound={"persona": "Timed outsider"}), spoken, make("a.e")]

    assert names('"timed out"', *events)[0] == ["a.b", "a.c", "a.d"]
    assert names("a.*, -'TIMED' persona!=*", *events)[0] == ["a.c", "a.e"]
    assert names("message=Request*", *events)[0] == ["a.d"]


def test_without_clauses_nothing_is_even_copied():
    """An empty filter costs nothing."""
    events = [make("a.b")]

    assert Filter(FilterSettings(), Accounts())(events) is events


def test_all_that_is_wrong_is_told_at_once():
    """With what would be right."""
    with pytest.raises(ConfigurationError) as error:
        parse_filter("task.* and more, severity>=loud, quality>high, -, name='x")

    assert len(error.value.problems) >= 5
    assert "severity>=warn" in str(error.value)


def test_a_list_is_as_good_as_a_text():
    """From `configure`."""
    assert parse_filter(["task.*", "-task.progress severity<warn"]) == parse_filter(
        "task.*,-task.progress severity<warn"
    )
