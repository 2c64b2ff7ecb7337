"""Every event is accounted for: by `stats`, by what the writer says of itself, by metrics."""

import os
import time
from pathlib import Path

import pytest
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

import otel_events as ev
from otel_events import runtime
from otel_events.accounting import Tally
from otel_events.metrics import register
from otel_events.pipeline.writer_events import WriterEvents
from otel_events.version import VERSION
from tests.acceptor import HttpAcceptor, accept, answer_with
from tests.fresh import KeepingSink, assert_accounted, fresh, stats_once  # noqa: F401
from tests.program import ledger_events, run_program

pytestmark = pytest.mark.usefixtures("fresh")


_BETWEEN_READING_AND_WRITING = 3  # of the times that a dict looks at a key to add to its value


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


# -- what the writer says of itself ------------------------------------------------------------------------------------


def test_a_writer_says_that_it_started_and_stopped(tmp_path):
    """The first line tells who writes, the last one what became of everything; both are numbered as all events are."""
    ran = run_program('ev.emit("seed.planted"); ev.emit("seed.died")', tmp_path)
    first, *program, last = ledger_events(ran.state / "otel-events" / "events.jsonl", with_own=True)

    writer = program[0]["uid"].partition("-")[0]
    assert first["event"] == "otel_events.writer.started"
    assert first["attributes"]["writer_id"] == writer
    assert first["attributes"]["version"] == VERSION
    assert first["unix"] <= program[0]["unix"]
    assert last["event"] == "otel_events.writer.stopped"
    assert last["attributes"] == {
        "writer_id": writer,
        "emitted": 2,
        "delivered": {"ledger": 3},
        "dropped": {},
        "last_sequence": 4,
        "reason": "shutdown",
    }
    numbers = sorted(int(line["uid"].partition("-")[2], 16) for line in (first, *program, last))
    assert numbers == [1, 2, 3, 4]


@pytest.mark.slow
def test_a_writer_that_emits_nothing_says_nothing(tmp_path):
    """A process that only configures leaves no line."""
    ran = run_program("ev.configure(); ev.flush()", tmp_path)

    assert not (ran.state / "otel-events" / "events.jsonl").exists()


def test_every_sink_hears_of_it_and_capturing_tests_do_not():
    """What the writer says goes to each sink, not into `capture_events`."""
    from otel_events.testing import capture_events

    one, two = KeepingSink("one"), KeepingSink("two")
    ev.configure(sink=[one, two])
    ev.emit("seed.planted")
    with capture_events() as captured:
        ev.emit("seed.died")
        assert [event.name for event in captured] == ["seed.died"]
    assert ev.shutdown()

    told = ["otel_events.writer.started", "otel_events.writer.stopped"]
    assert [[event.name for event in sink.own] for sink in (one, two)] == [told, told]
    assert ev.stats().emitted == 1
    assert ev.stats().own == 2
    assert_accounted(ev.stats(), "one")


@pytest.mark.slow
def test_a_child_is_a_writer_of_its_own(tmp_path):
    """A forked child says under its own id that it started."""
    if not hasattr(os, "fork"):
        pytest.skip("needs fork")
    ran = run_program(
        'import os\nev.emit("seed.planted")\npid = os.fork()\nev.emit("seed.died")\nif pid: os.waitpid(pid, 0)',
        tmp_path,
        PYTHONWARNINGS="ignore",
    )
    lines = ledger_events(ran.state / "otel-events" / "events.jsonl", with_own=True)
    started = [line["attributes"] for line in lines if line["event"] == "otel_events.writer.started"]

    assert len({attributes["writer_id"] for attributes in started}) == 2
    assert len({attributes["pid"] for attributes in started}) == 2


def test_reports_come_now_and_then_while_events_flow():
    """Five minutes after the last one, the next batch brings a report; time alone brings none."""
    clock = Clock()
    events = WriterEvents(runtime.Capture(), clock)
    assert [draft[2] for draft in events.before()] == ["otel_events.writer.started"]
    clock.now += 299
    assert not events.is_due()
    clock.now += 2

    (report,) = events.after()
    assert report[2] == "otel_events.writer.report"
    assert report[4].keys() == {"writer_id", "emitted", "delivered", "dropped", "last_sequence"}
    assert not events.is_due()


def test_what_a_spool_drops_is_told_in_an_event():
    """Beyond the cap the oldest is dropped: one event says how much, why and for where."""
    with HttpAcceptor() as acceptor:
        acceptor.usual = answer_with(503)
        kept = KeepingSink()
        ev.configure(
            endpoint=f"http://127.0.0.1:{acceptor.port}",
            logs_exporter=None,
            sink=["otlp", kept],
            traces_exporter="none",
            spool_max_bytes=20_000,
        )
        for _ in range(20):
            ev.emit("seed.planted", text="x" * 2000)
            ev.flush(0)
            while ev.stats().queued:
                pass
        ev.emit("seed.died")
        ev.shutdown(20)

    dropped = [event for event in kept.own if event.name == "otel_events.spool.dropped"]
    stats = ev.stats()
    assert sum(event.attributes["count"] for event in dropped) <= stats.dropped["spool_full"]
    assert {event.attributes["reason"] for event in dropped} == {"spool_full"}
    assert dropped[0].attributes["destination"].startswith("http://127.0.0.1")
    assert_accounted(stats, "otlp")


