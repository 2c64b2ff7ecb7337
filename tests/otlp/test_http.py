"""OTLP over HTTP against a real server that misbehaves."""

import gzip
import socket
import threading
import time
from email.utils import formatdate

import pytest
from google.rpc.status_pb2 import Status

from otel_events.otlp.outcome import Accepted, Refused, Retry, TooLarge, Unreachable
from tests.acceptor import (
    BODY,
    PATIENCE,
    accept,
    answer_with,
    break_off,
    drip,
    hang,
    lose_answer,
    refusing_port,
    reject,
    send,
    success,
)


def test_requests_share_one_connection(acceptor, connect):
    """Twenty requests arrive over one connection."""
    transport = connect(acceptor.url())

    outcomes = {send(transport) for _ in range(20)}

    assert (outcomes, acceptor.connections, len(acceptor.names)) == ({Accepted()}, 1, 20)


def test_headers_say_what_the_specification_asks(acceptor, connect):
    """Content type, our name, the caller's headers, and credentials from the URL go with a request."""
    url = acceptor.url().replace("http://", "http://me:p%40ss@") + "?tenant=a"

    send(connect(url, headers={"X-Tenant": "green", "Content-Type": "text/plain"}))

    headers = acceptor.requests[0].headers
    assert headers["content-type"] == "application/x-protobuf"
    assert headers["user-agent"].startswith("otel-events")
    assert headers["host"] == f"127.0.0.1:{acceptor.port}"
    assert headers["x-tenant"] == "green"
    assert headers["authorization"] == "Basic bWU6cEBzcw=="
    assert headers[":target"] == "/v1/logs?tenant=a"


def test_a_compressed_body_is_named_so(acceptor, connect):
    """A gzip body goes as it is, with its encoding beside it."""
    body = gzip.compress(BODY)

    outcome = send(connect(acceptor.url()), body, "gzip")

    assert outcome == Accepted()
    assert (acceptor.requests[0].posted, acceptor.requests[0].headers["content-encoding"]) == (body, "gzip")


def test_a_partial_success_tells_how_many_and_why(acceptor, connect):
    """What the server would not keep comes back with its words."""
    acceptor.usual = reject(1, "too old")

    assert send(connect(acceptor.url())) == Accepted(1, "too old")


def test_each_answer_counts_however_often_another_came_before(acceptor, connect):
    """Acceptances that repeat are known by their bytes; one that differs in anything says what it says."""
    full, partly = accept, reject(1, "too old")
    html = answer_with(200, b"<html>Welcome</html>", Content_Type="text/html")
    acceptor.script.extend([full, full, partly, partly, reject(2, "too old"), full, answer_with(503), full, html, full])
    transport = connect(acceptor.url())

    outcomes = [send(transport) for _ in range(10)]

    expected = [
        Accepted(),
        Accepted(),
        Accepted(1, "too old"),
        Accepted(1, "too old"),
        Accepted(2, "too old"),
        Accepted(),
    ]
    assert outcomes[:6] == expected
    assert list(map(type, outcomes[6:])) == [Retry, Accepted, Refused, Accepted]
    assert acceptor.connections == 1


@pytest.mark.parametrize("chunked", [False, True])
def test_an_answer_may_come_in_any_pieces(acceptor, connect, chunked):
    """Wherever a server pauses within an answer that came whole before, the whole answer is heard, and nothing left behind."""
    message = success("logs", 1, "too old")
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(message), message) if chunked else message
    length = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % len(body)
    head = b"HTTP/1.1 200 OK\r\nDate: now\r\nContent-Type: application/x-protobuf\r\n%s\r\n\r\n" % length

    def pause_at(cut):
        def behave(handler, _):
            handler.wfile.write((head + body)[:cut])
            acceptor.released.wait(0.002)
            handler.wfile.write((head + body)[cut:])

        return behave

    acceptor.script.extend(map(pause_at, range(len(head + body) + 1)))
    transport = connect(acceptor.url())

    assert {send(transport) for _ in range(len(acceptor.script))} == {Accepted(1, "too old")}
    assert acceptor.connections == 1


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_busy_servers_are_tried_again(acceptor, connect, status):
    """The four statuses that the specification calls retryable are, with the time the server asks for."""
    acceptor.usual = answer_with(status, Retry_After="7")

    outcome = send(connect(acceptor.url()))

    assert isinstance(outcome, Retry)
    assert outcome.after == 7
    assert str(status) in outcome.reason


def test_retry_after_may_be_a_date(acceptor, connect):
    """A date of return means the seconds until then."""
    acceptor.usual = answer_with(503, Retry_After=formatdate(time.time() + 60, usegmt=True))

    outcome = send(connect(acceptor.url()))

    assert 50 < outcome.after <= 60


@pytest.mark.parametrize("nonsense", ["soon", "nan", "1e999", "-5", "", "9" * 400])
def test_a_senseless_retry_after_is_none(acceptor, connect, nonsense):
    """What is no time leaves the choice to us."""
    acceptor.usual = answer_with(503, Retry_After=nonsense)

    assert send(connect(acceptor.url())).after is None


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 500, 501])
def test_other_errors_are_final(acceptor, connect, status):
    """What the specification forbids to retry is refused, for the reason the server gives."""
    body = Status(message="bad wire\x1b[31m").SerializeToString()
    acceptor.usual = answer_with(status, body, Content_Type="application/x-protobuf")

    outcome = send(connect(acceptor.url()))

    assert isinstance(outcome, Refused)
    assert str(status) in outcome.reason
    assert "bad wire" in outcome.reason
    assert outcome.reason.isprintable()


