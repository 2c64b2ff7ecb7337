"""OTLP over HTTP through TLS and proxies."""

import socket
import ssl
import threading

import pytest
import trustme

from otel_events.otlp.outcome import Accepted, Unreachable
from tests.acceptor import PATIENCE, HttpAcceptor, refusing_port, send


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def server_tls(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def files(authority, tmp_path):
    certificate, client = tmp_path / "ca.pem", tmp_path / "client.pem"
    authority.cert_pem.write_to_path(certificate)
    authority.issue_cert("client@example.org").private_key_and_cert_chain_pem.write_to_path(client)
    return {"certificate_file": str(certificate), "client_certificate_file": str(client)}


def test_tls_with_an_authority_of_ones_own(server_tls, files, connect):
    """The given authority is trusted, over one connection."""
    with HttpAcceptor(server_tls) as acceptor:
        transport = connect(acceptor.url(host="localhost"), certificate_file=files["certificate_file"])
        outcomes = {send(transport) for _ in range(5)}

        assert (outcomes, acceptor.connections) == ({Accepted()}, 1)


def test_tls_does_not_trust_strangers(server_tls, connect):
    """A server whose authority is unknown gets no request."""
    with HttpAcceptor(server_tls) as acceptor:
        outcome = send(connect(acceptor.url(host="localhost")))

        assert isinstance(outcome, Unreachable)
        assert "certificate" in outcome.reason
        assert acceptor.requests == []


def test_tls_checks_the_name(authority, files, connect):
    """A certificate for another name is not taken."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("elsewhere.test").configure_cert(context)
    with HttpAcceptor(context) as acceptor:
        outcome = send(connect(acceptor.url(host="localhost"), certificate_file=files["certificate_file"]))

        assert isinstance(outcome, Unreachable)
        assert acceptor.requests == []


def test_tls_shows_a_client_certificate(authority, server_tls, files, connect):
    """A server that wants to know us gets our certificate."""
    server_tls.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(server_tls)
    with HttpAcceptor(server_tls) as acceptor:
        known = send(connect(acceptor.url(host="localhost"), **files))
        unknown = send(connect(acceptor.url(host="localhost"), certificate_file=files["certificate_file"]))

        assert known == Accepted()
        assert isinstance(unknown, Unreachable)


def test_a_hung_handshake_ends_at_the_deadline(connect):
    """A server that accepts and says nothing holds TLS no longer than the deadline."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        outcome = send(connect(f"https://127.0.0.1:{server.getsockname()[1]}/v1/logs"), seconds=0.2)

    assert outcome == Unreachable("no complete answer in time")


# -- proxies --------------------------------------------------------------------------------------------------------


@pytest.fixture
def proxy(monkeypatch):
    """A proxy that notes the head of each request; what it leads to is chosen by `target`."""

    class Proxy:
        def __init__(self):
            self.heads = []
            self.target = 0
            self.server = socket.create_server(("127.0.0.1", 0))
            self.thread = threading.Thread(target=self.serve)
            self.thread.start()

        def serve(self):
            connection, _ = self.server.accept()
            with connection, socket.create_connection(("127.0.0.1", self.target)) as onward:
                head = b""
                while b"\r\n\r\n" not in head:
                    head += connection.recv(65536)
                self.heads.append(head.split(b"\r\n\r\n")[0].decode().split("\r\n"))
                if head.startswith(b"CONNECT"):
                    connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                else:
                    onward.sendall(head)
                back = threading.Thread(target=self.copy, args=(onward, connection))
                back.start()
                self.copy(connection, onward)
                back.join()

        def copy(self, source, sink):
            try:
                while data := source.recv(65536):
                    sink.sendall(data)
                sink.shutdown(socket.SHUT_WR)
            except OSError:
                pass

    proxy = Proxy()
    for scheme in ("http", "https"):
        monkeypatch.setenv(f"{scheme}_proxy", f"http://who:secret@127.0.0.1:{proxy.server.getsockname()[1]}")
    monkeypatch.setenv("no_proxy", "")
    yield proxy
    proxy.thread.join(PATIENCE)
    proxy.server.close()


def test_tls_goes_through_a_tunnel(authority, files, proxy, connect):
    """The proxy of the environment is asked for a tunnel to the endpoint, and sees nothing else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("collector.test").configure_cert(context)
    with HttpAcceptor(context) as acceptor:
        proxy.target = acceptor.port
        transport = connect("https://collector.test:4318/v1/logs", certificate_file=files["certificate_file"])
        outcome = send(transport)
        transport.close()

    assert outcome == Accepted()
    assert proxy.heads[0][0] == "CONNECT collector.test:4318 HTTP/1.1"
    assert "Proxy-Authorization: Basic d2hvOnNlY3JldA==" in proxy.heads[0]


def test_plain_http_asks_the_proxy_for_the_whole_url(acceptor, proxy, connect):
    """Without TLS the proxy gets the endpoint's whole URL, and its own credentials."""
    proxy.target = acceptor.port
    transport = connect("http://collector.test:4318/v1/logs")
    outcome = send(transport)
    transport.close()

    assert outcome == Accepted()
    assert acceptor.requests[0].headers[":target"] == "http://collector.test:4318/v1/logs"
    assert acceptor.requests[0].headers["proxy-authorization"] == "Basic d2hvOnNlY3JldA=="


def test_this_machine_needs_no_proxy(acceptor, monkeypatch, connect):
    """A Collector on loopback is reached directly, whatever the environment says of proxies."""
    with refusing_port() as port:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")

        assert send(connect(acceptor.url())) == Accepted()