# -- stats -------------------------------------------------------------------------------------------------------------


def test_stats_tell_what_is_on_disk():
    """The state of each spool: where, how many records, how many bytes."""
    with HttpAcceptor() as acceptor:
        acceptor.usual = answer_with(503)
        ev.configure(endpoint=f"http://127.0.0.1:{acceptor.port}", traces_exporter="none", service_name="s")
        ev.emit("seed.planted")
        (waiting,) = stats_once(lambda stats: stats.spooled == 2).spools
        assert not ev.flush(0.2)
        acceptor.usual = accept
        assert ev.flush(10)
        (sent,) = ev.stats().spools

    assert (waiting.signal, waiting.records, waiting.is_on_disk) == ("logs", 2, True)
    assert waiting.bytes > 0
    assert Path(waiting.directory).is_dir()
    assert (sent.records, sent.bytes) == (0, 0)
    assert_accounted(ev.stats(), "otlp")


# -- metrics -----------------------------------------------------------------------------------------------------------


def points(reader):
    """Return the metrics as (name, attributes that tell them apart): value."""
    found = {}
    for resource in reader.get_metrics_data().resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                for point in metric.data.data_points:
                    told = point.attributes.get("error.type") or point.attributes.get("otel.component.name")
                    found[metric.name, told] = point.value
    return found


@pytest.mark.slow
def test_counts_are_metrics_of_the_program_s_provider(tmp_path):
    """A MeterProvider of the program's, set before or after, collects the same counts as `stats` tells."""
    program = """
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
reader = InMemoryMetricReader()
if sys.argv[1] == "before": metrics.set_meter_provider(MeterProvider([reader]))
ev.configure()
if sys.argv[1] == "after": metrics.set_meter_provider(MeterProvider([reader]))
for _ in range(3): ev.emit("seed.planted")
ev.flush()
found = {}
for resource in reader.get_metrics_data().resource_metrics:
    for scope in resource.scope_metrics:
        for metric in scope.metrics:
            for point in metric.data.data_points:
                found[metric.name] = point.value
print(json.dumps(found))
metrics.get_meter_provider().shutdown()
"""
    for when in ("before", "after"):
        said = run_program(program, tmp_path, when).said

        assert said["otel.sdk.log.created"] == 4
        assert said["otel.sdk.processor.log.processed"] == 4
        assert said["otel.sdk.exporter.log.exported"] == 4
        assert said["otel.sdk.processor.log.queue.size"] == 0
        assert said["otel.sdk.exporter.log.inflight"] == 0


def test_metrics_name_the_reasons_of_losses(monkeypatch):
    """What was dropped has its reason as `error.type`."""
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    monkeypatch.setattr("otel_events.metrics._is_registered", False)
    monkeypatch.setattr(metrics, "get_meter", provider.get_meter)
    register(ev.stats)
    ev.configure(sink=KeepingSink())
    ev.emit("seed.planted")
    assert ev.shutdown()
    ev.emit("seed.planted")
    found = points(reader)
    provider.shutdown()

    assert found["otel.sdk.processor.log.processed", "after_shutdown"] == 1
    assert found["otel.sdk.exporter.log.exported", "kept"] == 3


@pytest.mark.slow
@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("durability", ["async", "journal"])
def test_room_is_given_back_while_others_wait(tmp_path, durability):
    """A queue that is never quite empty takes heavy events for ever, as long as no more wait at once than there is room for."""
    ev.configure(ledger=str(tmp_path / "l.jsonl"), queue_bytes=1 << 20, flush_interval=0.005, durability=durability)
    capture = runtime.capture
    heavy = "x" * 20_000
    for number in range(600):
        ev.emit("seed.planted", text=heavy, n=number)
        while len(capture.items) > 20:
            time.sleep(0.0005)
    assert ev.flush(20)

    stats = ev.stats()
    assert stats.dropped == {}
    assert stats.delivered["ledger"] == 600 + stats.own
    assert capture.room == capture._full_room


@pytest.mark.usefixtures("fresh")
def test_room_for_spans_is_given_back_while_events_wait():
    """The bound of spans counts spans that wait, whatever else does."""
    capture = runtime.Capture()
    capture.started = True
    capture.resize(1 << 30, None, 4)
    capture.put(("a", "draft"), "seed.planted")  # one waits at any time
    for _ in range(50):
        capture.put(("a", "draft"), "seed.planted")
        for _ in range(3):
            capture.span_room -= 1
            assert capture.span_room >= 0
            capture.put(object(), None, 2048)
        capture.remove(4)

    assert capture.span_accounts.dropped.counts() == {}


def test_who_counts_in_the_middle_of_counting_takes_nothing_away():
    """A signal handler may come anywhere: what it counts is added, and what was being counted is not lost."""
    tally = Tally()

    class Ringing(str):
        """A reason in the middle of whose adding a handler comes, and counts so much that it would add up itself."""

        __slots__ = ()
        __eq__ = str.__eq__

        def __hash__(self):
            looked_at.append(self)
            if len(looked_at) == _BETWEEN_READING_AND_WRITING:
                for _ in range(10_000):
                    tally.add("queue_full")
            return str.__hash__(self)

    looked_at = []
    tally.add(Ringing("queue_full"))

    assert tally.counts() == {"queue_full": 10_001}
