"""The queue at its bounds: what finds no room is counted to the last event, and every other promise holds.

Beside these, `make test-bounds` runs all tests with a queue of 64 events.
"""

import json
import os
import signal
import threading
from collections import Counter

import pytest

import otel_events as ev
from tests.acceptor import HttpAcceptor
from tests.effort import rest_slow
from tests.fresh import KeepingSink, assert_accounted, fresh  # noqa: F401
from tests.program import ledger_events, run_program

THREADS, EACH = 4, 1_500


def _emit(number):
    for n in range(EACH):
        ev.emit("seed.planted", n=number * EACH + n)
    ev.emit("task.failed", n=number)


def _emit_on_threads():
    threads = [threading.Thread(target=_emit, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("durability", ["memory", "async", "journal"])
@pytest.mark.parametrize("where", ["otlp", "ledger"])
def test_every_event_arrives_once_or_is_counted(tmp_path, durability, where):
    """With a queue that overflows all the time, what arrives and what is counted as dropped are all that was emitted."""
    ledger = tmp_path / "l.jsonl"
    with HttpAcceptor() as acceptor:
        place = {"endpoint": f"http://127.0.0.1:{acceptor.port}"} if where == "otlp" else {"ledger": str(ledger)}
        ev.configure(service_name="s", queue_events=16, max_export_batch_size=16, durability=durability, **place)
        _emit_on_threads()
        assert ev.flush(30)

        stats = ev.stats()
        arrived = acceptor.names if where == "otlp" else [event["event"] for event in ledger_events(ledger)]
    counts = Counter(name for name in arrived if name in {"seed.planted", "task.failed"})
    assert set(stats.dropped) == {"queue_full"}
    assert counts.total() + stats.dropped["queue_full"] == stats.emitted == THREADS * (EACH + 1)
    assert_accounted(stats, where)


@pytest.mark.usefixtures("fresh")
def test_exceptions_weigh_in_the_queue():
    """A storm of errors with long messages fills the queue by its bytes, and no more memory than that."""
    ev.configure(sink=KeepingSink(), queue_bytes="1MiB", flush_interval=20)
    for number in range(200):
        ev.emit("x.y", exception=ValueError(f"{number}{'x' * 50_000}"))

    assert 150 < ev.stats().dropped["queue_full"] < 200


@pytest.mark.usefixtures("fresh")
def test_no_ordinary_event_takes_the_room_of_a_lifecycle_event():
    """However many ordinary events find no room: the end of a task still does, and goes out in its place."""
    kept = KeepingSink()
    ev.configure(sink=kept, queue_events=80, queue_bytes=1 << 20, max_export_batch_size=80, flush_interval=60)
    for _ in range(5):
        for _ in range(1_000):
            ev.emit("seed.planted")
        with ev.task("draft", task_id="t-1"):
            ev.emit("seed.grown")
    assert ev.flush()

    assert kept.names == ["seed.planted"] * 80 + ["task.started", "task.completed"] * 5
    assert ev.stats().dropped == {"queue_full": 5_000 - 80 + 5}


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timers here")
@pytest.mark.parametrize("durability", rest_slow(["async", "journal"]))
def test_who_emits_in_the_middle_of_a_drop_neither_hangs_nor_miscounts(tmp_path, durability):
    """Signal handlers and destructors that emit while the queue is full are counted like everybody else."""
    program = f"""
    import signal
    ev.configure(queue_events=4, max_export_batch_size=4, durability="{durability}")
    class Dying:
        def __del__(self): ev.emit("seed.died")
    signal.signal(signal.SIGALRM, lambda *_: ev.emit("seed.rang"))
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    for n in range(5_000):
        Dying()
        ev.emit("seed.planted", n=n)
    signal.setitimer(signal.ITIMER_REAL, 0)
    print(json.dumps([ev.flush(20), ev.stats().as_dict()]))
    """
    ran = run_program(program, tmp_path, PYTHONWARNINGS="ignore")
    was_flushed, stats = ran.said

    assert was_flushed
    assert stats["emitted"] >= 10_000
    assert set(stats["dropped"]) == {"queue_full"}
    assert len(ran.default_ledger) + stats["dropped"]["queue_full"] == stats["emitted"]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
@pytest.mark.parametrize("durability", ["journal", "sync"])
def test_what_found_room_survives_a_kill_and_what_did_not_leaves_no_trace(tmp_path, durability):
    """A full queue takes no event into the journal that it counts as dropped; the next process delivers the others."""
    fills = f"""
    import os, signal
    ev.configure(service_name="s", queue_events=16, max_export_batch_size=16, flush_interval=60, durability="{durability}")
    for n in range(500): ev.emit("seed.planted", n=n)
    print(json.dumps(ev.stats().dropped)); sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)
    """
    dropped = run_program(fills, tmp_path).said["queue_full"]
    delivers = """
    import time
    ev.configure(service_name="s")
    until = time.monotonic() + 20
    while not ev.stats().delivered.get("ledger") and time.monotonic() < until: time.sleep(0.01)
    print(json.dumps(ev.flush(10)))
    """
    ran = run_program(delivers, tmp_path)

    assert ran.said
    assert [event["attributes"]["n"] for event in ran.default_ledger] == list(range(500 - dropped))
    assert 16 <= 500 - dropped <= 32


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_of_a_process_with_a_full_queue_begins_with_an_empty_one(tmp_path):
    """The parent's drops and what waits in its queue are the parent's; the child has all its room."""
    program = """
    import os
    ev.configure(queue_events=16, max_export_batch_size=16, flush_interval=60)
    for n in range(100): ev.emit("seed.planted", n=n)
    pid = os.fork()
    for n in range(10): ev.emit("seed.grown", n=n)
    said = json.dumps([ev.flush(10), ev.stats().dropped])
    if pid == 0:
        ev.shutdown(10)
        print(said); sys.stdout.flush()
        os._exit(0)
    os.waitpid(pid, 0)
    print(said)
    """
    ran = run_program(program, tmp_path)
    childs, parents = map(json.loads, ran.out.splitlines())

    assert childs == [True, {}]
    assert parents == [True, {"queue_full": 94}]
    assert Counter(event["event"] for event in ran.default_ledger) == {"seed.planted": 16, "seed.grown": 10}
