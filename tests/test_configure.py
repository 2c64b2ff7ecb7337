"""What `configure` promises: any number of times, late, from any thread; all problems at once; nothing half done."""

import json
import logging
import threading
import time

import pytest

import otel_events as ev
from otel_events import process
from tests.effort import rest_slow
from tests.fresh import KeepingSink, SpanKeepingSink, assert_accounted, fresh  # noqa: F401
from tests.program import run_program

pytestmark = pytest.mark.usefixtures("fresh")


# -- again, late, from several threads ----------------------------------------------------------------------------------


def test_events_before_configure_go_the_way_it_sets():
    """What was emitted before a late `configure`, in the same breath, is not lost."""
    kept = KeepingSink()
    ev.emit("session.start")
    ev.configure(sink=kept, ledger=False)
    ev.emit("session.end")
    assert ev.flush()

    assert kept.names[-1] == "session.end"
    assert_all_went_somewhere(ev.stats())


def assert_all_went_somewhere(stats):
    assert stats.emitted + stats.own == sum(stats.delivered.values()) + sum(stats.dropped.values()), stats


def test_the_last_configure_holds_as_a_whole():
    """A second call replaces everything: its sinks, its limits, its attributes; the first sinks are closed."""
    first, second = KeepingSink("first"), KeepingSink("second")
    ev.configure(sink=first, attributes={"env_id": 1, "day": 2}, attribute_value_length_limit=16)
    ev.emit("seed.planted", text="x" * 50)
    assert ev.flush()
    ev.configure(sink=second, attributes={"day": 3})
    ev.emit("seed.died", text="x" * 50)
    assert ev.flush()

    assert first.names == ["seed.planted"]
    assert first.is_closed
    assert second.events[0].all_attributes() == {"text": "x" * 50, "day": 3}


def test_nothing_is_lost_between_two_configures():
    """Events that wait while sinks are replaced go to the one or to the other."""
    sinks = [KeepingSink(f"s{number}") for number in range(5)]
    is_over = threading.Event()

    def work():
        while not is_over.is_set():
            ev.emit("seed.planted")
            is_over.wait(0.0001)

    ev.configure(sink=sinks[0])
    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for sink in sinks[1:]:
        ev.configure(sink=sink)
    is_over.set()
    for thread in threads:
        thread.join()
    assert ev.flush(10)

    stats = ev.stats()
    assert sum(len(sink.events) for sink in sinks) == stats.emitted - sum(stats.dropped.values())
    assert set(stats.dropped) <= {"queue_full"}
    assert all(sink.is_closed for sink in sinks[:-1])


