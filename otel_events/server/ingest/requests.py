"""Requests as they came into what the store takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_events.server.ingest.counting import has_too_many_parts, is_too_much_json
from otel_events.server.ingest.json_requests import parse_json
from otel_events.server.ingest.refusals import malformed, too_large, too_many

if TYPE_CHECKING:
    from google.protobuf.message import Message

    M = TypeVar("M", bound="Message")

Signal: TypeAlias = Literal["logs", "traces", "metrics"]

REQUESTS: dict[Signal, type[Any]] = {
    "logs": ExportLogsServiceRequest,
    "traces": ExportTraceServiceRequest,
    "metrics": ExportMetricsServiceRequest,
}


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it came.

    Attributes:
        signal: what it holds.
        body: its bytes, expanded if they were compressed.
        is_json: it is JSON, else protobuf.
    """

    signal: Signal
    body: bytes
    is_json: bool = False

    def parse(self, most: int) -> Any:
        """Return the message that it is, or raise RefusedError.

        Args:
            most: bytes that it may have.
        """
        body = self.body
        if len(body) > most:
            raise too_large(most)
        if is_too_much_json(body) if self.is_json else has_too_many_parts(body):
            raise too_many()
        message = REQUESTS[self.signal]()
        if self.is_json:
            return parse_json(body, message)
        try:
            message.ParseFromString(body)
        except DecodeError as error:
            raise malformed(f"{len(body):,} bytes are no {type(message).__name__}: {error}") from error
        return message


def count_points(request: ExportMetricsServiceRequest) -> int:
    """Return how many data points *request* holds."""
    total = 0
    for resource in request.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                kind = metric.WhichOneof("data")
                total += len(getattr(metric, kind).data_points) if kind else 0
    return total
