"""When files are rotated, what they are called, and what is kept."""

import pytest

from otel_events.accounting import Accounts
from otel_events.errors import ConfigurationError
from otel_events.ledger.rotate import RotationSettings, ledger_files
from otel_events.ledger.write import LedgerFile

START = 1_771_095_683.0  # 2026-02-14T19:01:23Z


def open_ledger(path, settings, *, clock=lambda: START, accounts=None, header=b""):
    return LedgerFile(
        path,
        make_header=lambda: header,
        rotation=settings,
        follow_symlinks=True,
        accounts=accounts or Accounts(),
        clock=clock,
    )


def names(path):
    return [file.name for file in ledger_files(path)]


def test_a_full_file_is_renamed_and_a_new_one_begun(tmp_path):
    """No file grows beyond its bound; names count up and carry the time of rotation."""
    path = tmp_path / "events.jsonl"
    ledger = open_ledger(path, RotationSettings(max_file_bytes=10))

    for line in (b"12345678\n", b"2\n", b"3\n"):
        ledger.append(line)

    assert names(path) == ["events-20260214T190123Z-000001.jsonl", "events.jsonl"]
    assert [file.read_bytes() for file in ledger_files(path)] == [b"12345678\n", b"2\n3\n"]


def test_a_batch_larger_than_a_file_is_kept_whole(tmp_path):
    """A bound on files never splits or loses a batch."""
    path = tmp_path / "events.jsonl"
    ledger = open_ledger(path, RotationSettings(max_file_bytes=10))

    ledger.append(b"x" * 99 + b"\n")
    ledger.append(b"2\n")

    assert [len(file.read_bytes()) for file in ledger_files(path)] == [100, 2]


def test_an_old_file_is_rotated_by_the_time_on_its_first_line(tmp_path):
    """The age of a file is the file's own, so that it does not begin anew with each program."""
    path = tmp_path / "events.jsonl"
    now = START
    settings = RotationSettings(max_age=100.0)
    header = b'{"time":"...","unix":%.1f}\n' % START
    open_ledger(path, settings, header=header).append(b"1\n")

    now = START + 99
    open_ledger(path, settings, clock=lambda: now).append(b"2\n")
    now = START + 100
    open_ledger(path, settings, clock=lambda: now).append(b"3\n")

    assert names(path) == ["events-20260214T190303Z-000001.jsonl", "events.jsonl"]
    assert path.read_bytes() == b"3\n"


def test_order_does_not_hang_on_the_clock(tmp_path):
    """A clock set back does not turn the files about."""
    path = tmp_path / "events.jsonl"
    for step, number in enumerate((b"1\n", b"2\n", b"3\n")):
        open_ledger(path, RotationSettings(max_file_bytes=2), clock=lambda step=step: START - step * 86_400).append(
            number
        )

    assert b"".join(file.read_bytes() for file in ledger_files(path)) == b"1\n2\n3\n"


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        (RotationSettings(max_file_bytes=10, max_total_bytes=40), 3),
        (RotationSettings(max_file_bytes=10, max_files=2), 2),
        (RotationSettings(max_file_bytes=10, max_files=0), 0),
        (RotationSettings(max_file_bytes=10, max_total_bytes=10), 0),
        (RotationSettings(max_file_bytes=10, max_total_bytes=None), 9),
    ],
)
def test_the_oldest_files_go_when_there_are_too_many(tmp_path, settings, kept):
    """The whole ledger stays within its cap; what was deleted is counted; files of others are left alone."""
    path = tmp_path / "events.jsonl"
    other = tmp_path / "events-mine.jsonl"
    other.write_bytes(b"x" * 1000)
    accounts = Accounts()
    ledger = open_ledger(path, settings, accounts=accounts)

    for number in range(10):
        ledger.append(b"%09d\n" % number)

    assert b"".join(file.read_bytes() for file in ledger_files(path)) == b"".join(
        b"%09d\n" % number for number in range(9 - kept, 10)
    )
    assert accounts.cut.counts().get("ledger_files_pruned", 0) == 9 - kept
    assert other.exists()


def test_a_writer_notices_that_another_has_rotated(tmp_path):
    """Nothing is written to a file after it was rotated."""
    path = tmp_path / "events.jsonl"
    settings = RotationSettings(max_file_bytes=6)
    one, two = open_ledger(path, settings), open_ledger(path, settings)

    one.append(b"1a\n")
    two.append(b"2a\n")
    one.append(b"1b\n")
    two.append(b"2b\n")

    assert [file.read_bytes() for file in ledger_files(path)] == [b"1a\n2a\n", b"1b\n2b\n"]


def test_settings_that_cannot_be_are_all_named_at_once():
    """A wrong setting is an error where it is made, and all of them are in one message."""
    with pytest.raises(ConfigurationError) as caught:
        RotationSettings(max_file_bytes=0, max_age=-1, max_files=-1)

    assert len(caught.value.problems) == 3

    with pytest.raises(ConfigurationError, match="max_total_bytes"):
        RotationSettings(max_file_bytes=100, max_total_bytes=50)
