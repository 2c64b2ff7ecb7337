"""The routes of OTLP over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from otel_events.event import Resource
from otel_events.otlp.decode import DecodeError, decode_logs
from otel_events.server.store.stored import Arrival

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from otel_events.server.server import Server


def routes(server: Server) -> list[BaseRoute]:
    """Return them."""

    async def logs(request: Request) -> Response:
        try:
            groups = decode_logs(await request.body())
        except DecodeError:
            return Response(status_code=400)
        arrivals = [
            Arrival(event, resource)
            for group in groups
            for resource in [Resource(group.resource, group.schema_url)]
            for event in group.events
        ]
        await run_in_threadpool(server.store.append, arrivals)
        return Response(b"", media_type="application/x-protobuf")

    return [Route("/v1/logs", logs, methods=["POST"])]
