"""Tasks, phases, cycles and sessions: what they tell, and what they leave alone."""

import asyncio
import concurrent.futures
import traceback

import pytest
from opentelemetry import trace
from opentelemetry.trace import StatusCode

import otel_events as ev
from otel_events.testing import capture_events
from tests.program import run_program


def told(events):
    """Return name, task id and parent of each event."""
    return [(event.name, event.attributes.get("task_id"), event.attributes.get("parent_task_id")) for event in events]


# -- the whole example -------------------------------------------------------------------------------------------------


def test_the_example_of_the_documentation_runs_as_written(events):
    """Sessions and cycles bind and frame, a task is a span, results stand on the closing event."""
    with ev.session("s-1"), ev.cycle(42, day=1551), ev.context(persona="thesis"):
        with ev.task("draft", task_id="t-1", goal="...") as task:
            ev.emit("evidence.added", source="paper.pdf", quality=0.82)
            task.set(quality=0.85, confidence=0.78)
    ev.emit("alert.triggered", "Proxy port not responding", severity="warning", component="proxy", port=18091)

    assert events.names == [
        *("session.start", "cycle.start", "task.started", "evidence.added", "task.completed"),
        *("cycle.end", "session.end", "alert.triggered"),
    ]
    bound = {"session_id": "s-1", "cycle": 42, "day": 1551, "persona": "thesis", "task_id": "t-1"}
    opening, closing = events.one("task.started"), events.one("task.completed")
    assert opening.attributes == {"task_name": "draft", "goal": "...", **bound}
    duration = closing.attributes["duration"]
    assert isinstance(duration, float)
    assert closing.attributes == {
        "task_name": "draft",
        "quality": 0.85,
        "confidence": 0.78,
        "duration": duration,
        **bound,
    }
    assert events.one("evidence.added").attributes == {"source": "paper.pdf", "quality": 0.82, **bound}
    assert events.one("alert.triggered").severity is ev.Severity.WARN

    task_span, cycle_span = events.spans
    assert (task_span.name, task_span.parent) == ("draft", cycle_span.context)
    assert dict(task_span.attributes) == {
        **bound,
        "task_name": "draft",
        "goal": "...",
        "quality": 0.85,
        "confidence": 0.78,
    }
    assert [event.name for event in task_span.events] == ["task.started", "evidence.added", "task.completed"]
    assert task_span.status.status_code is StatusCode.UNSET


# -- how it ends -------------------------------------------------------------------------------------------------------


def test_an_exception_fails_the_task_and_travels_on_unchanged(events):
    """The very same object, its traceback without any frame of ours but the wrapper's; the span says ERROR."""
    error = ValueError("no source")

    @ev.task
    def draft():
        raise error

    with pytest.raises(ValueError, match="no source") as caught:
        draft()

    assert caught.value is error
    assert [frame.name for frame in traceback.extract_tb(error.__traceback__)][1:] == ["call", "draft"]
    assert (error.__cause__, error.__context__) == (None, None)
    failed = events.one("task.failed", severity="error")
    assert failed.attributes["error.type"] == failed.attributes["exception.type"] == "ValueError"
    assert failed.attributes["exception.message"] == "no source"
    assert failed.attributes["exception.stacktrace"].endswith("ValueError: no source")
    (span,) = events.spans
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "ValueError: no source")
    assert span.attributes["error.type"] == "ValueError"
    assert [event.name for event in span.events] == ["task.started", "task.failed"]


class Cancelled(BaseException):
    """As other libraries cancel."""


@pytest.mark.parametrize(
    ("error", "name", "status"),
    [
        (asyncio.CancelledError(), "task.cancelled", StatusCode.UNSET),
        (concurrent.futures.CancelledError(), "task.cancelled", StatusCode.UNSET),
        (KeyboardInterrupt(), "task.cancelled", StatusCode.UNSET),
        (GeneratorExit(), "task.cancelled", StatusCode.UNSET),
        (Cancelled(), "task.cancelled", StatusCode.UNSET),
        (SystemExit(), "task.completed", StatusCode.UNSET),
        (SystemExit(0), "task.completed", StatusCode.UNSET),
        (SystemExit(3), "task.failed", StatusCode.ERROR),
        (TimeoutError(), "task.failed", StatusCode.ERROR),
        (StopIteration(), "task.failed", StatusCode.ERROR),
    ],
)
def test_what_leaves_the_block_decides_how_the_task_ended(events, error, name, status):
    """Cancellations are no failures; an orderly exit is none either."""
    with pytest.raises(type(error)), ev.task("x"):
        raise error

    assert events.names == ["task.started", name]
    assert events.spans[0].status.status_code is status


def test_a_cancelled_asyncio_task_is_a_cancelled_task(events):
    """And asyncio sees its CancelledError."""

    async def main():
        running = asyncio.create_task(ev.task(asyncio.sleep)(60))
        await asyncio.sleep(0.01)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(main())

    assert events.names == ["task.started", "task.cancelled"]


def test_a_task_can_fail_without_an_exception(events):
    """`fail` says why, for people and for counting."""
    with ev.task("x") as task:
        task.fail("no source found", error_type="no_source")

    failed = events.one("task.failed", severity="error")
    assert (failed.attributes["reason"], failed.attributes["error.type"]) == ("no source found", "no_source")
    (span,) = events.spans
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "no source found")
    assert span.attributes["error.type"] == "no_source"


