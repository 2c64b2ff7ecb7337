"""What a client may cost: connections, sizes, and time."""

from __future__ import annotations

import json
import socket
import time
from contextlib import ExitStack, suppress

import pytest

from otel_events.server.access.protocols import uvicorn_options
from otel_events.server.access.settings import AccessSettings, Limits
from tests.server.guarded import BEARER, SECRET, get, serving
from tests.server.raw import answer, ask, problem, send

HASTY = Limits(
    connections=20, head_seconds=0.4, head_bytes=8_192, body_bytes=10_000, pause_seconds=0.4, request_seconds=1.5,
    stalled_seconds=0.5, frame_bytes=1_000, idle_seconds=1,
)  # fmt: skip
PATIENT = Limits(connections=20, head_seconds=30)
ECHO = b"POST /api/echo HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + SECRET.encode() + b"\r\n"


@pytest.fixture(scope="module")
def hasty():
    with serving(AccessSettings(limits=HASTY)) as running:
        yield running


@pytest.fixture
def patient():
    with serving(AccessSettings(limits=PATIENT)) as running:
        yield running


def _connect(server):
    return socket.create_connection(("127.0.0.1", server.port), timeout=20)


# --- number


def test_connections_that_only_wait_keep_nobody_out(patient):
    """The one that has waited longest goes, with a polite answer; who has something to say is served."""
    with ExitStack() as stack:
        idle = [stack.enter_context(_connect(patient)) for _ in range(60)]
        served = get(f"{patient.url}/api/who", headers=BEARER)
        status, headers, body = answer(idle[0])

    assert served.status_code == 200
    assert (status, headers["retry-after"], headers["connection"]) == (503, "5", "close")
    assert "all 20 connections are in use" in json.loads(body)["error"]["problem"]
    assert patient.refused.counts()["connections"] == 41


def test_half_sent_requests_keep_nobody_out_either(patient):
    """Neither halves of heads nor of bodies."""
    with ExitStack() as stack:
        for number in range(60):
            connection = stack.enter_context(_connect(patient))
            connection.sendall(b"GET / HTTP/1.1\r\nHost: lo" if number % 2 else ECHO + b"Content-Length: 9\r\n\r\nhalf")
        served = get(f"{patient.url}/api/who", headers=BEARER)

    assert served.status_code == 200


def test_where_all_are_busy_one_more_is_refused_politely(patient):
    """Streams that are open are not cut for somebody who comes later."""
    from websockets.sync.client import connect

    address = f"{patient.url.replace('http', 'ws')}/stream?token={SECRET}"
    with ExitStack() as stack:
        streams = [stack.enter_context(connect(address)) for _ in range(20)]
        status, said = problem(ask(patient.port))
        for stream in streams:
            stream.recv()
            stream.send("still here")
            assert stream.recv() == "10"

    assert status == 503
    assert "try again" in said
    assert get(f"{patient.url}/api/who", headers=BEARER).status_code == 200


