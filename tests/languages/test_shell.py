"""otel-events.sh under each shell: what arrives at a real server, and that scripts live on whatever happens."""

from __future__ import annotations

import json
import signal
import socket
import subprocess

import pytest

from tests.languages.speaking import SHELL_FILE, SHELLS, events_of, require, run, run_shell, senders_in, waiting_in
from tests.program import environment
from tools.backends.waiting import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("shell", SHELLS)]
AWAY = "http://127.0.0.1:9"  # where nobody listens


def test_every_value_arrives_as_it_was_said(shell, server, tmp_path):
    """Texts with any character, and JSON with its types, are attributes of the same value and type."""
    script = r"""
event value.seen "text=quo\"te back\\slash $(printf 'tab\tline\nbell\a') é€😀" empty= 'equals=a=b' \
    n:=42 negative:=-7 big:=9223372036854775807 bigger:=9223372036854775808 f:=0.5 e:=1e3 t:=true \
    'l:=[1, 2.5, "x\u00e9é", null]' 'o:={"a":{"b":[]}}' 'notjson:={oops' none:=null 'spaces= x '
otel_events_flush 10
"""
    done = run_shell(
        shell, script, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=server.otlp, OTEL_SERVICE_NAME=f"values-{shell}"
    )

    told = "otel-events: event: what stands behind notjson:= is no JSON and is kept as text\n"
    assert (done.returncode, done.stdout, done.stderr) == (0, "", told)
    (event,) = events_of(server, f"values-{shell}", count=1)
    assert event["attributes"] == {
        "text": 'quo"te back\\slash tab\tline\nbell\a é€😀',
        "empty": "",
        "equals": "a=b",
        "n": 42,
        "negative": -7,
        "big": 9223372036854775807,
        "bigger": "9223372036854775808",
        "f": 0.5,
        "e": 1000.0,
        "t": True,
        "l": [1, 2.5, "xéé", None],
        "o": {"a": {"b": []}},
        "notjson": "{oops",
        "spaces": " x ",
    }


def test_mistakes_are_named_and_break_nothing(shell, server, tmp_path):
    """One line on standard error for each, whatever `set -e` says; what has no name is not sent, not into a task's span either."""
    script = """
event
event key=value
event word.seen loose key=value
task_end
task_begin draft
event
task_end 0 n:=x
otel_events_flush 10
echo done
"""
    done = run_shell(
        shell, script, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=server.otlp, OTEL_SERVICE_NAME=f"mistakes-{shell}"
    )

    no_name = "otel-events: event: nothing is sent without a name: event NAME [KEY=TEXT]..."
    assert (done.returncode, done.stdout) == (0, "done\n")
    assert done.stderr.splitlines() == [
        no_name,
        no_name,
        "otel-events: event: a word that is neither KEY=TEXT nor KEY:=JSON is kept as the attribute argument",
        "otel-events: task_end: no task is open",
        no_name,
        "otel-events: task_end: what stands behind n:= is no JSON and is kept as text",
    ]
    events = events_of(server, f"mistakes-{shell}", count=3)
    assert [event["event"] for event in events] == ["word.seen", "task.started", "task.completed"]
    assert events[0]["attributes"] == {"argument": "loose", "key": "value"}


def test_a_script_that_nobody_listens_to_goes_on_after_a_mistake(shell, tmp_path):
    """With standard error closed as well, and with all of it switched off, where nothing is said at all."""
    script = "exec 2>&-\nevent\ntask_end\nevent x y\necho done"
    closed = run_shell(shell, script, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=AWAY)
    off = run_shell(shell, "event\ntask_end\necho done", tmp_path, OTEL_SDK_DISABLED="true")

    assert (closed.returncode, closed.stdout) == (0, "done\n")
    assert (off.returncode, off.stdout, off.stderr) == (0, "done\n", "")


