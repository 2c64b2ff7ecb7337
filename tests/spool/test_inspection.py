"""Spools seen from outside: listed, looked into, drained, deleted."""

import json
import time

import pytest

from otel_events import spool as spools
from otel_events.accounting import Accounts
from otel_events.notices import Notices


@pytest.fixture
def make(make_spool, tmp_path):
    """Make a spool as programs do."""

    def make(service="svc", signal="logs"):
        return make_spool(
            tmp_path / "root" / service / "abc" / signal, root=tmp_path / "root", service=service, signal=signal
        )

    return make


def drain(path, deliver):
    return spools.drain(path, deliver, accounts=Accounts(), notices=Notices())


def test_a_spool_says_whose_it_is_and_what_waits(make, tmp_path):
    """All spools are listed, with what waits and who lives."""
    living, dead = make("living"), make("dead", "traces")
    living.append(b"aaa", 3)
    living.append(b"b", 1)
    living.release(living.take(0))
    dead.append(b"c", 2)
    dead.close()
    one, two = spools.list_spools(tmp_path / "root")

    assert (one.service, one.signal, one.batches, one.records, one.living, one.dead) == ("dead", "traces", 1, 2, 0, 1)
    assert (two.service, two.signal, two.batches, two.records, two.living, two.dead) == ("living", "logs", 1, 1, 1, 0)
    assert one.destination == "http://127.0.0.1:4318/v1/logs"


def test_looking_changes_nothing(make):
    """A living writer goes on, and its successor finds the same."""
    spool = make()
    spool.append(b"a", 1)
    before = {path: path.read_bytes() for path in spool.directory.iterdir()}
    spools.inspect(spool.directory)

    assert {path: path.read_bytes() for path in spool.directory.iterdir()} == before
    assert spool.append(b"b", 1) == 0


def test_what_dead_writers_left_can_be_drained(make):
    """Delivered is what was taken; the rest stays."""
    spool = make()
    for number in range(5):
        spool.append(b"%d" % number, 2)
    spool.close()
    bodies = []

    first = drain(spool.directory, lambda batch: len(bodies) < 3 and not bodies.append(batch.body))
    second = drain(spool.directory, lambda batch: not bodies.append(batch.body))

    assert (first, second, bodies) == ((6, 4), (4, 0), [b"0", b"1", b"2", b"3", b"4"])


def test_nothing_is_too_old_to_be_drained(make, monkeypatch):
    """What was kept for a month because its program was set up so is delivered, whatever the usual age is."""
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() - 30 * 86_400)
    spool = make()
    spool.append(b"a", 2)
    spool.close()
    monkeypatch.setattr(time, "time", real)

    assert drain(spool.directory, lambda _batch: True) == (2, 0)


def test_a_living_writers_batches_are_not_drained(make):
    """They are its own to send."""
    spool = make()
    spool.append(b"a", 1)

    assert drain(spool.directory, lambda _batch: True) == (0, 1)


def test_what_was_rejected_can_be_listed(make):
    """With reason and place."""
    spool = make()
    spool.append(b"a", 7)
    spool.quarantine(spool.take(0), "otlp_refused", "HTTP 400: no")
    (rejected,) = spools.quarantine(spool.directory)

    assert (rejected.cause, rejected.reason, rejected.records) == ("otlp_refused", "HTTP 400: no", 7)
    assert rejected.path.read_bytes() == b"a"
    assert spools.inspect(spool.directory).rejected == 1


@pytest.mark.parametrize(
    "note",
    [
        b'{"time": "yesterday", "cause": 5, "reason": null, "records": "7"}',
        b'{"time": 1' + b"0" * 400 + b', "records": 1e400}',
        b"[1]",
        b"[" * 100_000,
        b"\xff",
        b"{",
    ],
)
def test_an_odd_note_names_nothing(make, tmp_path, note):
    """Notes that are cut short, no JSON, or hold other types than ours count as empty; what they stand by is listed."""
    spool = make()
    spool.append(b"a", 7)
    spool.append(b"b", 1)
    spool.quarantine(spool.take(0), "otlp_refused", "no")
    for path in spool.directory.rglob("*.json"):
        path.write_bytes(note)
    (info,) = spools.list_spools(tmp_path / "root")
    (rejected,) = spools.quarantine(spool.directory)

    assert (info.service, info.signal, info.destination, info.records, info.rejected) == ("", "", "", 1, 1)
    assert (rejected.time, rejected.cause, rejected.reason, rejected.records) == (0.0, "", "", 0)


def test_a_spool_in_use_is_not_deleted(make):
    """Its processes are to be ended first."""
    spool = make()
    spool.append(b"a", 1)

    with pytest.raises(spools.SpoolInUseError):
        spools.delete(spool.directory)
    assert spools.inspect(spool.directory).records == 1


def test_deleting_takes_what_is_ours_alone(make):
    """Segments, locks, quarantine and notes go; what somebody else put there stays."""
    spool = make()
    spool.append(b"a", 2)
    spool.append(b"b", 1)
    spool.quarantine(spool.take(0), "otlp_refused", "no")
    spool.close()
    (spool.directory / "mine.txt").write_text("mine")
    (spool.directory / "quarantine" / "notes.json").write_text("mine")
    (spool.directory / "quarantine" / "w.00000000-000001.otlp").mkdir()
    (spool.directory / "0000000001-w.00000000.spool").mkdir()
    kept = {"mine.txt", "quarantine", "notes.json", "w.00000000-000001.otlp", "0000000001-w.00000000.spool"}

    assert spools.delete(spool.directory) == 1
    assert {path.name for path in spool.directory.rglob("*")} == kept


def test_what_is_not_there_is_empty(tmp_path):
    """No spool is no error."""
    assert spools.list_spools(tmp_path) == []
    assert spools.inspect(tmp_path / "none").records == 0
    assert not (tmp_path / "none").exists()


def test_a_journal_is_not_drained(tmp_path):
    """What is in it is no request: draining is refused, and nothing changes."""
    path = tmp_path / ".journal" / "s"
    path.mkdir(parents=True)
    (path / "about.json").write_text(json.dumps({"service": "s", "signal": "journal", "destination": "x"}))

    with pytest.raises(spools.JournalError, match="is a journal"):
        spools.drain(path, lambda _: True, accounts=Accounts(), notices=Notices())
    assert [info.signal for info in spools.list_spools(tmp_path)] == ["journal"]
