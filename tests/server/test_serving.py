"""The server as a process: its start, its ports, and its end."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection

import httpx
import pytest
import trustme
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from otel_events.ledger.read import read_ledger
from tests.cli.test_emit import at_terminal
from tests.program import PATIENCE, environment, run_program
from tests.server.served import SECRET, free_ports, run_serve, serving
from tests.server.test_receiving import request

pytestmark = pytest.mark.slow


def test_it_says_where_it_is_and_ends_in_order_when_asked_to(tmp_path):
    """SIGTERM is no failure: all that was acknowledged is there, nothing is said of it, the exit code is 0."""
    with serving(tmp_path) as served:
        served.post("/v1/logs", request("page.read").SerializeToString())
        code, said = served.end()

    assert code == 0, said
    addresses = [line.split()[:2] for line in said.splitlines()]
    assert [word for word, _ in addresses] == ["page", "OTLP", "gRPC", "ledger"]
    assert addresses[0][1].startswith(f"http://127.0.0.1:{served.ports['page']}/login?code=")
    assert addresses[1][1] == served.otlp
    assert [each.event.name for each in read_ledger(served.ledger)] == ["page.read"]


def test_an_interrupt_ends_it_too_whoever_is_connected(tmp_path):
    """A connection that is open does not hold the end up for longer than a moment."""
    with serving(tmp_path) as served, socket.create_connection(("127.0.0.1", served.ports["page"])):
        began = time.monotonic()
        code, said = served.end(by=signal.SIGINT)

    assert code == 0, said
    assert "Traceback" not in said
    assert time.monotonic() - began < 20


def test_clients_of_every_kind_do_not_hold_up_the_end(tmp_path):
    """Streams, a long poll and a request that is half there are ended: nothing is cut off late, nothing is complained of."""
    with serving(tmp_path) as served, ExitStack() as stack:
        address, token = f"127.0.0.1:{served.ports['page']}", {"authorization": f"Bearer {SECRET}"}
        client = stack.enter_context(httpx.Client(trust_env=False, timeout=PATIENCE, headers=token))
        stream = stack.enter_context(connect(f"ws://{address}/stream", additional_headers=token, proxy=None))
        sent = stack.enter_context(client.stream("GET", f"http://{address}/events"))
        stack.enter_context(_socket_io(address))
        poll = stack.enter_context(closing(_long_poll(served.ports["page"])))
        half = stack.enter_context(socket.create_connection(("127.0.0.1", served.ports["otlp"])))
        half.sendall(
            b"POST /v1/logs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\nContent-Length: 9\r\n\r\nx"
        )
        stream.recv()
        # Whoever is answered now asked after the poll, which is waited with by then.
        while client.get(f"http://{address}/api/health").json()["clients"] < 4:
            time.sleep(0.02)
        code, said = served.end()
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                stream.recv()
        sent.read()
        polled, answer = poll.getresponse().status, half.recv(100)

    assert (code, len(said.splitlines())) == (0, 4), said
    assert closed.value.rcvd.code == 1012
    assert polled in {200, 400}
    assert answer.startswith(b"HTTP/1.1 503")


def test_who_breaks_off_in_the_middle_of_a_request_is_no_error(tmp_path):
    """A program that is killed while it sends leaves no traceback on the server's terminal."""
    with serving(tmp_path) as served:
        for _ in range(2):
            with socket.create_connection(("127.0.0.1", served.ports["otlp"])) as sender:
                sender.sendall(
                    b"POST /v1/logs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\nContent-Length: 9\r\n\r\nx"
                )
        with httpx.Client(trust_env=False, timeout=PATIENCE, headers={"authorization": f"Bearer {SECRET}"}) as client:
            while (
                client.get(f"http://127.0.0.1:{served.ports['page']}/api/health").json()["refused"].get("broke_off")
                != 2
            ):
                time.sleep(0.02)
        code, said = served.end()

    assert (code, len(said.splitlines())) == (0, 4), said


