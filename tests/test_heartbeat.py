"""Signs of life: when they come, what they carry, and that nothing but their end ends them."""

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest

import otel_events as ev
from tests.program import ROOT, environment, ledger_events, run_program

PATIENCE = 20.0  # seconds; reached only by a failing test


def beats(events):
    return [event for event in events if event.name == "heartbeat"]


def wait_for(events, count):
    """Wait until so many beats have come, and return them."""
    end = time.monotonic() + PATIENCE
    while len(beats(events)) < count:
        assert time.monotonic() < end, f"{len(beats(events))} of {count} beats"
        time.sleep(0.01)
    return beats(events)


def none_beats():
    return not any(thread.name.startswith("otel_events.heartbeat") for thread in threading.enumerate())


def wait_for_silence():
    end = time.monotonic() + PATIENCE
    while not none_beats():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_call_is_enough(events):
    """It beats until it is stopped, with its name, its interval and what else was given."""
    beat = ev.heartbeat("orchestrator", every=0.02, status="HEALTHY")
    first = wait_for(events, 3)[0]
    beat.stop()
    wait_for_silence()

    assert first.attributes == {"component": "orchestrator", "interval": 0.02, "status": "HEALTHY"}


def test_a_block_beats_at_its_beginning_and_no_more_at_its_end(events):
    """However short it is, and with the attributes bound around it."""
    with ev.context(persona="thesis"), ev.heartbeat("worker", every=60):
        wait_for(events, 1)
    wait_for_silence()

    (beat,) = beats(events)
    assert beat.attributes == {"component": "worker", "interval": 60.0, "persona": "thesis"}


@pytest.mark.parametrize("every", [0.5, "500ms", timedelta(seconds=0.5)])
def test_an_interval_may_be_written_in_three_ways(events, every):
    """As seconds, as a text, as a timedelta."""
    with ev.heartbeat("worker", every=every):
        assert wait_for(events, 1)[0].attributes["interval"] == 0.5


def test_a_decorated_function_beats_during_each_call_and_never_else(events):
    """Plain, async or a generator; nothing beats because it was decorated."""

    @ev.heartbeat("plain", every=60)
    def plain():
        wait_for(events, 1)

    @ev.heartbeat("async", every=60)
    async def in_a_loop():
        await asyncio.to_thread(wait_for, events, 2)

    @ev.heartbeat("steps", every=60)
    def steps():
        yield wait_for(events, 3)

    wait_for_silence()
    assert beats(events) == []
    plain()
    asyncio.run(in_a_loop())
    list(steps())
    wait_for_silence()

    assert [beat.attributes["component"] for beat in beats(events)] == ["plain", "async", "steps"]


def test_an_event_loop_may_enter_it(events):
    """The beat is on a thread of its own, so the loop does not wait for it, nor it for the loop."""

    async def work():
        async with ev.heartbeat("worker", every=0.02):
            wait_for(events, 3)  # without a step of the loop

    asyncio.run(work())
    wait_for_silence()

    assert len(beats(events)) >= 3


def test_what_a_beat_says_can_change(events):
    """From the next beat on; None takes an attribute away."""
    with ev.heartbeat("worker", every=60, status="HEALTHY", queue=1) as beat:
        wait_for(events, 1)
        beat.set(status="DRAINING", queue=None)
        beat.start()
        wait_for(events, 2)

    assert [dict(each.attributes) | {"interval": 0} for each in beats(events)] == [
        {"component": "worker", "interval": 0, "status": "HEALTHY", "queue": 1},
        {"component": "worker", "interval": 0, "status": "DRAINING"},
    ]


def test_it_can_be_stopped_twice_and_started_again(events):
    """By whoever has it."""
    beat = ev.heartbeat("worker", every=60)
    beat.stop()
    beat.stop()
    wait_for_silence()
    beat.start()
    wait_for(events, 1)
    beat.stop()
    wait_for_silence()

    assert len(beats(events)) == 1


