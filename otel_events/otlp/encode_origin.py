"""Encode where records come from: the resource and the instrumentation scope around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_events.otlp.encode_values import AttributeEncoder, encode_text
from otel_events.otlp.request import Frame
from otel_events.otlp.wire import LENGTH, message, optional, tag, uint32

if TYPE_CHECKING:
    from collections.abc import Mapping

_FIRST, _SECOND, _SCHEMA_URL = tag(1, LENGTH), tag(2, LENGTH), tag(3, LENGTH)
_RESOURCE_ATTRIBUTES = AttributeEncoder(1)
_SCOPE_ATTRIBUTES = AttributeEncoder(3)
_RESOURCE_DROPPED, _SCOPE_DROPPED = b"\x10", b"\x20"


def resource_frame(attributes: Mapping[str, Any] | None, schema_url: object) -> Frame:
    """Return what stands around the scopes of a resource. Never raises: a resource is shared by all records."""
    encoded, dropped = _RESOURCE_ATTRIBUTES.encode_foreign(attributes)
    return _frame(encoded + _dropped(_RESOURCE_DROPPED, dropped), schema_url)


def scope_frame(name: object, version: object, attributes: Mapping[str, Any] | None, schema_url: object) -> Frame:
    """Return what stands around the records of a scope. Never raises, as `resource_frame`."""
    encoded, dropped = _SCOPE_ATTRIBUTES.encode_foreign(attributes)
    content = optional(_FIRST, encode_text(name)) + optional(_SECOND, encode_text(version)) + encoded
    return _frame(content + _dropped(_SCOPE_DROPPED, dropped), schema_url)


def _frame(content: bytes, schema_url: object) -> Frame:
    return Frame(message(_FIRST, content), optional(_SCHEMA_URL, encode_text(schema_url)))


def _dropped(field_tag: bytes, count: int) -> bytes:
    return field_tag + uint32(count) if count else b""
