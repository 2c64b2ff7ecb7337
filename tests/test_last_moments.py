"""What is emitted while a program is ending."""

import signal
import time

import pytest

from tests.acceptor import HttpAcceptor, hang
from tests.program import UNHURRIED, run_program


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
    ran = run_program(program, tmp_path, **UNHURRIED)

    assert len(ran.default_ledger) == 20, ran


@pytest.mark.slow
def test_exit_handlers_may_emit(tmp_path):
    """What a program's own exit handlers emit is kept."""
    ran = run_program(
        'import atexit; atexit.register(lambda: ev.emit("session.end")); ev.emit("session.start")',
        tmp_path,
        **UNHURRIED,
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
    # The thread keeps the queue full, and the machine busy: room and time enough for all of it.
    ran = run_program(program, tmp_path, OTEL_EVENTS_QUEUE_BYTES="16MiB", OTEL_EVENTS_EXIT_TIMEOUT="30")

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
            OTEL_EVENTS_EXIT_TIMEOUT="3s",
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
        to_ledger = run_program(program, tmp_path, **UNHURRIED)
        to_console = run_program(program, tmp_path, OTEL_LOGS_EXPORTER="console", **UNHURRIED)
        to_otlp = run_program(program, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, **UNHURRIED)
        sent = acceptor.await_names(1)

    assert [event["event"] for event in to_ledger.default_ledger] == ["seed.planted"], to_ledger
    assert '"event_name": "seed.planted"' in to_console.out, to_console
    assert sent == ["seed.planted"], to_otlp
    assert to_ledger.err + to_console.err + to_otlp.err == ""


@pytest.mark.slow
def test_a_program_may_end_before_its_start_is_through(tmp_path):
    """A program of two lines, over before exporters are even imported, loses neither events nor spans."""
    ran = run_program(
        'with ev.task("draft"): pass',
        tmp_path,
        OTEL_LOGS_EXPORTER="console",
        OTEL_TRACES_EXPORTER="console",
        **UNHURRIED,
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
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.5)  # again, where Python lets none through: in a finalizer
        while True:
            ev.emit("seed.planted")
            time.sleep(0)
    except KeyboardInterrupt:
        signal.setitimer(signal.ITIMER_REAL, 0)
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
