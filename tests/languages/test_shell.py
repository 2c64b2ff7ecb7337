"""otel-events.sh under each shell: what arrives at a real server, and that scripts live on whatever happens."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import threading
import time

import pytest

from tests.languages.speaking import SHELL_FILE, SHELLS, events_of, require, run, run_shell, waiting_in
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

        assert process.wait(20) in {-signal.SIGINT, 128 + signal.SIGINT}
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


def test_what_could_not_be_sent_is_sent_by_the_next_call(shell, server, tmp_path):
    """With nobody listening events wait in private files; the next script that finds somebody sends them all."""
    port = int(server.otlp.rpartition(":")[2])
    where = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{_unused_port()}", "OTEL_SERVICE_NAME": f"spool-{shell}"}
    done = run_shell(shell, "event first.said\nevent second.said\notel_events_flush 0 || echo kept", tmp_path, **where)

    assert (done.returncode, done.stdout, done.stderr) == (0, "kept\n", "")
    kept = waiting_in(tmp_path)
    assert len(kept) == 2
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}
    assert {stat.S_IMODE(path.parent.stat().st_mode) for path in kept} == {0o700}
    with _forwarding(int(where["OTEL_EXPORTER_OTLP_ENDPOINT"].rpartition(":")[2]), port):
        again = run_shell(shell, "event third.said\notel_events_flush 10", tmp_path, **where)
    assert (again.returncode, again.stderr) == (0, "")
    names = [event["event"] for event in events_of(server, f"spool-{shell}", count=3)]
    assert names == ["first.said", "second.said", "third.said"]
    assert waiting_in(tmp_path) == []


def test_a_record_that_is_refused_does_not_hold_up_the_others(shell, server, tmp_path):
    """What a server does not understand is left out; the rest arrives."""
    where = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{_unused_port()}",
        "OTEL_SERVICE_NAME": f"refused-{shell}",
    }
    run_shell(shell, "event first.said\nevent second.said\notel_events_flush 0 || :", tmp_path, **where)
    wait_for(lambda: not list(waiting_in(tmp_path)[0].parent.glob("sender")), "the end of the script's own sender")
    broken = waiting_in(tmp_path)[0]
    broken.write_text('{"resource":{},"scopeLogs":[{"scope":{},"logRecords":[{"severityNumber":"no"}]}]}\n')
    (broken.parent / "0-torn.json").write_text('{"resource":{"attr')
    with _forwarding(int(where["OTEL_EXPORTER_OTLP_ENDPOINT"].rpartition(":")[2]), int(server.otlp.rpartition(":")[2])):
        run_shell(shell, "event third.said\notel_events_flush 2 || :", tmp_path, **where)

    names = [event["event"] for event in events_of(server, f"refused-{shell}", count=2)]
    assert names == ["second.said", "third.said"]


def test_a_sender_that_was_killed_holds_up_nobody(shell, server, tmp_path):
    """What it left is taken over: at once where its process is gone, after a while where another has its number now."""
    where = {"OTEL_EXPORTER_OTLP_ENDPOINT": server.otlp, "OTEL_SERVICE_NAME": f"killed-{shell}"}
    run_shell(shell, "event first.said\notel_events_flush 10", tmp_path, **where)
    (place,) = (tmp_path / "state" / "otel-events" / "shell").glob("logs-*")
    gone = subprocess.Popen(["true"])
    gone.wait()
    for pid, age in ((gone.pid, 0), (os.getpid(), 700)):
        (place / "sender").mkdir()
        (place / "sender" / "pid").write_text(f"{pid}\n")
        os.utime(place / "sender", (time.time() - age,) * 2)
        done = run_shell(shell, "event next.said\notel_events_flush 10", tmp_path, **where)
        assert (done.returncode, done.stderr) == (0, "")

    assert [event["event"] for event in events_of(server, f"killed-{shell}", count=3)] == [
        "first.said",
        "next.said",
        "next.said",
    ]


def test_scripts_that_speak_at_once_lose_and_double_nothing(shell, server, tmp_path):
    """Five loops in the background, one place to wait in: each of their events is stored once."""
    script = """
for writer in 1 2 3 4 5; do
    ( i=0; while [ $i -lt 10 ]; do event loop.turned writer:=$writer i:=$i; i=$((i + 1)); done ) &