def test_phases_cycles_and_sessions_end_in_one_event_whatever_happens(events):
    """It tells by `error.type` and severity that it was a failure."""
    with pytest.raises(ValueError, match="x"), ev.phase("thesis", goal="g"):
        raise ValueError("x")

    assert events.names == ["thesis.start", "thesis.end"]
    assert events[0].attributes == {"goal": "g"}
    assert (events[1].severity, events[1].attributes["error.type"]) == (ev.Severity.ERROR, "ValueError")


def test_a_phase_that_the_catalogue_does_not_know_is_told_by_its_name(events):
    """`phase.start` and `phase.end` carry it, and it is a span."""
    with ev.phase("digestion"):
        pass

    assert [(event.name, event.attributes.get("phase")) for event in events] == [
        ("phase.start", "digestion"),
        ("phase.end", "digestion"),
    ]
    assert [span.name for span in events.spans] == ["digestion"]


def test_a_session_is_no_span_and_a_cycle_is_one(events):
    """Sessions outlive traces."""
    with ev.session("s-1"):
        pass
    with ev.cycle(1):
        pass

    assert [span.name for span in events.spans] == ["cycle"]


# -- identity ----------------------------------------------------------------------------------------------------------


def test_a_task_id_is_made_where_none_is_given(events):
    """The task knows it, and every event inside has it; it is text, whatever was given."""
    with ev.task("x") as made:
        pass
    with ev.task("x", task_id=7) as given:
        pass

    assert (len(made.task_id), given.task_id) == (16, "7")
    assert [event.attributes["task_id"] for event in events] == [made.task_id] * 2 + ["7"] * 2


def test_a_functions_own_parameter_is_the_task_id(events):
    """By position, by keyword, by default; None means that one is made; what decorates wins."""

    @ev.task
    def draft(goal, task_id="t-default"):
        return task_id

    draft("g", "t-1")
    draft(goal="g", task_id="t-2")
    draft("g")
    draft("g", None)
    ev.task("x", task_id="t-3")(draft.__wrapped__)("g", "t-4")
    with pytest.raises(TypeError, match="unexpected keyword"):
        draft("g", nonsense=1)

    ids = [event.attributes["task_id"] for event in events if event.name == "task.started"]
    assert [*ids[:3], ids[4]] == ["t-1", "t-2", "t-default", "t-3"]
    assert len(ids[3]) == len(ids[5]) == 16


def test_a_nested_task_tells_the_task_around_it(events):
    """One level up; beneath a process-wide task id as well."""
    ev.bind(task_id="t-0")
    with ev.task("a", task_id="t-1"), ev.context(persona="p"), ev.task("b", task_id="t-2"), ev.phase("thesis"):
        with ev.task("c", task_id="t-3"):
            pass

    assert told(events)[:5] == [
        ("task.started", "t-1", "t-0"),
        ("task.started", "t-2", "t-1"),
        ("thesis.start", "t-2", "t-1"),
        ("task.started", "t-3", "t-2"),
        ("task.completed", "t-3", "t-2"),
    ]


# -- spans -------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_without_any_place_for_spans_a_task_still_has_ids(tmp_path):
    """Trace and span ids correlate its events; a nested task is in the same trace; they do not follow `random`'s seed."""
    program = """
        import random
        random.seed(0)
        ev.configure(ledger="events.jsonl")
        with ev.task("a"), ev.task("b"):
            ev.emit("x.y")
        ev.shutdown()
        with open("events.jsonl", encoding="utf-8") as written:
            lines = [json.loads(line) for line in written]
        started, _, inside = [line for line in lines if "trace_id" in line][:3]
        assert inside["trace_id"] == started["trace_id"] and inside["span_id"] != started["span_id"], lines
        print(json.dumps(started["trace_id"]))
    """
    homes = [tmp_path / "a", tmp_path / "b"]
    for home in homes:
        home.mkdir()
    ran = [run_program(program, home, OTEL_TRACES_EXPORTER="none") for home in homes]

    assert [one.err for one in ran] == ["", ""]
    assert ran[0].said != ran[1].said


def test_a_tracer_that_fails_does_not_fail_the_task(monkeypatch):
    """A sampler or a processor of somebody else's that raises costs the span, and is counted."""

    class Broken(trace.TracerProvider):
        def get_tracer(self, *args, **kwargs):
            raise RuntimeError("broken")

    monkeypatch.setattr(trace, "get_tracer_provider", Broken)
    with capture_events() as events:
        with ev.task("x", task_id="t-1"):
            ev.emit("x.y")

        assert told(events) == [(name, "t-1", None) for name in ("task.started", "x.y", "task.completed")]
        assert events[0].trace_id != ""
        assert ev.stats().problems == {"span_failed_to_start": 1}


def test_the_stack_of_a_decorated_function_has_the_programs_frames_alone(events):
    """Those that the decorator puts in say nothing to anybody."""

    @ev.task
    def inner():
        raise KeyError("k")

    @ev.task
    def outer():
        inner()

    with pytest.raises(KeyError):
        outer()

    stack = events.named("task.failed")[-1].attributes["exception.stacktrace"]
    assert "scoping.py" not in stack
    assert ("in outer" in stack, "in inner" in stack) == (True, True)
