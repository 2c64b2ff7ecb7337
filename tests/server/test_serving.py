"""The server as a process: its start, its end, and what a kill leaves."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import httpx
import pytest
import trustme

from otel_events.ledger.read import read_ledger
from tests.cli.test_emit import at_terminal
from tests.program import PATIENCE, environment, run_program
from tests.server.served import SECRET, free_ports, serving, start
from tests.server.test_receiving import request

pytestmark = pytest.mark.slow


def _serve(home, *arguments, **env):
    """Run `serve` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "otel_events", "serve", *arguments],
        env=environment(home, **env),
        cwd=home,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


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


def test_a_demonstration_ends_by_itself(tmp_path):
    """DEMO_SECONDS says when."""
    page, otlp, grpc = map(str, free_ports(3))
    ports = ("--port", page, "--otlp-port", otlp, "--grpc-port", grpc)
    assert _serve(tmp_path, *ports, DEMO_SECONDS="0.5").returncode == 0

    wrong = _serve(tmp_path, *ports, DEMO_SECONDS="soon")
    assert (wrong.returncode, "DEMO_SECONDS must be a number" in wrong.stderr) == (3, True)


@pytest.mark.parametrize("option", ["--port", "--otlp-port", "--grpc-port"])
def test_a_port_that_is_taken_is_told_with_its_holder(tmp_path, option):
    """Which one, who has it, and how to choose another; nothing else is left behind."""
    options = {"--port": "0", "--otlp-port": "0", "--grpc-port": "off"}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = _serve(tmp_path, *(word for pair in {**options, option: port}.items() for word in pair))

    assert done.returncode == 3
    assert f"port {port} of 127.0.0.1 is taken" in done.stderr
    assert f"choose another with {option} or OTEL_EVENTS_SERVER_{option[2:].replace('-', '_').upper()}" in done.stderr
    if sys.platform == "linux":
        assert f"by process {os.getpid()} (" in done.stderr
    assert "Traceback" not in done.stderr


def test_two_servers_do_not_share_a_ledger(tmp_path):
    """The second one says which process has it, and that it may have a file of its own."""
    with serving(tmp_path) as served:
        done = _serve(tmp_path, "--port", "0", "--otlp-port", "0", "--grpc-port", "off")

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
    done = _serve(tmp_path, *arguments)

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


def test_a_login_link_is_had_at_any_time(tmp_path):
    """Another process prints it; it opens the page once."""
    with serving(tmp_path) as served:
        env = environment(tmp_path, OTEL_EVENTS_SERVER_TOKEN=SECRET)
        command = [sys.executable, "-m", "otel_events", "serve", "--port", str(served.ports["page"]), "--print-login"]
        link = subprocess.run(
            command, env=env, capture_output=True, text=True, check=True, timeout=PATIENCE
        ).stdout.strip()
        with httpx.Client(trust_env=False) as client:
            answers = [client.get(link).status_code for _ in range(2)]
            with_cookie = client.get(f"http://127.0.0.1:{served.ports['page']}/api/health").status_code

    assert (answers[0], with_cookie) == (303, 200)


class _Sender(threading.Thread):
    """Sends batches one after the other, and notes which of them were acknowledged."""

    def __init__(self, served, number):
        super().__init__()
        self._served = served
        self._writer = f"{number:016x}"
        self.acknowledged = []
        self.sent = 0

    def run(self):
        with httpx.Client(trust_env=False, timeout=10) as client:
            while True:
                uids = [f"{self._writer}-{self.sent + at + 1:x}" for at in range(20)]
                message = request(*["page.read"] * 20)
                for part, uid in zip(message.resource_logs[0].scope_logs, uids, strict=True):
                    part.log_records[0].attributes.add(key="log.record.uid").value.string_value = uid
                headers = {"content-type": "application/x-protobuf"}
                try:
                    answer = client.post(
                        f"{self._served.otlp}/v1/logs", content=message.SerializeToString(), headers=headers
                    )
                except httpx.HTTPError:
                    return
                if answer.status_code == 200:
                    self.acknowledged += uids
                self.sent += 20


@pytest.mark.parametrize("fsync", ["always", "never"])
def test_after_a_kill_nothing_that_was_acknowledged_is_missing(tmp_path, fsync):
    """Killed again and again in the middle of load: all acknowledged events are in the ledger and found, each once."""
    acknowledged, ports = [], None
    for turn in range(3):
        served = start(tmp_path, "--fsync", fsync, ports=ports)
        ports = served.ports
        senders = [_Sender(served, 16 * turn + number) for number in range(3)]
        for sender in senders:
            sender.start()
        while min(len(sender.acknowledged) for sender in senders) < 200:
            time.sleep(0.01)
        served.kill()
        for sender in senders:
            sender.join(PATIENCE)
            acknowledged += sender.acknowledged

    with serving(tmp_path, ports=ports) as served:
        found, after = [], 0
        while after is not None:
            answer = served.client.get("/api/events", params={"after": after, "limit": 1000, "order": "oldest"}).json()
            found += answer["events"]
            after = answer["next"]
        code, _ = served.end()

    uids = [event["uid"] for event in found]
    assert set(acknowledged) <= set(uids)
    assert len(uids) == len(set(uids))
    assert [event["seq"] for event in found] == sorted({event["seq"] for event in found})
    in_ledger = [json.loads(line)["uid"] for line in served.ledger.read_text().splitlines() if '"uid"' in line]
    assert in_ledger == uids
    assert code == 0
