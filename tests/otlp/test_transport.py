"""Transports as a sender gets them: not made before there is something to send."""

import subprocess
import sys
import time

from otel_events.otlp.endpoint import Endpoint
from otel_events.otlp.outcome import Accepted, Unreachable
from otel_events.otlp.transport import make_transport
from tests.program import ROOT


def test_to_configure_imports_nothing_of_what_sending_takes(tmp_path):
    """`configure` leaves HTTP, TLS, gRPC and the classes of protobuf to the threads that need them."""
    program = (
        "import sys, otel_events as ev; ev.configure(endpoint='http://127.0.0.1:9', spool_dir=sys.argv[1]);"
        "print(sorted({'http.client', 'ssl', 'email', 'grpc', 'google.protobuf'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, timeout=60)

    assert ran.stdout.strip() == "[]"


def test_what_is_interrupted_before_the_first_request_sends_none(acceptor):
    """The end of a program may come before the first request: then it does not begin."""
    transport = make_transport(Endpoint(acceptor.url()), "logs")

    transport.interrupt()

    assert transport.send(b"", None, time.monotonic() + 60) == Unreachable("interrupted")
    transport.close()


def test_one_that_never_sent_has_nothing_to_close(acceptor):
    """A transport is closed without ever having been connected, and one that sent with its connection."""
    never, once = (make_transport(Endpoint(acceptor.url()), "logs") for _ in range(2))

    outcome = once.send(b"", None, time.monotonic() + 60)
    never.close()
    once.close()

    assert outcome == Accepted()
