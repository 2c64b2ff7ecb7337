"""The spool on disk against a model of it: whatever happens, every acknowledged batch is delivered, held or counted."""

import errno
import itertools
import shutil
import struct
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from otel_events.accounting import Accounts
from otel_events.notices import Notices
from otel_events.spool.disk import DiskSpool
from otel_events.spool.segment import HEADER_BYTES, scan
from tests.effort import examples
from tests.spool.conftest import FailingDisk, kill, segments

_COUNTER = itertools.count()
_UID = struct.Struct("<I")


def _find_uids(data):
    return {_UID.unpack_from(data, found.offset)[0] for found in scan(data).waiting}


class _Lane:
    """One spool of ours with what the model knows of it."""

    def __init__(self, directory, order):
        self.accounts = Accounts()
        self.disk = FailingDisk()
        self.appended = self.delivered = 0
        self.held = []
        self.marks = {}
        self.spool = DiskSpool(
            directory,
            signal="logs",
            destination="d",
            writer_id=f"w{next(_COUNTER):06d}",  # in order, for the sake of repeatable runs
            accounts=self.accounts,
            notices=Notices(),
            max_bytes=64 << 10,
            memory_bytes=8 << 10,
            order=order,
            calls=self.disk.calls,
        )

    @property
    def dropped(self):
        return sum(self.accounts.dropped.counts().values())

    @property
    def lost(self):
        return self.dropped - self.accounts.dropped.counts().get("otlp_refused", 0)


