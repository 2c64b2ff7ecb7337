"""The stage in front of everything that leaves the process."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_events.accounting import Accounts, Tally
from otel_events.event import Event, InstrumentationScope
from otel_events.notices import Notices
from otel_events.pipeline.redact import Redact
from otel_events.redaction import RedactionSettings, Redactor
from tools.redaction_corpus import samples
from tools.redaction_ordinary import ordinary

TOKEN = "ghp_" + "a1B2" * 9


def make(attributes=None, bound=None, body=None, name="thing.happened"):
    return Event(name, 1, 1, attributes=attributes or {}, bound=bound or {}, body=body)


def redacted(*events, guard=None):
    """Return the events after the stage."""
    return Redact(guard or Redactor(), Accounts(), Notices())(list(events))


def test_secrets_go_from_every_part_of_an_event():
    """Attributes, bound ones, the message, nested values, the name; all else stays."""
    event = make(
        {"note": f"with {TOKEN}", "step": 3, "deep": {"items": [TOKEN]}, "password": "x", "again": TOKEN},
        {"task_id": "t-1", "build": TOKEN},
        f"cannot use {TOKEN}",
        name=f"job.{TOKEN}",
    )

    (after,) = redacted(event)

    mark = "<REDACTED:github>"
    assert after.attributes == {
        "note": f"with {mark}",
        "step": 3,
        "deep": {"items": [mark]},
        "password": "<REDACTED:password>",
        "again": mark,
    }
    assert after.bound == {"task_id": "t-1", "build": mark}
    assert (after.body, after.name) == (f"cannot use {mark}", f"job.{mark}")


def test_an_ordinary_event_is_not_even_copied():
    """The same mappings go on."""
    attributes, bound = {"source": "paper.pdf", "quality": 0.82, "items": [1, {"x": "thesis"}]}, {"task_id": "t-1"}

    (after,) = redacted(make(attributes, bound, "Evidence added"))

    assert after.attributes is attributes
    assert after.bound is bound


def test_shared_mappings_are_worked_on_once_and_never_in_place():
    """Many events of one scope share what is bound."""
    bound = {"build": TOKEN}

    first, second = redacted(make(bound=bound), make(bound=bound))

    assert first.bound is second.bound
    assert bound == {"build": TOKEN}


def test_many_events_get_what_each_of_them_would_get_alone():
    """Looking at many at once finds the same as looking at one, and puts it back where it belongs."""
    redactor = Redactor()
    mixed = [attributes for _, _, _, attributes in samples(seed=5, per_kind=2)]
    mixed += [{key: value} for key, value in ordinary(seed=5, count=700)]
    mixed = [mixed[(place * 37) % len(mixed)] for place in range(len(mixed))]

    events = redacted(*[make(dict(attributes), {"n": str(place)}) for place, attributes in enumerate(mixed)])

    assert [event.attributes for event in events] == [redactor.attributes(attributes) for attributes in mixed]
    assert [event.bound["n"] for event in events] == [str(place) for place in range(len(mixed))]


@given(st.lists(st.lists(st.sampled_from(["ok", "password=hunter2", TOKEN, "x" * 20, ""]), max_size=4), max_size=6))
@settings(deadline=None)
def test_no_mixture_lets_one_through(rows):
    """Whatever stands beside whatever."""
    events = [make({f"k{place}": text for place, text in enumerate(row)}, body=" ".join(row)) for row in rows]

    after = str([(event.attributes, event.body) for event in redacted(*events)])

    assert "hunter2" not in after
    assert "ghp_" not in after


def test_a_users_patterns_see_every_value():
    """They may look for anything, so nothing is skipped."""
    guard = Redactor(RedactionSettings(patterns=((r"\bzz\b", "#"),)))

    (after,) = redacted(make({"a": "zz", "b": ["zz"]}, {"c": "zz"}, "zz"), guard=guard)

    assert (after.attributes, after.bound, after.body) == ({"a": "#", "b": ["#"]}, {"c": "#"}, "#")


class Broken:
    """A guard of somebody else's that fails."""

    def __init__(self, error):
        self.error = error

    def attributes(self, attributes):
        raise self.error(str(attributes))

    value = text = attributes


@pytest.mark.parametrize("error", [ValueError, SystemExit])
def test_what_a_guard_fails_on_is_withheld(caplog, error):
    """The event goes on with what it is found by, and the failure is told without quoting it."""
    accounts = Accounts()

    (after,) = Redact(Broken(error), accounts, Notices())([make({"secret": "hunter2"}, {"task_id": "t-1"}, "hunter2")])

    assert after.attributes == {"secret": "<REDACTED:failed>"}
    assert (after.bound, after.body) == ({"task_id": "t-1"}, "<REDACTED:failed>")
    assert accounts.problems.counts()["redaction_failed"] >= 1
    assert "hunter2" not in caplog.text


def test_what_is_redacted_is_counted_by_kind():
    """In the tally that the redactor was given."""
    tally = Tally()

    redacted(make({"password": "x", "note": TOKEN}, body=TOKEN), guard=Redactor(redacted=tally))

    assert tally.counts() == {"password": 1, "github": 2}


@pytest.mark.parametrize("body", [None, 3, ["a", TOKEN], {"password": "x"}, "short"])
def test_a_body_may_be_any_value(body):
    """A bridge brings what it has."""
    (after,) = redacted(make(body=body))

    assert TOKEN not in str(after.body)
    assert "'x'" not in str(after.body)


def test_long_texts_that_come_again_are_treated_as_the_first_time():
    """What is remembered of them is only that there was nothing in them."""
    stage = Redact(Redactor(), Accounts(), Notices())
    clean, secret = "go(key, 1)\n" * 60, "go(key, 1)\n" * 60 + TOKEN

    rounds = [stage([make({"a": text[:] + "", "b": [text]}) for text in (clean, secret, clean)]) for _ in range(3)]

    assert all(one.attributes == {"a": clean, "b": [clean]} for events in rounds for one in (events[0], events[2]))
    assert not any(TOKEN in str(one.attributes) for events in rounds for one in events)


def test_secrets_go_from_the_scope():
    """Name, version and attributes: programs make up the names of their loggers."""
    scope = InstrumentationScope(f"client.{TOKEN}", TOKEN, attributes=(("password", "x"), ("tags", ["a"])))

    event = make()
    event.scope = scope
    (after,) = redacted(event)

    assert (after.scope.name, after.scope.version) == ("client.<REDACTED:github>", "<REDACTED:github>")
    assert after.scope.attributes == (("password", "<REDACTED:password>"), ("tags", ["a"]))


def test_a_clean_scope_is_looked_at_once_and_stays_the_same():
    """Events of one scope share it."""
    scope = InstrumentationScope("client", "1.2")
    stage = Redact(Redactor(), Accounts(), Notices())
    events = [make(), make()]
    for event in events:
        event.scope = scope

    assert not stage.knows(scope)
    assert all(event.scope == scope for event in stage(events))
    assert stage.knows(scope)
