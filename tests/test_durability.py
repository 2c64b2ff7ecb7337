"""What each durability mode keeps, shown by killing the process."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

import otel_events as ev
from tests.acceptor import HttpAcceptor, accept, answer_with, refusing_port
from tests.effort import rest_slow
from tests.fresh import assert_accounted, fresh, stats_once  # noqa: F401
from tests.program import PATIENCE, environment, ledger_events, run_program

needs_kill = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

# Says how many events it has emitted, after each: whoever reads knows what was acknowledged.
COUNTS = """
import itertools, os
ev.configure(service_name="s")
with ev.context(task_id="t-1"):
    for number in itertools.count():
        ev.emit("seed.planted", n=number, token="hunter2hunter2")
        os.write(1, b"%d\\n" % number)
"""
SENDS = """
ev.configure(service_name="s")
import os, time
def is_left(): return any(name.endswith(".spool") for *_, names in os.walk(os.environ["XDG_STATE_HOME"]) for name in names)
until = time.monotonic() + 20
while is_left() and time.monotonic() < until:
    time.sleep(0.01)
ev.flush(10)
print(json.dumps(ev.stats().as_dict()))
"""


def kill_while_it_emits(home, after, **env):
    """Run COUNTS and kill it once it has acknowledged *after* events; return the number of the last acknowledged one."""
    path = home / "counts.py"
    path.write_text(f"import json, sys\nimport otel_events as ev\n{COUNTS}", encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, str(path)], stdout=subprocess.PIPE, env=environment(home, **env), cwd=home
    )
    said = b""
    while said.count(b"\n") < after and (part := os.read(process.stdout.fileno(), 65536)):
        said += part
    process.send_signal(signal.SIGKILL)
    said += process.stdout.read()
    process.stdout.close()
    process.wait()
    return max(map(int, re.findall(rb"(\d+)\n", said)))


def numbers_in(path):
    return {event["attributes"]["n"] for event in ledger_events(path, of_killed=True)}


# -- on disk by default ------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_what_a_process_could_not_send_the_next_one_does(tmp_path):
    """With the Collector away a program ends in peace, and the next one of its service sends what it left, once."""
    program = """
ev.configure(service_name="s")
for _ in range(5): ev.emit("seed.planted")
print(json.dumps([ev.shutdown(20), ev.stats().as_dict()]))
"""
    with HttpAcceptor() as acceptor:
        env = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{acceptor.port}", "OTEL_TRACES_EXPORTER": "none"}
        acceptor.usual = answer_with(503)
        first = run_program(program, tmp_path, **env)
        acceptor.usual = accept
        second = run_program(SENDS, tmp_path, **env)

        assert acceptor.names == ["seed.planted"] * 5
    assert first.said[0] is True, first
    assert first.said[1]["spooled"] == 7  # with what the writer said of itself
    assert first.said[1]["spools"][0]["is_on_disk"] is True
    assert (second.said["adopted"], second.said["spooled"]) == (7, 0)


@pytest.mark.slow
def test_leftovers_are_sent_though_nothing_is_emitted(tmp_path):
    """A process that only configures sends what others have left, in the background."""
    with HttpAcceptor() as acceptor:
        env = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{acceptor.port}", "OTEL_TRACES_EXPORTER": "none"}
        acceptor.usual = answer_with(503)
        run_program('ev.configure(service_name="s"); ev.emit("seed.planted"); ev.flush(20)', tmp_path, **env)
        acceptor.usual = accept
        waits = """
import time
ev.configure(service_name="s")
until = time.monotonic() + 20
while not ev.stats().delivered and time.monotonic() < until: time.sleep(0.01)
"""
        ran = run_program(waits, tmp_path, **env)

        assert acceptor.await_names(1) == ["seed.planted"], ran


@pytest.mark.slow
def test_memory_leaves_nothing_on_disk(tmp_path):
    """`durability="memory"` touches no directory."""
    with refusing_port() as port:
        ran = run_program(
            'ev.configure(durability="memory"); ev.emit("seed.planted"); print(json.dumps(ev.shutdown(0.2)))',
            tmp_path,
            OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{port}",
        )

    assert ran.said is False
    assert not ran.state.exists()


@pytest.mark.slow
@pytest.mark.room
@needs_kill
def test_async_loses_no_more_than_the_flush_window(tmp_path):
    """What was emitted longer than the flush window ago is on disk, and sent by the next process."""
    program = """
