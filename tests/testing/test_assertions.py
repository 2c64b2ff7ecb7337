"""What the assertions on captured events promise."""

import pytest

import otel_events as ev
from otel_events.testing import capture_events


@pytest.fixture
def events():
    with capture_events(deterministic=True) as events:
        ev.emit("evidence.added", source="a.pdf", quality=0.5)
        ev.emit("evidence.added", source="b.pdf", quality=0.8)
        ev.emit("alert.triggered", "Disk full", severity="error", from_="disk")
        yield events


def test_a_match_is_returned(events):
    """`assert_emitted` returns the first event whose attributes contain those given."""
    assert events.assert_emitted("evidence.added", source="b.pdf").attributes["quality"] == 0.8
    assert events.assert_emitted("alert.*", message="Disk full", severity="ERROR", from_="disk") is events[2]


def test_matchers_compare_for_themselves(events):
    """What is given is compared with `==`, so matchers such as `pytest.approx` work."""
    events.assert_emitted("evidence.added", quality=pytest.approx(0.79, abs=0.02))


def test_aliases_are_the_same_event(events):
    """An old spelling finds the canonical event."""
    ev.emit("task_completed")

    assert events.named("task_completed") == events.named("task.completed") != []


def test_absence_is_explained_by_the_nearest(events):
    """The error names what was expected, how the nearest event differs, and all that was emitted."""
    with pytest.raises(AssertionError) as caught:
        events.assert_emitted("evidence.added", source="b.pdf", quality=0.9, page=3)

    assert str(caught.value) == (
        "not emitted: evidence.added source='b.pdf' quality=0.9 page=3\n"
        "nearest: evidence.added source='b.pdf' quality=0.8\n"
        "  quality: expected 0.9, is 0.8\n"
        "  page: expected 3, is missing\n"
        "emitted (3):\n"
        "  1. evidence.added source='a.pdf' quality=0.5\n"
        "  2. evidence.added source='b.pdf' quality=0.8\n"
        "  3. alert.triggered ERROR from='disk'"
    )


def test_a_misspelt_name_is_explained(events):
    """A name that nothing has is answered with the one most like it."""
    with pytest.raises(AssertionError, match=r"name: expected 'evidence.aded', is 'evidence.added'"):
        events.assert_emitted("evidence.aded")


def test_nothing_emitted_says_so():
    """With no events the error says that there are none."""
    with capture_events() as events, pytest.raises(AssertionError, match="nothing was emitted"):
        events.assert_emitted("evidence.added")


def test_absence_can_be_asserted(events):
    """`assert_not_emitted` passes where nothing matches, and lists what does."""
    events.assert_not_emitted("evidence.added", source="c.pdf")
    with pytest.raises(AssertionError, match=r"emitted, though it should not be: alert\.\*"):
        events.assert_not_emitted("alert.*")


def test_one_and_only(events):
    """`one` wants exactly one match, `only` exactly one event."""
    assert events.one("alert.triggered") is events[2]
    with pytest.raises(AssertionError, match="not one event but 2 match"):
        events.one("evidence.added")
    with pytest.raises(AssertionError, match="not one event but 3 were emitted"):
        events.only()
    events.clear()
    ev.emit("seed.planted", n=1)
    assert events.only("seed.planted", n=1).attributes == {"n": 1}


def test_names_and_patterns(events):
    """`names` are all names in order, `named` the events that fit a pattern."""
    assert events.names == ["evidence.added", "evidence.added", "alert.triggered"]
    assert [event.attributes["source"] for event in events.named("evidence.*")] == ["a.pdf", "b.pdf"]


def test_it_is_a_sequence(events):
    """Iteration, length, slices, `in` and `reversed` work."""
    assert len(events[:2]) == 2
    assert events[0] in events
    assert next(event.name for event in reversed(events)) == "alert.triggered"
    assert "3. alert.triggered" in repr(events)
