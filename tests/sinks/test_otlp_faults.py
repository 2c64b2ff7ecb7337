"""The OTLP sink against a real acceptor that misbehaves: delayed is not lost, and lost is counted and told."""

import logging

import pytest

from otel_events.sinks.backoff import Backoff
from otel_events.spool.memory import MemorySpool
from tests.acceptor import accept, answer_with, events, lose_answer, reject, soon, take_at_most

NEVER = Backoff(initial=3600, maximum=3600)

# -- troubles that pass ---------------------------------------------------------------------------------------------


def test_an_outage_delays_and_loses_nothing(acceptor, accounts, make_sink):
    """Events written while the Collector is overloaded arrive later, in order; the retries are counted."""
    acceptor.script.extend([answer_with(503), answer_with(429), answer_with(502), answer_with(504)])
    sink = make_sink(acceptor.url())
    sink.write(events("a.1"))
    sink.write(events("a.2"))

    assert sink.flush(soon())
    assert acceptor.names == ["a.1", "a.2"]
    assert accounts.problems.counts() == {"otlp_retry": 4}


@pytest.mark.slow
def test_the_server_chooses_the_wait(acceptor, make_sink):
    """With Retry-After, the next attempt comes no earlier than asked, even for a flush."""
    acceptor.script.append(answer_with(429, Retry_After="1"))
    sink = make_sink(acceptor.url())
    sink.write(events("a.b"))

    assert sink.flush(soon())
    first, second = acceptor.requests
    assert second.at - first.at >= 1


def test_a_flush_does_not_wait_in_vain(acceptor, make_sink):
    """If the server wants peace for longer than the flush may take, flush says no at once and sends nothing."""
    acceptor.usual = answer_with(429, Retry_After="300")
    sink = make_sink(acceptor.url())
    sink.write(events("a.b"))

    assert not sink.flush(soon(60))
    assert not sink.flush(soon(60))
    assert len(acceptor.requests) == 1


def test_a_flush_is_an_attempt(acceptor, make_sink):
    """In the middle of a long back-off, a flush tries at once."""
    acceptor.usual = answer_with(503)
    sink = make_sink(acceptor.url(), backoff=NEVER)
    sink.write(events("a.b"))
    before = sink.flush(soon(60))
    acceptor.usual = accept

    assert (before, sink.flush(soon(60))) == (False, True)
    assert acceptor.names == ["a.b"]


def test_a_close_is_an_attempt(acceptor, make_sink):
    """What waits for a later attempt is tried once more before the end, even if the server asked for a wait."""
    acceptor.script.append(answer_with(429, Retry_After="300"))
    sink = make_sink(acceptor.url())
    sink.write(events("a.b"))
    sink.flush(soon(60))

    assert sink.close(soon(60))
    assert acceptor.names == ["a.b"]


def test_a_lost_answer_makes_a_duplicate_not_a_loss(acceptor, accounts, make_sink):
    """Events whose answer was lost are sent again, and counted once."""
    acceptor.script.append(lose_answer)
    sink = make_sink(acceptor.url())
    sink.write(events("a.b"))

    assert sink.flush(soon())
    assert acceptor.names == ["a.b", "a.b"]
    assert accounts.delivered.counts() == {"otlp": 1}


def test_large_requests_are_split_until_they_pass(acceptor, accounts, make_sink):
    """A server that takes small requests alone gets all events, in order, once each, compressed or not."""
    names = [f"e.{number}" for number in range(100)]
    acceptor.usual = take_at_most(700)
    sink = make_sink(acceptor.url())
    sink.write(events(*names))
    sink.write(events("e.last"))

    assert sink.flush(soon())
    assert acceptor.names == [*names, "e.last"]
    assert accounts.delivered.counts() == {"otlp": 101}


def test_compressed_requests_are_split_as_well(acceptor, make_sink):
    """Splitting opens a compressed request and compresses its parts."""
    names = [f"{number}.{number * 7919 % 1000}" for number in range(100)]
    acceptor.usual = take_at_most(400)
    sink = make_sink(acceptor.url(), compression="gzip")
    sink.write(events(*names))

    assert sink.flush(soon())
    assert acceptor.names == names


