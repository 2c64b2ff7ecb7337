"""The spool on disk as a queue: order, parts, restarts, several writers, caps."""

import os
import stat
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from otel_events.file_lock import take_lock
from otel_events.spool import own
from otel_events.spool.queue import Pending
from tests.spool.conftest import drain, kill, segments

# -- a queue -------------------------------------------------------------------------------------------------------


def test_first_in_first_out(make_spool):
    """Batches leave in the order of their appends, as they came."""
    spool = make_spool()
    spool.append(b"a", 1)
    spool.append(b"b", 2, "gzip")

    first, second = spool.take(0), spool.take(0)

    assert (first.body, first.records, first.encoding) == (b"a", 1, None)
    assert (second.body, second.records, second.encoding) == (b"b", 2, "gzip")
    assert spool.take(0) is None


def test_newest_first_if_asked(make_spool):
    """For live use the newest leaves first, over all segments."""
    spool = make_spool(order="newest", max_bytes=20_000)
    for number in range(40):
        spool.append(b"%03d" % number + bytes(200), 1)

    assert [int(body[:3]) for body in drain(spool)] == list(range(39, -1, -1))


def test_a_batch_put_back_is_the_next(make_spool):
    """A failed sending does not change the order."""
    spool = make_spool()
    spool.append(b"a", 1)
    spool.append(b"b", 1)

    spool.put_back(spool.take(0))

    assert drain(spool) == [b"a", b"b"]


def test_parts_take_the_place_of_the_whole(make_spool):
    """A split batch is followed by what followed it, and its parts are compressed as it was."""
    spool = make_spool()
    spool.append(b"ab", 2, "gzip")
    spool.append(b"c", 1)
    spool.split(spool.take(0), [(b"a", 1), (b"b", 1)])

    part = spool.take(0)

    assert (part.body, part.encoding) == (b"a", "gzip")
    assert drain(spool) == [b"b", b"c"]


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


def test_a_mark_is_settled_when_all_up_to_it_is_gone(make_spool):
    """Waiting, held, put back and split batches all keep a mark unsettled."""
    spool = make_spool()
    spool.append(b"ab", 2)
    mark = spool.mark()
    spool.append(b"c", 1)
    seen = [spool.is_settled(mark)]
    batch = spool.take(0)
    seen.append(spool.is_settled(mark))
    spool.split(batch, [(b"a", 1), (b"b", 1)])
    seen.append(spool.is_settled(mark))
    spool.release(spool.take(0))
    seen.append(spool.is_settled(mark))
    spool.release(spool.take(0))
    seen.append(spool.is_settled(mark))

    assert seen == [False, False, False, False, True]


def test_take_waits_for_an_append(make_spool):
    """A taker that waits gets what is appended."""
    spool = make_spool()
    taken = []
    thread = threading.Thread(target=lambda: taken.append(spool.take()))
    thread.start()

    spool.append(b"a", 1)

    thread.join(10)
    assert taken[0].body == b"a"


def test_wake_ends_a_wait_even_if_it_comes_first(make_spool):
    """A wake is not lost between two takes."""
    spool = make_spool()
    spool.wake()

    assert spool.take() is None


# -- what outlives the process ---------------------------------------------------------------------------------------


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


# -- caps ------------------------------------------------------------------------------------------------------------


def test_over_the_cap_the_oldest_segment_goes(make_spool):
    """Too many bytes drop the oldest segments whole; their records are counted, told to the callback, and said by append."""
    told = []
    spool = make_spool(max_bytes=20_000, on_dropped=lambda records, reason: told.append((records, reason)))
    dropped = [spool.append(b"%03d" % number + bytes(500), 3) for number in range(100)]
    kept = [int(body[:3]) for body in drain(spool)]

    assert kept == list(range(kept[0], 100))
    assert sum(dropped) == kept[0] * 3 == sum(records for records, _ in told)
    assert spool.accounts.dropped.counts() == {"spool_full": kept[0] * 3}


def test_the_cap_holds_on_disk(make_spool):
    """The files never take more than the cap."""
    spool = make_spool(max_bytes=50_000)
    sizes = []
    for _ in range(300):
        spool.append(bytes(700), 1)
        sizes.append(sum(path.stat().st_size for path in segments(spool.directory)))

    assert 35_000 < max(sizes) <= 50_000


