"""How much a spool on disk keeps, and for how long."""

import os
import time
import zlib
from pathlib import Path

import pytest

from otel_events.spool.queue import Pending
from tests.spool.conftest import drain, segments

# -- caps --------------------------------------------------------------------------------------------------------------


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


@pytest.mark.slow
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


def test_a_clock_that_was_not_set_yet_expires_nothing(make_spool, monkeypatch):
    """A machine without a battery begins in 1970: what it wrote then is sent after its clock was set."""
    real = time.time
    monkeypatch.setattr(time, "time", lambda: 1_000.0)
    spool = make_spool()
    spool.append(b"a", 1)
    spool.close()
    monkeypatch.setattr(time, "time", real)

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
