"""What the journal promises when something else goes on at the same time: signals, sinks that wait, stages that hold back."""

import signal
from collections import Counter

import pytest

import otel_events as ev
from tests.acceptor import HttpAcceptor, accept, answer_with
from tests.fresh import KeepingSink, fresh  # noqa: F401
from tests.program import ledger_events, run_program
from tests.test_durability import SENDS, kill_while_it_emits

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")

KILLED = """
import os, signal, time
ev.configure(service_name="s", {settings})
{body}
os.kill(os.getpid(), signal.SIGKILL)
"""
SETTLES = """
import pathlib, time
ev.configure(service_name="s", {settings})
def left(): return list(pathlib.Path(os.environ["XDG_STATE_HOME"]).rglob(".journal/s/*.spool"))
import os
until = time.monotonic() + 20
while left() and time.monotonic() < until: time.sleep(0.01); ev.flush(1)
print(json.dumps([ev.shutdown(20), ev.stats().as_dict(), len(left())]))
"""


# What was emitted is in the journal alone: no pause of the machine lets the pipeline's thread hand any of it over.
UNTOUCHED = "flush_interval=60"


def run_killed(home, body, settings=UNTOUCHED, **env):
    """Run a program in journal mode that kills itself after *body*."""
    ran = run_program(KILLED.format(settings=settings, body=body), home, OTEL_EVENTS_DURABILITY="journal", **env)
    assert ran.code == -signal.SIGKILL, ran
    return ran


def run_next(home, settings="", **env):
    """Run the next program of the service, in the default mode, until the journal is empty."""
    ran = run_program(SETTLES.format(settings=settings), home, **env)
    was_safe, stats, left = ran.said
    assert (was_safe, left) == (True, 0), ran
    return stats


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs timers")
@pytest.mark.parametrize("mode", ["async", "journal"])
def test_what_a_signal_handler_raises_reaches_the_program(tmp_path, mode):
    """A time limit that strikes in the middle of `emit` ends the work, leaks no secret, and the journal goes on."""
    program = """
import signal, time
class Limit(Exception): pass
strikes = 0
def strike(*_):
    global strikes
    strikes += 1
    raise Limit
signal.signal(signal.SIGALRM, strike)
ev.configure(service_name="s")
for _ in range(40):
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.002, 0.5)
        while True: ev.emit("seed.planted", password="hunter2hunter2", note="token ghp_a1B2a1B2a1B2a1B2a1B2a1B2a1B2a1B2a1B2")
    except Limit:
        signal.setitimer(signal.ITIMER_REAL, 0)
flushed = ev.flush(50)
stats = ev.stats().as_dict()
ev.emit("seed.grown")
ev.flush(20)
print(json.dumps([strikes, flushed, stats]))
"""
    ran = run_program(program, tmp_path, OTEL_EVENTS_DURABILITY=mode)
    strikes, flushed, stats = ran.said
    events = ran.default_ledger

    assert flushed
    # But for one that strikes where Python itself lets none through, in a finalizer or a callback: then the next one does.
    assert 40 <= strikes <= 42
    assert "hunter2" not in str(events)
    assert "ghp_" not in str(events)
    assert stats["problems"].get("journal_failed", 0) == 0
    assert stats["problems"].get("journal_reentrant", 0) == 0
    assert events[-1]["event"] == "seed.grown"


@pytest.mark.slow
def test_leftovers_reach_the_programs_own_provider(tmp_path):
    """Where events go to a LoggerProvider of the program's, those of a killed process go there too, before they are settled."""
    provider = """
from opentelemetry import _logs
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
exporter = InMemoryLogRecordExporter()
given = LoggerProvider()
given.add_log_record_processor(SimpleLogRecordProcessor(exporter))
_logs.set_logger_provider(given)
"""
    run_killed(tmp_path, 'for n in range(10): ev.emit("seed.planted", n=n)')
    ran = run_program(
        provider
        + SETTLES.format(settings='sink="otel"')
        + "print(json.dumps([one.log_record.event_name for one in exporter.get_finished_logs()]))",
        tmp_path,
    )

    assert Counter(ran.said)["seed.planted"] == 10


@pytest.mark.slow
def test_the_journal_keeps_what_the_ledger_has_in_memory_alone(tmp_path):
    """A ledger that cannot be written holds events in memory: a kill still loses none of them."""
    ledger = tmp_path / "ledger"
    ledger.mkdir()
    settings = f"ledger={str(ledger)!r}"
    run_killed(tmp_path, 'for n in range(10): ev.emit("seed.planted", n=n)\nev.flush(1)', settings)
    ledger.rmdir()
    run_next(tmp_path, settings)

    assert [event["attributes"]["n"] for event in ledger_events(ledger)] == list(range(10))


