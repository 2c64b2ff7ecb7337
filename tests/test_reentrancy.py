"""Emitting in the middle of anything: signal handlers, destructors, log handlers, forks, threads."""

import os
import signal
import textwrap
import threading

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import otel_events as ev
from tests.program import ledger_events, run_program


def run(program, home, *arguments, **environment):
    """Run a program in a process of its own; return what it printed."""
    ran = run_program(textwrap.dedent(program), home, *arguments, **environment)
    assert ran.code == 0, ran.err
    return ran.out


# -- in the middle of anything ---------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_first_emit_imports_nothing_on_its_thread_and_sets_no_global_provider(tmp_path):
    """What is heavy is imported by the pipeline's thread; a provider of the program's own is welcome afterwards."""
    told = run(
        """
        import sys, threading, time
        import otel_events as ev
        from opentelemetry import trace
        assert not [name for name in sys.modules if name.startswith(("opentelemetry.sdk", "opentelemetry.exporter"))]
        main, imported = threading.get_ident(), []
        def audit(event, arguments):
            if event == "import" and threading.get_ident() == main:
                imported.append(arguments[0])
        sys.addaudithook(audit)
        with ev.context(persona="thesis"):
            ev.emit("evidence.added", {"items": [1, {"a": 2}]}, quality=0.5, severity="warn", exception=ValueError("x"))
        here = list(imported)
        assert ev.flush(20.0)
        print(here, type(trace.get_tracer_provider()).__name__)
        """,
        tmp_path,
        OTEL_EVENTS_LEDGER_PATH=str(tmp_path / "events.jsonl"),
    )

    assert told == "[] ProxyTracerProvider\n"


REENTRANT = """
    import gc, itertools, logging, signal, sys, threading, time
    import otel_events as ev
    from otel_events.sinks.memory import MemorySink
    kept = MemorySink()
    ev.configure(sink=kept, flush_interval=0.005)
    from opentelemetry.sdk.trace import TracerProvider
    tracer = TracerProvider().get_tracer("test")
    ticks = itertools.count()
"""


@pytest.mark.room
@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timers here")
def test_a_signal_handler_may_emit_in_the_middle_of_an_emit(tmp_path):
    """Thousands of times in the middle of everything, and every event arrives."""
    told = run(
        textwrap.dedent(REENTRANT)
        + textwrap.dedent(
            """
            count = itertools.count()
            def handle(*_):
                ev.bind(env_id=next(count))
                with ev.task("inner") as task:
                    task.set(quality=1)
                    ev.emit("signal.tick", {"a": [1, 2]})
            signal.signal(signal.SIGALRM, handle)
            signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
            end = time.monotonic() + 1.5
            emitted = 0
            while time.monotonic() < end:
                with tracer.start_as_current_span("s") as span, ev.context(persona="p"):
                    ev.emit("x.y", {"a": [1, 2]}); emitted += 1
                    span.set_attribute("a", 1)
            signal.setitimer(signal.ITIMER_REAL, 0)
            assert ev.flush(10)
            stats = ev.stats()
            fired = next(count)
            assert stats.emitted == emitted + 3 * fired, (stats, emitted, fired)
            assert not stats.dropped and stats.delivered == {"memory": stats.emitted + stats.own}, stats
            print("fired" if fired > 20 else fired)
            """
        ),
        tmp_path,
    )

    assert told == "fired\n"