def test_every_byte_can_be_said(shell, server, tmp_path):
    """Each byte but zero, which no shell can hold, alone and beside others, is taken; what is no UTF-8 becomes U+FFFD."""
    (tmp_path / "bytes").write_bytes(bytes(range(1, 256)) + b"\xe2\x82|\xf0\x9f\x98|\xc0\xaf|\xed\xa0\x80|")
    script = 'event bytes.seen "all=$(cat bytes)" && otel_events_flush 10'
    done = run_shell(
        shell, script, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=server.otlp, OTEL_SERVICE_NAME=f"bytes-{shell}"
    )

    assert (done.returncode, done.stderr) == (0, "")
    (event,) = events_of(server, f"bytes-{shell}", count=1)
    assert event["attributes"]["all"] == (tmp_path / "bytes").read_bytes().decode("utf-8", "replace")


def test_a_task_fails_with_the_script(shell, server, tmp_path):
    """Where `set -e` ends the script inside of tasks, each ends as failed with the exit code, which stays the script's."""
    script = "task_begin outer task_id=t-1\ntask_begin inner\n(exit 3)\necho not reached"
    done = run_shell(
        shell, script, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=server.otlp, OTEL_SERVICE_NAME=f"trap-{shell}"
    )

    assert (done.returncode, done.stdout, done.stderr) == (3, "", "")
    events = events_of(server, f"trap-{shell}", count=4)
    assert [event["event"] for event in events] == ["task.started", "task.started", "task.failed", "task.failed"]
    assert [event["attributes"].get("task_name") for event in events] == ["outer", "inner", "inner", "outer"]
    assert (events[3]["severity"], events[3]["attributes"]["exit_code"], events[3]["attributes"]["error.type"]) == (
        "ERROR",
        3,
        "exit_3",
    )
    assert events[2]["parent_task_id"] == "t-1"


def test_the_trap_of_a_script_stays_its_own(shell, server, tmp_path):
    """A trap for EXIT that was there first runs, and can end the tasks itself."""
    script = "trap 'echo mine; otel_events_exit 1' EXIT\ntask_begin draft\nfalse"
    done = run_shell(
        shell, script, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=server.otlp, OTEL_SERVICE_NAME=f"mine-{shell}"
    )

    assert (done.returncode, done.stdout, done.stderr) == (1, "mine\n", "")
    assert [event["event"] for event in events_of(server, f"mine-{shell}", count=2)] == ["task.started", "task.failed"]


def test_an_interrupted_script_cancels_its_task(shell, server, tmp_path):
    """Ctrl-C ends the task as cancelled, and the script as if nobody had looked."""
    require(SHELLS[shell][0])
    script = tmp_path / "script.sh"
    script.write_text(f". {SHELL_FILE}\ntask_begin draft\necho ready\nwhile :; do sleep 0.1; done", encoding="utf-8")
    settings = environment(tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=server.otlp, OTEL_SERVICE_NAME=f"int-{shell}")
    with subprocess.Popen([*SHELLS[shell], script], env=settings, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)

        assert process.wait(60) in {-signal.SIGINT, 128 + signal.SIGINT}
    assert [event["event"] for event in events_of(server, f"int-{shell}", count=2)] == [
        "task.started",
        "task.cancelled",
    ]


def test_a_command_as_a_task_keeps_its_words_and_its_code(shell, server, tmp_path):
    """`task_run NAME -- COMMAND` runs it with its very arguments, and returns its exit code."""
    script = r"""
task_run count x:=1 'note=two  words' -- sh -c 'printf "[%s]" "$@"; exit 4' sh 'a  b' '*' '' '$HOME' || echo " code $?"
otel_events_flush 10
"""
    done = run_shell(
        shell, script, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=server.otlp, OTEL_SERVICE_NAME=f"task-{shell}"
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "[a  b][*][][$HOME] code 4\n", "")
    begun, ended = events_of(server, f"task-{shell}", count=2)
    assert begun["attributes"] == {"task_name": "count", "x": 1, "note": "two  words"}
    assert (ended["event"], ended["attributes"]["exit_code"]) == ("task.failed", 4)


