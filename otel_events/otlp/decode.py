"""Read OTLP requests and responses back, by the official protobuf classes: readability before speed."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from google.protobuf.message import DecodeError as ProtobufDecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from otel_events.errors import OtelEventsError
from otel_events.event import UID_ATTRIBUTE, Attributes, Event, InstrumentationScope, Value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from google.protobuf.message import Message
    from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
    from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope as ScopeMessage
    from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
    from opentelemetry.proto.trace.v1.trace_pb2 import Span

_Message = TypeVar("_Message", bound="Message")

_MAX_MESSAGE = 1024  # characters of a server's message; it ends up in a warning


class DecodeError(OtelEventsError, ValueError):
    """Bytes that are not the OTLP request they should be."""


@dataclass(frozen=True, slots=True)
class ResourceEvents:
    """The events of one resource in a request."""

    resource: Attributes
    schema_url: str
    events: list[Event]


@dataclass(frozen=True, slots=True)
class ResourceSpans:
    """The spans of one resource in a request; each a mapping with the field names of the protocol."""

    resource: Attributes
    schema_url: str
    spans: list[dict[str, Any]]


def decode_logs(request: bytes) -> list[ResourceEvents]:
    """Return the events of an `ExportLogsServiceRequest`, or raise DecodeError."""
    message = _parse(ExportLogsServiceRequest, request)
    return [
        ResourceEvents(
            attributes_of(group.resource.attributes),
            group.schema_url,
            [
                event_of(record, scope_of(part.scope, part.schema_url))
                for part in group.scope_logs
                for record in part.log_records
            ],
        )
        for group in message.resource_logs
    ]


def decode_spans(request: bytes) -> list[ResourceSpans]:
    """Return the spans of an `ExportTraceServiceRequest`, or raise DecodeError."""
    return spans_of(_parse(ExportTraceServiceRequest, request))


def spans_of(request: ExportTraceServiceRequest) -> list[ResourceSpans]:
    """Return the spans of *request*."""
    return [
        ResourceSpans(
            attributes_of(group.resource.attributes),
            group.schema_url,
            [_span(span, scope_of(part.scope, part.schema_url)) for part in group.scope_spans for span in part.spans],
        )
        for group in request.resource_spans
    ]


def decode_logs_response(body: bytes) -> tuple[int, str]:
    """Return (rejected records, the server's message) of an answer to logs. Never raises: junk means none rejected."""
    partial = _parse_or_empty(ExportLogsServiceResponse, body).partial_success
    return max(partial.rejected_log_records, 0), _one_line(partial.error_message)


def decode_traces_response(body: bytes) -> tuple[int, str]:
    """Return (rejected spans, the server's message) of an answer to spans. Never raises, as `decode_logs_response`."""
    partial = _parse_or_empty(ExportTraceServiceResponse, body).partial_success
    return max(partial.rejected_spans, 0), _one_line(partial.error_message)


def decode_status(body: bytes) -> tuple[str, float | None]:
    """Return (message, seconds to wait before a retry or None) of an error's body. Never raises.

    Servers answer with `google.rpc.Status`; the proxies in front of them with JSON or a line of text.
    """
    # Only errors need these, and they take as long to import as the rest of the sink.
    from google.rpc.status_pb2 import Status

    status = _parse_or_empty(Status, body)
    if status.message or status.details:
        return _one_line(status.message), _retry_delay(status)
    return _plain_message(body), None


def _retry_delay(status: Status) -> float | None:
    from google.rpc.error_details_pb2 import RetryInfo  # type: ignore[import-untyped]

    for detail in status.details:
        info = RetryInfo()
        with suppress(ProtobufDecodeError):  # a torn detail tells nothing, and the next one may
            if detail.Unpack(info) and info.HasField("retry_delay"):
                return float(max(info.retry_delay.seconds + info.retry_delay.nanos / 1e9, 0.0))
    return None


def _plain_message(body: bytes) -> str:
    text = body[: 4 * _MAX_MESSAGE].decode("utf-8", "replace").strip()
    with suppress(ValueError, RecursionError):
        answer = json.loads(text)
        if isinstance(answer, dict) and isinstance(answer.get("message"), str):
            text = answer["message"]
    return _one_line(text)


def _one_line(text: str) -> str:
    """Return the first line of a server's message, bounded and printable: nobody writes into our logs through it."""
    first_line = text[:_MAX_MESSAGE].lstrip().partition("\n")[0]
    return "".join(character for character in first_line if character.isprintable()).rstrip()


def _parse(kind: type[_Message], body: bytes) -> _Message:
    message = kind()
    try:
        message.ParseFromString(body)
    except ProtobufDecodeError as error:
        raise DecodeError(f"{len(body)} bytes are not an {kind.__name__}: {error}") from error
    return message


def _parse_or_empty(kind: type[_Message], body: bytes) -> _Message:
    try:
        return _parse(kind, body)
    except DecodeError:
        return kind()


def event_of(record: LogRecord, scope: InstrumentationScope) -> Event:
    """Return the event that *record* is."""
    attributes = attributes_of(record.attributes)
    uid = attributes.get(UID_ATTRIBUTE)
    if isinstance(uid, str):
        del attributes[UID_ATTRIBUTE]
    return Event(
        name=record.event_name,
        timestamp=record.time_unix_nano,
        observed_timestamp=record.observed_time_unix_nano,
        severity=record.severity_number,
        severity_text=record.severity_text,
        body=record.body.string_value or _value(record.body),
        attributes=attributes,
        trace_id=int.from_bytes(record.trace_id, "big"),
        span_id=int.from_bytes(record.span_id, "big"),
        trace_flags=record.flags,
        scope=scope,
        uid=uid if isinstance(uid, str) else "",
        dropped_attributes=record.dropped_attributes_count,
    )


def _span(span: Span, scope: InstrumentationScope) -> dict[str, Any]:
    return {
        "trace_id": span.trace_id.hex(),
        "span_id": span.span_id.hex(),
        "trace_state": span.trace_state,
        "parent_span_id": span.parent_span_id.hex(),
        "flags": span.flags,
        "name": span.name,
        "kind": span.kind,
        "start_time_unix_nano": span.start_time_unix_nano,
        "end_time_unix_nano": span.end_time_unix_nano,
        "attributes": attributes_of(span.attributes),
        "dropped_attributes_count": span.dropped_attributes_count,
        "events": [_span_event(event) for event in span.events],
        "dropped_events_count": span.dropped_events_count,
        "links": [_link(link) for link in span.links],
        "dropped_links_count": span.dropped_links_count,
        "status": {"code": span.status.code, "message": span.status.message},
        "scope": scope,
    }


def _span_event(event: Span.Event) -> dict[str, Any]:
    return {
        "name": event.name,
        "time_unix_nano": event.time_unix_nano,
        "attributes": attributes_of(event.attributes),
        "dropped_attributes_count": event.dropped_attributes_count,
    }


def _link(link: Span.Link) -> dict[str, Any]:
    return {
        "trace_id": link.trace_id.hex(),
        "span_id": link.span_id.hex(),
        "trace_state": link.trace_state,
        "attributes": attributes_of(link.attributes),
        "dropped_attributes_count": link.dropped_attributes_count,
        "flags": link.flags,
    }


def scope_of(scope: ScopeMessage, schema_url: str) -> InstrumentationScope:
    """Return the scope that *scope* is."""
    attributes = tuple(attributes_of(scope.attributes).items())
    return InstrumentationScope(scope.name, scope.version, schema_url, attributes)


def attributes_of(pairs: Iterable[KeyValue]) -> Attributes:
    """Return the attributes that *pairs* are."""
    # Most are texts, and one that is not empty says by itself that it is one.
    return {pair.key: (value := pair.value).string_value or _value(value) for pair in pairs}


def _value(value: AnyValue) -> Value:
    kind = value.WhichOneof("value")
    if kind is None or kind == "string_value_strindex":  # points into a table that only profiles have
        return None
    if kind == "array_value":
        return [_value(entry) for entry in value.array_value.values]
    if kind == "kvlist_value":
        return attributes_of(value.kvlist_value.values)
    plain: Value = getattr(value, kind)
    return plain
