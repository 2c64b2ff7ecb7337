"""What becomes of a shell script's events when something is in the way."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import threading
import time

import pytest

from tests.languages.endpoint import Endpoint
from tests.languages.speaking import SHELL_FILE, SHELLS, events_of, require, run_shell, senders_in, waiting_in
from tools.backends.waiting import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("shell", SHELLS)]
AWAY = "http://127.0.0.1:9"  # where nobody listens


def test_what_could_not_be_sent_is_sent_by_the_next_call(shell, server, tmp_path):
    """With nobody listening events wait in private files; the next script that finds somebody sends them all."""
    with _Road(server) as road:
        where = {"OTEL_EXPORTER_OTLP_ENDPOINT": road.url, "OTEL_SERVICE_NAME": f"spool-{shell}"}
        said = "event first.said\nevent second.said\notel_events_flush 0 || echo kept"
        done = run_shell(shell, said, tmp_path, **where)

        assert (done.returncode, done.stdout, done.stderr) == (0, "kept\n", "")
        kept = waiting_in(tmp_path)
        assert len(kept) == 2
        assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}
        assert {stat.S_IMODE(path.parent.stat().st_mode) for path in kept} == {0o700}
        road.open()
        again = run_shell(shell, "event third.said\notel_events_flush 10", tmp_path, **where)
    assert (again.returncode, again.stderr) == (0, "")
    names = [event["event"] for event in events_of(server, f"spool-{shell}", count=3)]
    assert names == ["first.said", "second.said", "third.said"]
    assert waiting_in(tmp_path) == []


def test_a_record_that_is_refused_does_not_hold_up_the_others(shell, server, tmp_path):
    """What a server does not understand is left out; the rest arrives."""
    with _Road(server) as road:
        where = {"OTEL_EXPORTER_OTLP_ENDPOINT": road.url, "OTEL_SERVICE_NAME": f"refused-{shell}"}
        run_shell(shell, "event first.said\nevent second.said\notel_events_flush 0 || :", tmp_path, **where)
        wait_for(lambda: not senders_in(tmp_path), "the end of the script's own sender")
        broken = waiting_in(tmp_path)[0]
        broken.write_text('{"resource":{},"scopeLogs":[{"scope":{},"logRecords":[{"severityNumber":"no"}]}]}\n')
        torn = broken.parent / "0-torn.json"
        torn.write_text('{"resource":{"attr')
        road.open()
        run_shell(shell, "event third.said", tmp_path, **where)
        # As often as need be: a sender of before may hold the place for a while yet.
        flush = lambda: run_shell(shell, "otel_events_flush 0 || :", tmp_path, **where)  # noqa: E731
        wait_for(lambda: flush() and waiting_in(tmp_path) == [torn], "the others to be sent")

    names = [event["event"] for event in events_of(server, f"refused-{shell}", count=2)]
    assert names == ["second.said", "third.said"]


def test_what_is_half_written_when_the_sender_comes_is_sent_by_it(shell, server, tmp_path):
    """Whoever is in the middle of it sees one at work, and begins no other: it is looked for once more."""
    with _Road(server) as road:
        where = {"OTEL_EXPORTER_OTLP_ENDPOINT": road.url, "OTEL_SERVICE_NAME": f"half-{shell}"}
        (tmp_path / "elsewhere").mkdir()
        run_shell(shell, "event first.said", tmp_path / "elsewhere", **where)
        (whole,) = waiting_in(tmp_path / "elsewhere")
        half = tmp_path / whole.relative_to(tmp_path / "elsewhere")
        half.parent.mkdir(parents=True)
        half.write_text(whole.read_text()[:100])
        finishes = tmp_path / "bin" / "find"  # which the sender calls when it has found nothing that is whole
        finishes.parent.mkdir()
        finishes.write_text(f"#!/bin/sh\nif [ \"$1\" = . ]; then cat '{whole}' >'{half}'; fi\n")
        finishes.chmod(0o755)
        road.open()
        run_shell(shell, f"PATH={finishes.parent}:$PATH\nevent second.said", tmp_path, **where)

        names = [event["event"] for event in events_of(server, f"half-{shell}", count=2)]
    assert names == ["first.said", "second.said"]


def test_a_sender_that_was_killed_holds_up_nobody(shell, server, tmp_path):
    """What it left is taken over: at once where its process is gone, after a while where another has its number now."""
    where = {"OTEL_EXPORTER_OTLP_ENDPOINT": server.otlp, "OTEL_SERVICE_NAME": f"killed-{shell}"}
    run_shell(shell, "event first.said\notel_events_flush 10", tmp_path, **where)
    (place,) = (tmp_path / "state" / "otel-events" / "shell").glob("logs-*")
    gone = subprocess.Popen(["true"])
    gone.wait()
    for pid, age in ((gone.pid, 0), (os.getpid(), 700)):
        wait_for(lambda: not senders_in(tmp_path), "the end of the script's own sender")
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


@pytest.mark.parametrize("home", ["XDG_STATE_HOME=/dev/null/none", "unset HOME XDG_STATE_HOME"])
def test_without_a_place_to_keep_events_a_script_runs_as_well(home, shell, server, tmp_path):
    """Where no file can be made events are lost, and nothing else is."""
    script = "event a.b\ntask_begin x\ntask_end\ntask_run y -- echo ran\nevent_bind persona=z\notel_events_flush 1 || :\necho alive"
    done = run_shell(shell, script, tmp_path, beginning=f"set -eu\n{home}\n. {SHELL_FILE}\n")

    assert (done.returncode, done.stdout, done.stderr) == (0, "ran\nalive\n", "")


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


def _commands_with(sender, home):
    """Return a folder with the commands that are needed, and of all that could send the one that is named."""
    for command in ("awk od date tr grep find rm cat mkdir sleep tail xargs sh timeout " + sender.split()[-1]).split():
        target = "busybox" if sender.startswith("busybox") else command
        require(target)
        (home / "bin").mkdir(exist_ok=True)
        (home / "bin" / command).symlink_to(shutil.which(target))
    return home / "bin"


@pytest.mark.parametrize("sender", ["curl", "wget", "busybox wget"])
def test_a_redirect_is_no_answer(sender, shell, tmp_path):
    """Followed, the request would become one for a page, whose answer would pass for events that were taken."""
    script = f"PATH={_commands_with(sender, tmp_path)}\nevent a.b\notel_events_flush 0 || echo kept"
    with Endpoint(*[302] * 100) as endpoint:
        done = run_shell(shell, script, tmp_path, OTEL_EXPORTER_OTLP_LOGS_ENDPOINT=f"{endpoint.url}/v1/logs")
        wait_for(lambda: not senders_in(tmp_path), "the end of the script's own sender")

    assert (done.returncode, done.stdout, done.stderr) == (0, "kept\n", "")
    assert len(waiting_in(tmp_path)) == 1


@pytest.mark.parametrize("sender", ["wget", "busybox wget"])
def test_wget_does_where_there_is_no_curl(sender, shell, server, tmp_path):
    """GNU's wget and BusyBox's send as well as curl does."""
    script = f"PATH={_commands_with(sender, tmp_path)}\nevent a.b\notel_events_flush 10"
    service = f"{sender.replace(' ', '-')}-{shell}"
    done = run_shell(shell, script, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=server.otlp, OTEL_SERVICE_NAME=service)

    assert (done.returncode, done.stderr) == (0, "")
    assert [event["event"] for event in events_of(server, service, count=1)] == ["a.b"]


class _Road:
    """An address that leads to the server's once it is opened; before, nobody listens there, and it is nobody else's."""

    def __init__(self, server):
        self._target = int(server.otlp.rpartition(":")[2])
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self):
        return self

    def open(self):
        self._listener.listen()
        self._thread.start()

    def __exit__(self, *_):
        if self._thread.is_alive():
            self._listener.shutdown(socket.SHUT_RDWR)
            self._thread.join(5)
        self._listener.close()

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
        listener.settimeout(60)
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