@pytest.mark.slow
def test_the_cap_holds_for_all_processes_together(make_spool, impatient):
    """Living writers share the room of a directory, whoever came first."""
    first, *others = (make_spool(max_bytes=80_000) for _ in range(4))
    for _ in range(100):
        first.append(bytes(700), 1)
    sizes = []
    for _ in range(200):
        for spool in (first, *others):
            spool.put_back(spool.take(0)) if spool.pending().batches else None
            spool.append(bytes(700), 1)
        sizes.append(sum(path.stat().st_size for path in segments(spool.directory)))

    assert sizes[-1] <= 80_000
    assert max(sizes) <= 2 * 80_000
    assert min(spool.pending().records for spool in (first, *others)) > 10


@pytest.mark.parametrize("is_sending", [False, True])
def test_the_cap_holds_for_what_dead_processes_left(make_spool, monkeypatch, is_sending):
    """Programs one after the other, each with one file, cannot outgrow the cap: the oldest goes, taken over or not."""
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    told, dropped, sizes = [], 0, []
    for number in range(40):
        now += 10
        spool = make_spool(max_bytes=80_000, on_dropped=lambda records, reason: told.append((records, reason)))
        if is_sending and (batch := spool.take(0)):
            spool.put_back(batch)
        lost = spool.append(b"%03d" % number + bytes(5_000), 3)
        spool.close()
        sizes.append(sum(path.stat().st_size for path in segments(spool.directory)))
        dropped += lost
        assert 3 + spool.adopted == lost + spool.pending().records
    left = [int(body[:3]) for body in drain(make_spool())]

    assert 60_000 < max(sizes) <= 80_000
    assert left == list(range(40 - len(left), 40))
    assert dropped == 3 * (40 - len(left))
    assert told == [(3, "spool_full")] * (40 - len(left))


def test_the_oldest_goes_whoever_wrote_it(make_spool, monkeypatch):
    """What a dead process left goes after the files of the living that are older, and before those that are younger."""
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    monkeypatch.setattr(time, "monotonic", lambda: now)
    spool, other = make_spool(max_bytes=80_000), make_spool(max_bytes=80_000)
    appended = 0
    while not spool.adopted and appended < 100:
        now += 10
        spool.append(b"%03d" % appended + bytes(2_000), 1)
        appended += 1
        if appended == 25:
            other.append(b"other", 1)
            other.close()
    left = [int(body[:3]) for body in drain(spool)]

    assert left == list(range(left[0], appended))
    assert 25 <= left[0] <= 35
    assert (spool.adopted, spool.accounts.dropped.counts()) == (1, {"spool_full": 1 + left[0]})


def test_a_later_versions_segments_push_nothing_out(make_spool):
    """They cannot be dropped: nothing else is dropped in their place, and they stay."""
    left = make_spool()
    left.append(b"a", 1)
    left.close()
    newer = make_spool()
    newer.append(bytes(90_000), 1)
    newer.close()
    path = max(segments(left.directory), key=lambda path: path.stat().st_size)
    data = bytearray(path.read_bytes())
    data[8] = 2
    data[68:72] = zlib.crc32(data[:68]).to_bytes(4, "little")
    path.write_bytes(data)
    spool = make_spool(max_bytes=80_000)

    assert spool.append(b"b", 1) == 0
    assert path.read_bytes() == data
    assert sorted(drain(spool)) == [b"a", b"b"]


def test_a_batch_larger_than_the_cap_pushes_nothing_out(make_spool):
    """What could never fit is dropped itself; what waits stays."""
    spool = make_spool(max_bytes=5_000)
    spool.append(b"a", 1)

    assert spool.append(bytes(5_000), 5) == 5
    assert drain(spool) == [b"a"]
    assert spool.accounts.dropped.counts() == {"spool_full": 5}


def test_what_is_too_old_is_dropped(make_spool, impatient, caplog):
    """Beyond its age a segment goes, counted and told, also one that a dead writer left."""
    spool = make_spool()
    spool.append(b"a", 4)
    spool.close()
    following = make_spool(max_age=0.01)
    time.sleep(1.1)  # segments are dated in seconds

    assert following.take(0) is None
    assert following.accounts.dropped.counts() == {"spool_expired": 4}
    assert "4 records dropped" in caplog.text


