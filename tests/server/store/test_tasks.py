"""What the store says of tasks and spans."""

import pytest

from otel_events.event import DEFAULT_SCOPE
from otel_events.otlp.decode import ResourceSpans
from tests.server.arriving import NOON, WRITER, arrival, opened

_SECOND = 1_000_000_000
OTHER = "00000000000000bb"


@pytest.fixture
def store(tmp_path):
    with opened(tmp_path / "events.jsonl") as store:
        yield store


def _event(name, number, task_id="t-1", *, writer=WRITER, after=0, **attributes):
    return arrival(name, number, writer=writer, at=NOON + int(after * _SECOND), task_id=task_id, **attributes)


def _states(store, **asked):
    return {task["task_id"]: task["state"] for task in store.views.tasks(**asked)}


def test_a_task_is_what_its_events_say(store):
    """From its opening event its name and where it belongs, from the closing one its end, from all of them the counts."""
    store.append(
        [_event("task.started", 1, task_name="draft", session_id="s-1", cycle=3, persona="thesis", trace_id=5)]
    )
    store.append([_event("evidence.added", 2, after=1), _event("check.failed", 3, after=2, severity=17)])
    store.append(
        [_event("task.failed", 4, after=3, severity=17, duration=3.0, quality=0.5, **{"error.type": "ValueError"})]
    )

    assert store.views.task("t-1") == {
        "task_id": "t-1",
        "run": 1,
        "runs": 1,
        "name": "draft",
        "persona": "thesis",
        "session_id": "s-1",
        "session_run": 1,
        "cycle": 3,
        "cycle_run": 1,
        "parent_task_id": None,
        "parent_run": None,
        "trace_id": f"{5:032x}",
        "span_id": None,
        "state": "failed",
        "started": NOON,
        "ended": NOON + 3 * _SECOND,
        "duration": 3.0,
        "events": 4,
        "errors": 2,
        "error_type": "ValueError",
        "attributes": {"quality": 0.5},
        "writer": WRITER,
        "writer_last": None,
        "first_time": NOON,
        "first_seq": 1,
        "last_seq": 4,
    }


@pytest.mark.parametrize("together", [True, False])
def test_the_end_may_come_before_the_beginning(store, together):
    """Spools deliver out of order: a task that has ended stays so."""
    events = [_event("task.completed", 2, after=2, duration=2.0), _event("task.started", 1, task_name="late")]
    for batch in [events] if together else [[each] for each in events]:
        store.append(batch)

    task = store.views.task("t-1")
    assert (task["state"], task["name"], task["started"], task["duration"]) == ("completed", "late", NOON, 2.0)


def test_a_task_that_begins_again_is_running(store):
    """A retry under the same id is a run of its own; the one before stays as it ended."""
    store.append([_event("task.started", 1), _event("task.failed", 2, after=1)])
    store.append([_event("task.started", 3, after=2)])

    task = store.views.task("t-1")
    assert (task["run"], task["runs"], task["ended"]) == (2, 2, None)
    assert task["state"] in {"running", "orphaned"}
    assert store.views.task("t-1", 1)["state"] == "failed"


def test_a_task_is_orphaned_when_its_writer_is_gone(store):
    """It began, did not end, and whoever would say so has stopped, or has been silent for long."""
    import time

    fresh = (time.time_ns() - NOON) // _SECOND
    now = fresh * _SECOND
    store.append([_event("task.started", 1, "t-silent")])
    store.append([_event("task.started", 1, "t-stopped", writer=OTHER, after=fresh - 1)])
    store.append([_event("task.started", 1, "t-runs", writer="00000000000000cc", after=fresh)])
    store.append([_event("task.started", 2, "t-done"), _event("task.completed", 3, "t-done", after=1)])
    store.append([_event("x.y", 4, "t-mentioned")])
    store.append(
        [arrival("otel_events.writer.stopped", 2, writer=OTHER, at=NOON + now, emitted=1, last_sequence=2, dropped={})]
    )

    assert _states(store) == {
        "t-silent": "orphaned",
        "t-stopped": "orphaned",
        "t-runs": "running",
        "t-done": "completed",
    }
    assert {each["task_id"]: each["writer_last"] for each in store.views.tasks()} == {
        "t-silent": NOON + _SECOND,
        "t-stopped": NOON + now,
        "t-runs": NOON + now,
        "t-done": None,
    }
    assert _states(store, state="orphaned") == {"t-silent": "orphaned", "t-stopped": "orphaned"}
    assert _states(store, state="running") == {"t-runs": "running"}
    assert _states(store, state="mentioned") == {"t-mentioned": "mentioned"}


def test_tasks_are_chosen_by_what_they_belong_to(store):
    """By session, cycle, persona and parent, by time, the latest first."""
    store.append(
        [
            _event("task.started", at, f"t-{at}", after=at, session_id=f"s-{at % 2}", cycle=at, parent_task_id="t-0")
            for at in range(1, 6)
        ]
    )

    assert list(_states(store, session_id="s-1")) == ["t-5", "t-3", "t-1"]
    assert list(_states(store, cycle=2)) == ["t-2"]
    assert list(_states(store, limit=2)) == ["t-5", "t-4"]
    assert list(_states(store, parent_task_id="t-0", until=NOON + 2 * _SECOND)) == ["t-1"]


