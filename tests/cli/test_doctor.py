"""`doctor`: finds what is wrong, says what to do, and shows no secret."""

from __future__ import annotations

import itertools
import json
import os
import socket
import threading
from contextlib import contextmanager

import pytest

from otel_events.cli.diagnosis.examine import examine
from tests import acceptor
from tests.message_servers import RedisServer, running


@contextmanager
def serving(behave):
    """Give the port of a TCP server that does *behave* to each connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    behave(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR) if os.name == "posix" else None
            server.close()
            thread.join(acceptor.PATIENCE)


@pytest.mark.slow
@pytest.mark.room
def test_nothing_configured_is_well(process):
    """A newcomer's events go to the ledger: one is sent there and read back."""
    told = process("doctor", OTEL_EVENTS_LEDGER_PATH="")

    assert told.returncode == 0, told.stdout + told.stderr
    assert "nothing is set in the environment" in told.stdout
    assert "one event was accepted by ledger" in told.stdout
    assert "it was read back from" in told.stdout
    assert told.stdout.endswith("all is well\n")


@pytest.mark.slow
@pytest.mark.room
def test_a_variable_that_cannot_be_used_is_set_all_the_same(process):
    """It is not said that nothing is set."""
    told = process("doctor", "--no-probe", OTEL_EVENTS_LEDGER_PATH="", OTEL_EXPORTER_OTLP_ENDPOINT="nonsense")

    assert told.returncode == 1
    assert "no OTEL_* variable that is set can be used" in told.stdout
    assert "OTEL_EXPORTER_OTLP_ENDPOINT='nonsense' is not a URL" in told.stdout


@pytest.mark.slow
def test_a_receiver_that_works_takes_event_and_span(process, tmp_path):
    """The probe is traced to acceptance, and leaves nothing in the user's spool."""
    with acceptor.HttpAcceptor() as receiver:
        told = process(
            "doctor",
            "--json",
            OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{receiver.port}",
            OTEL_EVENTS_SPOOL_DIR=str(tmp_path / "spool"),
        )

    found = json.loads(told.stdout)
    assert (told.returncode, found["is_well"], found["counts"]["error"]) == (0, True, 0)
    assert receiver.names.count("otel_events.doctor.probe") == 2  # the event and the span
    assert not (tmp_path / "spool").exists()


@pytest.mark.slow
def test_settings_are_told_with_their_source_and_without_secrets(process):
    """Headers, credentials, queries, and what the redactor takes for a secret."""
    with acceptor.refusing_port() as port:
        told = process(
            "doctor",
            OTEL_EXPORTER_OTLP_ENDPOINT=f"http://someone:hunter2@127.0.0.1:{port}/?key=hunter2",
            OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer%20hunter2",
            OTEL_RESOURCE_ATTRIBUTES="api_key=hunter2,team=a",
        )
        as_json = process("doctor", "--json", "--no-probe", OTEL_EXPORTER_OTLP_HEADERS="x-api-key=hunter2")

    lines = [line.split() for line in told.stdout.splitlines()]
    assert ["headers", "authorization=***", "OTEL_EXPORTER_OTLP_HEADERS"] in lines
    assert ["endpoint", f"http://***@127.0.0.1:{port}/?***", "OTEL_EXPORTER_OTLP_ENDPOINT"] in lines
    assert "team=a" in told.stdout
    assert "hunter2" not in told.stdout + told.stderr + as_json.stdout + as_json.stderr


