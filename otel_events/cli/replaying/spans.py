"""Spans out of the Collector's JSON files, as the messages that they were."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from google.protobuf.json_format import ParseDict, ParseError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_events.pipeline.evaluation import MISSING
from otel_events.reading.spans import decode_spans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from otel_events.reading.record import Record

_IDS = ("traceId", "spanId", "parentSpanId")


@dataclass(frozen=True, slots=True)
class SpanBatch:
    """The spans of one line that are wanted; they go out together, when the first of them is due.

    Attributes:
        timestamp: when the first began, nanoseconds since the Unix epoch.
        latest: when the last ended.
        count: of spans.
        request: all of them, as they were received.
    """

    timestamp: int
    latest: int
    count: int
    request: ExportTraceServiceRequest

    def encode(self, mark: tuple[str, str], offset: int) -> bytes:
        """Return the bytes of the request, each span with the attribute *mark*, all times moved by *offset*."""
        key, stamp = mark
        for span in spans_of(self.request):
            span.attributes.add(key=key).value.string_value = stamp
            if offset:
                span.start_time_unix_nano = max(0, span.start_time_unix_nano + offset)
                span.end_time_unix_nano = max(0, span.end_time_unix_nano + offset)
                for event in span.events:
                    event.time_unix_nano = max(0, event.time_unix_nano + offset)
        return bytes(self.request.SerializeToString())


def read_spans(line: bytes, is_wanted: Callable[[Record], bool], mark: str) -> tuple[SpanBatch | None, int]:
    """Return the spans of *line* that are wanted, and how many of those bear *mark* already and are left out.

    Raises:
        ValueError: the line is torn, or no message of OTLP.
    """
    parsed = orjson.loads(line)
    records = list(decode_spans(parsed))
    try:
        _unhex(parsed)
        request = ParseDict(parsed, ExportTraceServiceRequest(), ignore_unknown_fields=True)
    except (ParseError, AttributeError, TypeError) as error:
        raise ValueError(str(error)) from error
    wanted = [is_wanted(record) for record in records]
    marked = [record.lookup(mark) is not MISSING for record in records]
    _keep(request, [want and not old for want, old in zip(wanted, marked, strict=True)])
    spans = list(spans_of(request))
    left_out = sum(want and old for want, old in zip(wanted, marked, strict=True))
    if not spans:
        return None, left_out
    begin = min(span.start_time_unix_nano for span in spans)
    latest = max(max(span.end_time_unix_nano, span.start_time_unix_nano) for span in spans)
    return SpanBatch(begin, latest, len(spans), request), left_out


def spans_of(request: ExportTraceServiceRequest) -> Iterator[Any]:
    """Yield every span of *request*."""
    for resource_spans in request.resource_spans:
        for scope_spans in resource_spans.scope_spans:
            yield from scope_spans.spans


def _keep(request: ExportTraceServiceRequest, is_kept: list[bool]) -> None:
    """Take away the spans that are not kept, in the order of `spans_of`, and what is empty then."""
    if all(is_kept):
        return
    kept = iter(is_kept)
    for resource_spans in request.resource_spans:
        for scope_spans in resource_spans.scope_spans:
            spans = [span for span in scope_spans.spans if next(kept)]
            del scope_spans.spans[:]
            scope_spans.spans.extend(spans)


def _unhex(parsed: dict[str, Any]) -> None:
    """Write ids as protobuf's own JSON has them: OTLP writes them in hexadecimal digits."""
    for resource_spans in parsed.get("resourceSpans") or ():
        for scope_spans in resource_spans.get("scopeSpans") or ():
            for span in scope_spans.get("spans") or ():
                for item in (span, *(span.get("links") or ())):
                    for key in _IDS:
                        if item.get(key):
                            item[key] = b64encode(bytes.fromhex(item[key])).decode("ascii")
