"""What `capture_events` promises to tests of programs that emit."""

import asyncio
import os
import threading

import pytest

import otel_events as ev
from otel_events.testing import capture_events
from tests.fresh import KeepingSink, fresh  # noqa: F401
from tests.program import run_program


def test_items_tell_all_about_an_event():
    """Each item has name, message, severity, attributes, trace and span ids, timestamp and uid."""
    with capture_events() as events, ev.context(persona="thesis"), ev.task("draft", task_id="t-1"):
        ev.emit("alert.triggered", "Proxy down", severity="warning", timestamp=5, port=18091)

    event = events[1]
    span = events.spans[0]
    assert (event.name, event.message, event.severity) == ("alert.triggered", "Proxy down", ev.Severity.WARN)
    assert event.attributes == {"port": 18091, "persona": "thesis", "task_id": "t-1"}
    assert event.timestamp == 5
    assert event.uid.endswith("-2")
    assert event.trace_id == f"{span.context.trace_id:032x}"
    assert event.span_id == f"{span.context.span_id:016x}"


def test_outside_a_span_the_ids_are_empty():
    """An event without a span has empty ids, so that `if event.trace_id` reads right."""
    with capture_events() as events:
        ev.emit("seed.planted")

    assert (events.only().trace_id, events.only().span_id) == ("", "")


def test_reading_sees_all_that_was_emitted_so_far():
    """Inside the block every look waits for what was emitted before it."""
    with capture_events() as events:
        for number in range(100):
            ev.emit("seed.planted", n=number)

            assert len(events) == number + 1
            assert events[-1].attributes == {"n": number}


def test_after_the_block_the_events_stay():
    """What was captured can be read after the block, and nothing is added to it."""
    with capture_events() as events:
        ev.emit("seed.planted")
    with capture_events():
        ev.emit("seed.died")

    assert events.names == ["seed.planted"]


def test_the_process_s_own_sinks_get_nothing(fresh):  # noqa: F811
    """Events inside go to memory alone; those before and after to the sinks that were configured."""
    kept = KeepingSink()
    ev.configure(sink=kept)
    ev.emit("cycle.start")
    with capture_events() as events:
        ev.emit("seed.planted")
    ev.emit("cycle.end")
    assert ev.flush()

    assert events.names == ["seed.planted"]
    assert kept.names == ["cycle.start", "cycle.end"]


def test_stages_are_those_that_were_configured(fresh):  # noqa: F811
    """Events pass the limits that the process has configured."""
    ev.configure(sink=KeepingSink(), attribute_value_length_limit=16)
    with capture_events() as events:
        ev.emit("report.written", text="x" * 50)

    assert len(events.only().attributes["text"]) <= 16


def test_what_is_configured_inside_holds_inside(fresh):  # noqa: F811
    """A program may configure itself in a test: its settings hold, its sinks get nothing, and nothing of it remains."""
    kept = KeepingSink()
    with capture_events() as events:
        ev.configure(sink=kept, attribute_value_length_limit=16, attributes={"env_id": 3})
        ev.emit("report.written", text="x" * 50)
        assert ev.flush()
    with capture_events() as after:
        ev.emit("report.written", text="x" * 50)

    assert len(events.only().attributes["text"]) <= 16
    assert events.only().attributes["env_id"] == 3
    assert after.only().attributes == {"text": "x" * 50}
    assert not kept.events


def test_shutting_down_inside_ends_only_what_is_inside(fresh):  # noqa: F811
    """A program that shuts down at its end can be tested; the next block captures again, and so do the sinks."""
    kept = KeepingSink()
    ev.configure(sink=kept)
    with capture_events() as events:
        ev.emit("session.start")
        assert ev.shutdown()
    with capture_events() as again:
        ev.emit("session.end")
    ev.emit("seed.planted")
    assert ev.flush()

    assert (events.names, again.names, kept.names) == (["session.start"], ["session.end"], ["seed.planted"])


def test_capturing_works_after_a_shutdown(fresh):  # noqa: F811
    """A process that was shut down still captures."""
    ev.configure(sink=KeepingSink())
    ev.shutdown()
    with capture_events() as events:
        ev.emit("seed.planted")

    assert events.names == ["seed.planted"]


def test_the_innermost_block_captures():
    """Of nested blocks the innermost gets the events, then the outer one again."""
    with capture_events() as outer:
        ev.emit("wave.started")
        with capture_events() as inner:
            ev.emit("seed.planted")
        ev.emit("wave.completed")

    assert (outer.names, inner.names) == (["wave.started", "wave.completed"], ["seed.planted"])


