"""Numbers of events: given once, and the same whatever becomes of the index."""

import json
import shutil
import sqlite3

import pytest

from tests.server.arriving import WRITER, arrival, arrivals, opened, seqs, steps


def test_events_are_numbered_as_they_come(tmp_path):
    """The first event is number 1, and each has the number after the one before."""
    with opened(tmp_path / "events.jsonl") as store:
        assert seqs(store.append(arrivals(3))) == [1, 2, 3]
        assert seqs(store.append(arrivals(2, first=4))) == [4, 5]

        assert (store.first_seq, store.last_seq) == (1, 5)


def test_numbering_goes_on_after_a_restart(tmp_path):
    """What was given before is not given again."""
    with opened(tmp_path / "events.jsonl") as store:
        store.append(arrivals(3))
    with opened(tmp_path / "events.jsonl") as store:
        assert seqs(store.append(arrivals(1, first=4))) == [4]


def test_an_event_with_a_known_uid_is_stored_once(tmp_path):
    """A batch that is sent again stores nothing, in the same run or a later one; within one batch likewise."""
    with opened(tmp_path / "events.jsonl") as store:
        store.append([*arrivals(3), *arrivals(3)])
        assert store.append(arrivals(3)) == []
    with opened(tmp_path / "events.jsonl") as store:
        assert steps(store.append(arrivals(4))) == [4]

        assert steps(store.select()) == [1, 2, 3, 4]
        assert store.accounts.dropped.counts() == {"duplicate": 3}


@pytest.mark.parametrize("uid", ["order-17", "550e8400-e29b-41d4-a716-446655440000", "00000000000000aa-0x1", "é" * 150])
def test_uids_of_others_are_known_again_too(tmp_path, uid):
    """Whatever form a uid has, the second event with it is left out."""
    one = arrival(number=1)
    one.event.uid = uid
    with opened(tmp_path / "events.jsonl") as store:
        assert len(store.append([one])) == 1
        assert store.append([one]) == []


def test_events_without_a_uid_are_all_stored(tmp_path):
    """Nothing tells one from another, so none is taken for a duplicate."""
    with opened(tmp_path / "events.jsonl") as store:
        assert len(store.append([arrival(), arrival()])) == 2


def _delete(index):
    shutil.rmtree(index.parent)


def _overwrite(index):
    index.write_bytes(b"no index " * 5_000)


def _make_old(index):
    with sqlite3.connect(index) as connection:
        connection.execute("PRAGMA user_version = 0")
    connection.close()


def _break_inside(index):
    data = bytearray(index.read_bytes())
    data[8192:] = b"\xff" * len(data[8192:])
    index.write_bytes(data)


@pytest.mark.parametrize("damage", [_delete, _overwrite, _make_old, _break_inside])
def test_an_index_that_cannot_be_used_is_made_anew(tmp_path, damage):
    """Missing, overwritten, old or broken inside: afterwards every answer is what it was, numbers and all."""
    path = tmp_path / "events.jsonl"
    with opened(path) as store:
        store.append([*arrivals(50, task_id="t-1"), *arrivals(50, first=60, name="task.started")])
        before = [event.wire() for event in store.select(limit=1_000)], store.views.tasks(), store.views.counts()
        index = store.place.index
    damage(index)

    with opened(path) as store:
        assert (
            [event.wire() for event in store.select(limit=1_000)],
            store.views.tasks(),
            store.views.counts(),
        ) == before
        assert store.append(arrivals(50)) == []


def test_an_index_that_breaks_while_it_is_used_is_made_anew(tmp_path):
    """The server goes on: what comes is stored, told, and found."""
    path, told = tmp_path / "events.jsonl", []
    with opened(path) as store:
        store.listen(lambda events: told.extend(seqs(events)))
        store.append(arrivals(50))
        with store._lock:  # else what is deleted last may be of the new one already, which the store's own thread makes
            for file in store.place.index.parent.glob("index.sqlite3*"):
                file.unlink()

        store.poll()
        store.append(arrivals(5, first=51))

        assert told == list(range(1, 56))
        assert seqs(store.select(limit=1_000)) == list(range(1, 56))
        assert store.rebuilt == 1


def test_numbers_outlast_both_the_index_and_the_oldest_files(tmp_path):
    """With the index lost and the first files deleted, every event that is left has the number that it had."""
    path = tmp_path / "events.jsonl"
    with opened(path, keep_bytes=400_000) as store:
        for start in range(1, 2_000, 100):
            store.append(arrivals(100, first=start))
        store.maintain()
        before = [event.wire() for event in store.select(limit=10_000)]
        first = store.first_seq
        index = store.place.index
    assert first > 1
    _delete(index)

    with opened(path, keep_bytes=400_000) as store:
        assert store.first_seq == first
        assert [event.wire() for event in store.select(limit=10_000)] == before
        assert seqs(store.append(arrivals(1, first=5_000))) == [2_001]


def test_a_header_in_the_middle_of_a_file_numbers_what_stands_before_it(tmp_path):
    """A file that a program began and a server went on with is numbered from the server's header, both ways."""
    path = tmp_path / "events.jsonl"
    with opened(path) as store:
        store.append(arrivals(10))
    lines = path.read_text().splitlines()
    header = json.loads(lines[0])
    header["next_seq"] = 1_000
    # As if nine events of a program stood there when a server came that had given 999 numbers.
    path.write_text("\n".join([*lines[1:11], json.dumps(header, separators=(",", ":")), lines[11]]) + "\n")
    shutil.rmtree(tmp_path / ".events.jsonl.index")

    with opened(path) as store:
        assert seqs(store.select()) == list(range(991, 1_001))


def test_two_servers_do_not_keep_one_ledger(tmp_path):
    """The second one is told who has it and what to do, and harms nothing."""
    from otel_events.server.store.errors import StoreError

    with opened(tmp_path / "events.jsonl") as store:
        with (
            pytest.raises(StoreError, match=r"another server \(process \d+\).*--ledger"),
            opened(tmp_path / "events.jsonl"),
        ):
            pass
        assert seqs(store.append(arrivals(1))) == [1]


def test_what_stands_in_the_ledger_are_lines_of_the_sdk(tmp_path):
    """One header for each writer in a file, and lines without a resource of their own: readers find it by the header."""
    from otel_events.ledger.read import read_ledger

    path = tmp_path / "events.jsonl"
    other = arrival(number=1, writer="00000000000000bb", resource=type(arrival().resource)({"service.name": "other"}))
    with opened(path) as store:
        store.append([*arrivals(2), other, *arrivals(2, first=3), arrival(resource=other.resource)])
    text = path.read_text()

    assert '"origin"' not in text
    assert text.count(f'"writer":"{WRITER}"') == 1
    assert [(each.service, each.resource.get("host.name")) for each in read_ledger(path)] == [
        *[("orchestrator", "here")] * 2,
        ("other", None),
        *[("orchestrator", "here")] * 2,
        ("other", None),
    ]
