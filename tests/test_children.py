"""Processes that a program starts, by fork and by multiprocessing."""

import multiprocessing
import os

import pytest

from tests.acceptor import HttpAcceptor
from tests.program import UNHURRIED, ledger_events, run_program

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


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
    ran = run_program(CHILDREN, tmp_path, method, PYTHONWARNINGS="ignore", **UNHURRIED)
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
    events = run_program(program, tmp_path, PYTHONWARNINGS="ignore", **UNHURRIED).default_ledger

    assert sorted(event["attributes"]["n"] for event in events if event["event"] == "seed.planted") == list(range(50))
    died = [event for event in events if event["event"] == "seed.died"]
    assert sorted(event["attributes"]["child"] for event in died) == [False, True]
    assert len({event["uid"].partition("-")[0] for event in died}) == 2


@pytest.mark.slow
@needs_fork
@pytest.mark.parametrize("pause", [0, 0.005, 0.01, 0.02, 0.04, 0.08])
def test_forking_while_the_first_event_sets_up(tmp_path, pause):
    """A child of a process that is setting up on another thread, and so importing, sets up by itself and delivers."""
    program = """
import os, time
ev.emit("seed.planted")
time.sleep(float(sys.argv[1]))
pid = os.fork()
if pid == 0:
    ev.emit("seed.bred")
    os._exit(0 if ev.flush(20) else 1)
print(json.dumps(os.waitpid(pid, 0)[1]))
"""
    ran = run_program(program, tmp_path, str(pause), PYTHONWARNINGS="ignore", **UNHURRIED)

    assert ran.said == 0, ran
    assert sorted(event["event"] for event in ran.default_ledger) == ["seed.bred", "seed.planted"]


@pytest.mark.slow
@needs_fork
@pytest.mark.parametrize("pause", [0, 0.002, 0.005, 0.01, 0.02, 0.04])
def test_forking_while_the_first_request_is_prepared(tmp_path, pause):
    """A child of a process whose threads import just then what the first request takes, imports it too and sends."""
    program = """
import os, time
ev.configure(endpoint=sys.argv[1], flush_interval=0.001)
ev.emit("seed.planted")
time.sleep(float(sys.argv[2]))
pid = os.fork()
if pid == 0:
    ev.emit("seed.bred")
    os._exit(0 if ev.flush(20) else 1)
print(json.dumps([os.waitpid(pid, 0)[1], ev.flush(20)]))
"""
    with HttpAcceptor() as acceptor:
        ran = run_program(program, tmp_path, acceptor.url(""), str(pause), PYTHONWARNINGS="ignore", **UNHURRIED)

    assert ran.said == [0, True], ran


@needs_fork
def test_no_fork_cuts_an_import_of_ours_in_two(tmp_path):
    """Who forks while a thread of ours imports something waits for it; the child finds it imported."""
    program = """
import os, threading, time
from otel_events.whole_imports import whole_import
begun, is_done = threading.Event(), False
def work():
    global is_done
    with whole_import():
        begun.set()
        time.sleep(0.2)
        is_done = True
threading.Thread(target=work).start()
begun.wait()
pid = os.fork()
if pid == 0:
    with whole_import():
        os._exit(0 if is_done else 1)
print(json.dumps(os.waitpid(pid, 0)[1]))
"""
    assert run_program(program, tmp_path, PYTHONWARNINGS="ignore", **UNHURRIED).said == 0


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
ev.configure(ledger=sys.argv[1], ledger_max_bytes=0)
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
    ran = run_program(program, tmp_path, str(ledger), PYTHONWARNINGS="ignore", **UNHURRIED)

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


@needs_fork
def test_a_child_of_a_process_that_flushes_changes_threads_as_usual(tmp_path):
    """A flush makes the interpreter change threads more often; that ends with it, and does not hold in a child."""
    program = """
import os, threading
flushing, end = threading.Event(), threading.Event()
class Slow:
    name = "slow"
    def write(self, events): pass
    def flush(self, deadline): flushing.set(); return end.wait(20)
    def close(self, deadline): return True
usual = sys.getswitchinterval()
ev.configure(sink=Slow(), exit_timeout=20)
ev.emit("seed.planted")
thread = threading.Thread(target=ev.flush)
thread.start()
flushing.wait(20)
hurried = sys.getswitchinterval() < usual
pid = os.fork()
if not pid:
    as_usual = sys.getswitchinterval() == usual
    ev.flush(0.1)
    os._exit(0 if as_usual and sys.getswitchinterval() == usual else 7)
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
end.set()
thread.join()
print(json.dumps([hurried, code, sys.getswitchinterval() == usual]))
"""
    ran = run_program(program, tmp_path, PYTHONWARNINGS="ignore", **UNHURRIED)

    assert (ran.code, ran.said) == (0, [True, 0, True]), ran.err


@needs_fork
def test_a_child_may_define_events_though_a_thread_of_its_parent_was_defining_some(tmp_path):
    """The lock that such a thread held at the fork holds up nobody in the child."""
    program = """
import os, signal, threading
from otel_events import catalog
defining, end = threading.Event(), threading.Event()
def definitions():
    defining.set()
    end.wait(20)
    yield from ()
thread = threading.Thread(target=lambda: catalog.extend_current(definitions()))
thread.start()
defining.wait(20)
pid = os.fork()
if not pid:
    signal.alarm(10)
    @ev.define("child.born", brief="A child was born.")
    class Born:
        name: str
    os._exit(0)
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
end.set()
thread.join()
print(json.dumps(code))
"""
    ran = run_program(program, tmp_path, PYTHONWARNINGS="ignore", **UNHURRIED)

    assert (ran.code, ran.said) == (0, 0), ran.err
