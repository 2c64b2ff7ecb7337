"""A small application behind access, served by a real uvicorn on a free port: what tests of access knock at."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute

from otel_events.accounting import Tally
from otel_events.server.access.access import Access
from otel_events.server.access.middleware import IDENTITY, guard
from otel_events.server.access.protocols import uvicorn_options
from otel_events.server.access.settings import AccessSettings
from otel_events.server.access.tls import guard_handshakes
from otel_events.server.access.token import Token
from tests.program import PATIENCE

SECRET = "correct-horse-battery-staple"
BEARER = {"Authorization": f"Bearer {SECRET}"}
# Over plain HTTP; else httpx reads all certificates there are for each request, which takes longer than the test.
get, post = (partial(ask, verify=False, timeout=PATIENCE) for ask in (httpx.get, httpx.post))


async def _who(request):
    return JSONResponse({"way": request.scope[IDENTITY].way, "client": request.client.host})


async def _page(request):
    return HTMLResponse("<p>the page</p>")


async def _echo(request):
    return JSONResponse({"bytes": len(await request.body())})


async def _flood(request):
    async def pieces():
        while True:
            yield b"x" * 65_536
            await asyncio.sleep(0)

    return StreamingResponse(pieces())


async def _stream(websocket):
    await websocket.accept()
    await websocket.send_json({"way": websocket.scope[IDENTITY].way})
    async for text in websocket.iter_text():
        await websocket.send_text(str(len(text)))


async def _socket_flood(websocket):
    await websocket.accept()
    while True:
        await websocket.send_text("x" * 65_536)
        await asyncio.sleep(0)


def application():
    return Starlette(
        routes=[
            Route("/", _page),
            Route("/healthz", _who),
            Route("/api/who", _who),
            Route("/api/echo", _echo, methods=["POST"]),
            Route("/api/flood", _flood),
            Route("/v1/logs", _who, methods=["POST"]),
            Route("/socket.io/", _who),
            WebSocketRoute("/stream", _stream),
            WebSocketRoute("/flood", _socket_flood),
        ]
    )


@contextmanager
def serving(settings=None, *, token=SECRET, clock=None, **tls):
    """Serve until the end of the block; gives port, access, counts and addresses."""
    refused = Tally()
    options = {"clock": clock} if clock else {}
    access = Access(settings or AccessSettings(), Token(token), count=refused.add, **options)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(2_048)
    port = listener.getsockname()[1]
    config = uvicorn.Config(
        guard(application(), access),
        lifespan="off",
        timeout_graceful_shutdown=1,
        **uvicorn_options(access.connections),
        **tls,
    )
    config.load()
    guard_handshakes(config, access.connections)
    server = uvicorn.Server(config)
    server.capture_signals = _no_signals
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
    thread.start()
    try:
        host = f"127.0.0.1:{port}"
        url = f"http{'s' if tls else ''}://{host}"
        yield SimpleNamespace(port=port, access=access, refused=refused, url=url, host=host)
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@contextmanager
def _no_signals():
    yield
