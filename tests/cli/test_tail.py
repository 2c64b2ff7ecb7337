"""`tail`: the last events, and those that come."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest


@contextmanager
def following(*arguments, **options):
    """Run `tail --follow` until the end of the block, or for half a minute."""
    command = [sys.executable, "-m", "otel_events", "tail", "-f", "--json", *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options) as child:
        guard = threading.Timer(30, child.kill)
        guard.start()
        try:
            yield child
        finally:
            guard.cancel()
            child.kill()


def test_the_last_events_are_shown(invoke, story):
    """In one line each: program and persona, indented by task."""
    lines = invoke("tail", "-n", "6").out.splitlines()

    assert [line.partition("orchestrator")[2] for line in lines[:4]] == [
        "·thesis       │ task.completed  t-2 (200 ms)",
        '·thesis       task.failed  t-1 (800 ms) exception.type=ValueError exception.message="bad value 17"',
        "·thesis       thesis.end  (1.00 s)",
        "              cycle.end  (1.20 s)",
    ]
    assert len(lines) == 6


def test_each_line_has_its_severity(invoke, ledger, event):
    """In a column of its own, by the name of its range: finer steps are in the JSON."""
    from otel_events.event import Severity

    names = {1: "TRACE", 5: "DEBUG", 9: "INFO", 15: "WARN", 17: "ERROR", 24: "FATAL"}
    path = ledger(*(event("a.b", at, severity=Severity(severity)) for at, severity in enumerate(names)))

    lines = invoke("tail", path).out.splitlines()

    said = [line.partition("orchestrator")[0][-7:] for line in lines]
    assert said == [f"{name:5}  " for name in names.values()]


def test_frequent_types_are_summed_up(invoke, ledger, event):
    """One line a second with a count; a warning among them stands for itself."""
    from otel_events.event import Severity

    events = [event("reward.computed", number / 100, reward=number) for number in range(50)]
    path = ledger(*events, event("reward.computed", 0.6, severity=Severity.WARN, reward=-1), event("a.b", 5))

    lines = invoke("tail", path, "-n", "100").out.splitlines()

    assert [line.partition("orchestrator")[2].strip() for line in lines] == [
        "reward.computed  reward=-1",
        "50\N{MULTIPLICATION SIGN} reward.computed  reward=49",
        "a.b",
    ]
    assert len(invoke("tail", path, "-n", "100", "--all").out.splitlines()) == 52


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a terminal")
@pytest.mark.parametrize(
    ("options", "lines"),
    [
        (
            (),
            [
                *["token.streamed"] * 20,
                "50\N{MULTIPLICATION SIGN} token.streamed",
                "50\N{MULTIPLICATION SIGN} token.streamed",
            ],
        ),
        (("--all",), ["token.streamed"] * 120),
    ],
)
def test_a_rush_of_any_type_is_summed_up_on_a_terminal(options, lines, environment, ledger, event):
    """The first twenty are shown; from then on there is one line a second, until fewer come."""
    path = ledger(
        *(event("token.streamed", number / 1000) for number in range(70)),
        *(event("token.streamed", 1.5 + number / 1000) for number in range(50)),
        event("a.b", 5),
    )
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "otel_events", "tail", path, "-n", "200", *options]
    with subprocess.Popen(
        command, stdout=theirs, env=environment(NO_COLOR="1", PYTHONUTF8="1", COLUMNS="200")
    ) as child:
        os.close(theirs)
        said = read_terminal(ours)

    assert child.returncode == 0
    assert [line.partition("orchestrator")[2].strip() for line in said.splitlines()] == [*lines, "a.b"]


def read_terminal(descriptor):
    """Return all that is written to a terminal until nobody has it open."""
    with os.fdopen(descriptor, "rb", buffering=0) as terminal:
        said = b""
        while chunk := read_some(terminal):
            said += chunk
    return said.decode()


def read_some(terminal):
    try:
        return terminal.read(65536)
    except OSError:  # Linux's word for the end of it
        return b""


def test_json_is_every_event_as_it_is(invoke, story):
    """No roll-ups, no colours."""
    assert invoke("tail", "--json", "-n", "3").out == "".join(story.read_text().splitlines(keepends=True)[-3:])


def test_what_writers_say_of_themselves_is_not_shown_unasked(invoke, ledger, event):
    """With --all, or a filter that names it, it is."""
    ledger(event("otel_events.writer.started"), event("a.b", 1))

    assert len(invoke("tail").out.splitlines()) == 1
    assert len(invoke("tail", "--all").out.splitlines()) == 2
    assert len(invoke("tail", "otel_events.*").out.splitlines()) == 1


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="renames a file that is read")
def test_following_shows_what_comes_through_a_rotation(tmp_path, environment, ledger, ledger_bytes, event):
    """From several files, each event once."""
    path = ledger(event("a.0"))
    with following("a.*", env=environment(), cwd=tmp_path) as child:
        seen = [json.loads(child.stdout.readline())["event"]]
        with path.open("ab") as file:
            file.write(ledger_bytes([event("a.1"), event("b.1")], header=False))
        path.rename(path.with_name("ledger-20260214T190123Z-000001.jsonl"))
        path.write_bytes(ledger_bytes([event("a.2")]))
        seen += [json.loads(child.stdout.readline())["event"] for _ in range(2)]

    assert seen == ["a.0", "a.1", "a.2"]


@pytest.mark.slow
def test_a_file_that_is_not_there_yet_is_waited_for(tmp_path, environment, ledger, ledger_bytes, event):
    """Beside one that is; what it gets when it comes is shown."""
    there = ledger(event("a.0"))
    with following(there, "later.jsonl", env=environment(), cwd=tmp_path) as child:
        seen = [json.loads(child.stdout.readline())["event"]]
        (tmp_path / "later.jsonl").write_bytes(ledger_bytes([event("a.1")]))
        seen.append(json.loads(child.stdout.readline())["event"])
        child.kill()
        said = child.stderr.read()

    assert seen == ["a.0", "a.1"]
    assert b"waiting for later.jsonl" in said


def test_compressed_files_have_last_events_too(invoke, story, tmp_path):
    """Whatever they are called."""
    (tmp_path / "old.jsonl").write_bytes(gzip.compress(story.read_bytes()))

    assert invoke("tail", "old.jsonl", "--json", "-n", "3").out == invoke("tail", "--json", "-n", "3").out


def test_several_files_are_merged_by_time(invoke, ledger, event, rows, tmp_path):
    """The last of all of them, whichever file they are in, compressed or not."""
    late = ledger(*[event("a.late", 10 + second) for second in range(0, 6, 2)], name="a.jsonl")
    early = ledger(*[event("a.early", 9 + second) for second in range(0, 6, 2)], name="b.jsonl")
    packed = tmp_path / "c.jsonl.gz"
    packed.write_bytes(gzip.compress(early.read_bytes()))

    plain = rows(invoke("tail", "--json", "-n", "3", str(late), str(early)).out)
    compressed = rows(invoke("tail", "--json", "-n", "3", str(late), str(packed)).out)

    assert [each["event"] for each in plain] == ["a.late", "a.early", "a.late"]
    assert compressed == plain


def test_what_fits_far_from_the_end_is_found(invoke, ledger, event, rows):
    """The end of a file is looked at first, and all of it if that does not do."""
    path = ledger(event("a.b"), *[event("c.d", number / 1000) for number in range(5_000)])

    assert [row["event"] for row in rows(invoke("tail", path, "a.*", "--json").out)] == ["a.b"]


def test_standard_input_is_followed_to_its_end(process, ledger_bytes, event):
    """A pipe has an end."""
    run = process("tail", "-f", "--json", "-", given=ledger_bytes([event("a.b"), event("a.c")]).decode())

    assert [json.loads(line)["event"] for line in run.stdout.splitlines()] == ["a.b", "a.c"]
