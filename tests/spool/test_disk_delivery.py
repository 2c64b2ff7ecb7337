"""The OTLP sink over a spool on disk, against a real acceptor: outages, ends, refusals."""

from collections import Counter

import pytest

from otel_events.accounting import Accounts
from otel_events.notices import Notices
from otel_events.otlp.endpoint import Endpoint
from otel_events.sinks.backoff import Backoff
from otel_events.sinks.otlp import OtlpSink
from otel_events.spool.disk import DiskSpool
from tests.acceptor import HttpAcceptor, accept, answer_with, drip, events, hang, lose_answer, refusing_port, soon

NEVER = Backoff(initial=3600, maximum=3600)


@pytest.fixture
def acceptor():
    with HttpAcceptor() as acceptor:
        yield acceptor


@pytest.fixture
def make_sink(tmp_path):
    """Make sinks as of one process after the other, all with the same directory."""
    made = []

    def make(url, **settings):
        accounts = Accounts()
        spools = []

        def make_spool(signal, endpoint, *, accounts):
            spools.append(
                DiskSpool(
                    tmp_path / "spool",
                    signal=signal,
                    destination=endpoint.address,
                    writer_id="w",
                    accounts=accounts,
                    notices=Notices(),
                )
            )
            return spools[-1]

        sink = OtlpSink(
            logs=Endpoint(url, timeout=60.0, compression=settings.pop("compression", None)),
            traces=None,
            resource={},
            accounts=accounts,
            notices=Notices(),
            spool_factory=make_spool,
            **({"backoff": Backoff(initial=0.01, maximum=0.01)} | settings),
        )
        sink.accounts, sink.spool = accounts, spools[0]
        made.append(sink)
        return sink

    yield make
    for sink in made:
        sink.close(0)


def test_an_outage_is_waited_out(acceptor, make_sink):
    """What is emitted while the Collector refuses arrives when it is back, each event once, in order."""
    acceptor.usual = answer_with(503)
    sink = make_sink(acceptor.url())
    names = [f"e.{number}" for number in range(300)]
    for name in names:
        sink.write(events(name))
    acceptor.await_requests(3)
    acceptor.usual = accept

    assert sink.flush(soon())
    assert acceptor.names == names
    assert (sink.accounts.delivered.counts(), sink.accounts.dropped.counts()) == ({"otlp": 300}, {})


@pytest.mark.parametrize("behaviour", [hang, drip, answer_with(503)])
def test_what_an_end_leaves_is_sent_by_the_next_process(acceptor, make_sink, behaviour):
    """An end with the Collector hung or refusing loses nothing, and says so; the next process sends it."""
    acceptor.usual = behaviour
    first = make_sink(acceptor.url(), backoff=NEVER)
    for number in range(20):
        first.write(events(f"a.{number}"))
    ended = first.close(soon(60))
    acceptor.usual = accept
    second = make_sink(acceptor.url())
    second.write(events("b.0"))

    assert ended
    assert second.flush(soon())
    names = acceptor.await_names(21)
    assert names == [f"a.{number}" for number in range(20)] + ["b.0"]
    assert (first.accounts.dropped.counts(), second.spool.adopted) == ({}, 20)


def test_nobody_listening_loses_nothing(make_sink):
    """Without a Collector the end is quick, and all is on disk."""
    with refusing_port() as port:
        sink = make_sink(f"http://127.0.0.1:{port}/v1/logs", backoff=NEVER)
        sink.write(events("a.1", "a.2"))

        assert sink.close(soon(60))
    assert (sink.spool.pending().records, sink.accounts.dropped.counts()) == (2, {})


def test_lost_answers_make_duplicates_alone(acceptor, make_sink):
    """Events are doubled only where an answer was lost."""
    acceptor.script.extend([accept, lose_answer, accept, accept])
    sink = make_sink(acceptor.url())
    for number in range(4):
        sink.write(events(f"e.{number}"))
        sink.flush(soon())

    assert Counter(acceptor.names) == {"e.0": 1, "e.1": 2, "e.2": 1, "e.3": 1}


def test_what_is_refused_lies_in_quarantine(acceptor, make_sink, caplog):
    """A final refusal is counted, the request is kept for people, and the one warning says where."""
    acceptor.script.append(answer_with(400, b"no"))
    sink = make_sink(acceptor.url(), compression="gzip")
    sink.write(events("a.1", "a.2"))

    assert not sink.flush(soon())
    assert sink.accounts.dropped.counts() == {"otlp_refused": 2}
    (kept,) = sink.spool.directory.glob("quarantine/*.otlp.gz")
    (warning,) = [record.message for record in caplog.records]
    assert warning.endswith(f"no; the request is kept in {kept}")


def test_parts_of_what_is_too_large_arrive(acceptor, make_sink):
    """Splitting works from the disk as it does from memory."""
    acceptor.usual = lambda handler, request: (
        handler.answer(413, b"", {}) if len(request.posted) > 700 else accept(handler, request)
    )
    names = [f"e.{number}" for number in range(100)]
    sink = make_sink(acceptor.url())
    sink.write(events(*names))

    assert sink.flush(soon())
    assert acceptor.names == names
    assert list((sink.spool.directory).glob("*.spool")) != []
    assert sink.close(soon())
    assert list((sink.spool.directory).glob("*.spool")) == []
