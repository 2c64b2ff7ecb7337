"""Requests in OTLP's JSON into messages: protobuf's JSON, but for ids, which are hexadecimal."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any, TypeVar

import orjson
from google.protobuf.json_format import ParseDict, ParseError

from otel_events.server.ingest.refusals import malformed

if TYPE_CHECKING:
    from google.protobuf.message import Message

    M = TypeVar("M", bound="Message")

_IDS = frozenset({"traceId", "spanId", "parentSpanId", "trace_id", "span_id", "parent_span_id"})
_MAX_DEPTH = 64  # of objects within each other; no program's attributes are as deep


def parse_json(body: bytes, message: M) -> M:
    """Return *message* filled with what *body* says, or raise RefusedError. Keys that are not known are passed over."""
    try:
        said = orjson.loads(body)
    except ValueError as error:  # too deep is one of these
        raise malformed(f"the body is not JSON: {error}") from error
    if not isinstance(said, dict):
        raise malformed("the body is not a JSON object")
    try:
        return ParseDict(_with_plain_ids(said, _MAX_DEPTH), message, ignore_unknown_fields=True)
    except (ParseError, ValueError, TypeError, AttributeError) as error:
        raise malformed(f"the body is not {type(message).__name__} in JSON: {error!s:.300}") from error


def _with_plain_ids(value: Any, depth: int) -> Any:
    """Return *value* with ids as protobuf's JSON has bytes."""
    if depth < 0:
        raise malformed("the body is nested too deep")
    if isinstance(value, dict):
        return {
            key: _plain_id(item) if key in _IDS and isinstance(item, str) else _with_plain_ids(item, depth - 1)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_with_plain_ids(item, depth - 1) for item in value]
    return value


def _plain_id(text: str) -> str:
    try:
        return b64encode(bytes.fromhex(text)).decode()
    except ValueError as error:
        raise malformed(f"{text!r:.60} is no id of hexadecimal digits") from error
