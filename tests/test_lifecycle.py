"""The life of a process: its queue, its flushes, and that every event is accounted for."""

import threading
import time

import pytest

import otel_events as ev
from tests.acceptor import PATIENCE, HttpAcceptor, hang, refusing_port
from tests.fresh import KeepingSink, assert_accounted, fresh, stats_once  # noqa: F401

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
        acceptor.await_requests(1)
        began = time.monotonic()
        was_flushed = ev.flush(0.3)
        took = time.monotonic() - began
        stats = stats_once(lambda stats: not stats.queued)
        was_shut_down = ev.shutdown(0.3)
        took_all = time.monotonic() - began

    assert (was_flushed, was_shut_down) == (False, False)
    assert (stats.emitted, stats.own, stats.spooled) == (1, 1, 2)
    stats = stats_once(lambda stats: not stats.spooled)
    assert stats.dropped == {"shutdown": 3}  # with what the writer said of itself
    assert took < 5  # the acceptor would hang for ever
    assert took_all < 10
    assert_accounted(stats, "otlp")


@pytest.mark.usefixtures("fresh")
def test_retries_are_counted():
    """A Collector that is not there is tried again, and `stats` tells how often."""
    with refusing_port() as port:
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
    before = set(threading.enumerate())

    assert ev.flush()
    assert ev.shutdown()
    assert set(threading.enumerate()) <= before  # those of other tests may be ending


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
def test_an_end_in_the_middle_of_a_batch_that_takes_too_long_is_told(caplog):
    """Whether that batch arrives after all nobody knows: one warning says how much had not."""
    has_begun, goes_on = threading.Event(), threading.Event()

    def hook(event):
        has_begun.set()
        goes_on.wait(PATIENCE)
        return event

    ev.configure(sink=KeepingSink(), before_emit=hook)
    ev.emit("seed.planted")
    has_begun.wait(PATIENCE)
    ev.emit("seed.died")
    was_shut_down = ev.shutdown(0.1)
    told = [record.getMessage() for record in caplog.records]
    goes_on.set()

    assert not was_shut_down
    assert told == ["2 events had not left the queue by the end"]


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
