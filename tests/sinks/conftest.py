"""OTLP sinks against a real acceptor."""

import pytest

from otel_events.accounting import Accounts
from otel_events.notices import Notices
from otel_events.otlp.endpoint import Endpoint
from otel_events.sinks.backoff import Backoff
from otel_events.sinks.otlp import OtlpSink
from tests.acceptor import HttpAcceptor

QUICK = Backoff(initial=0.01, maximum=0.01)


@pytest.fixture
def acceptor():
    with HttpAcceptor() as acceptor:
        yield acceptor


@pytest.fixture
def accounts():
    return Accounts()


@pytest.fixture
def make_sink(accounts):
    """Make sinks, closed at the end."""
    sinks = []

    def make(url, *, protocol="http/protobuf", compression=None, timeout=60.0, headers=None, **settings):
        endpoint = Endpoint(url, protocol=protocol, compression=compression, timeout=timeout, headers=headers or {})
        settings = {"logs": endpoint, "traces": None, "backoff": QUICK} | settings
        sinks.append(OtlpSink(resource={"service.name": "t"}, accounts=accounts, notices=Notices(), **settings))
        return sinks[-1]

    yield make
    for sink in sinks:
        sink.close(0)