def test_configure_from_several_threads_at_once():
    """Calls at the same time leave one of them in place, whole, and a pipeline that works."""
    sinks = [KeepingSink(f"s{number}") for number in range(8)]
    barrier = threading.Barrier(len(sinks))

    def work(number):
        barrier.wait()
        ev.configure(sink=sinks[number], attributes={"env_id": number})

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(sinks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ev.emit("seed.planted")
    assert ev.flush()

    (winner,) = [sink for sink in sinks if not sink.is_closed]
    assert [event.bound["env_id"] for event in winner.events] == [sinks.index(winner)]


def test_configure_after_a_shutdown_starts_anew():
    """After `shutdown` events are dropped and counted; `configure` takes events again."""
    before, after = KeepingSink("before"), KeepingSink("after")
    ev.configure(sink=before)
    assert ev.shutdown()
    ev.emit("seed.died")
    ev.configure(sink=after)
    ev.emit("seed.planted")
    assert ev.flush()

    assert (before.names, after.names) == ([], ["seed.planted"])
    assert ev.stats().dropped == {"after_shutdown": 1}
    assert_accounted(ev.stats(), "after")


def test_a_thread_that_is_late_to_end_takes_nothing_of_what_comes_after():
    """What was shut down hands nothing to its closed sinks, however late its thread comes to its last turn."""
    before, after = KeepingSink("before"), KeepingSink("after")
    ev.configure(sink=before)
    late = process.current().pipeline
    assert ev.shutdown()
    ev.configure(sink=after, flush_interval=60, span_batch={"flush_interval": 60})
    ev.emit("seed.planted")
    assert late.hand_over(time.monotonic() + 10)  # as its thread does
    assert ev.flush()

    assert (before.names, after.names) == ([], ["seed.planted"])
    assert ev.stats().dropped == {}


# -- problems ----------------------------------------------------------------------------------------------------------


def test_wrong_keywords_are_told_all_at_once_and_change_nothing():
    """One error lists every wrong keyword; what was set up before still holds."""
    kept = KeepingSink()
    ev.configure(sink=kept)
    with pytest.raises(ev.ConfigurationError) as caught:
        ev.configure(sink="nonsense", flush_interval="soon", servicename="x", queue_bytes=-1)
    ev.emit("seed.planted")
    assert ev.flush()

    assert len(caught.value.problems) == 4
    assert kept.names == ["seed.planted"]


def test_a_wrong_definition_changes_nothing():
    """A folder of definitions that cannot be used is an error; what was set up before still holds."""
    kept = KeepingSink()
    ev.configure(sink=kept)
    with pytest.raises(ev.OtelEventsError):
        ev.configure(sink=KeepingSink("other"), catalog=["/no/such/folder"])
    ev.emit("seed.planted")
    assert ev.flush()

    assert kept.names == ["seed.planted"]


def test_wrong_variables_are_told_once_each_with_the_value_used(monkeypatch, caplog):
    """A wrong variable is named in one warning, with the value used instead; the program goes on."""
    monkeypatch.setenv("OTEL_EVENTS_FLUSH_INTERVAL", "soon")
    monkeypatch.setenv("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "-3")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "sometimes")
    with caplog.at_level(logging.WARNING, "otel_events"):
        ev.configure(sink=KeepingSink())
        ev.configure(sink=KeepingSink())

    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 3, told
    for variable, used in (
        ("OTEL_EVENTS_FLUSH_INTERVAL", "0.05"),
        ("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "512"),
        ("OTEL_TRACES_SAMPLER", "parentbased_always_on"),
    ):
        assert [variable in text and used in text for text in told].count(True) == 1, (variable, told)


@pytest.mark.slow
def test_a_wrong_resource_variable_is_told_once(tmp_path):
    """A pair of OTEL_RESOURCE_ATTRIBUTES that cannot be read is told by us alone, and the others count."""
    ran = run_program(
        'ev.emit("seed.planted"); ev.flush()', tmp_path, OTEL_RESOURCE_ATTRIBUTES="service.name=s,nonsense,a=b"
    )

    assert len(ran.err.strip().splitlines()) == 1, ran.err
    assert ran.default_ledger[0]["service"] == "s"


# -- what is applied ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_attributes_of_the_environment_are_on_the_very_first_event(tmp_path):
    """OTEL_EVENTS_ATTRIBUTES is bound before the first event, which does not wait for the settings."""
    ran = run_program('ev.emit("seed.planted")', tmp_path, OTEL_EVENTS_ATTRIBUTES="env_id=3,team=red")

    (event,) = ran.default_ledger
    assert (event["env_id"], event["attributes"]) == (3, {"team": "red"})


def test_the_resource_is_complete(tmp_path):
    """Resource: the service's name by its rules, attributes of keyword and variable, the SDK's and the distribution's."""
    program = """
ev.configure(service_name="orchestrator", resource_attributes={"deployment.environment.name": "test"})
from opentelemetry import trace
resource = dict(trace.get_tracer_provider().resource.attributes)
print(json.dumps(resource))
"""
    env = {"OTEL_RESOURCE_ATTRIBUTES": "service.name=other,team=red", "OTEL_TRACES_EXPORTER": "console"}
    said = run_program(program, tmp_path, **env).said

    assert said.pop("telemetry.sdk.version")
    assert said.pop("telemetry.distro.version") == ev.__version__
    said.pop("service.instance.id", None)
    assert said == {
        "service.name": "orchestrator",
        "team": "red",
        "deployment.environment.name": "test",
        "telemetry.sdk.language": "python",
        "telemetry.sdk.name": "opentelemetry",
        "telemetry.distro.name": "otel-events",
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sampler", "argument", "kept"),
    rest_slow(
        [
            ("always_off", None, 0),
            ("traceidratio", "0", 0),
            ("traceidratio", "1", 3),
            ("parentbased_always_on", None, 3),
        ]
    ),
)
def test_the_sampler_is_applied(tmp_path, sampler, argument, kept):
    """The sampler of the settings decides which spans are recorded; events go out whatever it decides."""
    program = """
for _ in range(3):
    with ev.task("draft"): pass
ev.flush()
print(json.dumps(ev.stats().as_dict()))
"""
    env = {"OTEL_TRACES_EXPORTER": "console", "OTEL_TRACES_SAMPLER": sampler}
    if argument is not None:
        env["OTEL_TRACES_SAMPLER_ARG"] = argument
    said = run_program(program, tmp_path, **env).said

    assert said["spans_delivered"].get("console", 0) == kept
    assert said["delivered"] == {"ledger": 7}  # the writer says that it started


@pytest.mark.slow
def test_span_limits_are_applied(tmp_path):
    """Limits of spans and span events are those of the settings."""
    program = """
from opentelemetry import trace
ev.configure(span_limits={"attribute_count": 3, "event_count": 2})
limits = trace.get_tracer_provider()._span_limits
print(json.dumps([limits.max_span_attributes, limits.max_events, limits.max_event_attributes]))
"""
    env = {"OTEL_TRACES_EXPORTER": "console", "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT": "7"}

    assert run_program(program, tmp_path, **env).said == [3, 2, 7]


@pytest.mark.slow
def test_propagators_are_set_only_by_the_keyword(tmp_path):
    """The keyword sets the global propagators; without it those that the program has chosen stay."""
    program = """
from opentelemetry import propagate
from opentelemetry.propagators.composite import CompositePropagator
mine = CompositePropagator([])
propagate.set_global_textmap(mine)
ev.configure()
kept = propagate.get_global_textmap() is mine
ev.configure(propagators=["baggage"])
fields = sorted(propagate.get_global_textmap().fields)
ev.configure(propagators="none")
print(json.dumps([kept, fields, sorted(propagate.get_global_textmap().fields)]))
"""
    ran = run_program(program, tmp_path)

    assert ran.said == [True, ["baggage"], []], ran


def test_the_shorter_flush_interval_holds_for_both():
    """Events and spans share one way, so the shorter of their intervals is the interval."""
    ev.configure(sink=KeepingSink(), flush_interval=5, span_batch={"flush_interval": 0.02})

    assert process.current().pipeline.wiring.flush_interval == 0.02


def test_spans_have_a_bound_of_their_own():
    """`span_batch.queue_events` bounds the spans in the queue; what is beyond is dropped and counted, events are not."""
    kept = SpanKeepingSink()
    ev.configure(sink=kept, flush_interval=60, span_batch={"queue_events": 5, "flush_interval": 60})
    for _ in range(9):
        with ev.task("draft"):
            pass
    assert ev.flush()

    stats = ev.stats()
    assert (len(kept.spans), dict(stats.spans_dropped)) == (5, {"queue_full": 4})
    assert (stats.emitted, dict(stats.delivered)) == (18, {"kept": 19})


def test_strict_is_applied():
    """`strict` makes what the catalogue does not know raise where it is emitted."""
    ev.configure(sink=KeepingSink(), strict=True)
    with pytest.raises(ev.StrictModeError):
        ev.emit("no.such.event.at.all")
    ev.configure(sink=KeepingSink())
    ev.emit("no.such.event.at.all")


def test_stats_are_plain_values(tmp_path):
    """`stats().as_dict()` can be written as JSON."""
    ev.configure(sink=KeepingSink())
    ev.emit("seed.planted")
    assert ev.flush()

    assert json.loads(json.dumps(ev.stats().as_dict()))["delivered"] == {"kept": 2}


@pytest.mark.slow
def test_a_program_that_seeds_random_does_not_repeat_its_trace_ids(tmp_path):
    """Training runs seed `random`; their trace ids differ from run to run all the same."""
    program = """
        import json, random
        random.seed(7)
        ev.configure(traces_exporter="console", ledger=False)
        with ev.task("train"):
            traceparent = ev.inject({})["traceparent"]
        ev.shutdown()
        print(json.dumps(traceparent))
        """

    first, second = (run_program(program, tmp_path).said for _ in range(2))

    assert first != second