def test_a_redirect_is_not_followed(acceptor, connect):
    """Our headers go nowhere but where they were meant to; the reason names the place for whoever configures."""
    acceptor.usual = answer_with(307, Location="http://elsewhere.test/v1/logs")

    outcome = send(connect(acceptor.url()))

    assert isinstance(outcome, Refused)
    assert "http://elsewhere.test/v1/logs" in outcome.reason
    assert len(acceptor.requests) == 1


def test_a_web_page_is_no_success(acceptor, connect):
    """A login page that says 200 to everything has not accepted anything."""
    acceptor.usual = answer_with(200, b"<html>Welcome</html>", Content_Type="text/html")

    assert isinstance(send(connect(acceptor.url())), Refused)


@pytest.mark.parametrize(("status", "words"), [(413, b""), (400, b"http: request body too large")])
def test_a_request_too_large_is_told_apart(acceptor, connect, status, words):
    """413 is about the size alone; so is the 400 that the Collector says in its place."""
    acceptor.usual = answer_with(status, words, Content_Type="text/plain")

    assert isinstance(send(connect(acceptor.url())), TooLarge)


def test_nobody_listening_is_unreachable(connect):
    """A refused connection is a reason to come back."""
    with refusing_port() as port:
        outcome = send(connect(f"http://127.0.0.1:{port}/v1/logs"))

    assert outcome == Unreachable("Connection refused")


def test_an_impossible_host_name_is_unreachable(connect):
    """A name that cannot be resolved is a reason to come back, not an error."""
    assert isinstance(send(connect(f"http://{'a' * 64}.invalid/v1/logs")), Unreachable)


@pytest.mark.parametrize("behaviour", [hang, drip])
def test_a_server_that_dawdles_ends_at_the_deadline(acceptor, connect, behaviour):
    """Neither silence nor a byte now and then holds a request beyond its time."""
    acceptor.usual = behaviour

    outcome = send(connect(acceptor.url()), seconds=0.2)

    assert outcome == Unreachable("no complete answer in time")


def test_the_timeout_of_the_endpoint_holds_too(acceptor, connect):
    """The endpoint's own timeout ends a request whose caller has more time."""
    acceptor.usual = drip

    assert isinstance(send(connect(acceptor.url(), timeout=0.2)), Unreachable)


@pytest.mark.parametrize("behaviour", [hang, drip])
def test_another_thread_can_interrupt(acceptor, connect, behaviour):
    """An interrupted request ends at once, and later ones do not begin."""
    acceptor.usual = behaviour
    transport = connect(acceptor.url(), timeout=600)
    outcomes = []
    thread = threading.Thread(target=lambda: outcomes.append(send(transport, seconds=600)))
    thread.start()
    acceptor.await_requests(1)

    transport.interrupt()

    thread.join(PATIENCE)
    assert [*outcomes, send(transport)] == [Unreachable("interrupted")] * 2
    assert len(acceptor.requests) == 1


def test_an_idle_connection_that_was_closed_is_replaced(acceptor, connect):
    """A keep-alive connection that the server has closed costs a new connection, not a failure."""
    transport = connect(acceptor.url())
    send(transport)
    acceptor.drop_connections()

    outcome = send(transport)

    assert (outcome, acceptor.connections, len(acceptor.names)) == (Accepted(), 2, 2)


def test_a_server_that_closes_after_each_answer_is_reconnected_to(acceptor, connect):
    """`Connection: close` is heard: every request arrives, each on a connection of its own."""
    acceptor.usual = answer_with(200, Connection="close")
    transport = connect(acceptor.url())

    assert [send(transport), send(transport)] == [Accepted(), Accepted()]
    assert acceptor.connections == 2


@pytest.mark.parametrize("behaviour", [lose_answer, break_off])
def test_a_lost_answer_is_no_success(acceptor, connect, behaviour):
    """A request whose answer did not arrive whole is not called delivered, though it may have been."""
    acceptor.script.append(behaviour)
    transport = connect(acceptor.url())

    assert isinstance(send(transport), Unreachable)
    assert send(transport) == Accepted()


def test_an_endless_answer_is_cut(acceptor, connect):
    """An answer beyond 64 KiB is not read to its end; the connection is given up, the request stands."""
    acceptor.script.append(answer_with(200, b"x" * 10_000_000, Content_Type="text/plain"))
    transport = connect(acceptor.url())

    assert [send(transport), send(transport)] == [Accepted(), Accepted()]
    assert acceptor.connections == 2


def test_what_is_no_http_is_unreachable(connect):
    """A server of another protocol is a reason, not an error."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def babble():
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"220 mail.test ESMTP\r\n\r\n")

        thread = threading.Thread(target=babble)
        thread.start()
        outcome = send(connect(f"http://127.0.0.1:{server.getsockname()[1]}/v1/logs"))
        thread.join()

    assert isinstance(outcome, Unreachable)
