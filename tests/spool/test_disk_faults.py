"""The spool on a disk that fails: told with the cure, and nothing lost."""

import errno
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tests.spool.conftest import FailingDisk, drain, kill, segments


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT])
def test_while_the_disk_fails_batches_wait_in_memory(make_spool, caplog, error):
    """Nothing is lost or out of order; it is told once, with the cure; the spool does not claim that they are safe."""
    disk = FailingDisk()
    spool = make_spool(calls=disk.calls)
    spool.append(b"0", 1)
    disk.error = error
    for number in range(1, 5):
        spool.append(b"%d" % number, 1)

    assert not spool.outlives_process
    assert drain(spool) == [b"0", b"1", b"2", b"3", b"4"]
    assert [record.message for record in caplog.records if "kept in memory" in record.message] != []
    assert len(caplog.records) == 1
    assert spool.accounts.problems.counts()["spool_disk_failed"] == 1
    assert spool.accounts.dropped.counts() == {}


def test_when_the_disk_is_back_what_is_in_memory_goes_there(make_spool, impatient):
    """After the fault all is on disk again, in order, and survives a kill."""
    disk = FailingDisk()
    spool = make_spool(calls=disk.calls)
    disk.error = errno.ENOSPC
    for number in range(5):
        spool.append(b"%d" % number, 1)
    disk.error = None
    spool.append(b"5", 1)
    was_safe = spool.outlives_process
    kill(spool)

    assert was_safe
    assert drain(make_spool()) == [b"0", b"1", b"2", b"3", b"4", b"5"]


def test_a_disk_that_is_full_again_half_way_changes_no_order(make_spool, impatient):
    """What had gone to the disk is sent first, then what had to stay in memory, then what came after."""
    disk = FailingDisk()
    spool = make_spool(calls=disk.calls)
    disk.error = errno.ENOSPC
    for number in range(6):
        spool.append(b"%d" % number, 1)
    disk.room = 200  # a header, and three batches
    spool.append(b"6", 1)

    assert drain(spool) == [b"%d" % number for number in range(7)]


@pytest.mark.usefixtures("impatient")
def test_what_is_put_back_goes_to_the_disk_that_is_back(make_spool):
    """Neither another append nor an end is needed: a batch that the destination does not take is on disk again, once."""
    disk = FailingDisk()
    spool = make_spool(calls=disk.calls)
    disk.error = errno.ENOSPC
    spool.append(b"0", 1)
    spool.append(b"1", 1)
    batch = spool.take(0)
    disk.error = None
    spool.put_back(batch)
    was_safe = spool.outlives_process
    kill(spool)

    assert was_safe
    assert drain(make_spool()) == [b"0", b"1"]


def test_at_its_end_a_spool_tries_the_disk_once_more(make_spool):
    """However short ago the disk failed, and though a batch is out: what is in memory is written if that can be done now."""
    disk = FailingDisk()
    spool = make_spool(calls=disk.calls)
    disk.error = errno.ENOSPC
    spool.append(b"0", 1)
    spool.append(b"1", 1)
    spool.take(0)
    disk.error = None

    assert spool.close()
    assert spool.accounts.dropped.counts() == {}
    assert drain(make_spool()) == [b"0", b"1"]


def test_a_write_cut_short_leaves_nothing_behind(make_spool):
    """Half a batch is taken back; the batch itself waits in memory, and is there once."""
    disk = FailingDisk()
    spool = make_spool(calls=disk.calls)
    spool.append(b"a", 1)
    size = segments(spool.directory)[0].stat().st_size
    disk.error, disk.room = errno.ENOSPC, 50
    spool.append(b"b" * 100, 1)

    assert segments(spool.directory)[0].stat().st_size == size
    assert drain(spool) == [b"a", b"b" * 100]


