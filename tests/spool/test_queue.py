"""What every spool promises as a queue, on disk or in memory."""

import threading

import pytest

from otel_events.accounting import Accounts
from otel_events.spool.memory import MemorySpool
from tests.spool.conftest import drain


@pytest.fixture(params=["disk", "memory"])
def spool(request, make_spool):
    return make_spool() if request.param == "disk" else MemorySpool(accounts=Accounts())


def test_first_in_first_out(spool):
    """Batches leave in the order of their appends, as they came."""
    spool.append(b"a", 1)
    spool.append(b"b", 2, "gzip")

    first, second = spool.take(0), spool.take(0)

    assert (first.body, first.records, first.encoding) == (b"a", 1, None)
    assert (second.body, second.records, second.encoding) == (b"b", 2, "gzip")
    assert spool.take(0) is None


def test_a_batch_put_back_is_the_next(spool):
    """A failed sending does not change the order."""
    spool.append(b"a", 1)
    spool.append(b"b", 1)

    spool.put_back(spool.take(0))

    assert drain(spool) == [b"a", b"b"]


def test_parts_take_the_place_of_the_whole(spool):
    """A split batch is followed by what followed it, and its parts are compressed as it was."""
    spool.append(b"ab", 2, "gzip")
    spool.append(b"c", 1)
    spool.split(spool.take(0), [(b"a", 1), (b"b", 1)])

    part = spool.take(0)

    assert (part.body, part.encoding) == (b"a", "gzip")
    assert drain(spool) == [b"b", b"c"]


def test_a_mark_is_settled_when_all_up_to_it_is_gone(spool):
    """Waiting, held, put back and split batches all keep a mark unsettled."""
    spool.append(b"ab", 2)
    mark = spool.mark()
    spool.append(b"c", 1)
    seen = [spool.is_settled(mark)]
    batch = spool.take(0)
    seen.append(spool.is_settled(mark))
    spool.split(batch, [(b"a", 1), (b"b", 1)])
    seen.append(spool.is_settled(mark))
    spool.release(spool.take(0))
    seen.append(spool.is_settled(mark))
    spool.release(spool.take(0))
    seen.append(spool.is_settled(mark))

    assert seen == [False, False, False, False, True]


def test_take_waits_for_an_append(spool):
    """A taker that waits gets what is appended."""
    taken = []
    thread = threading.Thread(target=lambda: taken.append(spool.take()))
    thread.start()

    spool.append(b"a", 1)

    thread.join(10)
    assert taken[0].body == b"a"


def test_wake_ends_a_wait_even_if_it_comes_first(spool):
    """A wake is not lost between two takes."""
    spool.wake()

    assert spool.take() is None