@contextmanager
def _socket_io(address):
    """A client of Socket.IO that has said its token."""
    with connect(f"ws://{address}/socket.io/?EIO=4&transport=websocket", proxy=None) as stream:
        stream.recv()
        stream.send("40" + json.dumps({"token": SECRET}))
        stream.recv()
        yield stream


def _long_poll(port):
    """Connect to Socket.IO by polling, and ask for news, of which there are none: the answer is yet to come."""
    poll = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    path = "/socket.io/?EIO=4&transport=polling"
    poll.request("GET", path)
    path += f"&sid={json.loads(poll.getresponse().read()[1:])['sid']}"
    poll.request("POST", path, "40" + json.dumps({"token": SECRET}))
    poll.getresponse().read()
    poll.request("GET", path)
    poll.getresponse().read()
    poll.request("GET", path)
    return poll


def test_a_demonstration_ends_by_itself(tmp_path):
    """DEMO_SECONDS says when."""
    page, otlp, grpc = map(str, free_ports(3))
    ports = ("--port", page, "--otlp-port", otlp, "--grpc-port", grpc)
    assert run_serve(tmp_path, *ports, DEMO_SECONDS="0.5").returncode == 0

    wrong = run_serve(tmp_path, *ports, DEMO_SECONDS="soon")
    assert (wrong.returncode, "DEMO_SECONDS must be a number" in wrong.stderr) == (3, True)


@pytest.mark.parametrize("option", ["--port", "--otlp-port", "--grpc-port"])
def test_a_port_that_is_taken_is_told_with_its_holder(tmp_path, option):
    """Which one, who has it, and how to choose another; nothing else is left behind."""
    options = {"--port": "0", "--otlp-port": "0", "--grpc-port": "off"}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run_serve(tmp_path, *(word for pair in {**options, option: port}.items() for word in pair))

    assert done.returncode == 3
    assert f"port {port} of 127.0.0.1 is taken" in done.stderr
    assert f"choose another with {option} or OTEL_EVENTS_SERVER_{option[2:].replace('-', '_').upper()}" in done.stderr
    if sys.platform == "linux":
        assert f"by process {os.getpid()} (" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("which", ["page", "otlp", "grpc"])
def test_of_a_port_that_another_server_of_this_user_has_it_is_told_how_to_use_that(tmp_path, which):
    """Newcomers start a second one where they want to see the first: how to open it, and how to send to it."""
    options = {"page": "--port", "otlp": "--otlp-port", "grpc": "--grpc-port"}
    with serving(tmp_path) as served:
        words = [
            word for each, option in options.items() for word in (option, str(served.ports[each] * (each == which)))
        ]
        done = run_serve(tmp_path, "--ledger", str(tmp_path / "other.jsonl"), *words)

    assert done.returncode == 3
    assert f"port {served.ports[which]} of 127.0.0.1 is taken" in done.stderr
    assert f"'otel-events serve --print-login --port {served.ports['page']}' opens" in done.stderr
    assert f"OTEL_EXPORTER_OTLP_ENDPOINT={served.otlp}" in done.stderr


def test_two_servers_do_not_share_a_ledger(tmp_path):
    """The second one says which process has it, and that it may have a file of its own."""
    with serving(tmp_path) as served:
        done = run_serve(tmp_path, "--port", "0", "--otlp-port", "0", "--grpc-port", "off")

    assert (done.returncode, f"process {served.process.pid}" in done.stderr, "--ledger" in done.stderr) == (
        3,
        True,
        True,
    )


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
def test_an_event_from_a_shell_is_there_when_its_command_ends_or_it_says_that_it_is_not(tmp_path):
    """Not with the next command: whoever emits and looks at the page sees it."""
    with serving(tmp_path) as served:
        outcomes = []
        for number in range(5):
            name = f"shell.said_{number}"
            code, said = at_terminal(tmp_path, "emit", name, **served.senders())
            is_there = any(each.event.name == name for each in read_ledger(served.ledger))
            outcomes.append((code, is_there or "not delivered yet" in said))

    assert outcomes == [(0, True)] * 5


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--fsync", "sometimes"], "--fsync must be one of 'always', 'second', 'never', not 'sometimes'"),
        (["--keep-age", "long"], "--keep-age must be a number of seconds"),
        (["--tls-key", "key.pem"], "TLS needs both"),
        (["--grpc-port", "x"], "--grpc-port must be a port, 0 to 65535, or 'off'"),
    ],
)
def test_settings_that_cannot_be_are_told(tmp_path, arguments, words):
    """In words, as mistakes in the call."""
    done = run_serve(tmp_path, *arguments)

    assert (done.returncode, words in done.stderr) == (2, True), done.stderr