def test_no_guard_eats_it(tmp_path):
    """Rate limit, deduplication and roll-up let each beat pass, whatever their patterns say."""
    ran = run_program(
        """
        import time
        from otel_events.pipeline.rate_limit import RateLimit
        ev.configure(ledger="events.jsonl", rate_limits=[RateLimit("*", per_second=0.001)],
                     deduplicate=["*"], roll_up=["*"])
        until = time.monotonic() + 30
        with ev.heartbeat("worker", every=0.02):
            while ev.stats().emitted < 4 and time.monotonic() < until:
                time.sleep(0.02)
        print(json.dumps(ev.shutdown(10)))
        """,
        tmp_path,
    )

    assert (ran.code, ran.err, ran.said) == (0, "", True)
    names = [event["event"] for event in ledger_events(tmp_path / "events.jsonl")]
    assert names.count("heartbeat") > 2
    assert set(names) == {"heartbeat"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_has_no_beat_but_one_of_its_own(tmp_path):
    """Else two processes would beat as one, and the death of either would not show."""
    ran = run_program(
        """
        import os, time, threading
        def wait_for_beats(count):
            until = time.monotonic() + 20
            while ev.stats().emitted < count and time.monotonic() < until:
                time.sleep(0.01)
        beat = ev.heartbeat("parent", every=0.02)
        wait_for_beats(5)
        pid = os.fork()
        if pid == 0:
            beat.stop()
            beating = threading.active_count() - 1
            with ev.heartbeat("child", every=60):
                wait_for_beats(1)
            ev.emit("child.told", beating=beating)
            ev.shutdown(10)
            os._exit(0)
        os.waitpid(pid, 0)
        beat.stop()
        """,
        tmp_path,
        PYTHONWARNINGS="ignore",
    )
    events = ran.default_ledger
    told = next(event for event in events if event["event"] == "child.told")
    child = told["uid"].partition("-")[0]

    assert (ran.code, ran.err, told["attributes"]["beating"]) == (0, "", 0)
    by_child = {event["uid"].startswith(child) for event in events if event["attributes"].get("component") == "child"}
    by_parent = {event["uid"].startswith(child) for event in events if event["attributes"].get("component") == "parent"}
    assert (by_child, by_parent) == ({True}, {False})


def test_nothing_is_counted_as_dropped_after_a_shutdown(tmp_path):
    """A heart that beats on has nobody to tell, and that is no loss."""
    ran = run_program(
        """
        import time
        ev.heartbeat("worker", every=0.02)
        time.sleep(0.3)
        ev.shutdown(10)
        time.sleep(0.2)
        print(json.dumps(ev.stats().dropped))
        """,
        tmp_path,
    )

    assert (ran.code, ran.err, ran.said) == (0, "", {})


@pytest.mark.parametrize(
    ("component", "every", "what"),
    [
        ("", 30, "must name what is alive"),
        ("x", 0, "every must be seconds"),
        ("x", "soon", "'soon'"),
        ("x", True, "True"),
    ],
)
def test_what_cannot_beat_is_told_at_once(component, every, what):
    """With all that is wrong, and what would be right."""
    with pytest.raises(ev.ConfigurationError, match=what):
        ev.heartbeat(component, every=every)


@pytest.mark.slow
def test_the_example_shows_a_death_and_a_return(tmp_path):
    """examples/heartbeat.py runs, and its watcher tells both."""
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "heartbeat.py"],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    told = done.stdout
    assert (
        told.index("heartbeat.missed ") < told.index("-- it is started again") < told.index("heartbeat.missed.resolved")
    )


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs a bound on the size of files")
def test_a_full_disk_stops_no_heart(tmp_path):
    """It is told and counted; what beat meanwhile is in the ledger when there is room, and nothing is missing."""
    ran = run_program(
        """
        import resource, time
        def wait_for(condition):
            until = time.monotonic() + 20
            while not condition():
                assert time.monotonic() < until
                time.sleep(0.01)
        def limit(size): resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        ev.configure(service_name="beating", ledger="events.jsonl", sink="ledger")
        ev.heartbeat("courier", every=0.05)
        wait_for(lambda: ev.stats().emitted > 2)
        ev.flush(10)
        limit(1)
        wait_for(lambda: ev.stats().problems.get("ledger_write_failed", 0))
        beaten = ev.stats().emitted
        wait_for(lambda: ev.stats().emitted > beaten + 2)
        limit(resource.RLIM_INFINITY)
        print(json.dumps([ev.flush(20), dict(ev.stats().dropped)]))
        """,
        tmp_path,
    )

    lines = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert ran.said == [True, {}]
    assert "cannot write the ledger" in ran.err
    assert [line["event"] for line in lines].count("heartbeat") > 5
    numbers = [int(line["uid"].rpartition("-")[2], 16) for line in lines if line.get("uid")]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