def test_writers_are_known_by_what_they_number_and_say(store):
    """What was received, what is missing without a word, what they lost by their own account, and how they ended."""
    store.append([arrival("otel_events.writer.started", 1, pid=77, version="1")])
    store.append([arrival(number=number) for number in (2, 3, 7, 9)])
    store.append([arrival("x.y", 1, writer=OTHER, **{"otel_events.summary.count": 5})])
    store.append(
        [arrival("otel_events.writer.stopped", 12, emitted=10, last_sequence=12, dropped={"queue_full": 2, "x": "?"})]
    )

    writers = {each["writer"]: each for each in store.views.writers()}
    assert writers[WRITER] | {"last": None} == {
        "writer": WRITER,
        "service": "orchestrator",
        "host": "here",
        "pid": 77,
        "started": NOON,
        "last": None,
        "state": "stopped",
        "is_numbered": True,
        "emitted": 10,
        "received": 6,
        "missing": 4,  # of 12 numbers 6 came, and 2 are explained
        "dropped": {"queue_full": 2},
        "summed": 0,
    }
    assert (writers[OTHER]["state"], writers[OTHER]["missing"], writers[OTHER]["summed"]) == ("unclean", 0, 4)


def _span(span_id, *, parent="", name="draft", start=0, end=1, **attributes):
    return {
        "trace_id": "5b8efff798038103d269b633813fc60c",
        "span_id": span_id,
        "trace_state": "",
        "parent_span_id": parent,
        "flags": 0,
        "name": name,
        "kind": 1,
        "start_time_unix_nano": NOON + start * _SECOND,
        "end_time_unix_nano": NOON + end * _SECOND,
        "attributes": attributes,
        "dropped_attributes_count": 0,
        "events": [],
        "dropped_events_count": 0,
        "links": [],
        "dropped_links_count": 0,
        "status": {"code": 2, "message": "boom"},
        "scope": DEFAULT_SCOPE,
    }


def test_spans_are_kept_for_their_trace_and_their_task_each_once(tmp_path):
    """With what they say, in the order in which they began; the file beside the ledger is one that readers read."""
    from otel_events.reading.read import read_records
    from otel_events.reading.sources import find_sources

    outer = _span("eee19b7ec3c1b174", end=3, task_id="t-1", session_id="s-1", odd=[1, {"a": b"b"}, float("inf")])
    inner = _span("eee19b7ec3c1b175", parent="eee19b7ec3c1b174", name="inner", start=1)
    group = ResourceSpans({"service.name": "orchestrator"}, "", [inner, outer, inner])
    with opened(tmp_path / "events.jsonl") as store:
        store.append_spans([group])
        store.append_spans([group])
        spans = store.views.spans(trace_id="5b8efff798038103d269b633813fc60c")
        of_task = store.views.spans(task_id="t-1")
        records = list(read_records(find_sources([str(store.place.spans)])))

    assert [span["name"] for span in spans] == ["draft", "inner"]
    assert of_task == spans[:1]
    assert spans[0] | {"attributes": None, "scope": None} == {
        "trace_id": "5b8efff798038103d269b633813fc60c",
        "span_id": "eee19b7ec3c1b174",
        "parent_span_id": "",
        "name": "draft",
        "started": NOON,
        "ended": NOON + 3 * _SECOND,
        "status": "error",
        "service": "orchestrator",
        "task_id": "t-1",
        "session_id": "s-1",
        "message": "boom",
        "scope": None,
        "attributes": None,
        "events": [],
        "links": [],
    }
    assert sorted(record.name for record in records) == ["draft", "inner"]
    assert {record.name: record.attributes for record in records}["draft"]["odd"] == [1, {"a": b"b"}, float("inf")]


def test_what_happened_inside_a_span_and_its_links_are_kept(tmp_path):
    """As the sender said it, with times and typed attributes; the first hundred of each."""
    attempt = {"time_unix_nano": NOON + 1, "name": "attempt", "attributes": {"number": 1, "raw": b"b"}}
    link = {"trace_id": "ab" * 16, "span_id": "cd" * 8, "attributes": {"why": "retry of"}}
    span = {**_span("eee19b7ec3c1b174"), "events": [attempt] * 101, "links": [link]}
    with opened(tmp_path / "events.jsonl") as store:
        store.append_spans([ResourceSpans({}, "", [span])])
        (kept,) = store.views.spans(trace_id="5b8efff798038103d269b633813fc60c")

    assert len(kept["events"]) == 100
    assert kept["events"][0] == {
        "name": "attempt",
        "time": "2026-02-14T12:00:00.000000001Z",
        "attributes": {"number": 1, "raw": {"bytesValue": "Yg=="}},
    }
    assert kept["links"] == [link]
