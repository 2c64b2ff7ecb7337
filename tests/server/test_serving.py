"""The server as a process: its start, its end, and what a kill leaves."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import httpx
import pytest
import trustme
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from otel_events.ledger.read import read_ledger
from tests.cli.test_emit import at_terminal
from tests.program import PATIENCE, ROOT, environment, run_program
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


def test_clients_of_every_kind_do_not_hold_up_the_end(tmp_path):
    """Streams, a long poll and a request that is half there are ended: nothing is cut off late, nothing is complained of."""
    with serving(tmp_path) as served, ExitStack() as stack:
        address, token = f"127.0.0.1:{served.ports['page']}", {"authorization": f"Bearer {SECRET}"}
        client = stack.enter_context(httpx.Client(trust_env=False, timeout=PATIENCE, headers=token))
        stream = stack.enter_context(connect(f"ws://{address}/stream", additional_headers=token, proxy=None))
        sent = stack.enter_context(client.stream("GET", f"http://{address}/events"))
        stack.enter_context(_socket_io(address))
        poll = stack.enter_context(ThreadPoolExecutor()).submit(_long_poll, client, f"http://{address}")
        half = stack.enter_context(socket.create_connection(("127.0.0.1", served.ports["otlp"])))
        half.sendall(
            b"POST /v1/logs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\nContent-Length: 9\r\n\r\nx"
        )
        stream.recv()
        while client.get(f"http://{address}/api/health").json()["clients"] < 4:
            time.sleep(0.02)
        code, said = served.end()
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                stream.recv()
        sent.read()
        answer = half.recv(100)

    assert (code, len(said.splitlines())) == (0, 4), said
    assert closed.value.rcvd.code == 1012
    assert poll.result().status_code in {200, 400}
    assert answer.startswith(b"HTTP/1.1 503")


def test_who_breaks_off_in_the_middle_of_a_request_is_no_error(tmp_path):
    """A program that is killed while it sends leaves no traceback on the server's terminal."""
    with serving(tmp_path) as served:
        for _ in range(2):
            with socket.create_connection(("127.0.0.1", served.ports["otlp"])) as sender:
                sender.sendall(
                    b"POST /v1/logs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\nContent-Length: 9\r\n\r\nx"
                )
        with httpx.Client(trust_env=False, headers={"authorization": f"Bearer {SECRET}"}) as client:
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


def _long_poll(client, base):
    """Connect to Socket.IO by polling, and return the answer to the poll that waits for news."""
    opened = client.get(f"{base}/socket.io/?EIO=4&transport=polling").text
    url = f"{base}/socket.io/?EIO=4&transport=polling&sid={json.loads(opened[1:])['sid']}"
    client.post(url, content="40" + json.dumps({"token": SECRET}))
    client.get(url)
    return client.get(url)


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


@pytest.mark.parametrize("which", ["page", "otlp", "grpc"])
def test_of_a_port_that_another_server_of_this_user_has_it_is_told_how_to_use_that(tmp_path, which):
    """Newcomers start a second one where they want to see the first: how to open it, and how to send to it."""
    options = {"page": "--port", "otlp": "--otlp-port", "grpc": "--grpc-port"}
    with serving(tmp_path) as served:
        words = [
            word for each, option in options.items() for word in (option, str(served.ports[each] * (each == which)))
        ]
        done = _serve(tmp_path, "--ledger", str(tmp_path / "other.jsonl"), *words)

    assert done.returncode == 3
    assert f"port {served.ports[which]} of 127.0.0.1 is taken" in done.stderr
    assert f"'otel-events serve --print-login --port {served.ports['page']}' opens" in done.stderr
    assert f"OTEL_EXPORTER_OTLP_ENDPOINT={served.otlp}" in done.stderr


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


TOKEN = {"OTEL_EVENTS_SERVER_TOKEN": SECRET}


def test_a_login_link_is_had_at_any_time(tmp_path):
    """Another process prints it, for the server that runs, wherever that listens; it opens the page once."""
    with serving(tmp_path) as served:
        link = _serve(tmp_path, "--print-login", **TOKEN).stdout.strip()
        with httpx.Client(trust_env=False) as client:
            answers = [client.get(link).status_code for _ in range(2)]
            with_cookie = client.get(f"http://127.0.0.1:{served.ports['page']}/api/health").status_code
        code, _ = served.end()
        after = _serve(tmp_path, "--print-login", **TOKEN)

    assert (answers[0], with_cookie, code) == (303, 200, 0)
    assert (after.returncode, after.stdout) == (1, "")
    assert not list((tmp_path / "state" / "otel-events" / "server" / "running").iterdir())


def test_without_a_server_there_is_no_login_link(tmp_path):
    """It says how to start one, also where the last one was killed."""
    for is_killed in (False, True):
        if is_killed:
            start(tmp_path).kill()
        done = _serve(tmp_path, "--print-login", **TOKEN)

        assert (done.returncode, done.stdout) == (1, "")
        assert "no server of this user runs: start one with 'otel-events serve'" in done.stderr