@pytest.mark.slow
def test_ten_thousand_idle_connections_are_refused_politely_and_the_page_is_served():
    """Each is told why; whoever has the token is served meanwhile; afterwards all is as before."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 12_000:
        pytest.skip("this machine lets no process have so many connections")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 12_000), hard))
    try:
        with serving(AccessSettings(limits=Limits(head_seconds=60))) as server, ExitStack() as stack:
            idle = []
            for number in range(10_000):
                idle.append(stack.enter_context(_connect(server)))
                if number % 1_000 == 999:
                    assert get(f"{server.url}/api/who", headers=BEARER).status_code == 200
            answers = [answer(connection)[0] for connection in idle[:9_000]]
            assert len(server.access.connections) <= 1_000
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert set(answers) == {503}


# --- slowness


def test_who_connects_and_says_nothing_is_let_go(hasty):
    """After the time for a head; that is no refusal, as browsers connect ahead of what they may want."""
    before = hasty.refused.counts().get("slow_head", 0)
    with _connect(hasty) as connection:
        status, said = problem(answer(connection))

    assert status == 408
    assert "within 0.4 s" in said
    assert hasty.refused.counts().get("slow_head", 0) == before


def test_a_head_that_trickles_is_let_go(hasty):
    """However lively its bytes come: the whole head has a time."""
    with _connect(hasty) as connection:
        began = time.monotonic()
        status = _trickle(connection, b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X-A: b\r\n" * 200, pause=0.05)

    assert status == 408
    assert time.monotonic() - began < 10
    assert hasty.refused.counts()["slow_head"] >= 1


def test_the_next_request_of_a_connection_has_the_same_time(hasty):
    """A first good one buys no patience."""
    with _connect(hasty) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        first = connection.recv(65_536)
        connection.sendall(b"GET / HTTP/1.1\r\nHo")
        second = answer(connection)[0]

    assert first.startswith(b"HTTP/1.1 200")
    assert second == 408


@pytest.mark.slow
def test_a_body_that_pauses_or_trickles_is_let_go(hasty):
    """Between two pieces there is a bound, and for the whole."""
    with _connect(hasty) as connection:
        connection.sendall(ECHO + b"Content-Length: 5000\r\n\r\nhalf")
        assert answer(connection)[0] == 408
    with _connect(hasty) as connection:
        connection.sendall(ECHO + b"Content-Length: 5000\r\n\r\n")
        assert _trickle(connection, b"x" * 4_000, pause=0.1) == 408


def test_who_does_not_read_its_answer_is_let_go(hasty):
    """Memory is not kept for it; over HTTP as on a stream."""
    with ExitStack() as stack:
        for number in range(5):
            connection = stack.enter_context(_connect(hasty))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            path = "/flood" if number % 2 else "/api/flood"
            head = f"GET {path}?token={SECRET} HTTP/1.1\r\nHost: localhost\r\n{upgrade if number % 2 else ''}\r\n"
            connection.sendall(head.encode())
        _until(lambda: hasty.refused.counts().get("slow_reader", 0) >= 5 and len(hasty.access.connections) == 0)


def test_some_requests_in_a_row_are_answered_in_their_order(hasty):
    """As HTTP allows, though hardly anybody does so."""
    one = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
    answered = b""
    with _connect(hasty) as connection:
        connection.sendall((one + b"\r\n") * 20 + one + b"Connection: close\r\n\r\n")
        while piece := connection.recv(65_536):
            answered += piece

    assert answered.count(b"HTTP/1.1 200") == 21


@pytest.mark.parametrize("path", [b"/healthz", b"/api/flood?token=" + SECRET.encode()])
def test_requests_in_a_row_without_end_fill_no_memory(patient, path):
    """More than anybody sends before reading an answer end the connection: each takes a thousand times the room of its bytes."""
    one = b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with _connect(patient) as connection, pytest.raises((ConnectionResetError, BrokenPipeError)):
        for _ in range(1_000):
            connection.sendall(one * 100)

    assert patient.refused.counts()["pipelined"] == 1
    assert get(f"{patient.url}/healthz").status_code == 200


@pytest.mark.slow
def test_pings_of_who_does_not_read_fill_no_memory(patient):
    """Each would be answered: so no more of them are heard than there is room for answers."""
    pings, sent = (b"\x89\xfd" + bytes(4) + b"x" * 125) * 500, 0
    with _connect(patient) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        head = (
            f"GET /stream?token={SECRET} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        )
        key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        connection.sendall(f"{head}{key}".encode())
        assert connection.recv(12) == b"HTTP/1.1 101"
        connection.settimeout(2)
        with suppress(TimeoutError):
            while sent < 100 << 20:
                connection.sendall(pings)
                sent += len(pings)

    assert sent < 100 << 20  # only what the system's own buffers take


@pytest.mark.slow
def test_an_idle_connection_is_closed_in_silence(hasty):
    """Between two requests; the next one opens another."""
    with _connect(hasty) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answered = b""
        while piece := connection.recv(65_536):
            answered += piece

    assert answered.count(b"HTTP/1.1") == 1


# --- sizes


def test_a_head_without_end_is_refused(hasty):
    """Before it fills the memory."""
    with _connect(hasty) as connection:
        status = _trickle(
            connection, b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"x" * 50_000, pause=0, step=4_096
        )

    assert status == 431


def test_a_body_beyond_the_limit_is_refused(hasty):
    """By what it says, and by what comes; up to the limit it is taken."""
    said = ask(hasty.port, "/api/echo", method="POST", Content_Length="10001", **BEARER)
    chunked = ECHO + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1000\r\n" + b"x" * 4_096 + b"\r\n"
    came = send(hasty.port, chunked + b"2000\r\n" + b"x" * 8_192 + b"\r\n0\r\n\r\n")

    assert problem(said) == (413, "a body here may have 10,000 bytes; send less at a time")
    assert problem(came)[0] == 413
    assert ask(hasty.port, "/api/echo", method="POST", body=b"x" * 10_000, **BEARER)[2] == b'{"bytes":10000}'


def test_a_frame_beyond_the_limit_ends_the_stream(hasty):
    """With the code that says so."""
    from websockets.exceptions import ConnectionClosed
    from websockets.sync.client import connect

    with connect(f"{hasty.url.replace('http', 'ws')}/stream?token={SECRET}") as stream:
        stream.recv()
        stream.send("x" * 1_000)
        assert stream.recv() == "1000"
        stream.send("x" * 1_001)
        with pytest.raises(ConnectionClosed) as closed:
            stream.recv()

    assert closed.value.rcvd.code == 1009


def test_a_slow_client_is_not_asked_for_an_answer(hasty):
    """A WebSocket's ping would wait behind what the client has not read, and its time would end whoever is merely slow.

    That such a client stays, and is told all, `python -m tools.soak` proves: it takes longer than a test may.
    """
    assert uvicorn_options(hasty.access.connections)["ws_ping_interval"] is None


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
        b"NONSENSE\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"\0" * 9,
    ],
)
def test_what_is_no_http_is_answered_and_closed(hasty, data):
    """A handshake of TLS among it."""
    status, said = problem(send(hasty.port, data))

    assert status == 400
    assert "no HTTP request" in said


def test_nothing_is_left_of_connections_that_are_gone(hasty):
    """However they went, the count comes back to none."""
    for data in (
        b"",
        b"GET",
        ECHO + b"Content-Length: 9\r\n\r\nx",
        b"GET /api/who HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ):
        with _connect(hasty) as connection:
            connection.sendall(data)
    _until(lambda: len(hasty.access.connections) == 0)


def _trickle(connection, data, *, pause, step=8):
    """Send *data* in small steps until it is answered; return the answer's status."""
    connection.settimeout(0.001)
    received = b""
    for begin in range(0, len(data), step):
        try:
            connection.sendall(data[begin : begin + step])
        except (BrokenPipeError, ConnectionResetError):
            break
        try:
            received += connection.recv(65_536)
            break
        except TimeoutError:
            time.sleep(pause)
    connection.settimeout(20)
    try:
        while piece := connection.recv(65_536):
            received += piece
    except ConnectionResetError:
        pass
    return int(received.split()[1])


def _until(holds, seconds=20):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it does not come about"
        time.sleep(0.02)
