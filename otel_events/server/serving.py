"""The server as a process: its ports, its words at the start, signals, and its end."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import ssl
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

from otel_events.errors import OtelEventsError
from otel_events.server.access.opening import complaint, find_token, open_access
from otel_events.server.access.origins import is_loopback
from otel_events.server.access.protocols import uvicorn_options
from otel_events.server.access.tls import guard_handshakes
from otel_events.server.app import create_app
from otel_events.server.ports import explain, listen
from otel_events.server.running import announced, describe, find_running
from otel_events.server.server import Server

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from otel_events.server.running import RunningServer
    from otel_events.server.settings import ServerSettings

_ANY = frozenset({"0.0.0.0", "::", "*"})  # noqa: S104  # to be recognized, not to be listened on

# Batches make thousands of objects that are gone together: looking for cycles among them took a twelfth of the time.
COLLECTED_AFTER = (20_000, 20, 20)


class ServingError(OtelEventsError):
    """The server cannot be started, or reached, as it is asked for."""


class NoServerError(OtelEventsError):
    """There is no running server that can be meant; the message says which there are, or how to start one."""


class _Uvicorn(uvicorn.Server):
    """Ends at a signal as at any other time: with 0.

    Args:
        config: uvicorn's.
        server: what is served. Its streams have no end of their own, so they are ended before connections are waited for.
    """

    def __init__(self, config: uvicorn.Config, server: Server) -> None:
        super().__init__(config)
        self._server = server

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._server.begin_to_end()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        handled = [signal.SIGINT, signal.SIGTERM]
        if sys.platform == "win32":
            handled.append(signal.SIGBREAK)
        before: dict[Any, Any] = {each: signal.signal(each, self.end) for each in handled}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def end(self, *_: Any) -> None:
        """Begin to end; at once, the second time."""
        self.force_exit = self.should_exit
        self.should_exit = True


def serve(
    settings: ServerSettings, say: Callable[[str], None], progress: Callable[[int, int], None] | None = None
) -> None:
    """Serve until a signal comes, or for DEMO_SECONDS; or raise OtelEventsError: it cannot be started.

    Args:
        settings: of the server.
        say: is told, line by line, where it listens.
        progress: told how many bytes of how many were read, where the index has to be brought up to the ledger.
    """
    seconds = _demo_seconds()
    gc.set_threshold(*COLLECTED_AFTER)
    server = Server(settings)
    sockets = [listen(settings.host, settings.port, "--port")]
    try:
        if settings.otlp_port != settings.port:
            sockets.append(listen(settings.host, settings.otlp_port, "--otlp-port"))
        server.otlp_port = sockets[-1].getsockname()[1]
        running = _Uvicorn(_configure(server), server)
        server.open(progress)
        try:
            grpc_port = _start_grpc(server)
            with announced(_describe(server, sockets, grpc_port)):
                _introduce(server, sockets, grpc_port, say)
                asyncio.run(_run(running, sockets, seconds))
        finally:
            server.close()
    finally:
        for each in sockets:
            each.close()


def login_link(settings: ServerSettings, *, port: int | None = None, ledger: str | None = None) -> str:
    """Return an address that logs in, once and soon, to the server of this user that runs.

    Args:
        settings: say which token is meant.
        port: of its page, None for any.
        ledger: that it keeps, None for any.

    Raises:
        NoServerError: none runs, or none that is meant, or more than one.
        ServingError: it runs with another token.
    """
    import time

    try:
        found = find_running()
    except OSError as error:
        raise ServingError(f"which servers run cannot be told: {error.strerror}") from error
    meant = [
        each
        for each in found
        if port in {None, each.port} and (ledger is None or Path(ledger).absolute() == Path(each.ledger))
    ]
    if len(meant) != 1:
        raise NoServerError(_which(found, meant))
    (running,) = meant
    if running.token_file and settings.token is None and settings.token_file is None:
        settings = replace(settings, token_file=running.token_file)
    if not running.has(find_token(settings)):
        raise ServingError(
            f"the server at {running.page} (process {running.pid}) has another token: set OTEL_EVENTS_SERVER_TOKEN, or name its file"
            " with --token-file, as for that server"
        )
    return open_access(settings, lambda _: None, time.time).login_link(running.page)


def _which(found: list[RunningServer], meant: list[RunningServer]) -> str:
    """Return why there is not the one server that is meant, and what to do."""
    if len(meant) > 1:
        return f"{len(meant)} servers run: choose one with --port: {_list(meant)}"
    if found:
        return f"no such server runs; there is {_list(found)}: choose it with --port"
    return "no server of this user runs: start one with 'otel-events serve', which prints a link"


def _list(servers: list[RunningServer]) -> str:
    return ", ".join(f"{each.page} ({each.ledger})" for each in servers)


def base_url(settings: ServerSettings, port: int) -> str:
    """Return the address by which a browser of this machine finds the server."""
    host = "127.0.0.1" if settings.host in _ANY else settings.host
    name = f"[{host}]" if ":" in host else host
    return f"{'https' if settings.tls_certificate else 'http'}://{name}:{port}"


def _configure(server: Server) -> uvicorn.Config:
    settings = server.settings
    config = uvicorn.Config(
        create_app(server),
        lifespan="on",
        timeout_graceful_shutdown=2,
        ssl_certfile=settings.tls_certificate,
        ssl_keyfile=settings.tls_key,
        ws_per_message_deflate=not is_loopback(settings.host),
        **uvicorn_options(server.access.connections),
    )
    try:
        config.load()
    except (ssl.SSLError, OSError) as error:
        raise ServingError(f"the certificate or its key cannot be used: {error.strerror or error}") from error
    guard_handshakes(config, server.access.connections)
    return config


def _start_grpc(server: Server) -> int | None:
    """Return the port that gRPC listens on, None if it does not."""
    settings = server.settings
    if settings.grpc_port is None:
        return None
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    # gRPC's own words for a port that is taken are no help.
    listen(settings.host, settings.grpc_port, "--grpc-port").close()
    try:
        return server.grpc.start(f"{host}:{settings.grpc_port}")
    except OSError as error:
        raise ServingError(explain(settings.host, settings.grpc_port, "--grpc-port", error)) from error


def _describe(server: Server, sockets: list[socket.socket], grpc_port: int | None) -> RunningServer:
    settings = server.settings
    page, otlp = (each.getsockname()[1] for each in (sockets[0], sockets[-1]))
    file = settings.token_file if settings.token is None else None
    return describe(
        (base_url(settings, page), base_url(settings, otlp)),
        [page, otlp, *([] if grpc_port is None else [grpc_port])],
        server.store.place.ledger,
        str(Path(file).absolute()) if file else "",
        find_token(settings),
    )


def _introduce(server: Server, sockets: list[socket.socket], grpc_port: int | None, say: Callable[[str], None]) -> None:
    settings = server.settings
    page, otlp = (each.getsockname()[1] for each in (sockets[0], sockets[-1]))
    say(f"page     {server.access.login_link(base_url(settings, page))}")
    say(f"OTLP     {base_url(settings, otlp)}")
    if grpc_port is not None:
        say(f"gRPC     {base_url(settings, grpc_port)}")
    say(f"ledger   {server.store.place.ledger} ({server.store.views.total():,} events so far)")
    if server.unseen_ledger is not None:
        say(
            f"         programs without an endpoint write to {server.unseen_ledger}, which is not shown here: set"
            f" OTEL_EXPORTER_OTLP_ENDPOINT={base_url(settings, otlp)} or"
            f" OTEL_EVENTS_LEDGER_PATH={server.store.place.ledger} for them"
        )
    if server.absences is not None:
        say(
            f"expects  what {len(server.absences.rules)} rules of {settings.expect} say; what was to come while no server ran has a"
            " minute of grace"
        )
    told = complaint(settings)
    if told is not None:
        say(f"Warning: {told}")
    if not is_loopback(settings.host) and settings.tls_certificate is None:
        say("Warning: it listens beyond this machine without TLS: tokens and events can be read on the way")


async def _run(running: _Uvicorn, sockets: list[socket.socket], seconds: float) -> None:
    if seconds:
        asyncio.get_running_loop().call_later(seconds, running.end)
    await running.serve(sockets)


def _demo_seconds() -> float:
    text = os.environ.get("DEMO_SECONDS", "").strip()
    try:
        return max(0.0, float(text or 0))
    except ValueError as error:
        raise ServingError(f"DEMO_SECONDS must be a number of seconds, not {text!r:.40}") from error
