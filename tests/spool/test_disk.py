"""The spool on disk: its order, restarts, several writers."""

import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from otel_events.file_lock import take_lock
from otel_events.spool import own
from otel_events.spool.queue import Pending
from tests.spool.conftest import drain, kill, segments

# -- a queue -----------------------------------------------------------------------------------------------------------


def test_newest_first_if_asked(make_spool):
    """For live use the newest leaves first, over all segments."""
    spool = make_spool(order="newest", max_bytes=20_000)
    for number in range(40):
        spool.append(b"%03d" % number + bytes(200), 1)

    assert [int(body[:3]) for body in drain(spool)] == list(range(39, -1, -1))


def test_a_split_batch_stays_whole_on_disk_until_its_last_part_is_gone(make_spool):
    """A kill between two parts sends the whole again; after the last one nothing."""
    spool = make_spool()
    spool.append(b"ab", 2)
    spool.append(b"c", 1)
    spool.split(spool.take(0), [(b"a", 1), (b"b", 1)])
    spool.release(spool.take(0))
    kill(spool)
    second = make_spool()
    again = second.take(0)
    second.split(again, [(b"a", 1), (b"b", 1)])
    second.release(second.take(0))
    second.release(second.take(0))
    kill(second)

    assert again.body == b"ab"
    assert drain(make_spool()) == [b"c"]


# -- what outlives the process -----------------------------------------------------------------------------------------


def test_nothing_is_touched_before_the_first_append(make_spool, tmp_path):
    """A spool that nobody uses leaves no trace."""
    make_spool().close()

    assert list(tmp_path.iterdir()) == []


def test_what_was_delivered_leaves_no_file(make_spool):
    """After the end only the note of what the directory is for is there."""
    spool = make_spool()
    spool.append(b"a", 1)
    drain(spool)

    assert spool.close()
    assert [path.name for path in spool.directory.iterdir()] == ["about.json"]


@pytest.mark.parametrize("end", ["close", "kill"])
def test_what_waits_is_sent_by_the_next(make_spool, end):
    """After an end or a kill, the next writer sends what was not released, in order, held batches too."""
    spool = make_spool()
    for number in range(10):
        spool.append(b"%d" % number, 2)
    spool.release(spool.take(0))
    spool.take(0)
    spool.close() if end == "close" else kill(spool)
    left = spool.pending()

    following = make_spool()

    assert drain(following) == [b"%d" % number for number in range(1, 10)]
    assert (following.adopted, following.pending(), spool.lost()) == (18, Pending(0, 0, 0), 0)
    assert left == Pending(0, 18, 9)


def test_a_closed_spool_does_nothing(make_spool):
    """After close an append is a counted loss, and what was held cannot be counted twice."""
    spool = make_spool()
    spool.append(b"a", 1)
    held = spool.take(0)

    assert (spool.outlives_process, spool.close()) == (True, True)
    assert [spool.release(held), spool.put_back(held), spool.split(held, [(b"x", 1)])] == [False] * 3
    assert not spool.quarantine(held, "otlp_refused", "")
    assert spool.append(b"c", 4) == 4
    assert spool.take(0) is None
    assert spool.accounts.dropped.counts() == {"shutdown": 4}


def test_what_a_living_writer_has_is_not_taken(make_spool, impatient):
    """Two spools share a directory; each sends its own, until one of them is closed."""
    one, two = make_spool(), make_spool()
    one.append(b"one", 1)
    two.append(b"two", 1)
    before = drain(two)
    one.close()

    assert (before, drain(two)) == ([b"two"], [b"one"])


def test_a_thousand_dead_writers_do_not_cost_a_thousand_locks(make_spool, impatient):
    """What many short-lived processes left is taken over bit by bit, and all of it."""
    for number in range(50):
        spool = make_spool()
        spool.append(b"%d" % number, 1)
        spool.close()
    following = make_spool()
    first = following.take(0)
    claimed = len(following._stock.claims)
    following.put_back(first)

    assert claimed <= 8
    assert sorted(int(body) for body in drain(following)) == list(range(50))
    assert segments(following.directory) == []


def test_whoever_looks_on_keeps_no_writer_from_its_disk(make_spool, tmp_path, monkeypatch):
    """A writer that begins just as another tries its lock waits for that moment, and writes to the disk all the same."""
    (tmp_path / "spool").mkdir(mode=0o700)
    looked_on = []

    def be_looked_on(path):
        if not looked_on:
            onlooker = take_lock(path)
            looked_on.append(threading.Timer(0.05, onlooker.let_go, kwargs={"delete": True}))
            looked_on[0].start()
        return take_lock(path)

    monkeypatch.setattr(own, "take_lock", be_looked_on)
    monkeypatch.setattr(own, "_LOCK_SECONDS", 60.0)  # however long a busy machine keeps the onlooker from its turn
    spool = make_spool()
    spool.append(b"first", 1)

    assert looked_on
    assert spool.outlives_process
    assert {path.suffix for path in spool.directory.iterdir()} == {".json", ".lock", ".spool"}


def test_files_are_private(make_spool):
    """Files can be read by their user alone, and so can the directories above them that we made."""
    os.umask(0o022)
    spool = make_spool()
    spool.append(b"a", 1)
    spool.quarantine(spool.take(0), "otlp_refused", "no")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in spool.directory.rglob("*") if path.is_file()}

    assert modes == {0o600}
    assert stat.S_IMODE(spool.directory.stat().st_mode) == 0o700


@pytest.mark.filterwarnings(
    "ignore:.*multi-threaded, use of fork:DeprecationWarning"
)  # a thread of another test may live
def test_the_child_of_a_fork_keeps_nothing_of_its_parents(make_spool):
    """With its child alive, a dead parent's segments are taken over: the child does not keep the lock."""
    ready, end = os.pipe(), os.pipe()
    spool = make_spool()
    spool.append(b"a", 1)
    child = os.fork()
    if child == 0:
        os.close(end[1])
        os.write(ready[1], b"1")
        os.read(end[0], 1)  # until the parent lets go
        os._exit(0)
    try:
        os.read(ready[0], 1)
        kill(spool)

        assert drain(make_spool()) == [b"a"]
    finally:
        os.close(end[1])
        os.waitpid(child, 0)
        for fd in (*ready, end[0]):
            os.close(fd)


def test_threads_may_append_send_ask_and_close_at_once(make_spool):
    """Whatever the threads do: appended = delivered + dropped + left, and nobody fails."""
    spool = make_spool(max_bytes=1 << 20)
    delivered = []

    def append():
        for _ in range(500):
            spool.append(bytes(500), 1)

    def send():
        while batch := spool.take(0.05):
            delivered.append(batch.records * spool.release(batch))

    def ask():
        for _ in range(500):
            assert spool.pending().records >= 0
            assert spool.is_settled(spool.mark()) in (True, False)

    with ThreadPoolExecutor(6) as pool:
        appending = [pool.submit(append) for _ in range(3)]
        others = [pool.submit(work) for work in (send, send, ask)]
        for done in appending:
            done.result()
        spool.close()
    for done in others:
        done.result()

    assert sum(delivered) + spool.lost() + spool.pending().records == 1500
