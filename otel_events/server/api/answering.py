"""Requests into answers: parameters are checked, the work is done on a few threads, errors say what would be right."""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote

import orjson
from starlette.responses import Response, StreamingResponse

from otel_events.server.api.operation import Download
from otel_events.server.api.problem import RequestError
from otel_events.server.store.errors import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

    from starlette.types import Receive, Scope, Send

    from otel_events.server.api.operation import Operation
    from otel_events.server.server import Server

_THREADS = 4
_MAX_WAITING = 64
_MAX_FIELDS = 50


class Workers:
    """A few threads for all that blocks, so that no page of questions can take all there are."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_THREADS, "otel_events-api")
        self._waiting = 0

    async def run(self, work: Callable[[], Any], *, is_begun: bool = False) -> Any:
        """Return what *work* returns; raise RequestError if too much waits already, unless it goes on with an answer."""
        if self._waiting >= _MAX_WAITING and not is_begun:
            raise RequestError(429, "too many questions at once; ask again in a second")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._waiting -= 1


class Endpoint:
    """Answers the requests of one path, as an ASGI application.

    Args:
        server: of which is asked.
        operations: of the path, one for each method.
        workers: do the work.
    """

    def __init__(self, server: Server, operations: Sequence[Operation], workers: Workers) -> None:
        self._server = server
        self._operations = {operation.method: operation for operation in operations}
        self._workers = workers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        try:
            response = await self._answer(scope)
        except RequestError as error:
            response = self._refuse(error)
        except (sqlite3.Error, StoreUnavailableError) as error:
            response = self._refuse(RequestError(503, f"the store cannot be asked just now: {error}"))
        await response(scope, receive, send)

    async def _answer(self, scope: Scope) -> Response:
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        operation = self._operations.get(method)
        if operation is None:
            raise RequestError(405, f"this is asked by {' or '.join(self._operations)}")
        query = _query(scope)
        values = operation.values(query, scope.get("path_params", {}))
        answer = await self._workers.run(partial(operation.answer, self._server, **values))
        if isinstance(answer, Download):
            return self._download(answer)
        return _json(answer if isinstance(answer, bytes) else dump(answer))

    def _download(self, download: Download) -> Response:
        headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(download.name)}"}
        return StreamingResponse(self._pieces(download.pieces), 200, headers, download.media_type)

    async def _pieces(self, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
        while (piece := await self._workers.run(partial(next, pieces, None), is_begun=True)) is not None:
            yield piece

    def _refuse(self, error: RequestError) -> Response:
        headers = {}
        if error.status in {429, 503}:
            headers["retry-after"] = "1"
            self._server.refused.add("api_busy" if error.status == 429 else "api_unavailable")
        if error.status == 405:
            headers["allow"] = ", ".join(self._operations)
        return _json(orjson.dumps(error.as_dict()), error.status, headers)


def dump(value: Any) -> bytes:
    """Return *value* as JSON; what JSON has no form for becomes text."""
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS)


def _query(scope: Scope) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            scope["query_string"].decode("ascii"), keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict"
        )
    except ValueError as error:
        raise RequestError(400, "the query is not UTF-8, percent-encoded, or has too many fields") from error


def _json(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(body, status, headers, "application/json")