def test_memory_is_bounded_while_there_is_no_disk(make_spool):
    """The oldest batches go when memory is full, counted."""
    disk = FailingDisk()
    disk.error = errno.ENOSPC
    spool = make_spool(calls=disk.calls, memory_bytes=1_000)
    dropped = [spool.append(b"%d" % number + bytes(299), 2) for number in range(6)]

    assert dropped == [0, 0, 0, 2, 2, 2]
    assert [body[:1] for body in drain(spool)] == [b"3", b"4", b"5"]
    assert spool.accounts.dropped.counts() == {"spool_full": 6}


def test_at_the_end_what_is_in_memory_alone_is_lost_and_counted(make_spool):
    """Close tells the truth."""
    disk = FailingDisk()
    spool = make_spool(calls=disk.calls)
    spool.append(b"on disk", 1)
    disk.error = errno.ENOSPC
    spool.append(b"in memory", 4)

    assert not spool.close()
    assert spool.accounts.dropped.counts() == {"shutdown": 4}
    assert drain(make_spool()) == [b"on disk"]


def test_what_cannot_be_deleted_is_not_sent_again(make_spool, impatient, caplog):
    """In a directory that lets files be written and not deleted each batch is sent once, by this process and by the next."""
    first = make_spool()
    first.append(b"a", 1)
    first.append(b"b", 1)
    first.close()
    disk = FailingDisk()
    disk.keeps = True
    second, third = make_spool(calls=disk.calls), make_spool(calls=disk.calls)
    sent = []
    for spool in (second, third):
        for _ in range(5):
            if batch := spool.take(0):
                sent.append(batch.body)
                spool.release(batch)
        spool.close()

    assert sent == [b"a", b"b"]
    assert (second.adopted, third.adopted, len(segments(second.directory))) == (2, 0, 1)
    assert "cannot be deleted" in caplog.text


@pytest.mark.slow
def test_what_cannot_be_deleted_is_dropped_once(make_spool, impatient):
    """A file that is too old and stays all the same costs its records once in a process, not at every look."""
    first = make_spool()
    first.append(b"a", 3)
    first.close()
    disk = FailingDisk()
    disk.keeps = True
    second = make_spool(calls=disk.calls, max_age=0.01)
    time.sleep(1.1)  # segments are dated in seconds
    for _ in range(3):
        assert second.take(0) is None

    assert (second.adopted, second.accounts.dropped.counts()) == (3, {"spool_expired": 3})


LIMITED = """
    import resource, sys
    from pathlib import Path
    from otel_events.accounting import Accounts
    from otel_events.notices import Notices
    from otel_events.spool.disk import DiskSpool

    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, resource.RLIM_INFINITY))
    accounts = Accounts()
    spool = DiskSpool(sys.argv[1], signal="logs", destination="d", writer_id="w", accounts=accounts, notices=Notices())
    for number in range(100):
        spool.append(b"%03d" % number + bytes(300), 1)
    assert spool.outlives_process
    assert len(list(Path(sys.argv[1]).glob("*.spool"))) == 4
    bodies = []
    while batch := spool.take(0):
        bodies.append(int(batch.body[:3]))
        spool.release(batch)
    assert bodies == list(range(100)), bodies

    resource.setrlimit(resource.RLIMIT_FSIZE, (200, resource.RLIM_INFINITY))
    spool.append(bytes(300), 1)
    assert not spool.outlives_process
    assert spool.take(0).body == bytes(300)
"""


def test_a_limit_of_file_sizes_is_survived(tmp_path):
    """A real limit cuts a write short: another file is begun; where none can be, memory has to do. No signal kills."""
    program = [sys.executable, "-c", textwrap.dedent(LIMITED), str(tmp_path / "spool")]
    root = Path(__file__).parents[2]
    done = subprocess.run(program, capture_output=True, text=True, cwd=root, timeout=60, check=False)

    assert (done.returncode, done.stderr.count("raise the limit of file sizes")) == (0, 1), done.stderr