@pytest.mark.slow
def test_leftovers_go_where_configure_says(tmp_path):
    """Though something was emitted before `configure` named the service, its journal is delivered, and to its sinks."""
    early = 'ev.emit("seed.grown")\nimport time; time.sleep(0.1)\n'
    run_killed(tmp_path, 'for n in range(10): ev.emit("seed.planted", n=n)')
    ledger = tmp_path / "mine.jsonl"
    program = early + SETTLES.format(settings=f"ledger={str(ledger)!r}")
    was_safe, _, left = run_program(program, tmp_path).said

    assert (was_safe, left) == (True, 0)
    assert sum(event["event"] == "seed.planted" for event in ledger_events(ledger)) == 10


@pytest.mark.slow
def test_leftovers_that_a_stage_holds_back_are_settled_once(tmp_path):
    """Equal errors among them are counted by the deduplication: the journal is empty in the end, and the sums come out even."""
    body = 'for n in range(5): ev.emit("error", "boom"); ev.emit("seed.planted", n=n)'
    with HttpAcceptor() as acceptor:
        acceptor.usual = answer_with(503)
        env = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{acceptor.port}", "OTEL_TRACES_EXPORTER": "none"}
        run_killed(tmp_path, body, **env)
        acceptor.usual = accept
        for _ in range(2):
            stats = run_next(tmp_path, **env)
            taken = stats["emitted"] + stats["own"] + stats["adopted"]
            gone = sum(stats["delivered"].values()) + sum(stats["dropped"].values()) + sum(stats["summarised"].values())
            assert taken == gone + stats["queued"] + stats["spooled"] + stats["handed_on"], stats

        assert Counter(acceptor.names)["seed.planted"] == 5


@pytest.mark.room
@pytest.mark.slow
def test_one_event_that_is_held_back_holds_up_no_other(tmp_path):
    """What was delivered is settled, though a stage still counts equal errors: a kill then makes no duplicates of it."""
    body = """
ev.emit("error", "boom"); ev.emit("error", "boom")
for n in range(3000): ev.emit("seed.planted", n=n)
ev.emit("error", "boom")
from otel_events import spool
def left(): return sum(info.records for info in spool.list_spools())
until = time.monotonic() + 20
while (ev.stats().delivered.get("otlp", 0) < 3000 or left() > 2) and time.monotonic() < until: time.sleep(0.01)
"""
    with HttpAcceptor() as acceptor:
        env = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{acceptor.port}", "OTEL_TRACES_EXPORTER": "none"}
        run_killed(tmp_path, body, settings="", **env)
        run_next(tmp_path, **env)

        assert Counter(acceptor.names)["seed.planted"] == 3000


@pytest.mark.room
@pytest.mark.usefixtures("fresh")
def test_a_scope_with_thousands_of_kinds_of_events_loses_no_bound_attribute():
    """What is bound stands on each event once, beside its own attributes, however many sets of keys there are."""
    sink = KeepingSink()
    ev.configure(service_name="s", sink=sink, durability="journal")
    with ev.context(task_id="t-1", persona="thesis"):
        for own in ("task_id", "persona"):
            for number in range(1_100):  # more than are remembered
                ev.emit("seed.planted", {f"key.{number}": 1, own: "own"})
    assert ev.flush(30)

    bound = [(event.attributes.keys() & {"task_id", "persona"}, event.bound.keys()) for event in sink.events]
    assert bound == [({"task_id"}, {"persona"})] * 1_100 + [({"persona"}, {"task_id"})] * 1_100


@pytest.mark.room
@pytest.mark.usefixtures("fresh")
def test_no_file_of_the_journal_grows_without_end(tmp_path):
    """However long the sinks cannot write: files end at a size that can be read again, and all of them at the cap."""
    in_the_way = tmp_path / "spool" / "s"
    in_the_way.parent.mkdir(mode=0o700)
    in_the_way.write_text("")
    with HttpAcceptor() as acceptor:
        acceptor.usual = answer_with(503)
        ev.configure(
            service_name="s",
            durability="journal",
            endpoint=f"http://127.0.0.1:{acceptor.port}",
            traces_exporter="none",
            spool_dir=str(tmp_path / "spool"),
            spool_max_bytes=4 << 20,
        )
        for _ in range(200):
            ev.emit("seed.planted", text="word " * 10_000)
        sizes = [path.stat().st_size for path in (tmp_path / "spool" / ".journal" / "s").glob("*.spool")]
        problems = ev.stats().problems

        assert max(sizes) < 2 << 20
        assert 2 << 20 < sum(sizes) < 6 << 20
        assert problems["journal_full"] > 0


