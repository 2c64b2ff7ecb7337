"""The routes of OTLP over HTTP."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.routing import Route

from otel_events.server.ingest.answers import answer, answer_refusal
from otel_events.server.ingest.expanding import expand
from otel_events.server.ingest.refusals import RefusedError, too_large, unsupported
from otel_events.server.ingest.requests import REQUESTS, Sent

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from otel_events.server.ingest.intake import Intake, Taken
    from otel_events.server.ingest.requests import Signal
    from otel_events.server.server import Server

_PROTOBUF, _JSON = "application/x-protobuf", "application/json"


def routes(server: Server) -> list[BaseRoute]:
    """Return them."""
    return [_route(server, signal) for signal in REQUESTS]


def _route(server: Server, signal: Signal) -> BaseRoute:
    async def export(request: Request) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        is_json = kind == _JSON
        try:
            if kind not in {_PROTOBUF, _JSON}:
                raise unsupported(f"send {_PROTOBUF} or {_JSON}, not {kind!r:.60}")
            sent = Sent(signal, b"", is_json)
            taken = await _take(request, sent, server.intake, server.settings.max_request_bytes)
        except RefusedError as error:
            server.refused.add(error.reason)
            return answer_refusal(error, is_json=is_json)
        return answer(signal, taken, is_json=is_json)

    return Route(f"/v1/{signal}", export, methods=["POST"])


async def _take(request: Request, sent: Sent, intake: Intake, most: int) -> Taken:
    """Read the body, within bounds of its own and of all that wait, and have it stored."""
    if int(request.headers.get("content-length") or 0) > most:
        raise too_large(most)
    body, reserved = bytearray(), 0
    try:
        async for piece in request.stream():
            if len(body) + len(piece) > most:
                raise too_large(most)
            intake.reserve(len(piece))
            reserved += len(piece)
            body += piece
        whole = bytes(body)
        del body
        if encoding := request.headers.get("content-encoding", ""):
            # What waits is what is to be worked on: some kilobytes may be megabytes. And while they are made others go on.
            whole = await asyncio.to_thread(expand, whole, encoding, most)
            intake.reserve(len(whole))
            reserved += len(whole)
        return await asyncio.wrap_future(intake.submit(replace(sent, body=whole)))
    finally:
        intake.release(reserved)
