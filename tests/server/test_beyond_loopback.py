"""A server that listens beyond this machine: what it warns of, and what it asks of whoever comes from elsewhere."""

from __future__ import annotations

import json
import socket
import subprocess
import threading

import grpc
import httpx
import pytest
import trustme
from websockets.sync.client import connect

from tests.program import PATIENCE
from tests.server.conftest import JS
from tests.server.served import BEARER, SECRET, serving
from tests.server.test_receiving import request

pytestmark = pytest.mark.slow

EXPORT = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
WITHOUT_TLS = "Warning: it listens beyond this machine without TLS"
EVERYWHERE = ("--host", "0.0.0.0")


def own_address():
    """This machine's address in its network: who calls it by that comes from there too, though nothing leaves the machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # of documents; a datagram's socket sends nothing for that
        except OSError:
            pytest.skip("this machine is in no network")
        address = probe.getsockname()[0]
    if address.startswith("127."):
        pytest.skip("this machine has no address but loopback's")
    return address


def test_without_tls_it_warns(tmp_path):
    """At its start, that tokens and events can be read on the way."""
    with serving(tmp_path, *EVERYWHERE) as served:
        code, said = served.end()

    assert code == 0, said
    assert said.count(WITHOUT_TLS) == 1


def tls_options(folder):
    """What has a server speak TLS."""
    certificate = trustme.CA().issue_cert("localhost", "127.0.0.1")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(folder / "certificate.pem")
    return "--tls-certificate", str(folder / "certificate.pem"), "--tls-key", str(folder / "key.pem")


def test_with_tls_it_does_not(tmp_path):
    """Nor where it listens on this machine alone."""
    with serving(tmp_path, *EVERYWHERE, *tls_options(tmp_path), scheme="https") as served:
        _, beyond = served.end()
    with serving(tmp_path) as served:
        _, here = served.end()

    assert "Warning" not in beyond
    assert "Warning" not in here


def test_from_elsewhere_everything_needs_the_token(tmp_path):
    """On every port; from this machine programs send as ever."""
    address = own_address()
    with serving(tmp_path, *EVERYWHERE) as served, httpx.Client(trust_env=False, timeout=20) as client:
        page, otlp = (f"http://{address}:{served.ports[name]}" for name in ("page", "otlp"))
        body, kind = request("page.read").SerializeToString(), {"content-type": "application/x-protobuf"}
        refused = [
            client.get(f"{page}/").status_code,
            client.get(f"{page}/api/health").status_code,
            client.get(f"{page}/events").status_code,
            client.post(f"{otlp}/v1/logs", content=body, headers=kind).status_code,
        ]
        taken = client.post(f"{otlp}/v1/logs", content=body, headers={**kind, **BEARER}).status_code
        anybody, here = client.get(f"{page}/healthz").status_code, served.post("/v1/logs", body).status_code

    assert refused == [401, 401, 401, 401]
    assert (taken, anybody, here) == (200, 200, 200)


def test_over_grpc_nothing_is_read_of_who_has_no_token(tmp_path):
    """The answer comes before anything was sent; with the token the same call is taken."""
    address, go = own_address(), threading.Event()

    def nothing():
        go.wait(60)
        yield from ()

    with serving(tmp_path, *EVERYWHERE) as served:
        with grpc.insecure_channel(f"{address}:{served.ports['grpc']}", [("grpc.enable_http_proxy", 0)]) as channel:
            refused = channel.stream_unary(EXPORT).future(nothing()).exception(timeout=30)
            go.set()
            taken = channel.unary_unary(EXPORT)(
                request("page.read").SerializeToString(),
                timeout=30,
                metadata=[("authorization", BEARER["Authorization"])],
            )

    assert refused.code() is grpc.StatusCode.UNAUTHENTICATED
    assert "authorization=Bearer" in refused.details()
    assert taken == b""


@pytest.mark.parametrize(("options", "is_compressed"), [(EVERYWHERE, True), ((), False)])
def test_streams_are_compressed_for_who_may_be_far_away(tmp_path, options, is_compressed):
    """Within this machine it would only cost time."""
    with serving(tmp_path, *options) as served:
        address = f"ws://127.0.0.1:{served.ports['page']}/stream?from=0"
        with connect(address, additional_headers=BEARER, proxy=None) as stream:
            stream.recv()
            served.post("/v1/logs", request("page.read").SerializeToString())
            frame = json.loads(stream.recv(timeout=PATIENCE))
            extensions = [each.name for each in stream.protocol.extensions]

    assert [event["event"] for event in frame["events"]] == ["page.read"]
    assert extensions == ["permessage-deflate"] * is_compressed


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_the_broadcasters_clients_on_other_pages_come_over_tls(tmp_path, javascript, transport):
    """From a page that was allowed, with the token, by the client that they have; from any other page nobody does."""
    page = "https://dashboard.example"
    options = (*EVERYWHERE, "--allow-origin", page, "--allow-host", "events.example", *tls_options(tmp_path))
    with serving(tmp_path, *options, scheme="https") as served:
        address = f"https://127.0.0.1:{served.ports['page']}"
        with httpx.Client(trust_env=False, verify=False, timeout=PATIENCE) as client:
            client.post(f"{address}/api/test-event", headers=BEARER)
        heard = _first_words(address, page, transport)
        refused = _first_words(address, "https://other.example", transport)

    assert [heard[0], heard[1][0], heard[1][1]["type"]] == [["connect", transport], "event", "test.event"]
    assert refused[0][0] == "connect_error"


def _first_words(address, page, transport):
    """The first things that a client of socket.io, on *page*, has to tell."""
    given = {
        "auth": {"token": SECRET},
        "transports": [transport],
        "extraHeaders": {"Origin": page},
        "rejectUnauthorized": False,
    }
    client = subprocess.Popen(
        ["node", str(JS / "watch.mjs"), address, json.dumps(given)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        return [json.loads(client.stdout.readline()) for _ in range(2)]
    finally:
        client.kill()
        client.communicate()
