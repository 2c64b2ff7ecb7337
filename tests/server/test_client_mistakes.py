"""What clients get wrong, on purpose or not: it is counted, and the server's terminal is left alone."""

from __future__ import annotations

import json
import re
import socket
import struct

import httpx
import pytest

from tests.server.served import SECRET, serving
from tools.backends.waiting import wait_for

pytestmark = pytest.mark.slow

TEXT, BINARY = 1, 2
GREETING = b"40" + json.dumps({"token": SECRET}).encode()
PACKETS = [
    *(b"", b"x", b"9", b"4", b"42", b"42[", b"42{}", b"42[[1]]", b'42["connect"]', b'42["disconnect"]', b"4" * 60_000),
    *(b"4" + b"[" * 60_000, b'40{"a":' + b"[" * 60_000, b'42["replay",' + b"[" * 60_000, b"4\xff\xfe", b"\x1e" * 5_000),
    *(b'451-["x",{"_placeholder":true,"num":0}]', b"bAAAA", b'43["x"]', b"44", b"46", b"40/other,"),
]


def test_nothing_that_clients_get_wrong_is_said_on_the_terminal(tmp_path):
    """Else whoever can reach the server could fill it, and the disk on which its words are kept. It is counted instead."""
    with serving(tmp_path) as served, httpx.Client(trust_env=False, timeout=20) as client:
        port = served.ports["page"]
        for raw in (
            b"nonsense\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
        ):
            with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
                connection.sendall(raw)
                connection.recv(4_096)
        for path in (f"/stream?token={SECRET}", "/socket.io/?EIO=4&transport=websocket"):
            _say(port, path, (TEXT, b"\xff\xfe"))
        for packet in PACKETS:
            for greeting in ((), ((TEXT, GREETING),)):
                _post(client, served.url, *(said for _, said in greeting), packet)
                for kind in (TEXT, BINARY):
                    _say(port, "/socket.io/?EIO=4&transport=websocket", *greeting, (kind, packet))
        counts = wait_for(lambda: served.client.get("/api/health").json()["refused"], "counts")
        code, said = served.end()

    assert code == 0
    assert [line.split()[0] for line in said.splitlines()] == ["page", "OTLP", "gRPC", "ledger"], said
    assert counts["malformed"] > len(PACKETS)


def _post(client, url, *packets):
    """Say *packets* over long polling, in a session of their own."""
    address = f"{url}/socket.io/?EIO=4&transport=polling"
    sid = re.search(r'"sid":"([^"]+)"', client.get(address).text)[1]
    for packet in packets:
        client.post(f"{address}&sid={sid}", content=packet)


def _say(port, path, *frames):
    """Say *frames* over a WebSocket, until it is closed."""
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(f"{head}{key}".encode())
        connection.recv(4_096)
        for kind, content in frames:
            size = struct.pack(">BH", 0xFE, len(content)) if len(content) > 125 else bytes([0x80 | len(content)])
            connection.sendall(bytes([0x80 | kind]) + size + bytes(4) + content)
        connection.settimeout(0.05)
        try:
            while connection.recv(4_096):
                pass
        except (TimeoutError, ConnectionResetError):
            pass