done
wait
otel_events_flush 20
"""
    done = run_shell(
        shell, script, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=server.otlp, OTEL_SERVICE_NAME=f"many-{shell}"
    )

    assert (done.returncode, done.stderr) == (0, "")
    events = events_of(server, f"many-{shell}", count=50)
    assert sorted((event["attributes"]["writer"], event["attributes"]["i"]) for event in events) == [
        (writer, i) for writer in range(1, 6) for i in range(10)
    ]


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


@pytest.mark.parametrize("home", ["XDG_STATE_HOME=/dev/null/none", "unset HOME XDG_STATE_HOME"])
def test_without_a_place_to_keep_events_a_script_runs_as_well(home, shell, server, tmp_path):
    """Where no file can be made events are lost, and nothing else is."""
    script = "event a.b\ntask_begin x\ntask_end\ntask_run y -- echo ran\nevent_bind persona=z\notel_events_flush 1 || :\necho alive"
    done = run_shell(shell, script, tmp_path, beginning=f"set -eu\n{home}\n. {SHELL_FILE}\n")

    assert (done.returncode, done.stdout, done.stderr) == (0, "ran\nalive\n", "")


def test_a_sender_holds_nothing_of_the_script(shell, server, tmp_path):
    """A lock that the script holds and a pipe that it writes to are free when it has ended, though somebody sends yet."""
    with socket.socket() as hung:
        hung.bind(("127.0.0.1", 0))
        hung.listen()
        endpoint = f"http://127.0.0.1:{hung.getsockname()[1]}"
        script = "exec 9>lock; flock 9; task_begin x; event a.b; task_end; echo said"
        where = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_TIMEOUT": "30000"}
        done = run_shell(shell, script, tmp_path, **where)  # until everybody has closed its standard output
        taken = run(["flock", "--nonblock", "lock", "true"], tmp_path)
        at_work = list((tmp_path / "state").rglob("sender"))

    assert (done.stdout, done.stderr, taken.returncode) == ("said\n", "", 0)
    assert at_work != []


def test_headers_are_sent_and_shown_to_nobody(shell, server, tmp_path):
    """A token of OTEL_EXPORTER_OTLP_HEADERS reaches the server, decoded, and stands in no process's arguments."""
    seen, arguments = _take_one_request(
        lambda endpoint: run_shell(
            shell,
            "event a.b\notel_events_flush 5 || :",
            tmp_path,
            OTEL_EXPORTER_OTLP_ENDPOINT=endpoint,
            OTEL_EXPORTER_OTLP_HEADERS='authorization=Bearer%20se%22cret,x-odd=a"b',
        )
    )

    assert seen["authorization"] == 'Bearer se"cret'
    assert seen["x-odd"] == 'a"b'
    assert seen["content-type"] == "application/json"
    assert 'se"cret' not in arguments


def test_disabled_is_silent(shell, server, tmp_path):
    """OTEL_SDK_DISABLED=true: nothing is sent, nothing is kept, scripts run."""
    script = "event a.b\ntask_begin x\nevent_bind persona=y\ntask_end\ntask_run z -- echo ran\notel_events_flush 1"
    done = run_shell(shell, script, tmp_path, OTEL_SDK_DISABLED="true", OTEL_EXPORTER_OTLP_ENDPOINT=server.otlp)

    assert (done.returncode, done.stdout, done.stderr) == (0, "ran\n", "")
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("sender", ["wget", "busybox wget"])
def test_wget_does_where_there_is_no_curl(sender, shell, server, tmp_path):
    """GNU's wget and BusyBox's send as well as curl does."""
    for command in ("awk od date tr grep find rm cat mkdir sleep tail xargs sh timeout " + sender.split()[-1]).split():
        target = "busybox" if sender.startswith("busybox") else command
        require(target)
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / command).symlink_to(shutil.which(target))
    script = f"PATH={tmp_path}/bin\nevent a.b\notel_events_flush 10"
    service = f"{sender.replace(' ', '-')}-{shell}"
    done = run_shell(shell, script, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=server.otlp, OTEL_SERVICE_NAME=service)

    assert (done.returncode, done.stderr) == (0, "")
    assert [event["event"] for event in events_of(server, service, count=1)] == ["a.b"]


def _unused_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class _forwarding:
    """A port that leads to another for a while, so that an address can be away first and there later."""

    def __init__(self, port, target):
        self._port, self._target = port, target

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", self._port))
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with client, socket.create_connection(("127.0.0.1", self._target)) as server:
                back = threading.Thread(target=_pump, args=(server, client), daemon=True)
                back.start()
                _pump(client, server)
                back.join(5)


def _pump(source, target):
    try:
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # the other side has what it wanted


def _take_one_request(act):
    """Return the headers of the first request that *act* causes, and the arguments of every process meanwhile."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        acting = threading.Thread(target=act, args=(f"http://127.0.0.1:{listener.getsockname()[1]}",))
        acting.start()
        listener.settimeout(20)
        client, _ = listener.accept()
        with client:
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(65536)
            arguments = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
            time.sleep(0.05)
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        acting.join(30)
    lines = head.split(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}, arguments


def test_what_is_sent_is_json(shell, server, tmp_path):
    """What waits is a line of JSON for each event, as the Collector's file exporter writes it: readers take it as it is."""
    run_shell(shell, "event a.b x=1\notel_events_flush 0 || :", tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=AWAY)
    (kept,) = waiting_in(tmp_path)

    assert json.loads(kept.read_text())["scopeLogs"][0]["logRecords"][0]["eventName"] == "a.b"
