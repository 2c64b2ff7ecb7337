"""What a task's object may be used for: closed by hand, again, within itself, by many threads."""

import threading

import pytest
from opentelemetry.trace import StatusCode

import otel_events as ev


def told(events):
    """Return name, task id and parent of each event."""
    return [(event.name, event.attributes.get("task_id"), event.attributes.get("parent_task_id")) for event in events]


# -- closed by hand ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["task.completed", "task_completed"])
@pytest.mark.parametrize("fields", [{}, {"task_id": "t-1"}])
def test_a_task_that_is_closed_by_hand_is_not_closed_twice(events, name, fields):
    """The program's own event is the closing one, under either spelling, and has duration and results too."""
    with ev.task("x", task_id="t-1") as task:
        task.set(quality=0.8, confidence=0.5)
        with ev.context(persona="p"), ev.phase("thesis"):
            ev.emit(name, {"key_": 1}, quality=0.9, **fields)

    assert events.names == ["task.started", "thesis.start", "task.completed", "thesis.end"]
    closing = events.one("task.completed").attributes
    assert (closing["quality"], closing["confidence"], closing["key_"]) == (0.9, 0.5, 1)
    assert closing["duration"] > 0
    assert events.spans[-1].events[-1].name == "task.started"


def test_closing_another_task_by_hand_leaves_this_one_open(events):
    """The id says which is meant: an outer one, or none that is open here."""
    with ev.task("a", task_id="t-1"), ev.task("b", task_id="t-2"):
        ev.emit("task.completed", task_id="t-elsewhere")
        ev.emit("task.failed", task_id="t-1", reason="x")

    assert told(events)[2:] == [
        ("task.completed", "t-elsewhere", "t-1"),
        ("task.failed", "t-1", "t-1"),
        ("task.completed", "t-2", "t-1"),
    ]
    assert [span.status.status_code for span in events.spans] == [StatusCode.UNSET, StatusCode.ERROR]


def test_an_exception_after_a_task_was_closed_by_hand_shows_on_the_span_alone(events):
    """The task has ended once, as the program said."""
    with pytest.raises(ValueError, match="late"), ev.task("x"):
        ev.emit("task.completed")
        raise ValueError("late")

    assert events.names == ["task.started", "task.completed"]
    assert events.spans[0].status.status_code is StatusCode.ERROR


# -- one object, many uses ---------------------------------------------------------------------------------------------


def test_a_task_object_may_be_used_again(events):
    """Each time is a task of its own, with an id of its own, and nothing left of the last one."""
    task = ev.task("x")
    with task:
        task.set(quality=1)
        first = task.task_id
    task.set(quality=2)
    task.fail("too late")
    with task:
        pass

    assert first != task.task_id
    assert events.names == ["task.started", "task.completed"] * 2
    assert "quality" not in events[3].attributes


def test_a_task_object_entered_within_itself_gives_a_copy(events):
    """What `with` gives is the inner one."""
    outer = ev.task("x")
    with outer, outer as inner:
        inner.set(quality=1)
        outer.set(quality=2)

    assert told(events) == [
        ("task.started", outer.task_id, None),
        ("task.started", inner.task_id, outer.task_id),
        ("task.completed", inner.task_id, outer.task_id),
        ("task.completed", outer.task_id, None),
    ]
    assert [event.attributes["quality"] for event in events.named("task.completed")] == [1, 2]


def test_a_task_object_serves_many_threads_at_once(events):
    """Each has an id of its own and closes its own."""
    shared, barrier = ev.task("x"), threading.Barrier(8)

    def work(number):
        barrier.wait()
        for _ in range(20):
            with shared as mine:
                mine.set(worker=number)
                ev.emit("x.inside", mine=mine.task_id)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    inside = events.named("x.inside")
    assert len({event.attributes["task_id"] for event in inside}) == len(inside) == 160
    assert [event for event in inside if event.attributes["mine"] != event.attributes["task_id"]] == []
    assert len(events.named("task.completed")) == 160


def test_what_is_said_to_a_task_after_its_end_is_harmless(events):
    """It is too late, and no mistake."""
    with ev.task("x") as task:
        pass
    task.set(quality=1)
    task.fail("late")
    task.close(None)

    assert events.names == ["task.started", "task.completed"]
