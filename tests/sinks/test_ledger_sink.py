"""The sink that keeps events in a file on this machine."""

import json
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from otel_events.accounting import Accounts
from otel_events.event import Event
from otel_events.ledger.read import read_ledger
from otel_events.ledger.rotate import ledger_files
from otel_events.notices import Notices
from otel_events.sinks.ledger import LedgerSink, default_path

ROOT = Path(__file__).parents[2]


@pytest.fixture
def accounts():
    return Accounts()


@pytest.fixture
def open_sink(accounts):
    def open_sink(path, **settings):
        given = {"resource": {"service.name": "demo"}, "service": "demo", "writer_id": "w", **settings}
        return LedgerSink(path, accounts=accounts, notices=Notices(), **given)

    return open_sink


def event(number=1, **facts):
    return Event("a.b", 1, 1, attributes={"n": number}, uid=f"w-{number}", **facts)


def soon():
    return time.monotonic() + 5


def numbers(path):
    return [found.event.attributes["n"] for found in read_ledger(path)]


def block(path):
    """Make *path* impossible to write, even for root: a file stands where its folder should be."""
    path.parent.write_bytes(b"")


def test_events_are_in_the_file_when_write_returns(tmp_path, open_sink, accounts):
    """What `write` took can be read by anybody at once, and is counted as delivered."""
    sink = open_sink(tmp_path / "events.jsonl")

    sink.write([event(1), event(2)])

    assert numbers(tmp_path / "events.jsonl") == [1, 2]
    assert accounts.delivered.counts() == {"ledger": 2}
    assert sink.flush(soon())
    assert sink.close(soon())


def test_an_unused_sink_leaves_no_trace(tmp_path, open_sink):
    """A program that emits nothing makes no files."""
    sink = open_sink(tmp_path / "x" / "events.jsonl")
    sink.write([])

    assert sink.flush(soon())
    assert sink.close(soon())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("form", "files"), [("flat", 1), ("events", 2)])
def test_the_flat_format_is_never_rotated_unless_asked(tmp_path, open_sink, form, files):
    """`tail -f` on a hand-written ledger goes on for ever; our own format begins a new file at 64 MiB."""
    path = tmp_path / "ledger.jsonl"
    path.touch()
    os.truncate(path, 64 << 20)
    sink = open_sink(path, format=form)

    sink.write([event()])

    assert len(ledger_files(path)) == files


def test_the_flat_format_is_one_event_a_line(tmp_path, open_sink):
    """Old readers find no line that is not an event."""
    sink = open_sink(tmp_path / "ledger.jsonl", format="flat")

    sink.write([event(given_name="A_B"), event()])

    lines = (tmp_path / "ledger.jsonl").read_text().splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["A_B", "a.b"]


def test_what_cannot_be_written_waits_and_is_written_later(tmp_path, open_sink, accounts, caplog):
    """A path that fails for a while costs no event; it is told once, with the file, the reason and the cure."""
    path = tmp_path / "folder" / "events.jsonl"
    block(path)
    sink = open_sink(path)

    sink.write([event(1)])
    sink.write([event(2)])
    was_safe = sink.flush(soon())
    path.parent.unlink()
    sink.write([event(3)])

    assert not was_safe
    assert sink.flush(soon())
    assert numbers(path) == [1, 2, 3]
    assert (accounts.delivered.counts(), accounts.dropped.counts()) == ({"ledger": 3}, {})
    (told,) = caplog.messages
    assert str(path) in told
    assert "Not a directory" in told
    assert "OTEL_EVENTS_LEDGER_PATH" in told


@pytest.mark.parametrize("together", [1, 5, 12])
def test_beyond_its_bound_the_oldest_waiting_events_are_dropped_and_counted(tmp_path, open_sink, accounts, together):
    """Memory is bounded: delivered and dropped add up to what was written, however it came, and flush says so once."""
    path = tmp_path / "folder" / "events.jsonl"
    block(path)
    sink = open_sink(path)

    for first in range(0, 12, together):
        numbered = range(first, min(first + together, 12))
        sink.write([event(number, body="x" * (1 << 20)) for number in numbered])
    path.parent.unlink()
    flushed = [sink.flush(soon()), sink.flush(soon())]

    assert flushed == [False, True]
    assert numbers(path) == [5, 6, 7, 8, 9, 10, 11]
    assert (accounts.delivered.counts(), accounts.dropped.counts()) == ({"ledger": 7}, {"ledger_failed": 5})


def test_closing_with_events_that_cannot_be_written_counts_them(tmp_path, open_sink, accounts):
    """Nothing is lost silently at the end either."""
    path = tmp_path / "folder" / "events.jsonl"
    block(path)
    sink = open_sink(path)
    sink.write([event(1), event(2)])

    assert not sink.close(soon())
    assert accounts.dropped.counts() == {"ledger_failed": 2}


def test_one_event_that_cannot_be_encoded_takes_no_other_with_it(tmp_path, open_sink, accounts):
    """A value that the pipeline should have normalized is dropped alone, counted and told."""
    path = tmp_path / "events.jsonl"
    sink = open_sink(path)
    bad = event(2)
    bad.attributes["n"] = object()

    sink.write([event(1), bad, event(3)])

    assert numbers(path) == [1, 3]
    assert accounts.dropped.counts() == {"ledger_unencodable": 1}
    assert not sink.flush(soon())


def test_an_impossible_path_is_told_not_raised(open_sink, accounts):
    """Even a path that no operating system takes harms nobody."""
    sink = open_sink("a\0b")

    sink.write([event()])

    assert not sink.close(soon())
    assert accounts.dropped.counts() == {"ledger_failed": 1}


def test_a_closed_sink_writes_again_when_asked(tmp_path, open_sink):
    """Closing lets go of the file, no more."""
    sink = open_sink(tmp_path / "events.jsonl")
    sink.write([event(1)])
    sink.close(soon())

    sink.write([event(2)])

    assert numbers(tmp_path / "events.jsonl") == [1, 2]


@pytest.mark.slow
def test_the_default_is_one_file_for_all_programs_of_the_user(tmp_path):
    """Without a path the ledger is in the user's state folder, private, and no link is followed to it."""
    script = textwrap.dedent(
        """
        import time
        from otel_events.accounting import Accounts
        from otel_events.event import Event
        from otel_events.notices import Notices
        from otel_events.sinks.ledger import LedgerSink, default_path
        accounts = Accounts()
        sink = LedgerSink(resource={}, service="s", writer_id="w", accounts=accounts, notices=Notices())
        sink.write([Event("a.b", 1, 1)])
        print(default_path(), sink.path == default_path(), accounts.delivered.counts(), sink.close(time.monotonic() + 5))
        """
    )
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "HOME": str(tmp_path),
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }

    def run():
        return subprocess.run(
            [sys.executable, "-c", script], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.strip()

    first = run()
    path = Path(first.split(" True")[0])
    assert first == f"{path} True {{'ledger': 1}} True"
    assert path.is_relative_to(tmp_path)
    assert path.parts[-2:] == ("otel-events", "events.jsonl")

    if os.name == "posix":
        path.rename(tmp_path / "elsewhere")
        path.symlink_to(tmp_path / "elsewhere")
        assert run() == f"{path} True {{}} False"


def test_the_default_path_is_absolute():
    """It does not hang on where a program was started."""
    assert default_path().is_absolute()
