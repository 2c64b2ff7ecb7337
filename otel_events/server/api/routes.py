"""The routes of the API."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import orjson
from starlette.convertors import Convertor, register_url_convertor
from starlette.routing import Route

from otel_events.server.api.answering import Endpoint, Workers
from otel_events.server.api.openapi import describe
from otel_events.server.api.operation import Operation
from otel_events.server.api.operations import OPERATIONS
from otel_events.server.api.problem import RequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.routing import BaseRoute

    from otel_events.server.server import Server

_DESCRIPTION = "/openapi.json"
# May have slashes and ends of lines in them.
_ANYTHING = ("task_id", "fingerprint")


class _Anything(Convertor[str]):
    """The rest of a path, whatever it is; Starlette's own `path` ends with the line."""

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("anything", _Anything())


def routes(server: Server) -> list[BaseRoute]:
    """Return them."""
    workers = Workers()
    found: list[BaseRoute] = []
    for path, operations in groupby(OPERATIONS, key=lambda each: each.path):
        found.append(Route(_as_route(path), Endpoint(server, list(operations), workers)))
    description = orjson.dumps(describe(OPERATIONS))
    own = Operation(_DESCRIPTION, _answering(description), "This description.", None)
    nothing = Operation("/api", _nothing, "", None)
    return [
        Route(_DESCRIPTION, Endpoint(server, [own], workers)),
        *found,
        Route("/api/{path:anything}", Endpoint(server, [nothing], workers)),
    ]


def _as_route(path: str) -> str:
    for name in _ANYTHING:
        path = path.replace(f"{{{name}}}", f"{{{name}:anything}}")
    return path


def _answering(body: bytes) -> Any:
    def answer(server: Server, **_: Any) -> bytes:  # noqa: ARG001
        return body

    return answer


def _nothing(server: Server, **_: Any) -> Mapping[str, Any]:  # noqa: ARG001
    raise RequestError(404, f"there is nothing of that name here; {_DESCRIPTION} lists what there is")
