"""OTLP over gRPC against a real server that misbehaves."""

import threading

import grpc
import pytest
import trustme

from otel_events.otlp.compression import compress
from otel_events.otlp.decode import decode_logs_response
from otel_events.otlp.endpoint import Endpoint
from otel_events.otlp.grpc import GrpcTransport
from otel_events.otlp.outcome import Accepted, Refused, Retry, TooLarge, Unreachable
from tests.acceptor import BODY, PATIENCE, GrpcAcceptor, fail_call, hang_call, refusing_port, reject_call, send


@pytest.fixture
def acceptor():
    with GrpcAcceptor() as acceptor:
        yield acceptor


@pytest.fixture
def connect():
    """Make transports, closed at the end."""
    transports = []

    def connect(url, signal="logs", **settings):
        endpoint = Endpoint(url, protocol="grpc", **settings)
        transports.append(GrpcTransport(endpoint, signal=signal, decode_response=decode_logs_response))
        return transports[-1]

    yield connect
    for transport in transports:
        transport.close()


def test_requests_arrive_with_headers_in_lower_case(acceptor, connect):
    """The encoded bytes are the call's message; headers become metadata."""
    outcome = send(connect(acceptor.url(), headers={"X-Tenant": "green"}))

    request = acceptor.requests[0]
    assert (outcome, acceptor.names, request.posted) == (Accepted(), ["seed.germinated"], BODY)
    assert request.headers["x-tenant"] == "green"
    assert request.headers["user-agent"].startswith("otel-events")


def test_spans_go_to_their_own_service(acceptor, connect):
    """The signal chooses the service."""
    send(connect(acceptor.url(), signal="traces"), b"")

    assert acceptor.requests[0].signal == "traces"


@pytest.mark.parametrize(("body", "encoding"), [(BODY, None), (compress(BODY), "gzip")])
def test_compression_is_the_channels(acceptor, connect, body, encoding):
    """With gzip asked for, the server reads the same message, however the spool kept it."""
    outcome = send(connect(acceptor.url(), compression="gzip"), body, encoding)

    assert (outcome, acceptor.names) == (Accepted(), ["seed.germinated"])


def test_an_address_without_scheme_may_be_insecure(acceptor, connect):
    """`host:port` goes without TLS if the settings say so."""
    assert send(connect(f"127.0.0.1:{acceptor.port}", insecure=True)) == Accepted()


def test_a_partial_success_tells_how_many_and_why(acceptor, connect):
    """What the server would not keep comes back with its words."""
    acceptor.usual = reject_call(1, "too old")

    assert send(connect(acceptor.url())) == Accepted(1, "too old")


@pytest.mark.parametrize(
    "code", ["CANCELLED", "DEADLINE_EXCEEDED", "ABORTED", "OUT_OF_RANGE", "UNAVAILABLE", "DATA_LOSS"]
)
def test_passing_troubles_are_tried_again(acceptor, connect, code):
    """The codes that the specification calls retryable are, after the time in a RetryInfo if there is one."""
    acceptor.script.extend([fail_call(grpc.StatusCode[code], retry_delay=2.5), fail_call(grpc.StatusCode[code])])
    transport = connect(acceptor.url())

    asked, unasked, then = send(transport), send(transport), send(transport)

    assert (asked.after, isinstance(asked, Retry)) == (2.5, True)
    assert isinstance(unasked, Retry | Unreachable)
    assert then == Accepted()


@pytest.mark.parametrize(
    "code", ["INVALID_ARGUMENT", "UNAUTHENTICATED", "PERMISSION_DENIED", "UNIMPLEMENTED", "INTERNAL", "UNKNOWN"]
)
def test_other_codes_are_final(acceptor, connect, code):
    """What the specification forbids to retry is refused, for the reason the server gives."""
    acceptor.usual = fail_call(grpc.StatusCode[code], "not like this")

    outcome = send(connect(acceptor.url()))

    assert isinstance(outcome, Refused)
    assert code in outcome.reason
    assert "not like this" in outcome.reason


def test_exhausted_is_retried_only_if_the_server_says_when(acceptor, connect):
    """RESOURCE_EXHAUSTED means later with a RetryInfo, never without."""
    code = grpc.StatusCode.RESOURCE_EXHAUSTED
    acceptor.script.extend([fail_call(code, "busy", retry_delay=1.0), fail_call(code, "over quota")])
    transport = connect(acceptor.url())

    later, never = send(transport), send(transport)

    assert (later.after, type(never)) == (1.0, Refused)


def test_a_message_too_large_is_told_apart(connect):
    """The server's bound on messages is about the size alone."""
    with GrpcAcceptor(max_message=10) as acceptor:
        assert isinstance(send(connect(acceptor.url())), TooLarge)


def test_nobody_listening_is_unreachable_until_somebody_is(connect):
    """A refused connection is a reason to come back, and coming back is a new attempt at once."""
    with refusing_port() as port:
        outcome = send(connect(f"http://127.0.0.1:{port}"))

    assert isinstance(outcome, Unreachable)


def test_a_server_that_dawdles_ends_at_the_deadline(acceptor, connect):
    """Silence does not hold a request beyond its time, and is a reason to come back."""
    acceptor.usual = hang_call

    outcome = send(connect(acceptor.url()), seconds=0.3)

    assert isinstance(outcome, Retry | Unreachable)


def test_another_thread_can_interrupt(acceptor, connect):
    """An interrupted call ends at once, and later ones do not begin."""
    acceptor.usual = hang_call
    transport = connect(acceptor.url(), timeout=600)
    outcomes = []
    thread = threading.Thread(target=lambda: outcomes.append(send(transport, seconds=600)))
    thread.start()
    acceptor.await_requests(1)

    transport.interrupt()

    thread.join(PATIENCE)
    assert [*outcomes, send(transport)] == [Unreachable("interrupted")] * 2
    assert len(acceptor.requests) == 1


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


def test_tls_with_certificates_on_both_sides(authority, tmp_path, connect):
    """The given authority is trusted, strangers are not, and our certificate is shown."""
    server = authority.issue_cert("localhost")
    credentials = grpc.ssl_server_credentials(
        [(server.private_key_pem.bytes(), server.cert_chain_pems[0].bytes())],
        root_certificates=authority.cert_pem.bytes(),
        require_client_auth=True,
    )
    certificate, client = tmp_path / "ca.pem", tmp_path / "client.pem"
    authority.cert_pem.write_to_path(certificate)
    authority.issue_cert("client@example.org").private_key_and_cert_chain_pem.write_to_path(client)

    with GrpcAcceptor(credentials) as acceptor:
        url = acceptor.url(host="localhost")
        both = send(connect(url, certificate_file=str(certificate), client_certificate_file=str(client)))
        unknown = send(connect(url, certificate_file=str(certificate)))
        stranger = send(connect(url))

    assert both == Accepted()
    assert isinstance(unknown, Unreachable)
    assert isinstance(stranger, Unreachable)


def test_a_certificate_that_vanished_is_a_reason_to_come_back(tmp_path, connect):
    """A file that cannot be read any more when connecting is told, not raised."""
    certificate = tmp_path / "ca.pem"
    certificate.write_text("nonsense")
    transport = connect("https://localhost:1", certificate_file=str(certificate))
    certificate.unlink()

    assert isinstance(send(transport), Unreachable)
