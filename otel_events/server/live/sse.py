"""The stream as server-sent events: `/events`, for `curl -N` and the browser's EventSource."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from starlette.responses import JSONResponse, StreamingResponse

from otel_events.server.live.beginning import UNAVAILABLE, StreamError, find_cursor, hello, read_filter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Send

    from otel_events.filter_language import FilterSettings
    from otel_events.server.server import Server

# Proxies must pass on each event as it comes; no cache may keep what never ends.
_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


def events_of(server: Server) -> Callable[[Request], Awaitable[Response]]:
    """Return what serves `/events`."""

    async def events(request: Request) -> Response:
        asked = request.query_params
        try:
            chosen = read_filter(asked.get("filter"))
            # The browser says by itself how far it came; that is newer than what stands in the address.
            begin = request.headers.get("last-event-id") or asked.get("from")
            after = await find_cursor(server.hub, server.store, begin, chosen)
        except StreamError as error:
            return JSONResponse({"error": error.facts}, 400)
        except UNAVAILABLE:
            return JSONResponse({"error": {"problem": "the store cannot be read; try again later"}}, 503)
        return _EventStream(server, chosen, after)

    return events


class _EventStream(StreamingResponse):
    """An answer that ends when the client, or the server, does."""

    def __init__(self, server: Server, chosen: FilterSettings | None, after: int) -> None:
        super().__init__((), media_type="text/event-stream", headers=_HEADERS)
        self._server = server
        self._chosen = chosen
        self._after = after

    async def stream_response(self, send: Send) -> None:
        """Send events until there are none any more."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        hub = self._server.hub
        subscription = hub.subscribe(self._chosen, after=self._after)
        try:
            said = orjson.dumps(hello(hub, self._server.store, subscription.cursor))
            await _send(send, b"id: %d\nevent: hello\ndata: %s\n\n" % (subscription.cursor, said))
            async for frame in subscription:
                await _send(send, frame.server_sent)
        except UNAVAILABLE:
            pass  # the answer ends, and the client comes again: it knows how far it got
        finally:
            subscription.close()
        await _send(send, b"", is_last=True)


async def _send(send: Send, body: bytes, *, is_last: bool = False) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": not is_last})
