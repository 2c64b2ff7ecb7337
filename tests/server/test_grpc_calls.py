"""What a client of gRPC may cost: calls at once, calls that send nothing, and connections."""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from contextlib import ExitStack, contextmanager

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from otel_events.server.ingest.calls import Calls
from otel_events.server.ingest.refusals import RefusedError
from tests.server.served import serving
from tests.server.test_receiving import request
from tools.backends.waiting import wait_for

EXPORT = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"


class Call:
    """A call that notes whether it was ended."""

    is_cancelled = False

    def cancel(self):
        self.is_cancelled = True


class Clock:
    """Seconds that pass when somebody says so."""

    now = 0.0

    def __call__(self):
        return self.now


def test_the_call_goes_that_has_waited_longest_for_its_client():
    """Those of which all has come are stored, however long ago they began."""
    counted, clock = Counter(), Clock()
    calls = Calls(3, lambda reason: counted.update([reason]), clock)
    first, second, third, fourth = (Call() for _ in range(4))
    for each in (first, second, third):
        calls.enter(each)
    calls.work(first)
    clock.now = 2.0
    calls.enter(fourth)

    assert [each.is_cancelled for each in (first, second, third, fourth)] == [False, True, False, False]
    assert counted == {"silent_call": 1}
    with pytest.raises(RefusedError):
        calls.work(second)


@pytest.mark.parametrize("is_stored", [True, False])
def test_where_all_calls_are_stored_or_on_their_way_one_more_is_told_to_come_again(is_stored):
    """And is taken when one of them has ended."""
    calls = Calls(3, lambda _: None, Clock())
    begun = [Call() for _ in range(3)]
    for each in begun:
        calls.enter(each)
        if is_stored:
            calls.work(each)
    with pytest.raises(RefusedError) as refused:
        calls.enter(Call())
    calls.leave(begun[0])
    calls.enter(Call())

    assert (refused.value.code, refused.value.retry_after) == (grpc.StatusCode.UNAVAILABLE.value[0], 1)
    assert not any(each.is_cancelled for each in begun)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("served")) as served:
        yield served


@contextmanager
def channel(served):
    """A connection of its own."""
    with grpc.insecure_channel(
        f"127.0.0.1:{served.ports['grpc']}", [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", 0)]
    ) as opened:
        yield opened


@pytest.mark.slow
def test_many_calls_at_once_are_taken_or_told_to_come_again(served):
    """Nobody who is told so loses anything by it: what is sent again is stored, and no call is kept in vain."""
    body = request(*["page.read"] * 200, text="x" * 500).SerializeToString()
    with ExitStack() as stack:
        exports = [stack.enter_context(channel(served)).unary_unary(EXPORT) for _ in range(10)]
        left, answers = 300, Counter()
        while left:
            futures = [exports[number % 10].future(body, timeout=60) for number in range(left)]
            errors = [error for future in futures if (error := future.exception()) is not None]
            answers.update(error.code() for error in errors)
            told = [error for error in errors if error.code() is grpc.StatusCode.UNAVAILABLE]
            assert {_seconds_to_wait(error) for error in told} <= {1}
            left = len(errors)
    stored = served.client.get("/api/stats").json()["groups"][0]

    # By OTLP's specification what was cancelled is sent again too: on a busy machine a call may wait as long as a silent one.
    assert set(answers) <= {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}
    assert (stored["key"], stored["count"]) == ("page.read", 300 * 200)


@pytest.mark.slow
def test_calls_that_send_nothing_keep_nobody_out(served):
    """Whoever only begins calls ends the oldest of them by the next; who sends is taken."""
    go = threading.Event()

    def nothing():
        go.wait(60)
        yield from ()

    with ExitStack() as stack:
        stack.callback(go.set)
        silent = [stack.enter_context(channel(served)).stream_unary(EXPORT).future(nothing()) for _ in range(80)]
        export = stack.enter_context(channel(served)).unary_unary(EXPORT)
        taken = _sent_until_taken(export, request("still.taken").SerializeToString())
        refused = served.client.get("/api/health").json()["refused"]
        wait_for(lambda: any(each.cancelled() or each.done() for each in silent), "the end of the oldest")
        told = {each.code() for each in silent if each.done()}

    assert taken == b""
    assert refused["silent_call"] >= 1
    assert told <= {grpc.StatusCode.CANCELLED, grpc.StatusCode.UNAVAILABLE}


@pytest.mark.slow
def test_connections_that_say_nothing_have_a_bound_of_their_own(served):
    """They use up none of the files that the rest of the server needs; when they are gone there is room again."""
    with ExitStack() as stack:
        idle = [
            stack.enter_context(socket.create_connection(("127.0.0.1", served.ports["grpc"]), timeout=20))
            for _ in range(400)
        ]
        wait_for(lambda: sum(map(_is_closed, idle)) >= 400 - 256, "all that are too many closed")
        assert served.post("/v1/logs", request("page.read").SerializeToString()).status_code == 200
        assert served.client.get("/api/health").status_code == 200
    with channel(served) as opened:
        export = opened.unary_unary(EXPORT)
        assert export(request("page.read").SerializeToString(), timeout=30, wait_for_ready=True) == b""


def _seconds_to_wait(error):
    """How long a sender is told to wait, None if it is not."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            info = RetryInfo()
            assert Status.FromString(value).details[0].Unpack(info)
            return info.retry_delay.seconds
    return None


def _sent_until_taken(export, body):
    """Do as senders do: what is told to come again is sent again."""
    while True:
        try:
            return export(body, timeout=30)
        except grpc.RpcError as error:
            if _seconds_to_wait(error) != 1:
                raise
            time.sleep(1)


def _is_closed(connection):
    """Whether the server has closed it; else it has said nothing, or what HTTP/2 begins with."""
    connection.setblocking(False)
    try:
        while connection.recv(4_096):
            pass
    except BlockingIOError:
        return False
    except ConnectionResetError:
        pass
    return True
