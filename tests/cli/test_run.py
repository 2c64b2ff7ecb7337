"""`run`: a command as a task, as if nobody stood between."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from otel_events.cli import exit_codes
from tests.effort import rest_slow

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


@pytest.fixture
def ran(process, tmp_path):
    """Run a Python program as a task; return the process and the events but the writers'."""

    def run(code, *options, **variables):
        result = process("run", *options, "--", sys.executable, "-c", code, **variables)
        return result, read_events(tmp_path)

    return run


def read_events(tmp_path):
    """Return the events in the order in which they happened: two processes write them when each comes to it."""
    lines = [json.loads(line) for line in (tmp_path / "ledger.jsonl").read_text().splitlines()]
    lines.sort(key=lambda line: line["time"])
    return [line for line in lines if not line["event"].startswith("otel_events.")]


@pytest.mark.slow
def test_a_command_that_succeeds_is_a_completed_task(ran):
    """Its output is its own."""
    run, (started, completed) = ran(
        "import sys; print('out'); print('err', file=sys.stderr)", "--task", "work", "--task-id", "t-1"
    )

    assert (run.returncode, run.stdout, run.stderr) == (0, "out\n", "err\n")
    assert (started["event"], started["task_id"]) == ("task.started", "t-1")
    assert (completed["event"], completed["attributes"]["exit_code"]) == ("task.completed", 0)
    assert completed["attributes"]["duration"] > 0


def test_a_command_that_fails_is_a_failed_task_with_the_same_exit_code(ran):
    """The code passes through."""
    run, (_, failed) = ran("raise SystemExit(3)")

    assert run.returncode == 3
    assert (failed["event"], failed["attributes"]["exit_code"], failed["attributes"]["error.type"]) == (
        "task.failed",
        3,
        "exit_3",
    )


@pytest.mark.slow
def test_its_events_belong_to_the_task(ran):
    """Trace, task and session are in its environment; the name of our program is not."""
    code = (
        "import os, otel_events as ev; assert os.environ.get('OTEL_SERVICE_NAME') is None;"
        "ev.emit('evidence.added', source='paper.pdf')"
    )
    run, events = ran(code, "--session-id", "s-1", "--persona", "thesis")

    assert run.returncode == 0, run.stderr
    assert [event["event"] for event in events if event["persona"] == "thesis"] == [
        "task.started",
        "evidence.added",
        "task.completed",
    ]
    assert len({(event["task_id"], event["session_id"], event["trace_id"]) for event in events}) == 1


@pytest.mark.slow
def test_standard_input_is_the_commands(process):
    """Byte by byte."""
    run = process("run", "--", sys.executable, "-c", "import sys; print(sys.stdin.read()[::-1])", given="abc")

    assert run.stdout == "cba\n"


@pytest.mark.slow
def test_what_cannot_be_started_says_so(process, tmp_path):
    """With the exit codes of a shell."""
    (tmp_path / "text").write_text("x")
    missing, other = process("run", "--", "./nothing"), process("run", "--", "./text")

    assert (missing.returncode, missing.stderr) == (
        exit_codes.NOT_FOUND,
        "Error: ./nothing cannot be started: No such file or directory\n",
    )
    assert other.returncode == exit_codes.NOT_EXECUTABLE
    events = read_events(tmp_path)
    assert [event["event"] for event in events] == ["task.started", "task.failed"] * 2
    assert events[1]["attributes"]["reason"] == "cannot be started: No such file or directory"


@pytest.mark.slow
@POSIX
@pytest.mark.parametrize(
    ("number", "ending"), rest_slow([(signal.SIGTERM, "task.failed"), (signal.SIGINT, "task.cancelled")])
)
def test_signals_reach_the_command(number, ending, environment, tmp_path):
    """The task says which one ended it, and the exit code does."""
    code = (
        "import signal, time; signal.signal(signal.SIGINT, signal.SIG_DFL); print('ready', flush=True); time.sleep(60)"
    )
    child = subprocess.Popen(
        [sys.executable, "-m", "otel_events", "run", "--", sys.executable, "-c", code],
        env=environment(), cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    child.stdout.readline()
    child.send_signal(number)
    child.communicate(timeout=30)

    last = read_events(tmp_path)[-1]
    assert child.returncode == 128 + number
    assert (last["event"], last["attributes"]["signal"]) == (ending, number.name)


@pytest.mark.slow
@POSIX
def test_ctrl_c_reaches_a_command_that_is_about_to_be_started(environment, tmp_path):
    """A terminal gives it to those processes that are there; the command, which is none yet, gets it from us."""
    at_that_moment = """if True:
        import os, shlex, signal, sys
        from otel_events.cli import main
        join = shlex.join
        shlex.join = lambda words: os.kill(os.getpid(), signal.SIGINT) or join(words)
        sys.argv = ["otel-events", "run", "--", "sleep", "60"]
        main()
    """
    ours, theirs = os.openpty()
    child = subprocess.run(
        [sys.executable, "-c", at_that_moment],
        env=environment(), cwd=tmp_path, stdin=theirs, timeout=30, check=False,
    )  # fmt: skip
    os.close(ours)
    os.close(theirs)

    assert (child.returncode, read_events(tmp_path)[-1]["event"]) == (exit_codes.INTERRUPTED, "task.cancelled")


@pytest.mark.slow
def test_what_it_writes_about_errors_becomes_events(ran):
    """Lines with the usual words, and a traceback as a whole; everything passes through untouched."""
    code = "import sys; print('all is well', file=sys.stderr); print('ERROR: disk on fire', file=sys.stderr, flush=True); int('x')"
    run, events = ran(code, "--capture-errors")

    errors = [event for event in events if event["event"] == "error"]
    assert run.stderr.startswith("all is well\nERROR: disk on fire\nTraceback")
    assert [error["message"] for error in errors] == [
        "ERROR: disk on fire", "ValueError: invalid literal for int() with base 10: 'x'",
    ]  # fmt: skip
    assert (errors[1]["attributes"]["exception.type"], errors[1]["severity"]) == ("ValueError", "ERROR")
    assert errors[1]["attributes"]["exception.stacktrace"].startswith("Traceback")
    assert len({event["task_id"] for event in events}) == 1


@pytest.mark.slow
def test_other_lines_can_be_asked_for(ran):
    """By a regular expression."""
    _, events = ran("import sys; print('W: odd', file=sys.stderr)", "--match", "^W:")

    assert [event["message"] for event in events if event["event"] == "error"] == ["W: odd"]


@pytest.mark.slow
def test_a_wrong_expression_is_a_mistake_of_usage(process, tmp_path):
    """Told before anything runs."""
    run = process("run", "--match", "(", "--", sys.executable, "-c", "open('x', 'w')")

    assert run.returncode == exit_codes.USAGE
    assert not (tmp_path / "x").exists()


@pytest.mark.slow
def test_options_of_the_command_are_its_own(process):
    """Even without `--`, once the command has begun."""
    assert (
        process("run", sys.executable, "-c", "import sys; print(sys.argv[1:])", "--task", "-h").stdout
        == "['--task', '-h']\n"
    )