def test_subshells_and_pipelines_say_different_events(shell, server, tmp_path):
    """Events of subshells, of both sides of a pipe and of the background are as many events, each once."""
    script = """
( event one.said ); { event two.said; echo x; } | { cat >/dev/null; event three.said; }
event four.said & wait
out=$(event five.said); test -z "$out"
otel_events_flush 10
"""
    done = run_shell(shell, script, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=server.otlp, OTEL_SERVICE_NAME=f"sub-{shell}")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    names = {event["event"] for event in events_of(server, f"sub-{shell}", count=5)}
    assert names == {"one.said", "two.said", "three.said", "four.said", "five.said"}


def test_nothing_of_ours_breaks_a_script(shell, server, tmp_path):
    """Wrong words, readonly variables, odd options, no home and a hung endpoint: the script goes on; of mistakes in calls it is told."""
    script = """
readonly name=mine i=1 uid=2
IFS=:
set -f -C
event; event ''; event a.b '=' ':=' '=x' 'x'; event a.b -s nonsense; event -s; event -m
task_end; task_end 5 x=1
event b.c x=1
echo alive "$IFS" "$-"
"""
    with socket.socket() as hung:
        hung.bind(("127.0.0.1", 0))
        hung.listen()
        endpoint = f"http://127.0.0.1:{hung.getsockname()[1]}"
        done = run_shell(
            shell, script, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, OTEL_EXPORTER_OTLP_TIMEOUT="1000"
        )

    told = done.stderr.splitlines()
    assert (done.returncode, len(told)) == (0, 10), told
    assert all(line.startswith(("otel-events: event: ", "otel-events: task_end: ")) for line in told)
    assert done.stdout.startswith("alive : ")
    assert {"e", "u", "f", "C"} <= set(done.stdout)


def test_a_sender_holds_nothing_of_the_script(shell, server, tmp_path):
    """A lock that the script holds and a pipe that it writes to are free when it has ended, though somebody sends yet."""
    with socket.socket() as hung:
        hung.bind(("127.0.0.1", 0))
        hung.listen()
        endpoint = f"http://127.0.0.1:{hung.getsockname()[1]}"
        script = "exec 9>lock; flock 9; task_begin x; event a.b; task_end; echo said"
        where = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_TIMEOUT": "30000"}
        done = run_shell(shell, script, tmp_path, **where)  # until everybody has closed its standard output
        wait_for(lambda: senders_in(tmp_path), "a sender at work")
        taken = run(["flock", "--nonblock", "lock", "true"], tmp_path)

    assert (done.stdout, done.stderr, taken.returncode) == ("said\n", "", 0)


def test_disabled_is_silent(shell, server, tmp_path):
    """OTEL_SDK_DISABLED=true: nothing is sent, nothing is kept, scripts run."""
    script = "event a.b\ntask_begin x\nevent_bind persona=y\ntask_end\ntask_run z -- echo ran\notel_events_flush 1"
    done = run_shell(shell, script, tmp_path, OTEL_SDK_DISABLED="true", OTEL_EXPORTER_OTLP_ENDPOINT=server.otlp)

    assert (done.returncode, done.stdout, done.stderr) == (0, "ran\n", "")
    assert not (tmp_path / "state").exists()


def test_what_is_sent_is_json(shell, server, tmp_path):
    """What waits is a line of JSON for each event, as the Collector's file exporter writes it: readers take it as it is."""
    run_shell(shell, "event a.b x=1\notel_events_flush 0 || :", tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=AWAY)
    (kept,) = waiting_in(tmp_path)

    assert json.loads(kept.read_text())["scopeLogs"][0]["logRecords"][0]["eventName"] == "a.b"
