"""What the store says of ids that are used again: each run is told by itself."""

import pytest

from tests.server.arriving import NOON, arrival, opened

_SECOND = 1_000_000_000
FIRST, SECOND, CHILD = "00000000000000aa", "00000000000000bb", "00000000000000cc"
numbers = iter(range(1, 10_000))


@pytest.fixture
def store(tmp_path):
    with opened(tmp_path / "events.jsonl") as store:
        yield store


def said(name, after, *, writer=FIRST, trace=0, **attributes):
    """An event so many seconds after noon."""
    attributes.setdefault("task_id", "t1")
    at = NOON + int(after * _SECOND)
    return arrival(name, next(numbers), writer=writer, at=at, trace_id=trace, **attributes)


def told(store, task_id="t1"):
    """State, events and errors of each run, by its number."""
    tasks = store.views.tasks(task_id=task_id) + store.views.tasks(task_id=task_id, state="mentioned")
    return {task["run"]: (task["state"], task["events"]) for task in tasks}


def names(store, run, task_id="t1"):
    from otel_events.filter_language import parse_filter

    return [event.record.name for event in store.select(parse_filter(f"task_id={task_id}"), run=run)]


def started_twice(*, first=FIRST, second=FIRST, traces=(0, 0)):
    """A task that is done, and done again, with the same id."""
    return [
        said("task.started", 0, writer=first, trace=traces[0], task_name="draft"),
        said("evidence.added", 1, writer=first, trace=traces[0]),
        said("task.failed", 2, writer=first, trace=traces[0], severity=17, duration=2.0),
        said("task.started", 10, writer=second, trace=traces[1], task_name="draft"),
        said("evidence.added", 11, writer=second, trace=traces[1]),
        said("evidence.added", 12, writer=second, trace=traces[1]),
        said("task.completed", 13, writer=second, trace=traces[1], duration=3.0),
    ]


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("traces", [(0, 0), (5, 6), (5, 5)])
@pytest.mark.parametrize("second", [FIRST, SECOND])
def test_a_task_that_is_done_again_has_two_runs(store, second, traces, together):
    """By the same program or by another, in a trace of its own or in the same, in one batch or in several."""
    events = started_twice(second=second, traces=traces)
    for batch in [events] if together else [[each] for each in events]:
        store.append(batch)

    assert told(store) == {1: ("failed", 3), 2: ("completed", 4)}
    assert names(store, 1) == ["task.started", "evidence.added", "task.failed"]
    assert names(store, 2) == ["task.started", "evidence.added", "evidence.added", "task.completed"]
    latest = store.views.task("t1")
    assert (latest["run"], latest["runs"], latest["duration"], latest["error_type"]) == (2, 2, 3.0, None)
    assert store.views.task("t1", 1)["duration"] == 2.0


def test_what_other_programs_say_in_the_trace_is_of_that_run(store):
    """Programs that a task starts go on with its trace and its id, whenever they are done."""
    store.append(started_twice(second=SECOND, traces=(5, 6)))
    store.append([said("page.read", 1.5, writer=CHILD, trace=5), said("page.read", 14, writer=CHILD, trace=5)])
    store.append([said("page.read", 12.5, writer="00000000000000dd", trace=6)])

    assert {run: events for run, (_, events) in told(store).items()} == {1: 5, 2: 5}
    assert names(store, 1)[-1] == "page.read"


def test_a_child_that_begins_the_same_task_goes_on_with_it(store):
    """A start that is said in the trace of one that has not ended opens nothing."""
    store.append([said("task.started", 0, trace=5), said("task.started", 1, writer=CHILD, trace=5)])
    store.append([said("page.read", 2, writer=CHILD, trace=5), said("task.completed", 3, trace=5, duration=3.0)])

    assert told(store) == {1: ("completed", 4)}
    assert store.views.task("t1")["started"] == NOON


def test_a_start_by_another_program_is_another_run_though_the_first_has_no_end(store):
    """The first was killed, and begun again by the next."""
    store.append([said("task.started", 0), said("evidence.added", 1)])
    store.append([said("task.started", 5, writer=SECOND), said("evidence.added", 6, writer=SECOND)])

    assert {run: events for run, (_, events) in told(store).items()} == {1: 2, 2: 2}
    assert store.views.task("t1")["started"] == NOON + 5 * _SECOND


def test_runs_at_the_same_time_are_told_apart(store):
    """By trace; without one, by who says so."""
    for trace in (0, 5):
        task = f"t-{trace}"
        store.append([
            said("task.started", 0, task_id=task, trace=trace and 5),
            said("task.started", 1, task_id=task, writer=SECOND, trace=trace and 6),
            said("evidence.added", 2, task_id=task, trace=trace and 5),
            said("evidence.added", 2, task_id=task, writer=SECOND, trace=trace and 6),
            said("task.completed", 3, task_id=task, trace=trace and 5),
            said("task.failed", 4, task_id=task, writer=SECOND, trace=trace and 6, severity=17),
        ])  # fmt: skip

        assert told(store, task) == {1: ("completed", 3), 2: ("failed", 3)}


def test_who_is_in_neither_trace_nor_program_speaks_of_the_run_that_is_on(store):
    """As a shell that knows the id alone, while it goes on and afterwards."""
    store.append(started_twice()[:3])
    store.append([said("review.added", 5, writer=CHILD)])
    store.append(started_twice()[3:])
    store.append([said("review.added", 20, writer=CHILD)])

    assert {run: events for run, (_, events) in told(store).items()} == {1: 4, 2: 5}