def test_without_the_extra_it_says_what_to_install(tmp_path):
    """In one line."""
    source = "import sys; sys.modules['uvicorn'] = None; sys.argv = ['otel-events', 'serve']; from otel_events.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", source],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert (done.returncode, done.stderr) == (3, "Error: uvicorn is missing: install otel-events[server]\n")


def test_one_port_may_be_for_all(tmp_path):
    """OTLP and the page, behind one address."""
    port, grpc = free_ports(2)
    with serving(tmp_path, ports={"page": port, "otlp": port, "grpc": grpc}) as served:
        assert served.post("/v1/logs", request("page.read").SerializeToString()).status_code == 200


def test_it_speaks_tls_over_http_and_grpc(tmp_path):
    """With a certificate that the sender trusts, the SDK delivers over both."""
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "certificate.pem")
    options = ("--tls-certificate", str(tmp_path / "certificate.pem"), "--tls-key", str(tmp_path / "key.pem"))
    with serving(tmp_path, *options, scheme="https") as served:
        for protocol, port in (("http/protobuf", "otlp"), ("grpc", "grpc")):
            ran = run_program(
                """
                import time
                ev.emit("page.read")
                ev.flush(timeout=20)
                while any(spool.records for spool in ev.stats().spools):
                    time.sleep(0.02)
                """,
                tmp_path,
                OTEL_EXPORTER_OTLP_ENDPOINT=f"https://localhost:{served.ports[port]}",
                OTEL_EXPORTER_OTLP_PROTOCOL=protocol,
                OTEL_EXPORTER_OTLP_CERTIFICATE=str(tmp_path / "authority.pem"),
            )
            assert ran.code == 0, ran.err
        names = [each.event.name for each in read_ledger(served.ledger)]

    assert names.count("page.read") == 2


def test_a_ledger_of_its_own_says_what_is_not_seen_and_how_to_see_it(tmp_path):
    """Programs without an endpoint write to the user's ledger: with the cure in hand they are shown."""
    with serving(tmp_path, "--ledger", str(tmp_path / "own.jsonl")) as served:
        health = _health(served)
        ledger = health["ledger"]
        assert run_program("ev.emit('page.read')", tmp_path).code == 0
        assert run_program("ev.emit('page.read')", tmp_path, OTEL_EVENTS_LEDGER_PATH=ledger["path"]).code == 0
        deadline = time.monotonic() + PATIENCE
        while not _health(served)["stored"]["events"] and time.monotonic() < deadline:
            time.sleep(0.05)
        stored = _health(served)["stored"]["events"]
        _, said = served.end()

    assert ledger == {"path": str(tmp_path / "own.jsonl"), "unseen": str(served.ledger)}
    assert f"write to {served.ledger}, which is not shown here" in said
    assert f"OTEL_EXPORTER_OTLP_ENDPOINT={served.otlp}" in said
    assert f"OTEL_EVENTS_LEDGER_PATH={tmp_path / 'own.jsonl'}" in said
    assert stored == 1  # what the writer says of itself is not counted


def _health(served):
    with httpx.Client(trust_env=False, timeout=30) as client:
        headers = {"authorization": f"Bearer {SECRET}"}
        return client.get(f"http://127.0.0.1:{served.ports['page']}/api/health", headers=headers).json()