# -- losses, counted and told ---------------------------------------------------------------------------------------


def test_a_record_that_is_too_large_goes_alone(acceptor, accounts, make_sink, caplog):
    """A single record that the server will not take is dropped, counted and told; its neighbours arrive."""
    acceptor.usual = take_at_most(1000)
    sink = make_sink(acceptor.url())
    sink.write([*events("a.1"), *events("a.big", text="x" * 2000), *events("a.2")])

    assert not sink.flush(soon())
    assert acceptor.names == ["a.1", "a.2"]
    assert (accounts.delivered.counts(), accounts.dropped.counts()) == ({"otlp": 2}, {"otlp_too_large": 1})
    assert "cannot be split" in caplog.text


def test_what_the_server_rejects_is_counted_and_told(acceptor, accounts, make_sink, caplog):
    """A partial success counts as such, with the server's words in one warning."""
    acceptor.script.append(reject(2, "timestamp too old"))
    sink = make_sink(acceptor.url())
    sink.write(events("a.1", "a.2", "a.3"))

    assert not sink.flush(soon())
    assert (accounts.delivered.counts(), accounts.dropped.counts()) == ({"otlp": 1}, {"otlp_rejected": 2})
    assert "timestamp too old" in caplog.text


def test_a_rejection_beyond_the_request_is_not_believed(acceptor, accounts, make_sink):
    """A server that rejects more than it got makes no count negative."""
    acceptor.script.append(reject(50, "all of them"))
    sink = make_sink(acceptor.url())
    sink.write(events("a.1", "a.2"))
    sink.flush(soon())

    assert accounts.dropped.counts() == {"otlp_rejected": 2}


def test_a_refusal_is_counted_and_told_without_credentials(acceptor, accounts, make_sink, caplog):
    """A final error drops the batch, names place and reason once, shows no secret, and holds nobody up."""
    acceptor.script.extend([answer_with(401), answer_with(401)])
    url = acceptor.url().replace("http://", "http://me:hunter2@") + "?key=hunter2"
    sink = make_sink(url, headers={"authorization": "hunter2"}, max_batch=1)
    for name in ("a.1", "a.2", "a.3"):
        sink.write(events(name))

    assert (sink.flush(soon()), sink.flush(soon())) == (False, True)
    assert (accounts.delivered.counts(), accounts.dropped.counts()) == ({"otlp": 1}, {"otlp_refused": 2})
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert f"http://127.0.0.1:{acceptor.port}/v1/logs" in caplog.text
    assert "401" in caplog.text
    assert "hunter2" not in caplog.text


def test_what_otlp_cannot_carry_is_left_out_alone(acceptor, accounts, make_sink):
    """An event with an impossible value is counted; its neighbours arrive."""
    sink = make_sink(acceptor.url())
    sink.write([*events("a.1"), *events("a.bad", thing=object()), *events("a.2")])

    assert sink.flush(soon())
    assert (acceptor.names, accounts.dropped.counts()) == (["a.1", "a.2"], {"unencodable": 1})


def test_what_waits_can_be_asked_for(acceptor, make_sink):
    """In an outage the sink says how much it holds."""
    acceptor.usual = answer_with(503)
    sink = make_sink(acceptor.url(), backoff=NEVER)
    sink.write(events("a.1", "a.2"))

    assert not sink.flush(soon(60))
    assert (sink.pending()["logs"].batches, sink.pending()["logs"].records) == (1, 2)


def test_a_long_outage_drops_the_oldest(acceptor, accounts, make_sink, caplog):
    """Over the spool's cap the oldest events go: emitted = delivered + dropped, and it is told."""
    acceptor.usual = answer_with(503)
    sink = make_sink(
        acceptor.url(), spool_factory=lambda *_, accounts: MemorySpool(accounts=accounts, max_bytes=10_000)
    )
    for number in range(100):
        sink.write(events(f"e.{number}", text="x" * 300))
    acceptor.usual = accept

    assert not sink.flush(soon())
    dropped = accounts.dropped.counts()["spool_full"]
    assert dropped > 0
    assert len(acceptor.names) + dropped == 100
    assert acceptor.names[-1] == "e.99"
    assert "limit" in caplog.text
