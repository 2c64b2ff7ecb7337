"""Access over TLS: the same decisions, a cookie for TLS alone, the same limits."""

from __future__ import annotations

import contextlib
import socket
import ssl

import httpx
import pytest
import trustme

from otel_events.server.access.settings import AccessSettings, Limits
from tests.program import PATIENCE
from tests.server.guarded import SECRET, serving
from tests.server.raw import answer
from tools.backends.waiting import wait_for

# asyncio of Python 3.10 says so of each connection that its other end has closed.
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*_SSLProtocolTransport.__del__:pytest.PytestUnraisableExceptionWarning",
)


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def files(authority, tmp_path_factory):
    """What has a server speak TLS."""
    folder = tmp_path_factory.mktemp("tls")
    issued = authority.issue_cert("localhost", "127.0.0.1")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    for part in issued.cert_chain_pems:
        part.write_to_path(folder / "cert.pem", append=True)
    return {"ssl_certfile": str(folder / "cert.pem"), "ssl_keyfile": str(folder / "key.pem")}


@pytest.fixture(scope="module")
def server(files):
    with serving(AccessSettings(limits=Limits(connections=20, head_seconds=60)), **files) as running:
        yield running


@pytest.fixture(scope="module")
def hasty(files):
    """One that lets go of who takes half a second, as a busy machine may for a handshake."""
    with serving(AccessSettings(limits=Limits(connections=20, head_seconds=0.5)), **files) as running:
        yield running


@pytest.fixture(scope="module")
def trust(authority):
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def test_a_browser_logs_in_and_its_cookie_goes_over_tls_alone(server, trust):
    """By its origin it is our own page."""
    with httpx.Client(base_url=server.url, verify=trust, timeout=PATIENCE) as browser:
        answered = browser.get(server.access.login_link(server.url))

        assert answered.headers["set-cookie"].endswith("; Secure")
        assert browser.get("/api/who", headers={"Origin": server.url}).json()["way"] == "cookie"
        assert browser.get("/api/who", headers={"Origin": server.url.replace("https", "http")}).status_code == 403


def test_the_stream_opens_over_tls(server, trust):
    """And is refused without the token."""
    from websockets.exceptions import InvalidStatus
    from websockets.sync.client import connect

    address = server.url.replace("https", "wss") + "/stream"
    with connect(f"{address}?token={SECRET}", ssl=trust) as stream:
        assert "token" in stream.recv()
    with pytest.raises(InvalidStatus, match="401"), connect(address, ssl=trust):
        pass


def test_who_says_nothing_is_let_go(hasty, trust):
    """Politely, within its time."""
    with trust.wrap_socket(
        socket.create_connection(("127.0.0.1", hasty.port), timeout=20), server_hostname="localhost"
    ) as connection:
        assert answer(connection)[0] == 408


def test_whoever_only_holds_connections_keeps_nobody_out(server, trust):
    """As without TLS."""
    idle = [
        trust.wrap_socket(socket.create_connection(("127.0.0.1", server.port), timeout=20), server_hostname="localhost")
        for _ in range(30)
    ]
    try:
        assert httpx.get(f"{server.url}/healthz", verify=trust, timeout=PATIENCE).status_code == 200
    finally:
        for connection in idle:
            connection.close()


def test_handshakes_that_never_end_keep_nobody_out(server, trust):
    """They are counted as connections are: the one that has waited longest goes."""
    with contextlib.ExitStack() as stack:
        idle = [
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=20)) for _ in range(60)
        ]
        served = httpx.get(f"{server.url}/healthz", verify=trust, timeout=PATIENCE)
        assert served.status_code == 200
        assert len(server.access.connections) <= 20
        assert [_rest(each) for each in idle[:40]] == [b""] * 40


@pytest.mark.parametrize("said", [b"", b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/1.1\r\n\r\n"])
def test_a_handshake_has_as_long_as_the_head_of_a_request(hasty, said):
    """Whoever says nothing, half of it, or something else is let go, and nothing is left of it."""
    with socket.create_connection(("127.0.0.1", hasty.port), timeout=20) as connection:
        connection.sendall(said)

        _rest(connection)

    wait_for(lambda: len(hasty.access.connections) == 0, "room")


def test_a_request_in_one_piece_with_the_end_of_the_handshake_is_answered(server, trust):
    """Clients that lose no time are served as others are."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    secured = trust.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        while True:
            try:
                secured.do_handshake()
                break
            except ssl.SSLWantReadError:
                connection.sendall(outgoing.read())
                incoming.write(connection.recv(65_536))
        secured.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        connection.sendall(outgoing.read())
        answered = b""
        while b"\r\n\r\n" not in answered:
            incoming.write(connection.recv(65_536))
            with contextlib.suppress(ssl.SSLWantReadError):
                answered += secured.read()

    assert answered.startswith(b"HTTP/1.1 200 ")


def _rest(connection):
    """Read to the end, a reset included."""
    data = b""
    with contextlib.suppress(ConnectionError):
        while piece := connection.recv(65_536):
            data += piece
    return data