import time, os, signal
ev.configure(service_name="s", flush_interval=0.01)
for number in range(100): ev.emit("seed.planted", n=number)
until = time.monotonic() + 20
while not ev.stats().spooled >= 101 and time.monotonic() < until: time.sleep(0.01)
os.kill(os.getpid(), signal.SIGKILL)
"""
    with HttpAcceptor() as acceptor:
        acceptor.usual = answer_with(503)
        env = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{acceptor.port}", "OTEL_TRACES_EXPORTER": "none"}
        killed = run_program(program, tmp_path, **env)
        acceptor.usual = accept
        sent = run_program(SENDS, tmp_path, **env)

        assert killed.code == -signal.SIGKILL
        assert acceptor.await_names(100).count("seed.planted") == 100
    assert sent.said["adopted"] == 101
    assert sent.said["spooled"] == 0


@pytest.mark.usefixtures("fresh")
def test_a_spool_directory_in_the_way_harms_nothing(tmp_path, caplog):
    """Where the spool cannot be written, events wait in memory and arrive; one warning says so, with the cure."""
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    with HttpAcceptor() as acceptor:
        ev.configure(endpoint=f"http://127.0.0.1:{acceptor.port}", traces_exporter="none", spool_dir=str(in_the_way))
        ev.emit("seed.planted")

        assert ev.flush(10)
    assert acceptor.names == ["seed.planted"]
    assert [record.name for record in caplog.records] == ["otel_events"]
    assert "OTEL_EVENTS_SPOOL_DIR" in caplog.text
    assert in_the_way.read_text() == ""


@pytest.mark.usefixtures("fresh")
def test_configuring_anew_hands_on_what_waits():
    """What the sinks of before could not send goes on with the new ones, and the sums stay even."""
    with HttpAcceptor() as acceptor:
        endpoint = f"http://127.0.0.1:{acceptor.port}"
        acceptor.usual = answer_with(503)
        ev.configure(endpoint=endpoint, traces_exporter="none", exit_timeout=PATIENCE)
        ev.emit("seed.planted")
        stats_once(lambda stats: stats.spooled == 2 and not stats.queued)
        assert not ev.flush(0.1)
        ev.configure(endpoint=endpoint, traces_exporter="none", exit_timeout=PATIENCE)
        acceptor.usual = accept
        ev.emit("seed.died")
        assert sorted(acceptor.await_names(2)) == ["seed.died", "seed.planted"]
        stats = stats_once(lambda stats: stats.delivered == {"otlp": 3} and not stats.queued)

    assert (stats.adopted, stats.handed_on, stats.spooled) == (2, 2, 0)
    assert_accounted(stats, "otlp")


# -- journal and sync --------------------------------------------------------------------------------------------------


@needs_kill
@pytest.mark.parametrize("mode", rest_slow(["journal", "sync"]))
@pytest.mark.parametrize("after", rest_slow([40, 1, 3, 333]))
@pytest.mark.room
def test_what_was_acknowledged_survives_a_kill(tmp_path, mode, after):
    """Killed at any moment, no event is lost whose `emit` had returned: the next process writes it."""
    ledger = tmp_path / "l.jsonl"
    env = {"OTEL_EVENTS_DURABILITY": mode, "OTEL_EVENTS_LEDGER_PATH": str(ledger)}
    last = kill_while_it_emits(tmp_path, after, **env)
    after_kill = run_program(SENDS, tmp_path, **env)

    assert numbers_in(ledger) >= set(range(last + 1)), after_kill
    assert after_kill.said["dropped"].keys() <= {"spool_torn"}
    uids = [event["uid"] for event in ledger_events(ledger, of_killed=True)]
    assert len(uids) - len(set(uids)) <= 1024  # a batch that was written, and not yet settled


@needs_kill
def test_a_journal_holds_no_secret(tmp_path):
    """What is on disk after a kill has passed the guards."""
    env = {"OTEL_EVENTS_DURABILITY": "journal", "OTEL_EVENTS_FLUSH_INTERVAL": "10"}
    kill_while_it_emits(tmp_path, 50, **env)
    written = b"".join(path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file())

    assert b"seed.planted" in written
    assert b"hunter2" not in written


@pytest.mark.slow
@needs_kill
def test_an_event_keeps_all_that_it_said(tmp_path):
    """What another process writes for a dead one has the same name, values, ids, severity and resource."""
    program = """
import os, signal
ev.configure(service_name="s", resource_attributes={"host.name": "h-1"}, flush_interval=60)
emitter = ev.get_emitter("my.library", "1.2")
with ev.task("draft", task_id="t-1", persona="thesis"), ev.cycle(42):
    emitter.emit("evidence.added", "Found", severity="warn", source="paper.pdf", quality=0.82, data=b"\\x00", tags=["a"])
if sys.argv[1] == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
"""
    kept = []
    for how in ("end", "kill"):
        ledger = tmp_path / f"{how}.jsonl"
        env = {"OTEL_EVENTS_DURABILITY": "journal", "OTEL_EVENTS_LEDGER_PATH": str(ledger)}
        run_program(program, tmp_path, how, **env)
        run_program(SENDS, tmp_path, **env)
        (line,) = (line for line in ledger_events(ledger) if line["event"] == "evidence.added")
        kept.append({key: value for key, value in line.items() if key not in _OF_THE_MOMENT})

    assert kept[0] == kept[1]
    assert line["origin"]["attributes"]["host.name"] == "h-1"


_OF_THE_MOMENT = ("time", "unix", "observed", "trace_id", "span_id", "uid", "origin")


@pytest.mark.slow
@needs_fork
def test_children_have_a_journal_of_their_own(tmp_path):
    """A forked child that is killed loses nothing either; the parent's events are written once."""
    program = """
import os, signal
ev.configure(service_name="s", flush_interval=60)
ev.emit("seed.planted")
pid = os.fork()
if pid == 0:
    ev.emit("seed.died")
    os.kill(os.getpid(), signal.SIGKILL)
os.waitpid(pid, 0)
"""
    ledger = tmp_path / "l.jsonl"
    env = {"OTEL_EVENTS_DURABILITY": "journal", "OTEL_EVENTS_LEDGER_PATH": str(ledger), "PYTHONWARNINGS": "ignore"}
    run_program(program, tmp_path, **env)
    run_program(SENDS, tmp_path, **env)

    assert sorted(event["event"] for event in ledger_events(ledger)) == ["seed.died", "seed.planted"]


