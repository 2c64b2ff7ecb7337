"""The application: the routes of all parts, behind one door."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from otel_events.server import page
from otel_events.server.access.middleware import guard
from otel_events.server.api import routes as api
from otel_events.server.ingest import routes as ingest
from otel_events.server.live import routes as live

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from otel_events.server.server import Server


def create_app(server: Server) -> Starlette:
    """Return the application of *server*, which starts and stops with it."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await server.start()
        try:
            yield
        finally:
            await server.stop()

    return Starlette(
        routes=[
            Route("/healthz", _healthz),
            *ingest.routes(server),
            *live.routes(server),
            *api.routes(server),
            *page.routes(server),
        ],
        middleware=[Middleware(guard, server.access)],
        lifespan=lifespan,
    )


async def _healthz(_: Request) -> PlainTextResponse:
    return PlainTextResponse("ok\n")
