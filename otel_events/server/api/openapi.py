"""The description of the API in OpenAPI's words, made of the same declarations that requests are checked by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_events.server.api.schemas import SHARED, named
from otel_events.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.server.api.operation import Operation
    from otel_events.server.api.parameters import Parameter

_ERROR = {"application/json": {"schema": named("Error")}}
_REFUSALS = {
    "400": "A parameter cannot be used; the answer names it, and what would be right.",
    "401": "The token, or a login, is missing.",
    "403": "The server may not be called by this name, or from this page.",
    "429": "Too many questions at once; `Retry-After` says when to ask again.",
    "503": "The store cannot be asked just now; `Retry-After` says when to ask again.",
}
_NOT_FOUND = "It is not kept here."


def describe(operations: Sequence[Operation]) -> dict[str, Any]:
    """Return the OpenAPI document of *operations*."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _describe(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "otel-events serve",
            "version": VERSION,
            "description": "Events that are kept, and what they say together. Times are ISO 8601 in UTC, durations seconds.",
        },
        "paths": paths,
        "components": {
            "schemas": SHARED,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "query": {"type": "apiKey", "in": "query", "name": "token"},
            },
        },
        "security": [{"token": []}, {"query": []}],
    }


def _describe(operation: Operation) -> dict[str, Any]:
    schema = operation.shape if operation.shape is not None else {"type": "string"}
    answers: dict[str, Any] = {
        "200": {
            "description": "What was asked for.",
            "content": {each: {"schema": schema} for each in operation.media_types},
        }
    }
    refusals = dict(_REFUSALS)
    if any(each.place == "path" for each in operation.parameters):
        refusals["404"] = _NOT_FOUND
    answers |= {status: {"description": text, "content": _ERROR} for status, text in sorted(refusals.items())}
    return {
        "operationId": operation.answer.__name__,
        "summary": operation.summary,
        "parameters": [_parameter(each) for each in operation.parameters],
        "responses": answers,
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    schema = dict(parameter.kind.schema)
    if parameter.default is not None:
        schema["default"] = parameter.default
    return {
        "name": parameter.name,
        "in": parameter.place,
        "description": parameter.doc,
        "required": parameter.is_required,
        "schema": schema,
    }
