"""`emit`: one event from a shell, guarded and kept as the library's are."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from contextlib import suppress

import pytest

from otel_events.cli import exit_codes
from tests.cli.conftest import clean_environment
from tests.effort import rest_slow


@pytest.fixture
def emitted(process, tmp_path):
    """Emit, and return the one event that is in the ledger then."""

    def emit(*arguments, **options):
        run = process("emit", *arguments, **options)
        assert run.returncode == 0, run.stderr
        lines = [json.loads(line) for line in (tmp_path / "ledger.jsonl").read_text().splitlines()]
        (line,) = (line for line in lines if not line["event"].startswith("otel_events."))
        return line

    return emit


@pytest.mark.slow
def test_attributes_are_texts_or_json(emitted):
    """`key=text`, `key:=json`; correlation by option or by name, in its type."""
    line = emitted(
        "evidence.added", "source=paper.pdf", "quality:=0.82", 'tags:=["a"]', "cycle=7", "--task-id", "t-1", "note=a=b"
    )

    assert (line["event"], line["task_id"], line["cycle"], line["service"]) == (
        "evidence.added",
        "t-1",
        7,
        "otel-events",
    )
    assert line["attributes"] == {"source": "paper.pdf", "quality": 0.82, "tags": ["a"], "note": "a=b"}


@pytest.mark.slow
def test_message_severity_and_time(emitted):
    """In the logging world's words too."""
    line = emitted(
        "alert.triggered", "-m", "Proxy port", "-s", "warning", "-t", "2026-02-14T19:01:23+00:00", "port:=18091"
    )

    assert (line["message"], line["severity"], line["time"]) == ("Proxy port", "WARN", "2026-02-14T19:01:23.000000000Z")


@pytest.mark.parametrize("how", rest_slow(["inline", "file", "pipe"]))
def test_a_payload_comes_from_anywhere(how, emitted, tmp_path):
    """Named pairs win over it."""
    payload = json.dumps({"quality": 0.85, "tags": ["a", "b"], "task_id": "t-9"})
    (tmp_path / "payload.json").write_text(payload)
    given = {"inline": payload, "file": "@payload.json", "pipe": "-"}[how]

    line = emitted("eval", "--payload", given, "quality:=1", given=payload if how == "pipe" else None)

    assert (line["task_id"], line["attributes"]) == ("t-9", {"quality": 1, "tags": ["a", "b"]})


@pytest.mark.slow
def test_trace_and_attributes_come_from_the_environment(emitted):
    """As a parent process left them."""
    trace = "00-5b8efff798038103d269b633813fc60c-eee19b7ec3c1b174-01"

    line = emitted("evidence.added", TRACEPARENT=trace, BAGGAGE="task_id=t-1,persona=thesis")

    assert (line["trace_id"], line["span_id"]) == ("5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174")
    assert (line["task_id"], line["persona"]) == ("t-1", "thesis")


@pytest.mark.slow
def test_secrets_do_not_reach_the_disk(emitted):
    """The same guards hold."""
    line = emitted("deployment", "password=hunter2", "-m", "Authorization: Bearer abcdef0123456789abcdef0123456789")

    assert "hunter2" not in json.dumps(line)
    assert "abcdef0123456789" not in json.dumps(line)


@pytest.mark.slow
def test_a_ledger_that_cannot_be_written_is_said(process, tmp_path):
    """The event is lost, and the exit code tells."""
    (tmp_path / "file").write_text("")

    run = process("emit", "a.b", OTEL_EVENTS_LEDGER_PATH=str(tmp_path / "file" / "ledger.jsonl"))

    assert run.returncode == exit_codes.NO
    assert "could be handed over to nobody" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.slow
