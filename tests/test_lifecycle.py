"""The life of a process: its queue, its end, its children, and that every event is accounted for."""

import multiprocessing
import os
import signal
import threading
import time

import pytest

import otel_events as ev
from tests.acceptor import HttpAcceptor, hang
from tests.fresh import KeepingSink, assert_accounted, fresh  # noqa: F401
from tests.program import ledger_events, run_program

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


# -- the queue ---------------------------------------------------------------------------------------------------------


@pytest.mark.room
@pytest.mark.usefixtures("fresh")
def test_drops_are_counted_exactly_and_lifecycle_events_are_the_last():
    """Beyond the bound ordinary events are dropped and counted, while lifecycle and alert events still find room."""
    kept = KeepingSink()
    ev.configure(
        sink=kept, queue_events=100, max_export_batch_size=50, flush_interval=60, span_batch={"flush_interval": 60}
    )
    for _ in range(150):
        ev.emit("seed.planted")
    for _ in range(12):
        ev.emit("task.failed")
    assert ev.stats().queued == 112
    ev.emit("seed.planted")
    for _ in range(5):
        ev.emit("task.failed")
    assert_accounted(ev.stats(), "kept")
    assert ev.flush()

    stats = ev.stats()
    assert stats.emitted == 168
    assert kept.names.count("seed.planted") == 100
    assert kept.names.count("task.failed") in (12, 13)  # an eighth more room
    assert_accounted(stats, "kept")


@pytest.mark.usefixtures("fresh")
def test_large_events_take_more_of_the_queue():
    """The bound is one of bytes: large values fill it with fewer events."""
    kept = KeepingSink()
    ev.configure(sink=kept, queue_bytes="1MiB", flush_interval=60, span_batch={"flush_interval": 60})
    for _ in range(100):
        ev.emit("seed.planted", text="x" * 100_000)
    assert ev.flush()

    assert 5 <= len(kept.events) <= 15
    assert_accounted(ev.stats(), "kept")