def test_a_collector_that_is_down_is_told_with_what_to_do(process):
    """No probe is sent then; scripts see the exit code."""
    with acceptor.refusing_port() as port:
        told = process("doctor", OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{port}")

    assert told.returncode == 1
    assert f"FAIL  nobody can be reached at 127.0.0.1:{port}" in told.stdout
    assert "→ start the Collector" in told.stdout
    assert "no probe was sent" in told.stdout
    assert told.stdout.endswith("1 wrong\n")


def test_a_name_that_does_not_exist_is_told(look):
    """Names under `.invalid` never do."""
    (finding,) = look(OTEL_EXPORTER_OTLP_ENDPOINT="http://no-such-host.invalid:4318").bad

    assert "cannot be resolved" in finding.text


def test_an_endpoint_that_is_none_is_an_error(look):
    """Events would go elsewhere without a word."""
    (finding,) = look(OTEL_EXPORTER_OTLP_ENDPOINT="collector:4318").bad

    assert (finding.topic, finding.level) == ("variables", "error")


@pytest.mark.slow
def test_the_answer_is_json_whatever_an_exporter_prints(process):
    """The console exporter writes to standard output; that is the answer's place."""
    told = process("doctor", "--json", OTEL_LOGS_EXPORTER="console", OTEL_TRACES_EXPORTER="console")

    found = json.loads(told.stdout)
    assert found["is_well"]
    assert any("accepted by console" in finding["text"] for finding in found["findings"])


def test_http_to_a_receiver_of_grpc_is_recognised(look):
    """The advice names the variable."""
    with acceptor.GrpcAcceptor() as receiver:
        found = look(OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{receiver.port}").bad

    assert all("OTEL_EXPORTER_OTLP_PROTOCOL=grpc" in finding.advice for finding in found)
    assert found


def test_grpc_to_a_receiver_of_http_is_recognised(look):
    """And the other way round."""
    with acceptor.HttpAcceptor() as receiver:
        found = look(
            OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{receiver.port}", OTEL_EXPORTER_OTLP_PROTOCOL="grpc"
        ).bad

    assert all("OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf" in finding.advice for finding in found)
    assert found


def test_grpc_that_works_is_well(look):
    """Both signals."""
    with acceptor.GrpcAcceptor() as receiver:
        found = look(OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url(), OTEL_EXPORTER_OTLP_PROTOCOL="grpc")

    assert found.bad == []
    assert sum("accepts" in finding.text for finding in found.endpoint) == 2


@pytest.mark.parametrize(
    ("status", "advice"), [(401, "HEADERS"), (403, "HEADERS"), (404, "ENDPOINT"), (500, "log"), (503, "wait on disk")]
)
def test_an_answer_that_is_no_acceptance_is_told(look, status, advice):
    """With what it usually means."""
    with acceptor.HttpAcceptor() as receiver:
        receiver.usual = acceptor.answer_with(status)
        found = look(OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{receiver.port}").bad

    assert {f"HTTP {status}" in finding.text for finding in found} == {True}
    assert advice in found[0].advice


def test_a_receiver_that_hangs_does_not_hang_the_doctor(tmp_path):
    """Each look has its time."""
    environ = {"HOME": str(tmp_path), "OTEL_EVENTS_SPOOL_DIR": str(tmp_path / "spool")}
    with acceptor.HttpAcceptor() as receiver:
        receiver.usual = acceptor.hang
        environ["OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"] = receiver.url()
        found = list(examine(environ, timeout=0.3, with_probe=False))

    assert any("in time" in finding.text for finding in found if finding.level == "error")


@pytest.mark.parametrize("offset", [-3600, 3600])
def test_a_clock_that_is_wrong_is_told(look, offset):
    """Against the receiver's, by the Date of its answers; once for both signals, though one is asked later."""
    import time
    from email.utils import formatdate

    later = itertools.count()

    def answer(connection):
        connection.recv(65536)
        date = formatdate(time.time() + offset + next(later), usegmt=True)
        connection.sendall(
            f"HTTP/1.1 200 OK\r\nDate: {date}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
        )

    with serving(answer) as port:
        (finding,) = look(OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{port}").bad

    assert finding.topic == "clock"
    assert ("behind" if offset > 0 else "ahead of") in finding.text


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPIONT": "http://x"}, "no variable of OpenTelemetry"),
        ({"OTEL_EVENTS_DURABILTY": "sync"}, "did you mean 'OTEL_EVENTS_DURABILITY'"),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"}, "is not supported"),
        ({"OTEL_LOGS_EXPORTER": "nosuch"}, "not installed"),
        ({"OTEL_PYTHON_CONFIGURATOR": "nosuch"}, "not installed"),
        ({"OTEL_PYTHON_TRACER_PROVIDER": "nosuch"}, "not installed"),
        (
            {"OTEL_LOGS_EXPORTER": "none", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://127.0.0.1:9"},
            "keeps logs from going there",
        ),
        (
            {"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"},
            "OTEL_SDK_DISABLED=true: nothing is sent",
        ),
        (
            {
                "OTEL_EXPORTER_OTLP_ENDPOINT": "https://127.0.0.1:9",
                "OTEL_EXPORTER_OTLP_INSECURE": "true",
                "OTEL_SDK_DISABLED": "true",
            },
            "the scheme of OTEL_EXPORTER_OTLP_ENDPOINT decides",
        ),
    ],
)
def test_contradictions_are_told(look, variables, said):
    """Each with advice."""
    found = look(**variables).bad

    assert any(said in finding.text for finding in found), found
    assert all(finding.advice for finding in found)


def test_a_spool_that_cannot_be_written_is_an_error_where_it_is_needed(look, tmp_path):
    """And a note where nothing is sent."""
    (tmp_path / "file").write_text("")
    with acceptor.HttpAcceptor() as receiver:
        needed = look(
            OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{receiver.port}",
            OTEL_EVENTS_SPOOL_DIR=str(tmp_path / "file" / "spool"),
        )
    idle = look(OTEL_EVENTS_SPOOL_DIR=str(tmp_path / "file"))

    (finding,) = needed.bad
    assert (finding.topic, finding.level) == ("spool", "error")
    assert "OTEL_EVENTS_SPOOL_DIR" in finding.advice
    assert idle.bad == []


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_without_permission_is_an_error(look, tmp_path):
    """As the system sees it."""
    (tmp_path / "closed").mkdir(mode=0o500)

    found = look(OTEL_EVENTS_LEDGER_PATH=str(tmp_path / "closed" / "ledger.jsonl")).bad

    assert [finding.topic for finding in found] == ["ledger"]


def test_a_ledger_that_cannot_be_written_is_an_error(look, tmp_path):
    """A directory in its place."""
    (tmp_path / "ledger.jsonl").mkdir()

    (finding,) = look().bad

    assert (finding.topic, finding.level) == ("ledger", "error")
    assert "OTEL_EVENTS_LEDGER_PATH" in finding.advice


def test_looking_leaves_nothing_behind(look, tmp_path):
    """Neither directories nor files."""
    (tmp_path / "spool").mkdir()

    look()

    assert [path.name for path in tmp_path.rglob("*")] == ["spool"]


@pytest.mark.slow
def test_what_waits_on_disk_is_told(process, look, tmp_path):
    """With the command that sends it."""
    with acceptor.refusing_port() as port:
        process(
            *("emit", "a"),
            OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{port}",
            OTEL_EVENTS_SPOOL_DIR=str(tmp_path / "spool"),
        )

    (finding,) = look().bad

    assert (finding.topic, finding.level) == ("spool", "warning")
    assert "records wait" in finding.text
    assert "spool drain otel-events" in finding.advice


@pytest.mark.slow
def test_strict_makes_warnings_count(process):
    """For scripts that let nothing pass."""
    variables = {"OTEL_EVENTS_DURABILTY": "sync"}

    assert process("doctor", "--no-probe", **variables).returncode == 0
    assert process("doctor", "--no-probe", "--strict", **variables).returncode == 1


@pytest.mark.slow
def test_a_probe_that_a_filter_holds_back_is_no_error(process):
    """It is what the settings want."""
    told = process("doctor", OTEL_EVENTS_FILTER="severity>=error")

    assert told.returncode == 0, told.stdout
    assert "the filter holds back" in told.stdout


def test_sinks_that_are_configured_are_looked_at(look, tmp_path):
    """Redis and a webhook that answer are well; one that is away is an error, without its password."""
    (tmp_path / "redis").mkdir()
    with running(RedisServer(tmp_path / "redis", password="right")) as server, serving(lambda _: None) as port:
        urls = {"OTEL_EVENTS_REDIS_URL": server.url, "OTEL_EVENTS_WEBHOOK_URL": f"http://127.0.0.1:{port}/hook"}
        found = look(**urls)
        wrong = look(OTEL_EVENTS_REDIS_URL=server.url.replace("right", "wr0ng-one"))

    assert [finding.text for finding in found.all if finding.topic == "sinks"] == [
        f"redis at redis://127.0.0.1:{server.port} answers",
        f"webhook at http://127.0.0.1:{port}/hook answers",
    ]
    (finding,) = wrong.bad
    assert "cannot be used" in finding.text
    assert "wr0ng-one" not in finding.text
    gone = look(OTEL_EVENTS_NATS_URL=f"nats://127.0.0.1:{server.port}")
    assert [finding.topic for finding in gone.bad] == ["sinks"]