def test_the_age_holds_for_all_that_dead_processes_left(make_spool, monkeypatch):
    """However many left something: what is too old goes at the first look, counted; what is younger stays."""
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() - 8 * 86_400)
    for number in range(30):
        if number == 25:
            monkeypatch.setattr(time, "time", real)
        spool = make_spool()
        spool.append(b"%d" % number, 2)
        spool.close()
    following = make_spool()
    held = following.take(0)

    assert following.accounts.dropped.counts() == {"spool_expired": 50}
    assert (following.adopted, following.pending().records) == (60, 10)
    assert len(segments(following.directory)) == 5
    following.put_back(held)
    assert sorted(drain(following)) == [b"%d" % number for number in range(25, 30)]


def test_a_clock_that_jumps_back_expires_nothing(make_spool, impatient, monkeypatch):
    """A segment from the future is new, however far the clock was set back."""
    spool = make_spool()
    spool.append(b"a", 1)
    spool.close()
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() - 10 * 365 * 86_400)

    assert drain(make_spool()) == [b"a"]


@pytest.mark.parametrize("clock", [-86_400.0, 4e11])
def test_a_clock_that_is_wrong_by_far_costs_nothing(make_spool, monkeypatch, clock):
    """Before 1970, or far in the future: segments are written, and sent by a process whose clock is right."""
    real = time.time
    monkeypatch.setattr(time, "time", lambda: clock)
    spool = make_spool(max_age=1e10)
    spool.append(b"a", 1)
    was_safe = spool.outlives_process
    spool.close()
    monkeypatch.setattr(time, "time", real)

    assert was_safe
    assert drain(make_spool(max_age=1e10)) == [b"a"]


def test_a_dropped_batch_that_is_being_sent_is_counted_once(make_spool):
    """The cap takes a segment although a batch of it is held: what becomes of that changes no count."""
    spool = make_spool(max_bytes=8_000)
    spool.append(bytes(900), 1)
    held = spool.take(0)
    for _ in range(30):
        spool.append(bytes(900), 1)

    assert not spool.release(held)
    delivered = len(drain(spool))
    assert spool.accounts.dropped.counts() == {"spool_full": 31 - delivered}


def test_memory_stays_small_whatever_is_on_disk(make_spool):
    """Of a long outage the offsets of two segments are in memory, not those of all."""
    spool = make_spool(max_bytes=4 << 20)
    for _ in range(4000):
        spool.append(bytes(800), 1)
    loaded = [segment for segment in spool._stock._segments if segment.waiting is not None]

    assert len(spool._stock._segments) > 6
    assert len(loaded) <= 2
    assert len(drain(spool)) == 4000 - spool.lost()


# -- what is given up --------------------------------------------------------------------------------------------------


def test_rejected_data_is_kept_for_people(make_spool):
    """What is given up is counted by why, and lies as it was posted in a private file beside a note of the reason."""
    spool = make_spool()
    spool.append(b"compressed", 4, "gzip")

    assert spool.quarantine(spool.take(0), "otlp_refused", "HTTP 400: no")
    assert (spool.pending(), spool.lost()) == (Pending(0, 0, 0), 4)
    assert spool.accounts.dropped.counts() == {"otlp_refused": 4}
    body, note = sorted(Path(spool.rejected_file).parent.iterdir(), key=lambda path: path.suffix == ".json")
    assert (body.read_bytes(), body.name.endswith(".otlp.gz")) == (b"compressed", True)
    assert "HTTP 400: no" in note.read_text()


def test_quarantine_is_bounded(make_spool):
    """The oldest rejected requests go when there is no room."""
    spool = make_spool()
    spool._rejected._max_bytes = 5_000
    for _ in range(20):
        spool.append(bytes(1_000), 1)
        spool.quarantine(spool.take(0), "otlp_refused", "no")

    assert 3_000 < sum(path.stat().st_size for path in Path(spool.rejected_file).parent.iterdir()) <= 5_500


def test_what_is_not_ours_in_quarantine_is_left_alone(make_spool):
    """The bound holds for our files: somebody's own beside them neither count nor go, however old and large."""
    spool = make_spool()
    spool._rejected._max_bytes = 5_000
    folder = spool.directory / "quarantine"
    folder.mkdir(parents=True)
    foreign = [folder / "evidence.tar", folder / "notes.json", folder / "00.otlp"]
    for path in foreign:
        path.write_bytes(bytes(9_000))
        os.utime(path, (1, 1))
    for _ in range(4):
        spool.append(bytes(1_000), 1)
        spool.quarantine(spool.take(0), "otlp_refused", "no")

    assert [path for path in foreign if not path.exists()] == []
    assert len(list(folder.glob("*.otlp"))) == 1 + 4
