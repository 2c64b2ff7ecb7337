"""The spool in memory: bounds, and accounts that come out even."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_events.accounting import Accounts
from otel_events.spool.memory import MemorySpool
from otel_events.spool.queue import Pending
from tests.spool.conftest import drain


@pytest.fixture
def accounts():
    return Accounts()


@pytest.fixture
def spool(accounts):
    return MemorySpool(accounts=accounts, max_bytes=10)


def test_over_the_cap_the_oldest_goes(spool, accounts):
    """Too many bytes drop the oldest batch; its records are counted and the append says so."""
    dropped = [spool.append(body, 3) for body in (b"aaaa", b"bbbb", b"cccc")]

    assert dropped == [0, 0, 3]
    assert drain(spool) == [b"bbbb", b"cccc"]
    assert accounts.dropped.counts() == {"spool_full": 3}


def test_a_batch_larger_than_the_cap_pushes_nothing_out(spool, accounts):
    """What could never fit is dropped itself; what waits stays."""
    spool.append(b"a", 1)

    assert spool.append(b"x" * 11, 5) == 5
    assert drain(spool) == [b"a"]
    assert accounts.dropped.counts() == {"spool_full": 5}


def test_what_is_being_sent_is_not_dropped(spool):
    """A held batch keeps its room; the oldest that waits goes instead."""
    spool.append(b"aaaa", 1)
    held = spool.take(0)
    spool.append(b"bbbb", 1)
    spool.append(b"cccc", 1)

    spool.put_back(held)

    assert drain(spool) == [b"aaaa", b"cccc"]


def test_quarantine_counts_under_its_cause(spool, accounts):
    """What is given up is counted by why."""
    spool.append(b"a", 4)

    assert spool.quarantine(spool.take(0), "otlp_refused", "HTTP 400")
    assert (spool.pending(), spool.lost()) == (Pending(0, 0, 0), 4)
    assert accounts.dropped.counts() == {"otlp_refused": 4}


def test_closing_counts_what_is_left_once(spool, accounts):
    """At close, what waits and what is held is lost; a sending that ends later changes no count."""
    spool.append(b"a", 1)
    spool.append(b"b", 2)
    held = spool.take(0)

    assert not spool.close()
    assert [spool.release(held), spool.put_back(held), spool.split(held, [(b"x", 1)])] == [False] * 3
    assert not spool.quarantine(held, "otlp_refused", "")
    assert spool.append(b"c", 4) == 4
    assert accounts.dropped.counts() == {"shutdown": 7}


def test_closing_empty_loses_nothing(spool):
    """With all delivered, closing is fine."""
    spool.append(b"a", 1)
    drain(spool)

    assert spool.close()


operations = st.lists(
    st.tuples(st.sampled_from(["append", "take", "release", "put_back", "split", "quarantine"]), st.integers(1, 6)),
    max_size=60,
)


@given(operations)
def test_every_record_is_somewhere(steps):
    """Whatever happens: appended = released + dropped by reason + pending, and the bytes stay within the cap."""
    accounts = Accounts()
    spool = MemorySpool(accounts=accounts, max_bytes=10)
    appended = released = 0
    held = []
    for name, number in steps:
        if name == "append":
            spool.append(b"x" * number, number)
            appended += number
        elif name == "take":
            held += [batch for batch in [spool.take(0)] if batch]
        elif held:
            batch = held.pop(number % len(held))
            if name == "release":
                released += batch.records * spool.release(batch)
            elif name == "put_back":
                assert spool.put_back(batch)
            elif name == "quarantine":
                assert spool.quarantine(batch, "otlp_refused", "")
            elif batch.records > 1:
                assert spool.split(batch, [(b"x", 1), (batch.body[1:], batch.records - 1)])

        dropped = sum(accounts.dropped.counts().values())
        pending = spool.pending()
        assert appended == released + dropped + pending.records
        assert spool.lost() == dropped
        assert pending.bytes <= 10
