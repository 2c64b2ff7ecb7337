"""Behind a real server that forks its workers: each is a writer of its own, and none loses what it emitted."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from urllib.request import urlopen

import pytest

from tests.effort import rest_slow
from tests.program import PATIENCE, ROOT, UNHURRIED, environment, ledger_events

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a server that forks")


@contextmanager
def gunicorn(home, *options, **env):
    """Run the application under gunicorn with two workers; give its process and a function that asks for a path."""
    said = home / "gunicorn.log"
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "--workers=2",
        "--bind=127.0.0.1:0",
        *options,
        "tests.programs.served:app",
    ]
    env = environment(home, **UNHURRIED, **env) | {"PYTHONWARNINGS": "default"}
    with said.open("wb") as log:
        server = subprocess.Popen(command, cwd=ROOT, env=env, stderr=log, stdout=log)
    try:
        address = await_address(said)
        yield server, lambda path: int(urlopen(f"{address}/{path}", timeout=PATIENCE).read())
    finally:
        if server.poll() is None:
            server.terminate()
            server.wait(PATIENCE)


def await_address(said):
    """Return where the server listens, once it says so."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        for line in said.read_text().splitlines():
            if "Listening at: " in line:
                return line.split("Listening at: ")[1].split()[0]
        time.sleep(0.02)
    raise AssertionError(said.read_text())


@pytest.mark.room
@pytest.mark.slow
@pytest.mark.parametrize("options", rest_slow([["--preload"], []]), ids=["preloaded", "loaded by each worker"])
@pytest.mark.parametrize("durability", rest_slow(["async", "journal"]))
def test_workers_of_gunicorn_lose_nothing(tmp_path, options, durability):
    """What the workers emitted is in the ledger when the server has ended, each event once, by writers of their own."""
    with gunicorn(tmp_path, *options, OTEL_EVENTS_DURABILITY=durability) as (server, ask):
        served = {number: ask(number) for number in range(40)}
        server.terminate()
        code = server.wait(PATIENCE)

    events = ledger_events(tmp_path / "state" / "otel-events" / "events.jsonl", with_own=True)
    grown = {event["attributes"]["n"]: event["attributes"]["pid"] for event in events if event["event"] == "seed.grown"}
    names = Counter(event["event"] for event in events)
    assert code == 0
    assert grown == served
    assert names["task.completed"] == len(served)
    assert names["seed.planted"] == (1 if options else 2)
    assert names["otel_events.writer.started"] == names["otel_events.writer.stopped"]
    assert len({event["log.record.uid"] for event in events if "log.record.uid" in event}) == sum(
        "log.record.uid" in event for event in events
    )


def numbers_in(ledger):
    return [event["attributes"].get("n") for event in ledger_events(ledger, of_killed=True)]


@pytest.mark.slow
def test_a_worker_that_is_killed_leaves_its_journal_to_the_next(tmp_path):
    """With `journal` even what a worker emitted just before `kill -9` arrives: the worker that takes its place sends it."""
    with gunicorn(tmp_path, "--preload", OTEL_EVENTS_DURABILITY="journal") as (server, ask):
        victim = ask(1)
        os.kill(victim, signal.SIGKILL)
        ledger = tmp_path / "state" / "otel-events" / "events.jsonl"
        served, number, until = {1: victim}, 1, time.monotonic() + PATIENCE
        while 1 not in numbers_in(ledger) and time.monotonic() < until:
            number += 1
            served[number] = ask(number)
            time.sleep(0.05)
        server.terminate()
        server.wait(PATIENCE)

    grown = {
        event["attributes"]["n"]: event["attributes"]["pid"]
        for event in ledger_events(ledger, of_killed=True)
        if "n" in event["attributes"]
    }
    assert grown == served