@pytest.mark.slow
@needs_kill
def test_the_very_first_event_is_journaled_without_configure(tmp_path):
    """With the variable alone, the first `emit` returns when its event is on disk."""
    program = 'import os, signal\nev.emit("seed.planted", n=0)\nos.kill(os.getpid(), signal.SIGKILL)'
    ledger = tmp_path / "l.jsonl"
    env = {"OTEL_EVENTS_DURABILITY": "journal", "OTEL_EVENTS_LEDGER_PATH": str(ledger), "OTEL_SERVICE_NAME": "s"}
    run_program(program, tmp_path, OTEL_EVENTS_FLUSH_INTERVAL="60", **env)
    run_program(SENDS, tmp_path, **env)

    assert numbers_in(ledger) == {0}


@pytest.mark.slow
@pytest.mark.room
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timers here")
@pytest.mark.parametrize("mode", rest_slow(["journal", "sync"]))
def test_emitting_in_the_middle_of_emitting_does_not_hang(tmp_path, mode):
    """Signal handlers, hooks and threads that emit meanwhile neither deadlock nor lose anything."""
    program = """
import itertools, signal, threading, time
ticks = itertools.count()
def hook(event):
    if event.name == "seed.bred": ev.emit("seed.died")
    return event
ev.configure(service_name="s", before_emit=hook)
signal.signal(signal.SIGALRM, lambda *_: ev.emit("seed.grown", n=next(ticks)))
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
threads = [threading.Thread(target=lambda: [ev.emit("seed.planted") for _ in range(200)]) for _ in range(3)]
for thread in threads: thread.start()
for _ in range(200): ev.emit("seed.bred")
for thread in threads: thread.join()
signal.setitimer(signal.ITIMER_REAL, 0)
print(json.dumps([ev.flush(20), next(ticks), ev.stats().as_dict()]))
"""
    ran = run_program(program, tmp_path, OTEL_EVENTS_DURABILITY=mode)
    flushed, ticks, stats = ran.said

    assert flushed is True
    assert stats["emitted"] == 1000 + ticks
    assert stats["delivered"] == {"ledger": stats["emitted"] + stats["own"]}
    assert stats["problems"]["journal_reentrant"] >= 200


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("mode", ["journal", "sync"])
def test_a_journal_keeps_the_order_and_clears_itself_away(tmp_path, mode):
    """What is delivered is delivered in order, and leaves nothing in the journal."""
    ledger = tmp_path / "l.jsonl"
    ev.configure(durability=mode, ledger=str(ledger), service_name="s")
    for number in range(3000 if mode == "journal" else 100):
        if number % 3:
            ev.emit("seed.planted", n=number)
        else:  # nothing plain: it waits as an event, between drafts
            ev.emit("seed.planted", n=number, marks=["a"])
    assert ev.shutdown(10)

    told = [event["attributes"]["n"] for event in ledger_events(ledger)]
    assert told == sorted(told)
    assert list((tmp_path / "state").rglob("*.spool")) == []
    assert_accounted(ev.stats(), "ledger")


@pytest.mark.usefixtures("fresh")
def test_a_journal_that_cannot_be_written_costs_one_warning(tmp_path, caplog):
    """Events go on in memory and arrive; each is counted as not journaled."""
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    ledger = tmp_path / "l.jsonl"
    ev.configure(durability="journal", ledger=str(ledger), spool_dir=str(in_the_way))
    for number in range(5):
        ev.emit("seed.planted", n=number)
    assert ev.flush(10)

    assert numbers_in(ledger) == set(range(5))
    assert ev.stats().problems["journal_failed"] == 6  # with what the writer says of itself
    until = time.monotonic() + PATIENCE
    while not caplog.records and time.monotonic() < until:  # told by the pipeline's thread, after the flush
        time.sleep(0.01)
    assert ["cannot be written" in record.message for record in caplog.records] == [True], caplog.messages
    assert_accounted(ev.stats(), "ledger")


@pytest.mark.usefixtures("fresh")
def test_events_left_at_the_end_are_left_on_disk(tmp_path):
    """An end without time drops nothing that is in the journal: it is counted as left there."""
    ev.configure(durability="journal", ledger=str(tmp_path / "l.jsonl"), flush_interval=60, service_name="s")
    for _ in range(20):
        ev.emit("seed.planted")
    ev.shutdown(0)

    stats = ev.stats()
    assert "shutdown" not in stats.dropped
    assert_accounted(stats, "ledger")