def test_a_task_that_is_queued_by_another_program_has_one_run(store):
    """It was heard of before it began; that is no run by itself."""
    store.append([said("task.queued", 0, writer=CHILD, trace=9)])
    store.append(started_twice(traces=(5, 6))[:3])

    assert told(store) == {1: ("failed", 4)}
    assert store.views.task("t1")["trace_id"] == f"{5:032x}"


@pytest.mark.parametrize("together", [True, False])
def test_what_comes_before_the_beginning_of_its_run_is_given_to_it(store, together):
    """A child's spool may be quicker than its parent's."""
    store.append(started_twice(traces=(5, 6))[:3])
    late = [
        said("page.read", 12, writer=CHILD, trace=6),
        said("page.failed", 13, writer=CHILD, trace=6, severity=17),
        said("task.started", 11, writer=SECOND, trace=6),
        said("task.completed", 14, writer=SECOND, trace=6),
    ]
    for batch in [late] if together else [[each] for each in late]:
        store.append(batch)

    assert told(store) == {1: ("failed", 3), 2: ("completed", 4)}
    assert store.views.task("t1")["errors"] == 1
    assert store.views.task("t1", 1)["errors"] == 1
    assert sorted(names(store, 2)) == ["page.failed", "page.read", "task.completed", "task.started"]


def test_the_end_of_a_run_may_come_before_its_beginning(store):
    """Another run's end is not taken for it."""
    store.append(started_twice(traces=(5, 6))[:3])
    store.append([said("task.completed", 14, writer=SECOND, trace=6, duration=3.0)])
    store.append([said("task.started", 11, writer=SECOND, trace=6)])

    assert told(store) == {1: ("failed", 3), 2: ("completed", 2)}


def test_tasks_beneath_belong_to_the_run_that_began_them(store):
    """And know which run of their parent that was."""
    first, second = started_twice(traces=(5, 6))[:3], started_twice(traces=(5, 6))[3:]
    for run, trace, after in ((first, 5, 1), (second, 6, 11)):
        child = {"task_id": "inner", "parent_task_id": "t1", "trace": trace}
        store.append([run[0], said("task.started", after, **child), said("task.completed", after, **child), *run[1:]])

    for run in (1, 2):
        (child,) = store.views.tasks(parent_task_id="t1", parent_run=run)
        assert (child["task_id"], child["run"]) == ("inner", run)


def test_sessions_and_cycles_have_runs_too(store):
    """A daemon that was killed and begun again counts its cycles anew, in a run of its session of its own."""

    def cycle(number, after, writer, *names):
        of = {"writer": writer, "trace": after, "task_id": None, "session_id": "s-1", "cycle": number}
        return [said(name, after + at / 10, **of) for at, name in enumerate(names)]

    whole = ("cycle.start", "evidence.added", "cycle.end")
    store.append([said("session.start", 0, task_id=None, session_id="s-1")])
    store.append(cycle(1, 1, FIRST, *whole) + cycle(2, 2, FIRST, "cycle.start", "evidence.added"))
    store.append([said("session.start", 10, writer=SECOND, task_id=None, session_id="s-1")])
    store.append(cycle(1, 11, SECOND, *whole) + cycle(2, 12, SECOND, *whole))
    # A program that the first one had started.
    child = said("page.read", 13, writer=CHILD, trace=2, task_id=None, session_id="s-1", cycle=2)
    store.append([child])

    sessions = store.read().execute("SELECT run, events FROM sessions ORDER BY run").fetchall()
    cycles = store.read().execute("SELECT cycle, run, session_run, events FROM cycles ORDER BY cycle, run").fetchall()
    assert sessions == [(1, 7), (2, 7)]
    assert cycles == [(1, 1, 1, 3), (1, 2, 2, 3), (2, 1, 1, 3), (2, 2, 2, 3)]


def test_cycles_without_a_session_are_those_of_their_program(store):
    """What another program counts is not theirs, unless it goes on with their trace."""
    of = {"task_id": None, "cycle": 1}
    store.append([said("cycle.start", 0, trace=5, **of), said("page.read", 1, trace=5, writer=CHILD, **of)])
    store.append([said("page.read", 2, writer=SECOND, **of), said("page.read", 3, writer=SECOND, **of)])

    assert store.read().execute("SELECT run, events FROM cycles ORDER BY run").fetchall() == [(1, 2), (2, 2)]


def test_runs_are_the_same_after_a_restart_and_a_rebuild(tmp_path):
    """They follow from the ledger, in its order."""
    path = tmp_path / "events.jsonl"
    events = started_twice(second=SECOND, traces=(5, 6))
    with opened(path) as store:
        store.append(events[:5])
    with opened(path) as store:
        store.append(events[5:])
        store.append([said("page.read", 14, writer=CHILD, trace=5)])
        before = store.views.tasks()
        assert told(store) == {1: ("failed", 4), 2: ("completed", 4)}
        store.place.clear()
    with opened(path) as store:
        assert store.views.tasks() == before


def test_programs_of_other_sdks_are_told_apart_by_their_instance(store):
    """Their events have no number of a writer: then their resource says which of them it is."""
    from otel_events.event import Resource

    for after, instance in ((0, "a"), (5, "b")):
        resource = Resource({"service.name": "worker", "service.instance.id": instance})
        at = NOON + after * _SECOND
        store.append([
            arrival(name, at=at + place, resource=resource, task_id="t1")
            for place, name in enumerate(["task.started", "page.read"])
        ])  # fmt: skip

    assert {run: events for run, (_, events) in told(store).items()} == {1: 2, 2: 2}
