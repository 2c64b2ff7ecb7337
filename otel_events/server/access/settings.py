"""What can be set of access to the server."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client, or all of them together, may cost.

    Attributes:
        connections: open at the same time, on all ports together.
        head_seconds: until the head of a request is there, from the connection or from its first byte on.
        head_bytes: of a request's line and headers.
        body_bytes: of a request to the page, the streams or the API; what comes over OTLP has a limit of its own.
        pause_seconds: between two pieces of a body.
        request_seconds: until a request is there whole.
        stalled_seconds: that a client may leave unread what it is sent.
        frame_bytes: of one message of a WebSocket client; servers' messages are not bounded by it.
        idle_seconds: that a connection may wait for its next request.
    """

    connections: int = 1_000
    head_seconds: float = 10.0
    head_bytes: int = 64 << 10
    body_bytes: int = 256 << 10
    pause_seconds: float = 10.0
    request_seconds: float = 60.0
    stalled_seconds: float = 30.0
    frame_bytes: int = 64 << 10
    idle_seconds: int = 30


@dataclass(frozen=True, slots=True)
class AccessSettings:
    """Who may come in, and from where.

    Attributes:
        hosts: names by which the server may be called, beside loopback names and IP addresses.
        origins: of pages that may use the server beside its own, as `https://dashboard.example`; `*` for any.
        proxies: addresses or networks whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed. With any of them,
            senders on this machine need the token too: they cannot be told from what such a proxy brings.
        open_to_loopback: programs on this machine may send over OTLP without a token.
        limits: on connections, sizes and slowness.
    """

    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    open_to_loopback: bool = True
    limits: Limits = field(default_factory=Limits)