def test_an_error_in_the_block_restores_everything(fresh):  # noqa: F811
    """A failing test leaves the process as it was."""
    kept = KeepingSink()
    ev.configure(sink=kept)
    with pytest.raises(ZeroDivisionError), capture_events():
        1 / 0
    ev.emit("seed.planted")
    assert ev.flush()

    assert kept.names == ["seed.planted"]


def test_threads_are_captured():
    """Events of every thread arrive, none is lost."""
    with capture_events() as events:
        threads = [threading.Thread(target=lambda: [ev.emit("seed.planted") for _ in range(500)]) for _ in range(8)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            len(events)  # reading meanwhile disturbs nothing
        for thread in threads:
            thread.join()

    assert len(events) == 4000


def test_asyncio_tasks_are_captured_with_their_scopes():
    """Interleaved asyncio tasks keep their own attributes."""

    async def work(name):
        with ev.context(persona=name):
            await asyncio.sleep(0)
            ev.emit("thought.formed")

    async def main():
        await asyncio.gather(*(work(f"p{number}") for number in range(20)))

    with capture_events() as events:
        asyncio.run(main())

    assert sorted(event.attributes["persona"] for event in events) == sorted(f"p{number}" for number in range(20))


def test_deterministic_events_are_equal_in_every_run():
    """With `deterministic` timestamps, uids, ids and durations are numbers in the order of emission."""

    def run():
        with capture_events(deterministic=True) as events, ev.task("outer"):
            ev.emit("seed.planted", n=1)
            with ev.task("inner"):
                ev.emit("seed.planted", n=2, timestamp=77)
        return [(e.name, e.timestamp, e.uid, e.trace_id, e.span_id, dict(e.attributes)) for e in events]

    first = run()

    assert first == run()
    assert first[0][1:4] == (1_000_000_000, "0000000000000000-1", "0" * 31 + "1")
    assert first[3][1] == 77
    inner_started = first[2]
    assert inner_started[4] == "0" * 15 + "2"
    assert inner_started[5]["parent_task_id"] == "0" * 15 + "1"
    assert first[-1][5]["duration"] == 0.0


def test_ids_that_the_program_gives_stay():
    """With `deterministic` an id that the program gave a task is left alone, and so is a duration of its own."""
    with capture_events(deterministic=True) as events, ev.task("t", task_id="t-1"):
        ev.emit("seed.bred", duration=2.5)

    assert events[0].attributes["task_id"] == "t-1"
    assert events[1].attributes["duration"] == 2.5


def test_strict_capture_refuses_what_the_catalogue_does_not_know():
    """With `strict` an unknown event name raises where it is emitted; outside the block it does not."""
    with capture_events(strict=True), pytest.raises(ev.StrictModeError):
        ev.emit("no.such.event.at.all")
    with capture_events() as events:
        ev.emit("no.such.event.at.all")

    assert len(events) == 1


def test_spans_are_captured():
    """Ended spans of tasks are in `spans`, with the copies of the events in them."""
    with capture_events() as events, ev.task("draft"):
        ev.emit("evidence.added", source="paper.pdf")

    assert [span.name for span in events.spans] == ["draft"]
    assert [copy.name for copy in events.spans[0].events] == ["task.started", "evidence.added", "task.completed"]


def test_clear_forgets():
    """`clear` forgets what was captured so far."""
    with capture_events() as events:
        ev.emit("seed.planted")
        events.clear()
        ev.emit("seed.died")

    assert events.names == ["seed.died"]


def test_stats_inside_count_what_is_captured():
    """`stats()` inside counts from zero, and every event is accounted for."""
    with capture_events() as events:
        ev.emit("seed.planted")
        assert len(events) == 1
        stats = ev.stats()

    assert (stats.emitted, dict(stats.delivered)) == (1, {"captured": 1})


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_captures_its_own(tmp_path):
    """After a fork the child's block captures the child's events, the parent's the parent's, and no file is written."""
    ran = run_program(
        """
        import os
        from otel_events.testing import capture_events
        with capture_events() as events:
            ev.emit("seed.planted")
            read, write = os.pipe()
            pid = os.fork()
            if pid == 0:
                ev.emit("seed.died")
                os.write(write, json.dumps(events.names).encode())
                os._exit(0)
            os.waitpid(pid, 0)
            child = json.loads(os.read(read, 1000))
            ev.emit("seed.bred")
        print(json.dumps([child[-1], events.names]))
        """,
        tmp_path,
        PYTHONWARNINGS="ignore",
    )

    assert ran.said == ["seed.died", ["seed.planted", "seed.bred"]], ran
    assert ran.default_ledger == []
