"""What senders are told when more comes in than can be stored."""

import asyncio
import gzip

import httpx
import pytest

from otel_events.server.api.health import show_health
from otel_events.server.app import create_app
from otel_events.server.server import Server
from otel_events.server.settings import ServerSettings
from tests.server.test_receiving import request

BODY = request("page.read").SerializeToString()
HEADERS = {"content-type": "application/x-protobuf"}


@pytest.fixture
def server(tmp_path):
    server = Server(ServerSettings(ledger=str(tmp_path / "events.jsonl"), token="a-token-for-tests-0123456789"))
    server.open()
    yield server
    server.close()


def _post(server, *bodies, headers=HEADERS):
    """Send *bodies* at once; return the answers."""

    async def send():
        transport = httpx.ASGITransport(create_app(server), client=("127.0.0.1", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            posts = [client.post("/v1/logs", content=body, headers=headers) for body in bodies]
            return await asyncio.gather(*posts)

    return asyncio.run(send())


def _trouble(server):
    """Return what health says of it."""
    return show_health(server)["trouble"]


def test_beyond_what_may_wait_senders_are_told_when_to_come_back(server):
    """429 with Retry-After, which the specification has them wait for; when there is room again it is taken."""
    server.intake.reserve(64 << 20)
    (refused,) = _post(server, BODY)
    server.intake.release(64 << 20)
    (taken,) = _post(server, BODY)

    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    assert (taken.status_code, server.store.last_seq) == (200, 1)
    assert server.refused.counts()["busy"] == 1


def test_what_is_compressed_waits_as_what_it_expands_to(server):
    """Else some kilobytes each could be hours of work, before which everybody else would wait."""
    small = gzip.compress(BODY)
    large = gzip.compress(request("page.read", text="x" * 500_000).SerializeToString())
    server.intake.reserve((64 << 20) - 100_000)
    compressed = {**HEADERS, "content-encoding": "gzip"}
    answers = [_post(server, each, headers=compressed)[0].status_code for each in (small, large)]
    server.intake.release((64 << 20) - 100_000)

    assert len(large) < 100_000
    assert answers == [200, 429]
    assert _post(server, large, headers=compressed)[0].status_code == 200


def test_what_cannot_be_stored_is_to_be_sent_again(server, caplog):
    """503 with Retry-After and the reason, in health and once in the log too, while it lasts; afterwards all goes on."""
    server.store.place.ledger.mkdir()
    (refused, _), troubled = _post(server, BODY, BODY), _trouble(server)
    server.store.place.ledger.rmdir()
    (taken,) = _post(server, BODY)

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "10")
    assert b"cannot be written" in refused.content
    assert ("cannot be written" in troubled, _trouble(server)) == (True, None)
    assert caplog.text.count("cannot be written") == 1
    assert (taken.status_code, server.store.last_seq) == (200, 1)


def test_requests_that_wait_are_stored_together_and_each_gets_its_own_answer(server):
    """One that is malformed does not take the others with it."""
    answers = _post(server, *[BODY] * 20, b"\xff\xff", *[BODY] * 20)

    assert [answer.status_code for answer in answers] == [*[200] * 20, 400, *[200] * 20]
    assert server.store.last_seq == 40
    assert server.intake.figures.received == 40


def test_after_the_end_nothing_is_taken(server):
    """Whoever comes late is told to send it elsewhere or later, and has it not lost."""
    server.intake.stop()
    (answer,) = _post(server, BODY)

    assert answer.status_code == 503
    assert server.store.last_seq == 0
