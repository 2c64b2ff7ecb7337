"""The end of an OTLP sink: by its deadline, truthful, and without losing what can still go."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from otel_events.sinks.backoff import Backoff
from otel_events.spool.memory import MemorySpool
from tests.acceptor import (
    PATIENCE,
    GrpcAcceptor,
    HttpAcceptor,
    accept,
    answer_with,
    drip,
    events,
    hang,
    refusing_port,
    soon,
)
from tests.effort import rest_slow

NEVER = Backoff(initial=3600, maximum=3600)


@pytest.mark.parametrize("behaviour", [hang, drip])
def test_a_hung_collector_does_not_hold_flush_or_close(acceptor, accounts, make_sink, behaviour):
    """Both end by their deadline and say no; what was not delivered is counted."""
    acceptor.usual = behaviour
    sink = make_sink(acceptor.url(), timeout=600)
    sink.write(events("a.1", "a.2"))

    assert not sink.flush(soon(0.1))
    assert not sink.close(soon(0.1))
    assert accounts.dropped.counts() == {"shutdown": 2}
    assert accounts.delivered.counts() == {}


def test_a_hung_grpc_collector_does_not_hold_close(accounts, make_sink):
    """A call in flight ends with the sink."""
    with GrpcAcceptor() as acceptor:
        acceptor.usual = lambda call, _: call[0].released.wait(PATIENCE) and b""
        sink = make_sink(acceptor.url(), protocol="grpc", timeout=600)
        sink.write(events("a.1"))
        acceptor.await_requests(1)

        assert not sink.close(soon(0.1))
    assert accounts.dropped.counts() == {"shutdown": 1}


def test_nobody_listening_costs_no_time_at_the_end(accounts, make_sink, caplog):
    """With nobody there, close does not use up its deadline; the loss is counted and told."""
    with refusing_port() as port:
        sink = make_sink(f"http://127.0.0.1:{port}/v1/logs", backoff=NEVER)
        sink.write(events("a.1"))

        assert not sink.close(soon(60))
    assert accounts.dropped.counts() == {"shutdown": 1}
    assert "1 records could not be delivered" in caplog.text


def test_after_the_end_events_are_counted(acceptor, accounts, make_sink):
    """A write after close is a counted loss, and close may be called again."""
    sink = make_sink(acceptor.url())
    sink.write(events("a.1"))
    assert sink.close(soon())
    sink.write(events("a.2"))

    assert sink.close(soon())
    assert (acceptor.names, accounts.dropped.counts()) == (["a.1"], {"shutdown": 1})


class _SafeSpool(MemorySpool):
    """Stands for one on disk: what is in it at the end is not lost."""

    outlives_process = True

    def close(self):
        self.left = self.pending().records
        return True


@pytest.mark.parametrize("behaviour", [hang, drip, answer_with(503)])
def test_where_events_are_safe_the_end_waits_only_for_progress(acceptor, accounts, make_sink, behaviour):
    """With a spool that outlives the process, a Collector that hangs or refuses does not use up a long deadline."""
    acceptor.script.append(accept)
    acceptor.usual = behaviour
    spools = []
    sink = make_sink(
        acceptor.url(),
        timeout=600,
        max_batch=1,
        spool_factory=lambda *_, accounts: spools.append(_SafeSpool(accounts=accounts)) or spools[0],
    )
    sink.write(events("a.1", "a.2"))
    acceptor.await_requests(2)  # the first was answered: on a busy machine that may take longer than an end waits

    assert sink.close(soon(600))
    assert spools[0].left == 1
    assert (accounts.delivered.counts(), accounts.dropped.counts()) == ({"otlp": 1}, {})


SCRIPT = """
    import atexit, sys, threading, time
    from otel_events.accounting import Accounts
    from otel_events.event import Event
    from otel_events.notices import Notices
    from otel_events.otlp.endpoint import Endpoint
    from otel_events.sinks.otlp import OtlpSink

    url, protocol, when = sys.argv[1:]
    sink = OtlpSink(logs=Endpoint(url, protocol=protocol), traces=None, resource={}, accounts=Accounts(), notices=Notices())

    def write_and_close():
        sink.write([Event(name="last.words", timestamp=1, observed_timestamp=1)])
        print(sink.close(time.monotonic() + 10))

    if when == "atexit":
        atexit.register(write_and_close)
    else:
        threading.stack_size(2**47)  # more than there is: no thread can be started
        write_and_close()
"""


@pytest.mark.parametrize("kind", rest_slow([HttpAcceptor, GrpcAcceptor]))
@pytest.mark.parametrize("when", rest_slow(["atexit", "no threads"]))
def test_what_is_written_at_the_very_end_arrives(kind, when):
    """Events written when no thread can be started any more, as at interpreter exit, are delivered all the same."""
    protocol = "grpc" if kind is GrpcAcceptor else "http/protobuf"
    with kind() as acceptor:
        command = [sys.executable, "-c", textwrap.dedent(SCRIPT), acceptor.url(), protocol, when]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=False, cwd=Path(__file__).parents[2]
        )

        assert (done.stdout, done.stderr) == ("True\n", "")
        assert acceptor.names == ["last.words"]
