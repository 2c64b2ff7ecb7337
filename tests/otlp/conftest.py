"""Transports against a real acceptor."""

import pytest

from otel_events.otlp.decode import decode_logs_response
from otel_events.otlp.endpoint import Endpoint
from otel_events.otlp.http import HttpTransport
from tests.acceptor import HttpAcceptor


@pytest.fixture
def acceptor():
    with HttpAcceptor() as acceptor:
        yield acceptor


@pytest.fixture
def connect():
    """Make transports, closed at the end."""
    transports = []

    def connect(url, **settings):
        transports.append(HttpTransport(Endpoint(url, **settings), decode_response=decode_logs_response))
        return transports[-1]

    yield connect
    for transport in transports:
        transport.close()