class Spools(RuleBasedStateMachine):
    """Two processes that share a directory."""

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.directory = self.folder / "spool"
        self.acknowledged = {}
        self.excused = set()
        self.settled = Counter()  # delivered, or put into quarantine
        self.gone = 0
        self.told = 0
        self.is_corrupt = False

    @initialize(
        order=st.sampled_from(["oldest", "newest"]),
        faults=st.sampled_from(["none", "kill", "kill disk", "kill disk power", "kill disk corrupt"]),
    )
    def start(self, order, faults):
        self.order = order
        self.faults = faults.split()
        self.lanes = [_Lane(self.directory, order), _Lane(self.directory, order)]

    # -- the usual -----------------------------------------------------------------------------------------------

    @rule(which=st.integers(0, 1), size=st.integers(0, 3000), records=st.integers(1, 5), times=st.integers(1, 12))
    def append(self, which, size, records, times):
        lane = self.lanes[which]
        for _ in range(times):
            uid = len(self.acknowledged)
            self.acknowledged[uid] = records
            lane.spool.append(_UID.pack(uid) + bytes(size), records)
            lane.appended += records
            lane.marks[uid] = lane.spool.mark()

    @rule(which=st.integers(0, 1), times=st.integers(1, 15))
    def send(self, which, times):
        lane = self.lanes[which]
        for _ in range(times):
            if (batch := lane.spool.take(0)) is not None:
                self._deliver(lane, batch)

    @rule(which=st.integers(0, 1))
    def hold(self, which):
        lane = self.lanes[which]
        lane.held += [batch for batch in [lane.spool.take(0)] if batch]

    @rule(which=st.integers(0, 1), how=st.sampled_from(["deliver", "put_back", "split", "quarantine"]))
    def answer(self, which, how):
        lane = self.lanes[which]
        if not lane.held:
            return
        batch = lane.held.pop(0)
        if how == "deliver":
            self._deliver(lane, batch)
        elif how == "put_back":
            lane.spool.put_back(batch)
        elif how == "quarantine":
            self.settled[_UID.unpack_from(batch.body)[0]] += batch.records * lane.spool.quarantine(
                batch, "otlp_refused", ""
            )
        elif batch.records > 1:
            lane.spool.split(batch, [(batch.body, 1), (batch.body, batch.records - 1)])
        else:
            lane.spool.put_back(batch)

    def _deliver(self, lane, batch):
        if lane.spool.release(batch):
            lane.delivered += batch.records
        # Even if the spool has let go of it: it did arrive.
        self.settled[_UID.unpack_from(batch.body)[0]] += batch.records

    @rule(which=st.integers(0, 1))
    def flush(self, which):
        """A settled mark is the truth."""
        lane = self.lanes[which]
        mark = lane.spool.mark()
        if lane.spool.is_settled(mark):
            mine = [uid for uid, of in lane.marks.items() if of <= mark]
            missing = sum(max(0, self.acknowledged[uid] - self.settled[uid]) for uid in mine)
            assert missing <= lane.lost

    # -- faults --------------------------------------------------------------------------------------------------

    @rule(which=st.integers(0, 1), error=st.sampled_from([errno.ENOSPC, errno.EIO]), room=st.integers(0, 2000))
    def fail_disk(self, which, error, room):
        if "disk" not in self.faults:
            return
        self.lanes[which].disk.error, self.lanes[which].disk.room = error, room

    @rule(which=st.integers(0, 1))
    def mend_disk(self, which):
        self.lanes[which].disk.error = None

    @rule(which=st.integers(0, 1))
    def restart(self, which):
        lane = self.lanes[which]
        assert lane.spool.close() == ("shutdown" not in lane.accounts.dropped.counts())
        self._bury(lane)
        self.lanes[which] = _Lane(self.directory, self.order)

    @rule()
    def kill_all(self):
        if "kill" not in self.faults:
            return
        for lane in self.lanes:
            self.gone += self._records_in_memory(lane)
            self._bury(lane)
        kill(*(lane.spool for lane in self.lanes))
        self.lanes = [_Lane(self.directory, self.order), _Lane(self.directory, self.order)]

    def _records_in_memory(self, lane):
        if lane.spool.outlives_process:
            return 0
        return sum(s.records for s in lane.spool._stock._segments if s.path is None)

    @rule(index=st.integers(0, 100), keep=st.integers(0, 9000))
    def lose_power(self, index, keep):
        """What the disk had not been asked for may be gone: the end of any segment."""
        if "power" in self.faults:
            self.kill_all()
        paths = segments(self.directory)
        if "power" not in self.faults or not paths:
            return
        path = paths[index % len(paths)]
        before = path.read_bytes()
        path.write_bytes(before[: max(HEADER_BYTES, keep)])
        self.excused |= _find_uids(before) - _find_uids(path.read_bytes())

    @rule(index=st.integers(0, 100), at=st.integers(0, 9000), bit=st.integers(0, 7))
    def flip_bit(self, index, at, bit):
        paths = segments(self.directory)
        if "corrupt" not in self.faults or not paths:
            return
        path = paths[index % len(paths)]
        size = path.stat().st_size
        with path.open("r+b") as file:
            file.seek(at % size)
            byte = file.read(1)[0]
            file.seek(at % size)
            file.write(bytes([byte ^ (1 << bit)]))
        self.is_corrupt = True

    # -- promises ------------------------------------------------------------------------------------------------

    @invariant()
    def accounts_come_out_even(self):
        """In each process: appended + taken over = delivered + dropped + pending."""
        for lane in getattr(self, "lanes", ()):
            parts = (lane.delivered, lane.dropped, lane.spool.pending().records)
            assert lane.appended + lane.spool.adopted == sum(parts), (parts, lane.accounts.dropped.counts())

    def _bury(self, lane):
        self.gone += lane.lost
        self.told += lane.accounts.problems.counts().get("spool_damaged", 0)

    def teardown(self):
        try:
            for lane in self.lanes:
                lane.spool.close()
                self._bury(lane)
            last = _Lane(self.directory, self.order)
            while (batch := last.spool.take(0)) is not None:
                self._deliver(last, batch)
            assert last.spool.pending().batches == 0
            last.spool.close()
            self._bury(last)
            missing = sum(
                max(0, records - self.settled[uid])
                for uid, records in self.acknowledged.items()
                if uid not in self.excused
            )
            # A head that was damaged at the very end of a writer cannot be counted, but it is told.
            assert missing <= self.gone or (self.is_corrupt and self.told), (missing, self.gone)
            assert not segments(self.directory)
        finally:
            shutil.rmtree(self.folder)


Spools.TestCase.settings = settings(
    max_examples=examples(60), stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.mark.usefixtures("impatient")
class TestSpools(Spools.TestCase):
    """Runs the model."""
