"""HTTP by hand: what no well-behaved client sends."""

from __future__ import annotations

import json
import socket


def ask(port, path="/api/who", *, method="GET", host=None, body=b"", **headers):
    """Send one request and return status, headers (lower case) and body."""
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: {host if host is not None else f'127.0.0.1:{port}'}",
        "Connection: close",
    ]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return send(port, "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)


def send(port, data):
    """Send *data* and return the answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(data)
        return answer(connection)


def answer(connection):
    """Read an answer to the end of the connection."""
    data = b""
    while piece := connection.recv(65_536):
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(first.split()[1]), headers, body


def problem(answered):
    """Return status and problem of a refusal."""
    status, _, body = answered
    return status, json.loads(body)["error"]["problem"]
