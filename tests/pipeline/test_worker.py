"""What the pipeline thread promises: nothing stays behind, nothing stops it, nobody wakes it for nothing."""

import random
import sys
import threading
import time
from pathlib import Path

import pytest

from otel_events import process, runtime
from otel_events.emit import Emitter
from otel_events.event import DEFAULT_SCOPE
from otel_events.pipeline.deferred_notices import DeferredNotices
from otel_events.pipeline.dispatch import Dispatch, Sinks
from otel_events.pipeline.normalize import Normalize
from otel_events.pipeline.worker import Pipeline, Wiring
from tests.fresh import KeepingSink, fresh  # noqa: F401

emit = Emitter(DEFAULT_SCOPE).emit
PATIENCE = 20.0  # seconds; reached only by a failing test


class Made:
    """A pipeline with *stages* in front of one sink."""

    def __init__(self, *stages, flush_interval=0.01, normalize=None):
        self.capture = runtime.capture
        self.sink = KeepingSink()
        notices = DeferredNotices()
        accounts = self.capture.accounts
        self.pipeline = Pipeline(
            self.capture,
            Wiring(
                normalize=normalize or Normalize(self.capture.writer, accounts, notices),
                stages=stages,
                dispatch=Dispatch(Sinks(events=(self.sink,)), accounts, self.capture.span_accounts, notices),
                flush_interval=flush_interval,
            ),
            notices,
        )
        process.current().pipeline = self.pipeline
        self.pipeline.start()

    def flush(self, timeout=PATIENCE):
        return self.pipeline.flush(time.monotonic() + timeout)

    def await_events(self, count):
        until = time.monotonic() + PATIENCE
        while len(self.sink.events) < count and time.monotonic() < until:
            time.sleep(0.005)
        return len(self.sink.events)


pytestmark = pytest.mark.usefixtures("fresh")


def test_no_wake_up_is_lost():
    """However threads and pauses fall, every event arrives without anybody asking for it."""
    made = Made(flush_interval=0.001)

    def work(seed):
        chance = random.Random(seed)
        for _ in range(300):
            emit("seed.planted")
            if chance.random() < 0.3:
                time.sleep(chance.random() * 0.003)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert made.await_events(2400) == 2400


def test_an_event_emitted_while_a_batch_is_worked_on_arrives_by_itself():
    """Whoever emits in the middle of a turn is not overlooked, though nobody emits after."""

    class EmitsOnce:
        has_emitted = False

        def __call__(self, events):
            if not self.has_emitted:
                self.has_emitted = True
                emit("seed.died")
            return events

    made = Made(EmitsOnce(), flush_interval=0.001)
    emit("seed.planted")

    assert made.await_events(2) == 2


def test_a_single_event_after_a_pause_arrives_by_itself():
    """Each event that finds the thread asleep wakes it."""
    made = Made(flush_interval=0.001)
    for number in range(1, 30):
        emit("seed.planted")

        assert made.await_events(number) == number


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_an_idle_process_does_nothing():
    """Without events the thread is not woken once."""
    made = Made()
    emit("seed.planted")
    assert made.flush()
    thread = next(one for one in threading.enumerate() if one.name == "otel_events.pipeline")

    def switches():
        status = Path(f"/proc/self/task/{thread.native_id}/status").read_text(encoding="ascii").splitlines()
        return int(next(line for line in status if line.startswith("voluntary")).split()[1])

    def is_asleep():
        before = switches()
        time.sleep(0.5)
        return switches() == before

    # More than once, for the wake-up of the emit, which the flush was faster than.
    assert any(is_asleep() for _ in range(10))


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), GeneratorExit()])
def test_a_stage_that_raises_is_passed_over(error):
    """Events go on without the stage that raised, which is counted; later stages and batches are as before."""

    class Breaks:
        def __call__(self, events):
            raise error

    class Marks:
        def __call__(self, events):
            for event in events:
                event.attributes["marked"] = True
            return events

    made = Made(Breaks(), Marks())
    for _ in range(2):
        emit("seed.planted")
        assert made.flush()

    assert [event.attributes for event in made.sink.events] == [{"marked": True}] * 2
    assert made.capture.accounts.problems.counts()["stage_failed:Breaks"] == 2


def test_a_normalizer_that_raises_loses_only_its_batch():
    """A batch that cannot even be read is dropped and counted; the thread lives on."""
    is_broken = [True]
    capture = runtime.capture
    normalize = Normalize(capture.writer, capture.accounts, DeferredNotices())

    def breaks_once(drafts):
        if is_broken.pop() if is_broken else False:
            raise RuntimeError
        return normalize(drafts)

    made = Made(normalize=breaks_once)
    emit("seed.died")
    assert made.flush()
    emit("seed.planted")
    assert made.flush()

    assert made.sink.names == ["seed.planted"]
    assert made.capture.accounts.dropped.counts() == {"pipeline_failed": 1}


def test_a_stage_that_flushes_gets_no_and_blocks_nothing():
    """On the pipeline's own thread `flush` says False at once."""
    answers = []

    class Flushes:
        def __call__(self, events):
            answers.append(made.flush())
            return events

    made = Made(Flushes())
    emit("seed.planted")

    assert made.flush()
    assert answers == [False]
    assert made.sink.names == ["seed.planted"]


def test_flush_hands_over_before_the_window_ends():
    """A flush does not wait for the flush window."""
    made = Made(flush_interval=600)
    emit("seed.planted")
    assert made.flush()

    assert made.sink.names == ["seed.planted"]


def test_flushes_from_many_threads_are_all_answered():
    """Each of many flushes at once gets its answer, and the answer is true."""
    made = Made()
    answers = []

    def work():
        for _ in range(50):
            emit("seed.planted")
            seen = made.flush() and len(made.sink.events)
            answers.append(seen)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(answers) == 400
    assert all(answers)
    assert len(made.sink.events) == 400


def test_flushing_while_stopping_is_answered():
    """Flushes that meet a stop are answered, not left waiting."""
    for _ in range(20):
        with process.stand_in(None):
            made = Made()
            emit("seed.planted")
            answers = []
            threads = [threading.Thread(target=lambda: answers.append(made.flush())) for _ in range(4)]
            for thread in threads:
                thread.start()
            assert made.pipeline.stop(time.monotonic() + PATIENCE)
            for thread in threads:
                thread.join(PATIENCE)

            assert answers == [True] * 4
            assert made.flush()


def test_a_large_queue_is_worked_off_in_batches():
    """Stages never see more than a bounded number of events at once."""
    sizes = []

    class Measures:
        def __call__(self, events):
            sizes.append(len(events))
            return events

    made = Made(Measures(), flush_interval=60)
    for _ in range(10_000):
        emit("seed.planted")
    assert made.flush()

    assert sum(sizes) == 10_000
    assert max(sizes) <= 1024
