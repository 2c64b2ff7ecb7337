"""What is deleted, and when; and what cannot be written."""

import gc
import os
import threading
import time

import pytest

from otel_events.server.store.errors import StoreUnavailableError
from tests.server.arriving import arrival, arrivals, opened, seqs, steps


def _fill(store, events=2_000):
    for start in range(1, events, 100):
        store.append(arrivals(100, first=start, task_id=f"t-{start}"))


def test_the_oldest_files_go_when_there_is_too_much(tmp_path):
    """Events, counts, tasks and writers of deleted files are gone with them; numbers go on."""
    with opened(tmp_path / "events.jsonl", keep_bytes=400_000) as store:
        _fill(store)
        store.append([arrival(number=1, writer="00000000000000bb")])
        store.maintain()

        kept = store.select(limit=10_000)
        assert sum(store.views.disk()[kind] for kind in ("events", "spans")) <= 400_000
        assert seqs(kept) == list(range(store.first_seq, 2_002))
        assert 1 < store.first_seq < 1_900
        assert abs(sum(store.views.counts().values()) - len(kept)) <= 1_000  # seconds are kept or deleted whole
        assert (
            min(task["first_seq"] for task in store.views.tasks(state="mentioned", limit=1_000)) >= store.first_seq - 99
        )
        assert store.get(1) is None
        assert store.append(arrivals(1, first=2_000)) == []


def test_files_go_when_they_are_old(tmp_path):
    """By when they were last written to; the one that is being written stays."""
    path = tmp_path / "events.jsonl"
    with opened(path, keep_bytes=400_000, keep_age=1_000.0) as store:
        _fill(store, 1_500)
        oldest = min(tmp_path.glob("events-*.jsonl"))
        os.utime(oldest, (time.time() - 2_000,) * 2)
        count = len(list(tmp_path.glob("events-*.jsonl")))
        store.maintain()

        assert len(list(tmp_path.glob("events-*.jsonl"))) == count - 1
        assert store.first_seq > 1
        assert steps(store.select(limit=1)) == [store.first_seq]


def test_files_that_somebody_deletes_are_forgotten(tmp_path):
    """The index does not promise what is not there any more."""
    with opened(tmp_path / "events.jsonl", keep_bytes=400_000) as store:
        _fill(store, 1_000)
        for file in tmp_path.glob("events-*.jsonl"):
            file.unlink()
        store.maintain()

        assert seqs(store.select(limit=10_000)) == list(range(store.first_seq, 1_001))
        assert store.first_seq > 1


def test_files_are_for_this_user_alone(tmp_path):
    """The ledger, the index and what lies beside it have modes that let nobody else read."""
    with opened(tmp_path / "state" / "events.jsonl") as store:
        store.append(arrivals(1))
        for file in (tmp_path / "state").rglob("*"):
            assert file.stat().st_mode & 0o077 == 0 or file.parent.name == ".events.jsonl.index", file
        assert (tmp_path / "state" / ".events.jsonl.index").stat().st_mode & 0o077 == 0


def test_a_small_store_stays_small(tmp_path):
    """The index's log is emptied when there is nothing to do, and gone with the server."""
    with opened(tmp_path / "events.jsonl") as store:
        log = store.place.index.with_name(store.place.index.name + "-wal")
        for number in range(1, 200):
            store.append(arrivals(1, first=number, task_id=f"t-{number}"))
            store.views.tasks(limit=1)
        most = log.stat().st_size
        deadline = time.monotonic() + 20
        while log.stat().st_size and time.monotonic() < deadline:
            time.sleep(0.05)

        assert (most > 0, log.stat().st_size) == (True, 0)
        assert store.views.disk()["index"] < 2_000_000
        assert len(store.select(limit=1_000)) == 199
        store.append(arrivals(1, first=200))
    assert not log.exists()


def test_a_ledger_that_cannot_be_written_is_told_and_tried_again(tmp_path):
    """Nothing is acknowledged meanwhile; when it can be written again, what is sent again is stored."""
    path = tmp_path / "events.jsonl"
    with opened(path) as store:
        path.mkdir()
        with pytest.raises(StoreUnavailableError, match="cannot be written"):
            store.append(arrivals(2))
        path.rmdir()

        assert seqs(store.append(arrivals(2))) == [1, 2]


def test_a_full_disk_is_told_and_leaves_no_half_line(tmp_path):
    """A bound on the size of files stands for a disk that is full: what did not fit is not acknowledged, nor there."""
    resource = pytest.importorskip("resource")
    import signal

    path = tmp_path / "events.jsonl"
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with opened(path) as store:
        store.append(arrivals(1))
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
            with pytest.raises(StoreUnavailableError):
                store.append(arrivals(10_000, first=2))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, handler)

        assert seqs(store.append(arrivals(10_000, first=2))) == list(range(2, 10_002))
        assert steps(store.select(limit=20_000)) == list(range(1, 10_002))


@pytest.mark.filterwarnings("error")
def test_a_thread_that_has_read_leaves_nothing_open(tmp_path):
    """Its connection ends with it; since Python 3.13 there would be a warning, of which pytest makes an error."""
    with opened(tmp_path / "events.jsonl") as store:
        _fill(store, 10)
        for _ in range(5):
            reader = threading.Thread(target=lambda: store.views.tasks(limit=5))
            reader.start()
            reader.join()
        gc.collect()

        assert store.views.tasks(limit=5) == []
