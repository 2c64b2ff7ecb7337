"""`relay` of ledgers: each line arrives once, whatever is killed, rotated or away meanwhile."""

import json
import signal
import time

import pytest

from otel_events.accounting import Accounts
from otel_events.event import Event
from otel_events.ledger.rotate import RotationSettings
from otel_events.notices import Notices
from otel_events.sinks.ledger import LedgerSink
from tests.acceptor import HttpAcceptor, accept, answer_with
from tests.cli.relays import FLAT, keep_killing, kept, lines
from tests.message_servers import PATIENCE, wait_until
from tests.program import ledger_events

pytestmark = pytest.mark.slow


def test_a_relay_that_is_killed_goes_on_where_it_was(relaying, collector, tmp_path):
    """Killed again and again in the middle of a ledger, relays bring every line to the server once, in order."""
    count = 20_000
    said = [{"event": "eval", "number": number, "ts": 1771095683 + number} for number in range(count)]
    parts = [lines(*said[start : start + 5_000]) for start in range(0, count, 5_000)]

    def start():
        """Start a relay with more to do than those before it have left: however quick, none does it all."""
        with (tmp_path / "old.jsonl").open("a", encoding="utf-8") as file:
            file.write(parts.pop(0) if parts else "")
        return relaying("--from", "ledger", "old.jsonl", "--to", collector.otlp)

    kills = keep_killing(start, collector, wanted=count)

    assert kills >= 4
    assert [one["attributes"]["number"] for one in kept(collector)] == list(range(count))


def test_a_rotated_ledger_is_read_in_its_order(relaying, collector, tmp_path):
    """What is written while a relay runs, through rotations, arrives once and in order."""
    path = tmp_path / "own.jsonl"
    ledger = LedgerSink(
        path,
        resource={"service.name": "t"},
        service="t",
        writer_id="0f3a0f3a0f3a0f3a",
        rotation=RotationSettings(max_file_bytes=100_000, max_total_bytes=None),
        accounts=Accounts(),
        notices=Notices(),
    )

    def write(first):
        for start in range(first, first + 2_000, 50):
            made = [
                Event(
                    name="eval", timestamp=n, observed_timestamp=n, uid=f"0f3a0f3a0f3a0f3a-{n:x}", attributes={"n": n}
                )
                for n in range(start, start + 50)
            ]
            ledger.write(made)
            time.sleep(0.001)

    write(1)
    relaying("--from", "ledger", path, "--to", collector.otlp)
    wait_until(lambda: len(kept(collector)) >= 100)
    write(2_001)
    ledger.close(time.monotonic() + PATIENCE)
    wait_until(lambda: len(kept(collector)) >= 4_000)

    assert [one["attributes"]["n"] for one in kept(collector)] == list(range(1, 4_001))


def test_a_target_that_is_away_is_waited_for(relaying, tmp_path):
    """While the receiver is overloaded a relay says so once, waits, and goes on."""
    (tmp_path / "old.jsonl").write_text(lines(*FLAT), encoding="utf-8")
    with HttpAcceptor() as acceptor:
        acceptor.usual = answer_with(503)
        process = relaying("--from", "ledger", "old.jsonl", "--to", acceptor.url()[: -len("/v1/logs")], "--patience", 0)
        acceptor.await_requests(3)
        acceptor.usual = accept
        names = acceptor.await_names(4)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)

    assert names == ["task.started", "eval", "alert.triggered", "health.check"]
    assert (process.returncode, err.count("trying again")) == (130, 1)
    assert "stopped: interrupted" in out


def test_one_pass_to_a_target_that_is_away_fails_and_can_be_repeated(process, tmp_path):
    """With --once the exit code is 1 and nothing counts as sent: the next run sends all."""
    (tmp_path / "old.jsonl").write_text(lines(*FLAT), encoding="utf-8")
    with HttpAcceptor() as acceptor:
        arguments = ["relay", "--from", "ledger", "old.jsonl", "--to", acceptor.url()[: -len("/v1/logs")], "--once"]
        acceptor.usual = answer_with(503)
        first = process(*arguments, "--patience", 0, "--json")
        acceptor.usual = accept
        second = process(*arguments)

        assert (first.returncode, second.returncode) == (1, 0), second.stderr
        assert "503" in json.loads(first.stdout)["failure"]
        assert len(acceptor.names) == 4


def test_two_relays_do_not_share_a_cursor(relaying, process, tmp_path):
    """A second relay of the same source to the same target is refused, until the first has ended."""
    (tmp_path / "old.jsonl").write_text(lines(*FLAT), encoding="utf-8")
    first = relaying("--from", "ledger", "old.jsonl", "--to", "new.jsonl")
    wait_until(lambda: len(ledger_events(tmp_path / "new.jsonl")) == 4)
    refused = process("relay", "--from", "ledger", "old.jsonl", "--to", "new.jsonl", "--once")
    first.terminate()
    out, _ = first.communicate(timeout=PATIENCE)
    after = process("relay", "--from", "ledger", "old.jsonl", "--to", "new.jsonl", "--once")

    assert (refused.returncode, "another relay" in refused.stderr) == (3, True)
    assert (first.returncode, "interrupted" in out) == (130, True)
    assert (after.returncode, len(ledger_events(tmp_path / "new.jsonl"))) == (0, 4)


def test_only_what_comes(relaying, tmp_path):
    """With --new the first start begins at the end."""
    (tmp_path / "old.jsonl").write_text(lines(*FLAT), encoding="utf-8")
    relaying("--from", "ledger", "old.jsonl", "--to", "new.jsonl", "--new")
    wait_until(lambda: list((tmp_path / "state" / "otel-events" / "relay").glob("*.json")))
    with (tmp_path / "old.jsonl").open("a", encoding="utf-8") as file:
        file.write(lines({"event": "rune", "ts": 1771095690}))

    wait_until(lambda: [one["event"] for one in ledger_events(tmp_path / "new.jsonl")] == ["rune"])
