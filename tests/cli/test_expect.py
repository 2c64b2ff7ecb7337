"""`expect`: what was to happen and did not, in a file or in one that is being written."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from otel_events.cli import exit_codes
from tests.program import ledger_events

PATIENCE = 60.0
RULE = "expect heartbeat courier within 30s"
# The heart stops again after that, which is told as well where ending the one who tells takes so long.
TOLD_ONCE = (
    ["heartbeat.missed", "heartbeat.missed.resolved"],
    ["heartbeat.missed", "heartbeat.missed.resolved", "heartbeat.missed"],
)


@pytest.fixture
def beats(ledger, event):
    """A heart that stopped for a while, beside a task that took too long; not in the order of time."""
    return ledger(
        event("task.started", 5, task_id="t-1"),
        *(event("heartbeat", second, component="courier") for second in (0, 40, 20, 100, 120)),
        event("task.completed", 90, task_id="t-1"),
        event("seed.planted", 130),
        name="beats.jsonl",
    )


def told(answer):
    return [
        (each["event"], each["attributes"].get("component", each.get("task_id")))
        for each in map(json.loads, answer.out.splitlines())
    ]


def test_a_file_is_judged_as_if_everything_had_come_in_time(invoke, beats):
    """By the times at which things happened, up to its last event; with an exit code for scripts."""
    answer = invoke("expect", RULE, "task.started ends within 1m", "--json", beats)

    assert answer.code == exit_codes.NO
    assert told(answer) == [
        ("task.stalled", "t-1"),
        ("heartbeat.missed", "courier"),
        ("task.stalled.resolved", "t-1"),
        ("heartbeat.missed.resolved", "courier"),
    ]
    missed = json.loads(answer.out.splitlines()[1])
    assert missed["message"] == "No heartbeat of courier within 30s"


def test_nothing_missed_is_0(invoke, beats):
    """And said."""
    answer = invoke("expect", "heartbeat", "courier", "within", "1h", beats)

    assert (answer.code, answer.out) == (exit_codes.OK, "")
    assert "nothing was missed: 1 rule over 8 records" in answer.err


def test_open_is_what_is_missed_still(invoke, beats):
    """What was missed and came after all is no reason to wake anybody."""
    assert invoke("expect", RULE, "--open", beats).code == exit_codes.OK

    answer = invoke("expect", RULE, "--open", "--until", "now", beats)
    assert (answer.code, answer.out.count("\n")) == (exit_codes.NO, 1)
    assert "heartbeat.missed" in answer.out


def test_the_ledger_is_judged_up_to_now(invoke, ledger, event):
    """Since what has ended said its last word long ago."""
    ledger(event("heartbeat", 0, component="courier"))

    assert invoke("expect", RULE).code == exit_codes.NO


def test_rules_may_stand_in_a_file(invoke, beats, tmp_path, monkeypatch):
    """Named by an option, or by a variable."""
    rules = tmp_path / "rules.txt"
    rules.write_text(f"{RULE}   # the courier\n")

    assert told(invoke("expect", "--rules", rules, "--json", beats)) == told(invoke("expect", RULE, "--json", beats))
    monkeypatch.setenv("OTEL_EVENTS_EXPECT", str(rules))
    assert len(told(invoke("expect", "--json", beats))) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "say what is expected"),
        (["heartbeat courier within 3"], "such as 90s"),
        ([RULE, "--emit"], "--emit goes with --follow"),
        ([RULE, "-f", "--open"], "--open without it"),
        ([RULE, "-f", "--until", "now"], "leave out --since and --until"),
        ([RULE, "-f", "a.jsonl", "b.jsonl"], "follows one file"),
    ],
)
def test_mistakes_of_usage_say_what_would_be_right(invoke, arguments, said):
    """With the exit code of such."""
    answer = invoke("expect", *arguments)

    assert answer.code == exit_codes.USAGE
    assert said in answer.err


@contextmanager
def following(environment, *arguments, begins="watching"):
    """A process that watches; it is killed at the end, if it lives."""
    command = [sys.executable, "-m", "otel_events", "expect", *arguments, "--follow"]
    with subprocess.Popen(
        command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert begins in process.stderr.readline()
            yield process
        finally:
            process.kill()


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_who_follows_tells_what_stops_and_what_goes_on_and_remembers_it(environment, process, tmp_path):
    """With --emit as events in the ledger, by which the next one that follows knows what was told."""
    ledger = tmp_path / "ledger.jsonl"

    def absences():
        return [line["event"] for line in ledger_events(ledger) if line["event"].startswith("heartbeat.")]

    rule = "expect heartbeat courier within 3s"
    process("heartbeat", "courier", "--every", "0.2", "--", sys.executable, "-c", "pass")
    with following(environment, rule, "--emit") as first:
        assert "No heartbeat of courier within 3s" in first.stdout.readline()
        wait_for(lambda: absences() == ["heartbeat.missed"])
    with following(environment, rule, "--emit", "--json") as second:
        process("heartbeat", "courier", "--every", "0.2", "--", sys.executable, "-c", "pass")
        assert json.loads(second.stdout.readline())["event"] == "heartbeat.missed.resolved"
        second.send_signal(signal.SIGINT)
        _, err = second.communicate(timeout=PATIENCE)

    assert (second.returncode, err.strip()) == (exit_codes.INTERRUPTED, "")
    assert absences() in TOLD_ONCE


@pytest.mark.slow
def test_of_two_that_would_tell_one_does_and_the_other_takes_over(environment, process, tmp_path):
    """Nothing is told twice, and nothing is forgotten when the first is killed."""
    ledger = tmp_path / "ledger.jsonl"

    def absences():
        return [line["event"] for line in ledger_events(ledger) if line["event"].startswith("heartbeat.")]

    rule = "expect heartbeat courier within 3s"
    process("heartbeat", "courier", "--every", "0.2", "--", sys.executable, "-c", "pass")
    with following(environment, rule, "--emit") as first:
        with following(environment, rule, "--emit", begins="another process tells") as second:
            assert "No heartbeat of courier" in first.stdout.readline()
            wait_for(lambda: absences() == ["heartbeat.missed"])
            first.kill()
            assert "watching" in second.stderr.readline()
            process("heartbeat", "courier", "--every", "0.2", "--", sys.executable, "-c", "pass")
            assert "again" in second.stdout.readline()
            wait_for(lambda: len(absences()) > 1)

    assert absences() in TOLD_ONCE


def wait_for(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
