"""The quick way through HTTP/1.1 takes what is usual, and leaves all else to the standard library."""

import pytest

from otel_events.otlp.outcome import Accepted
from otel_events.otlp.plain_http import PlainHead, read_head
from tests.acceptor import answer_with, send

USUAL = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf; charset=x\r\nContent-Length: 2\r\n\r\n"


def test_a_usual_head_is_read():
    """Its length, the content type without parameters, and how much is to follow."""
    assert read_head(USUAL + b"\n\0") == PlainHead(len(USUAL), "application/x-protobuf", 2)


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n",  # not all of it is there
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n folded: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 2\r\n\r\n",
        b"220 mail.test ESMTP\r\n\r\n",
    ],
)
def test_what_is_not_usual_is_left_to_others(head):
    """Nothing is guessed."""
    assert read_head(head) is None


@pytest.mark.parametrize("size", [0, 2, 1000, 60_000])
def test_a_body_of_any_size_leaves_the_connection_fit(acceptor, connect, size):
    """What is read for one answer is that answer, however it comes in."""
    acceptor.script.append(answer_with(200, b"x" * size, Content_Type="text/plain"))
    transport = connect(acceptor.url())

    assert [send(transport), send(transport)] == [Accepted(), Accepted()]
    assert acceptor.connections == 1