@pytest.mark.room
def test_destructors_log_handlers_and_reprs_may_emit(tmp_path):
    """`__del__` during a collection, a logging handler, and the repr of a value that is being captured."""
    told = run(
        textwrap.dedent(REENTRANT)
        + textwrap.dedent(
            """
            class Dying:
                def __init__(self): self.me = self
                def __del__(self): ev.emit("object.died")
            class Handler(logging.Handler):
                def emit(self, record): ev.emit("log.record", record.getMessage())
            class Telling:
                def __repr__(self):
                    ev.emit("object.told", self.__class__.__name__)
                    return "telling"
            logging.getLogger().addHandler(Handler())
            gc.set_threshold(20)
            for number in range(300):
                Dying()
                logging.getLogger("x").warning("number %s", number)
                ev.emit("x.y", value=Telling())
            gc.set_threshold(700)
            gc.collect()
            assert ev.flush(10)
            names = [event.name for event in kept.events]
            assert ev.stats().dropped == {}, ev.stats()
            print(*[names.count(name) for name in ("object.died", "log.record", "object.told", "x.y")])
            """
        ),
        tmp_path,
    )

    assert told == "300 300 300 300\n"


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_the_child_of_a_fork_is_a_writer_of_its_own(tmp_path):
    """Its events arrive once, the parent's once, under different writers, though other threads emit meanwhile."""
    path = tmp_path / "events.jsonl"
    run(
        """
        import os, sys, threading, warnings
        import otel_events as ev
        warnings.simplefilter("ignore", DeprecationWarning)
        ev.configure(ledger=sys.argv[1])
        ev.bind(persona="p")
        stop = threading.Event()
        def busy():
            while not stop.wait(0.0002):
                ev.emit("x.busy")
        threads = [threading.Thread(target=busy) for _ in range(3)]
        for thread in threads: thread.start()
        children = []
        for number in range(5):
            ev.emit("x.before", number=number)
            child = os.fork()
            if child == 0:
                ev.bind(env_id=number)
                ev.emit("x.child", number=number)
                done = ev.flush(20) and ev.shutdown(20)
                os._exit(0 if done else 1)
            children.append(child)
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        stop.set()
        for thread in threads: thread.join()
        assert codes == [0] * 5, codes
        assert ev.shutdown(20)
        """,
        tmp_path,
        str(path),
    )

    lines = ledger_events(path)
    uids = [line["uid"] for line in lines]
    assert len(uids) == len(set(uids))
    told = {name: [line for line in lines if line["event"] == name] for name in ("x.before", "x.child")}
    assert [line["attributes"]["number"] for line in told["x.before"]] == [0, 1, 2, 3, 4]
    assert sorted(line["env_id"] for line in told["x.child"]) == [0, 1, 2, 3, 4]
    assert len({line["uid"].rpartition("-")[0] for line in told["x.child"]}) == 5


def test_many_threads_emit_at_once_and_nothing_is_lost(events):
    """Each event once, each thread's in its order."""

    def work(number):
        with ev.context(env_id=number):
            for step in range(500):
                ev.emit("x.y", step=step)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    seen = list(events)
    assert len({event.uid for event in seen}) == 4000
    for number in range(8):
        assert [event.attributes["step"] for event in seen if event.attributes["env_id"] == number] == list(range(500))


# -- inside a span's methods -----------------------------------------------------------------------------------------


def test_emitting_while_the_thread_is_inside_a_span_method_copies_without_waiting(events):
    """The span's lock and its list's are held by this very thread, as in a signal handler or a destructor."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with provider.get_tracer("program").start_as_current_span("work") as span:
        with span._lock, span._events._lock:
            ev.emit("x.y")
        with span._lock, ev.task("inner") as task:
            task.set(quality=1)

    assert [event.name for event in exporter.get_finished_spans()[-1].events] == ["x.y"]
    assert ev.stats().problems == {}


@pytest.mark.room
@pytest.mark.slow
def test_signal_handlers_and_destructors_inside_span_methods_never_hang(tmp_path):
    """Hundreds of them, at whatever instant the timer fires and the collector runs."""
    ran = run_program(
        """
        import gc, itertools, signal, time
        from otel_events.sinks.memory import MemorySink
        ev.configure(sink=MemorySink(), flush_interval=0.01)
        from opentelemetry.sdk.trace import TracerProvider, SpanLimits
        from opentelemetry import trace
        tracer = TracerProvider(span_limits=SpanLimits(max_events=8)).get_tracer("t")
        count = itertools.count()
        class Dying:
            def __init__(self): self.me = self
            def __del__(self): ev.emit("object.died")
        def handle(*_):
            next(count)
            ev.emit("signal.tick")
            with ev.task("handler") as task: task.set(quality=1)
        if hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, handle)
            signal.setitimer(signal.ITIMER_REAL, 0.0003, 0.0003)
        gc.set_threshold(10)
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            with tracer.start_as_current_span("s") as span:
                for number in range(20):
                    Dying()
                    span.add_event("a", {"number": number}); span.set_attribute("b", [number]); span.update_name("c")
                    span.set_status(trace.StatusCode.OK)
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
        gc.set_threshold(700)
        stats = ev.stats()
        print(json.dumps([next(count) > 20, stats.dropped, stats.problems]))
        """,
        tmp_path,
    )

    assert (ran.code, ran.said) == (0, [True, {}, {}]), ran.err