def test_of_several_servers_the_one_is_named_whose_link_is_wanted(tmp_path):
    """By its port, or its ledger; one with another token is not promised a link that it would refuse."""
    other = tmp_path / "other.jsonl"
    with serving(tmp_path) as first, serving(tmp_path, "--ledger", str(other)) as second:
        ports = [str(each.ports["page"]) for each in (first, second)]
        both = _serve(tmp_path, "--print-login", **TOKEN)
        by_port = [_serve(tmp_path, "--print-login", "--port", port, **TOKEN).stdout for port in ports]
        by_ledger = _serve(tmp_path, "--print-login", "--ledger", "other.jsonl", **TOKEN).stdout
        neither = _serve(tmp_path, "--print-login", "--port", "1", **TOKEN)
        stranger = _serve(tmp_path, "--print-login", "--port", ports[0])

    assert (both.returncode, "choose one with --port" in both.stderr, str(other) in both.stderr) == (1, True, True)
    assert [f":{port}/login?code=" in link for port, link in zip(ports, by_port, strict=True)] == [True, True]
    assert f":{ports[1]}/login?code=" in by_ledger
    assert (neither.returncode, "no such server runs" in neither.stderr) == (1, True)
    assert (stranger.returncode, "has another token" in stranger.stderr) == (3, True)


def test_a_login_link_needs_no_token_file_to_be_named_again(tmp_path):
    """Where the server was given one, the link is signed with what is in it; a token that is set goes first."""
    file = tmp_path / "token"
    file.write_text("a-token-of-its-own-file\n")
    file.chmod(0o600)
    page, otlp, grpc = map(str, free_ports(3))
    command = [
        sys.executable,
        "-m",
        "otel_events",
        "serve",
        "--token-file",
        "token",
        "--port",
        page,
        "--otlp-port",
        otlp,
    ]
    with subprocess.Popen(
        [*command, "--grpc-port", grpc], env=environment(tmp_path), cwd=tmp_path, stderr=subprocess.PIPE, text=True
    ) as process:
        while not process.stderr.readline().startswith("ledger"):
            assert process.poll() is None
        link = _serve(tmp_path, "--print-login").stdout.strip()
        with httpx.Client(trust_env=False) as client:
            answer = client.get(link)
        stranger = _serve(tmp_path, "--print-login", **TOKEN)
        process.terminate()
        process.communicate(timeout=PATIENCE)

    assert answer.status_code == 303
    assert (stranger.returncode, "has another token" in stranger.stderr) == (3, True)


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
        headers = {"authorization": f"Bearer {TOKEN['OTEL_EVENTS_SERVER_TOKEN']}"}
        return client.get(f"http://127.0.0.1:{served.ports['page']}/api/health", headers=headers).json()


def test_what_is_more_than_can_wait_is_told_to_come_again(tmp_path):
    """429 with Retry-After, as long as requests of 64 MiB are on their way; afterwards all is taken."""
    body = request("page.read").SerializeToString()
    part = 15 << 20
    with serving(tmp_path) as served, ExitStack() as stack:
        for _ in range(4):
            sender = stack.enter_context(socket.create_connection(("127.0.0.1", served.ports["otlp"])))
            head = f"POST /v1/logs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\nContent-Length: {part + 1}"
            sender.sendall(f"{head}\r\n\r\n".encode() + bytes(part))
        big = served.post("/v1/logs", bytes(part))
        stack.close()
        deadline = time.monotonic() + PATIENCE
        while (after := served.post("/v1/logs", body)).status_code == 429 and time.monotonic() < deadline:
            time.sleep(0.05)

    assert (big.status_code, big.headers["retry-after"]) == (429, "1")
    assert after.status_code == 200


_COUNTING = """
import os
from pathlib import Path

_asked = os.fdatasync

def fdatasync(fd):
    _asked(fd)
    with Path(os.environ["ASKED"]).open("a") as file:
        file.write(os.readlink(f"/proc/self/fd/{fd}") + "\\n")

os.fdatasync = fdatasync
"""


@pytest.mark.skipif(sys.platform != "linux", reason="which file is asked for is told by /proc")
@pytest.mark.parametrize("policy", ["always", "second", "never"])
def test_the_disk_is_asked_as_often_as_is_set(tmp_path, policy):
    """Before each answer, some time after it, or not at all."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(_COUNTING)
    asked = tmp_path / "asked"
    asked.touch()
    paths = os.pathsep.join((str(tmp_path / "site"), str(ROOT)))
    with serving(tmp_path, "--fsync", policy, ASKED=str(asked), PYTHONPATH=paths) as served:
        counts = []
        for _ in range(3):
            assert served.post("/v1/logs", request("page.read").SerializeToString()).status_code == 200
            counts.append(asked.read_text().count("events.jsonl"))
        deadline = time.monotonic() + PATIENCE
        while policy == "second" and "events.jsonl" not in asked.read_text() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert served.end()[0] == 0

    times = asked.read_text().count("events.jsonl")
    assert {"always": counts[0] >= 1 and len(set(counts)) == 3, "second": times >= 1, "never": times == 0}[policy]