@pytest.mark.room
@pytest.mark.usefixtures("fresh")
def test_from_journal_to_async_leaves_nothing_behind(tmp_path):
    """Events that were in the journal when `configure` chose another mode are settled when the sinks have them."""
    ledger = str(tmp_path / "l.jsonl")
    for turn in range(6):
        ev.configure(
            service_name="s", durability="async" if turn % 2 else "journal", ledger=ledger, spool_dir=str(tmp_path)
        )
        for _ in range(200):
            ev.emit("seed.planted")
    assert ev.shutdown(10)

    assert list(tmp_path.rglob("*.spool")) == []
    assert len(ledger_events(ledger)) == 1200


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["journal", "sync"])
def test_a_killed_writer_has_said_that_it_started(tmp_path, mode):
    """Even of one that is killed at its first event it is known that it began, and that it never stopped."""
    env = {"OTEL_EVENTS_DURABILITY": mode}
    killed = """
import os, signal
ev.configure(service_name="s", flush_interval=60)
ev.emit("seed.planted")
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert run_program(killed, tmp_path, **env).code == -signal.SIGKILL
    ran = run_program(SENDS, tmp_path, **env)

    events = ledger_events(ran.state / "otel-events" / "events.jsonl", with_own=True)
    told = [event["event"] for event in events]
    assert told == ["otel_events.writer.started", "seed.planted"]


@pytest.mark.slow
def test_a_journal_is_delivered_whatever_the_mode_is_now(tmp_path):
    """Events that a killed program left in its journal are listed, and sent by the next of the service in `async` mode."""
    kill_while_it_emits(tmp_path, 20, OTEL_EVENTS_DURABILITY="journal", OTEL_EVENTS_FLUSH_INTERVAL="60")
    ended = """
from otel_events import spool
ev.configure(service_name="s", durability="memory")
ev.emit("seed.grown")
ev.flush(10)
print(json.dumps([[info.signal, info.service, info.records] for info in spool.list_spools()]))
"""
    (signal_name, service, records), *others = run_program(ended, tmp_path).said
    sends = """
import time
ev.configure(service_name="s")
until = time.monotonic() + 20
while ev.stats().delivered.get("ledger", 0) < given and time.monotonic() < until: time.sleep(0.01)
print(json.dumps([ev.flush(10), ev.stats().as_dict()]))
"""
    was_flushed, stats = run_program(f"given = {records}" + sends, tmp_path).said

    assert (signal_name, service, others) == ("journal", "s", [])
    assert records > 0
    assert was_flushed
    assert (stats["adopted"], stats["delivered"]) == (records, {"ledger": records})
    assert list(tmp_path.rglob("*.spool")) == []


@pytest.mark.slow
@pytest.mark.room
def test_the_journal_keeps_what_the_spool_has_in_memory_alone(tmp_path):
    """With the spool's own directory in the way, and the Collector away, a kill still loses nothing."""
    program = """
import os, signal, time
ev.configure(service_name="s", durability="journal")
for number in range(100): ev.emit("seed.planted", n=number)
until = time.monotonic() + 20
while not ev.stats().spooled >= 100 and time.monotonic() < until: time.sleep(0.01)
os.kill(os.getpid(), signal.SIGKILL)
"""
    in_the_way = tmp_path / "state" / "otel-events" / "spool" / "s"
    in_the_way.parent.mkdir(parents=True, mode=0o700)
    in_the_way.write_text("")
    with HttpAcceptor() as acceptor:
        acceptor.usual = answer_with(503)
        env = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{acceptor.port}", "OTEL_TRACES_EXPORTER": "none"}
        killed = run_program(program, tmp_path, **env)
        in_the_way.unlink()
        acceptor.usual = accept
        sends = """
import time
ev.configure(service_name="s", durability="journal")
until = time.monotonic() + 20
while ev.stats().delivered.get("otlp", 0) < 100 and time.monotonic() < until: time.sleep(0.01)
"""
        run_program(sends, tmp_path, **env)

        assert killed.code == -signal.SIGKILL, killed
        assert acceptor.await_names(100).count("seed.planted") == 100