@pytest.mark.usefixtures("fresh")
def test_emitted_is_always_the_sum_of_what_became_of_it():
    """While threads emit, and after, every event is delivered, dropped or queued."""
    kept = KeepingSink()
    ev.configure(sink=kept, queue_events=600)
    threads = [threading.Thread(target=lambda: [ev.emit("seed.planted") for _ in range(2000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ev.shutdown()
    ev.emit("seed.died")

    stats = ev.stats()
    assert stats.emitted == 8001
    assert stats.dropped["after_shutdown"] == 1
    assert len(kept.events) + len(kept.own) == stats.delivered["kept"]
    assert_accounted(stats, "kept")


# -- flush and shutdown ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("fresh")
def test_flush_tells_the_truth_about_a_collector_that_hangs():
    """A flush that could not deliver says no by its deadline; the events wait, and are counted as waiting."""
    with HttpAcceptor() as acceptor:
        acceptor.usual = hang
        ev.configure(endpoint=f"http://127.0.0.1:{acceptor.port}", traces_exporter="none", durability="memory")
        ev.emit("seed.planted")
        began = time.monotonic()
        was_flushed = ev.flush(0.3)
        took = time.monotonic() - began
        stats = ev.stats()
        was_shut_down = ev.shutdown(0.3)
        took_all = time.monotonic() - began

    assert (was_flushed, was_shut_down) == (False, False)
    assert (stats.emitted, stats.own, stats.spooled) == (1, 1, 2)
    assert ev.stats().dropped == {"shutdown": 3}  # with what the writer said of itself
    assert took < 5  # the acceptor would hang for ever
    assert took_all < 10
    assert_accounted(ev.stats(), "otlp")


@pytest.mark.usefixtures("fresh")
def test_retries_are_counted():
    """A Collector that is not there is tried again, and `stats` tells how often."""
    with HttpAcceptor() as acceptor:
        port = acceptor.port
    ev.configure(endpoint=f"http://127.0.0.1:{port}", traces_exporter="none")
    ev.emit("seed.planted")
    until = time.monotonic() + 20
    while not ev.stats().retries and time.monotonic() < until:
        ev.flush(0.2)

    assert ev.stats().retries >= 1
    assert ev.stats().spooled == 2  # the writer says that it started


@pytest.mark.usefixtures("fresh")
def test_flush_and_shutdown_without_anything_to_do_say_yes():
    """A process that has emitted nothing starts nothing for a flush."""
    before = threading.active_count()

    assert ev.flush()
    assert ev.shutdown()
    assert threading.active_count() == before


@pytest.mark.usefixtures("fresh")
def test_shutdown_twice_and_from_threads():
    """Any number of shutdowns at once end the process once, and each says the same."""
    kept = KeepingSink()
    ev.configure(sink=kept)
    ev.emit("seed.planted")
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(ev.shutdown(10))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [True] * 4
    assert kept.names == ["seed.planted"]


@pytest.mark.usefixtures("fresh")
def test_an_unwritable_ledger_costs_one_warning(tmp_path, caplog):
    """The program runs on; the warning names file and cure; every event is counted as dropped in the end."""
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    ev.configure(ledger=str(in_the_way / "events.jsonl"))
    for _ in range(3):
        ev.emit("seed.planted")
        assert not ev.flush()
    assert not ev.shutdown()

    told = [record.getMessage() for record in caplog.records if record.name == "otel_events"]
    assert len(told) == 1
    assert str(in_the_way) in told[0]
    assert ev.stats().dropped == {"ledger_failed": 5}  # with what the writer said of itself
    assert_accounted(ev.stats(), "ledger")


# -- the end -----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_non_daemon_threads_may_emit_to_the_last(tmp_path):
    """Threads that outlive the main one still emit, and nothing of it is lost."""
    program = """
import threading, time
def work():
    for _ in range(20):
        time.sleep(0.01)
        ev.emit("seed.planted")
threading.Thread(target=work).start()
"""
    ran = run_program(program, tmp_path)

    assert len(ran.default_ledger) == 20, ran


@pytest.mark.slow
def test_exit_handlers_may_emit(tmp_path):
    """What a program's own exit handlers emit is kept."""
    ran = run_program(
        'import atexit; atexit.register(lambda: ev.emit("session.end")); ev.emit("session.start")', tmp_path
    )

    assert [event["event"] for event in ran.default_ledger] == ["session.start", "session.end"], ran


@pytest.mark.slow
def test_emitting_while_the_interpreter_goes_down_harms_nothing(tmp_path):
    """Daemon threads that emit to the very end, and destructors, neither hang nor raise; what had no time left is told."""
    program = """
import threading
def work():
    while True:
        ev.emit("seed.planted")
threading.Thread(target=work, daemon=True).start()
class Last:
    def __del__(self): ev.emit("session.end")
last = Last()
ev.emit("session.start")
"""
    ran = run_program(program, tmp_path)

    assert ran.code == 0
    assert [
        line for line in ran.err.splitlines() if not line.endswith("events had not left the queue by the end")
    ] == []
    assert ran.default_ledger[0]["event"] in ("session.start", "seed.planted")


@pytest.mark.slow
def test_the_end_with_a_collector_that_hangs_is_in_time(tmp_path):
    """A program whose Collector hangs ends by itself, and says in one warning what was lost."""
    with HttpAcceptor() as acceptor:
        acceptor.usual = hang
        began = time.monotonic()
        ran = run_program(
            'ev.emit("seed.planted")',
            tmp_path,
            OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{acceptor.port}",
            OTEL_EVENTS_EXIT_TIMEOUT="300ms",
            OTEL_EVENTS_DURABILITY="memory",
        )
        took = time.monotonic() - began

    assert ran.code == 0
    assert "3 records could not be delivered" in ran.err
    assert took < 20


@pytest.mark.slow
def test_an_end_without_new_threads_loses_nothing(tmp_path):
    """Where the interpreter starts no more threads, the end delivers on its own, to every kind of sink."""
    program = """
import _thread, atexit, threading
def refuse(*_): raise RuntimeError("can't create new thread at interpreter shutdown")
def refuse_all(): threading.Thread.start = refuse
_thread.start_new_thread = refuse
atexit.register(refuse_all)
ev.emit("seed.planted")
"""
    with HttpAcceptor() as acceptor:
        endpoint = f"http://127.0.0.1:{acceptor.port}"
        to_ledger = run_program(program, tmp_path)
        to_console = run_program(program, tmp_path, OTEL_LOGS_EXPORTER="console")
        to_otlp = run_program(program, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint)
        sent = acceptor.await_names(1)

    assert [event["event"] for event in to_ledger.default_ledger] == ["seed.planted"], to_ledger
    assert '"event_name": "seed.planted"' in to_console.out, to_console
    assert sent == ["seed.planted"], to_otlp
    assert to_ledger.err + to_console.err + to_otlp.err == ""


@pytest.mark.slow
def test_a_program_may_end_before_its_start_is_through(tmp_path):
    """A program of two lines, over before exporters are even imported, loses neither events nor spans."""
    ran = run_program(
        'with ev.task("draft"): pass', tmp_path, OTEL_LOGS_EXPORTER="console", OTEL_TRACES_EXPORTER="console"
    )

    assert ran.err == ""
    assert [name in ran.out for name in ("task.started", "task.completed", '"name": "draft"')] == [True] * 3


@pytest.mark.slow
def test_ctrl_c_leaves_nobody_asleep(tmp_path):
    """Interrupted anywhere inside `emit`, again and again, the process still delivers by itself."""
    program = """
import signal, time
def interrupt(*_): raise KeyboardInterrupt
signal.signal(signal.SIGALRM, interrupt)
kept = []
class Keep:
    name = "kept"
    def write(self, events): kept.extend(events)
    def flush(self, deadline): return True
    close = flush
ev.configure(sink=Keep(), flush_interval=0.001)
for _ in range(300):
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.001)
        while True:
            ev.emit("seed.planted")
            time.sleep(0)
    except KeyboardInterrupt:
        pass
ev.emit("session.end")
until = time.monotonic() + 20
while (not kept or kept[-1].name != "session.end") and time.monotonic() < until:
    time.sleep(0.01)
print(json.dumps(kept[-1].name))
"""
    if not hasattr(signal, "setitimer"):
        pytest.skip("needs setitimer")
    ran = run_program(program, tmp_path)

    assert ran.said == "session.end", ran


# -- children ----------------------------------------------------------------------------------------------------------

CHILDREN = """
import multiprocessing, os, threading, time
from concurrent.futures import ProcessPoolExecutor

def work(number):
    ev.emit("seed.planted", n=number)
    return os.getpid()

def emit_and_leave():
    ev.emit("seed.died")

if __name__ == "__main__":
    ev.configure(service_name="parent", attributes={"env_id": 7})
    ev.emit("session.start")
    context = multiprocessing.get_context(sys.argv[1])
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        list(pool.map(work, range(6)))
    child = context.Process(target=emit_and_leave)
    child.start()
    child.join()
    ev.emit("session.end")
"""


@pytest.mark.slow
@pytest.mark.parametrize("method", [m for m in ("spawn", "fork") if m in multiprocessing.get_all_start_methods()])
def test_children_of_multiprocessing_lose_nothing(tmp_path, method):
    """Events of pool workers and processes are kept when these end, once each, under writers of their own."""
    ran = run_program(CHILDREN, tmp_path, method, PYTHONWARNINGS="ignore")
    events = ran.default_ledger
    names = [event["event"] for event in events]

    assert (ran.code, ran.err) == (0, "")
    assert sorted(names) == ["seed.died", *["seed.planted"] * 6, "session.end", "session.start"]
    assert sorted(event["attributes"]["n"] for event in events if event["event"] == "seed.planted") == list(range(6))
    assert len({event["uid"] for event in events}) == 9
    if method == "fork":
        # A spawned child configures itself; a forked one goes on as its parent was.
        assert {event["env_id"] for event in events} == {7}
        assert {event["service"] for event in events} == {"parent"}


@needs_fork
def test_a_forked_child_delivers_its_own_events_alone(tmp_path):
    """What waited in the parent at the fork is delivered once; the child's events are delivered at its end."""
    program = """
import os
ev.configure(flush_interval=1)
for number in range(50): ev.emit("seed.planted", n=number)
pid = os.fork()
ev.emit("seed.died", child=pid == 0)
if pid: os.waitpid(pid, 0)
"""
    events = run_program(program, tmp_path, PYTHONWARNINGS="ignore").default_ledger

    assert sorted(event["attributes"]["n"] for event in events if event["event"] == "seed.planted") == list(range(50))
    died = [event for event in events if event["event"] == "seed.died"]
    assert sorted(event["attributes"]["child"] for event in died) == [False, True]
    assert len({event["uid"].partition("-")[0] for event in died}) == 2


@pytest.mark.slow
@needs_fork
def test_forking_while_threads_emit(tmp_path):
    """Children of a process whose threads are in the middle of emitting work, every one of them."""
    program = """
import os, threading, time
is_over = threading.Event()
def work():
    while not is_over.is_set():
        ev.emit("seed.planted", text="x")
        time.sleep(0.0001)
ev.configure(ledger=sys.argv[1])
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
codes = []
for number in range(20):
    pid = os.fork()
    if pid == 0:
        ev.emit("seed.bred", n=number)
        os._exit(0 if ev.shutdown(10) else 1)
    codes.append(os.waitpid(pid, 0)[1])
is_over.set()
for thread in threads: thread.join()
print(json.dumps(codes))
"""
    ledger = tmp_path / "l.jsonl"
    ran = run_program(program, tmp_path, str(ledger), PYTHONWARNINGS="ignore")

    assert ran.said == [0] * 20, ran
    bred = [event["attributes"]["n"] for event in ledger_events(ledger) if event["event"] == "seed.bred"]
    assert sorted(bred) == list(range(20))


@pytest.mark.slow
def test_the_first_emit_does_not_wait_for_the_start(tmp_path):
    """The first emit starts everything on another thread: its own imports neither the SDK nor anything of ours."""
    program = """
import threading
loaded = []
caller = threading.get_ident()
sys.addaudithook(lambda event, args: event == "import" and threading.get_ident() == caller and loaded.append(args[0]))
ev.emit("seed.planted", source="paper.pdf")
found = list(loaded)
from opentelemetry import trace
print(json.dumps([found, type(trace.get_tracer_provider()).__name__]))
"""
    ran = run_program(
        program, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9", OTEL_EVENTS_EXIT_TIMEOUT="0.1"
    )

    assert ran.said == [[], "ProxyTracerProvider"], ran
