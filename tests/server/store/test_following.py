"""What other programs append to the ledger."""

import json
import os

import pytest

from otel_events.accounting import Accounts
from otel_events.ledger.rotate import RotationSettings, rotate
from otel_events.ledger.write import LedgerFile
from tests.program import run_program
from tests.server.arriving import arrivals, opened, seqs, steps


def _lines(tmp_path, name, count, first=1):
    """Lines of a ledger that somebody else has written."""
    path = tmp_path / "elsewhere" / name
    with opened(path) as store:
        store.append(arrivals(count, first=first, writer=f"{abs(hash(name)):x}"[:16].rjust(16, "0")))
    return path.read_bytes()


def test_a_program_that_writes_to_the_ledger_is_heard(tmp_path):
    """Its events are numbered, told and found as those that were sent are, and stand in the file once."""
    path, told = tmp_path / "events.jsonl", []
    with opened(path) as store:
        store.listen(lambda events: told.extend(event.record.name for event in events))
        store.append(arrivals(2))
        ran = run_program("ev.emit('page.read', pages=3); ev.shutdown()", tmp_path, OTEL_EVENTS_LEDGER_PATH=str(path))
        assert ran.code == 0, ran.err
        store.append(arrivals(1, first=3))
        store.poll()

        assert [event.record.name for event in store.select()] == ["evidence.added"] * 2 + [
            "page.read",
            "evidence.added",
        ]
        assert told[2:5] == ["otel_events.writer.started", "page.read", "otel_events.writer.stopped"]
        assert path.read_text().count("page.read") == 1


def test_what_is_sent_and_written_to_the_ledger_as_well_is_shown_once(tmp_path):
    """Whichever copy comes first, the other one is known by its uid."""
    path, again = tmp_path / "events.jsonl", _lines(tmp_path, "same.jsonl", 3)
    writer = json.loads(again.splitlines()[1])["writer"]
    with opened(path) as store:
        store.append(arrivals(2, writer=writer))
        with path.open("ab") as file:
            file.write(again)
        store.poll()
        store.append(arrivals(4, writer=writer))

        assert steps(store.select()) == [1, 2, 3, 4]


def test_rotation_by_another_program_loses_and_repeats_nothing(tmp_path):
    """What stood in the old file before the server looked, and what stands in the new one, both are found."""
    path = tmp_path / "events.jsonl"
    with opened(path) as store:
        store.append(arrivals(3))
        with path.open("ab") as file:
            file.write(_lines(tmp_path, "a.jsonl", 2, first=10))
        rotate(path, 1_771_095_683.0)
        path.write_bytes(_lines(tmp_path, "b.jsonl", 2, first=20))
        store.append(arrivals(2, first=4))
        store.poll()

        assert steps(store.select()) == [1, 2, 3, 10, 11, 20, 21, 4, 5]
        assert seqs(store.select()) == list(range(1, 10))


def test_looking_for_what_to_delete_passes_over_nothing(tmp_path):
    """The end of a file that was rotated is read, though the new file was seen before by who looks after the disk."""
    path = tmp_path / "events.jsonl"
    with opened(path) as store:
        store.append(arrivals(3))
        store.poll()
        with path.open("ab") as file:
            file.write(_lines(tmp_path, "a.jsonl", 2, first=10))
        rotate(path, 1_771_095_683.0)
        path.write_bytes(_lines(tmp_path, "b.jsonl", 2, first=20))
        store.maintain()
        store.poll()

        assert steps(store.select()) == [1, 2, 3, 10, 11, 20, 21]


def test_events_of_before_the_server_are_shown(tmp_path):
    """A server that is started on a ledger with rotated files takes in all of them, oldest first."""
    path = tmp_path / "events.jsonl"
    path.write_bytes(_lines(tmp_path, "a.jsonl", 3))
    rotate(path, 1_771_095_683.0)
    path.write_bytes(_lines(tmp_path, "b.jsonl", 3, first=4))
    with opened(path) as store:
        assert steps(store.select()) == [1, 2, 3, 4, 5, 6]


def test_lines_of_other_forms_are_shown_as_the_ledgers_own(tmp_path):
    """Hand-written lines have numbers and the ledger's shape; what is no event has neither, and harms no other."""
    path = tmp_path / "events.jsonl"
    flat = b'{"event":"task_started","ts":1771095683.5,"task_id":"t-9","goal":"x"}\n'
    path.write_bytes(b"no json\n" + flat + b'{"a":1}\n\n' + flat[:20] + b"\n" + flat)
    with opened(path) as store:
        found = [json.loads(event.wire()) for event in store.select()]

    assert [each["seq"] for each in found] == [1, 2]
    assert {(each["event"], each["task_id"], each["attributes"]["goal"]) for each in found} == {
        ("task.started", "t-9", "x")
    }


def test_half_a_line_is_waited_for(tmp_path):
    """A line that is being written counts when its end is there; one that was torn by a kill costs no line but itself."""
    path = tmp_path / "events.jsonl"
    header, first, second = _lines(tmp_path, "a.jsonl", 2).splitlines(keepends=True)[-3:]
    with opened(path) as store:
        with path.open("ab", buffering=0) as file:
            file.write(header + first[:40])
            store.poll()
            assert store.select() == []
            file.write(first[40:] + second[:40])
        store.append(arrivals(1, first=3))

        assert steps(store.select()) == [1, 3]


def test_a_file_that_is_emptied_begins_anew(tmp_path):
    """What stood in it is gone; what comes afterwards has the next numbers."""
    path = tmp_path / "events.jsonl"
    with opened(path) as store:
        store.append(arrivals(20))
        os.truncate(path, 0)
        store.append(arrivals(2, first=21))
        store.maintain()

        assert steps(store.select()) == [21, 22]
        assert seqs(store.select()) == [21, 22]


def test_writers_that_take_turns_with_the_server_mix_no_lines(tmp_path):
    """Through rotations on both sides every event of both is there, each once."""
    path = tmp_path / "events.jsonl"
    rotation = RotationSettings(max_file_bytes=4_000, max_age=None, max_total_bytes=None)
    other = LedgerFile(path, make_header=lambda: b"", rotation=rotation, follow_symlinks=True, accounts=Accounts())
    theirs = _lines(tmp_path, "a.jsonl", 60, first=1_000).splitlines(keepends=True)[2:]
    with opened(path, keep_bytes=40_000_000) as store:
        for turn in range(60):
            other.append(theirs[turn])
            store.append(arrivals(2, first=1 + 2 * turn))
        other.close()
        store.poll()
        found = steps(store.select(limit=1_000))

        assert sorted(found) == [*range(1, 121), *range(1_000, 1_060)]
        assert [step for step in found if step < 1_000] == list(range(1, 121))


@pytest.mark.skipif(os.name != "posix", reason="links are rare elsewhere")
def test_a_link_at_the_default_path_is_refused(tmp_path):
    """Nobody chose that place, so nothing is written through a link that somebody put there."""
    from otel_events.server.settings import ServerSettings
    from otel_events.server.store.errors import StoreUnavailableError
    from otel_events.server.store.store import Store

    (tmp_path / "events.jsonl").symlink_to(tmp_path / "target.jsonl")
    store = Store(tmp_path / "events.jsonl", ServerSettings(), is_default_path=True)
    store.open()
    with pytest.raises(StoreUnavailableError, match="symbolic link"):
        store.append(arrivals(1))
    store.close()

    assert not (tmp_path / "target.jsonl").exists()