def test_a_ledger_that_cannot_be_written_is_said_however_busy_the_machine_is(environment, tmp_path):
    """Also if the end does not come to closing the ledger in time, and so nothing is counted as lost yet."""
    (tmp_path / "file").write_text("")
    nobody_closes = """if True:
        import sys, threading, time
        from otel_events.cli import main
        run = threading.Thread.run
        threading.Thread.run = lambda thread: (thread.name == "otel_events.close" and time.sleep(60), run(thread))
        sys.argv = ["otel-events", "emit", "a.b"]
        main()
    """
    run = subprocess.run(
        [sys.executable, "-c", nobody_closes],
        env=environment(OTEL_EVENTS_LEDGER_PATH=str(tmp_path / "file" / "ledger.jsonl")),
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert run.returncode == exit_codes.NO, run.stderr
    assert "could be handed over to nobody" in run.stderr


class TestCollector:
    @pytest.mark.slow
    def test_one_that_is_down_keeps_the_event(self, process, tmp_path, closed_port):
        """It is in the spool, and the exit code says that all is well."""
        run = process(
            "emit", "a.b", OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{closed_port}", OTEL_EVENTS_LEDGER_PATH=""
        )

        assert run.returncode == exit_codes.OK, run.stderr
        assert list((tmp_path / "state").rglob("*.spool"))

    @pytest.mark.slow
    @pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
    def test_at_a_terminal_it_is_told_what_was_not_delivered(self, process, tmp_path):
        """A server that takes connections and answers nothing has not got the event; scripts have --wait to know."""
        with socket.create_server(("127.0.0.1", 0)) as silent:
            env = {
                "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{silent.getsockname()[1]}",
                "OTEL_EVENTS_LEDGER_PATH": "",
            }
            code, said = at_terminal(tmp_path, "emit", "a.b", **env)
            piped = process("emit", "a.b", **env)

        assert (code, "not delivered yet" in said) == (exit_codes.OK, True), said
        assert (piped.returncode, "not delivered yet" in piped.stderr) == (exit_codes.OK, False)

    @pytest.mark.slow
    def test_waiting_for_one_that_is_down_says_no(self, process, closed_port):
        """It is kept all the same."""
        run = process(
            "emit", "a.b", "--wait", "--timeout", "0.5",
            OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{closed_port}", OTEL_EVENTS_LEDGER_PATH="",
        )  # fmt: skip

        assert run.returncode == exit_codes.NO
        assert "it is kept, to be sent again" in run.stderr

    @pytest.mark.slow
    def test_waiting_for_the_ledger_says_yes(self, process):
        """It has the event."""
        assert process("emit", "a.b", "--wait").returncode == exit_codes.OK


def at_terminal(folder, *arguments, **variables):
    """Run a command whose standard error is a terminal; return its code and what it said there."""
    terminal, inner = os.openpty()
    try:
        command = [sys.executable, "-m", "otel_events", *arguments]
        done = subprocess.run(
            command, env=clean_environment(folder, **variables), stderr=inner, timeout=60, check=False
        )
        os.close(inner)
        said = b""
        with suppress(OSError):  # Linux's word for the end of a terminal
            while piece := os.read(terminal, 65_536):
                said += piece
    finally:
        os.close(terminal)
    return done.returncode, said.decode()


@pytest.fixture
def closed_port():
    """Give a port on which nobody listens, for as long as the test runs."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a.b", "c"], "'c' is neither KEY=TEXT nor KEY:=JSON"),
        (["a.b", "c:=x"], "the value of 'c' is no JSON"),
        (["a.b", "-p", "[1]"], "the payload is no JSON object"),
        (["a.b", "-s", "loud"], "'loud' is no severity"),
        (["a.b", "-t", "soon"], "'soon' is no ISO 8601 time"),
        (["a.b", "cycle=x"], "cycle is a whole number"),
        ([" "], "an event has a name"),
    ],
)
def test_mistakes_are_told_before_anything_is_emitted(arguments, said, invoke, tmp_path):
    """With what is wrong."""
    answer = invoke("emit", *arguments)

    assert (answer.code, said in answer.err) == (exit_codes.USAGE, True), answer.err
    assert not (tmp_path / "ledger.jsonl").exists()


def test_a_payload_that_is_not_there_is_an_error_of_input(invoke):
    """Named."""
    answer = invoke("emit", "a.b", "-p", "@none.json")

    assert (answer.code, answer.err) == (
        exit_codes.INPUT,
        "Error: none.json cannot be read: No such file or directory\n",
    )
