"""Answers of OTLP over HTTP: in the form of the request, refusals as google.rpc.Status."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from starlette.responses import Response

if TYPE_CHECKING:
    from otel_events.server.ingest.intake import Taken
    from otel_events.server.ingest.refusals import RefusedError
    from otel_events.server.ingest.requests import Signal

_PROTOBUF, _JSON = "application/x-protobuf", "application/json"


def message_of(signal: Signal, taken: Taken) -> bytes:
    """Return the answer to a request that was taken, as protobuf has it."""
    answer: ExportLogsServiceResponse | ExportTraceServiceResponse | ExportMetricsServiceResponse
    if signal == "logs":
        answer = ExportLogsServiceResponse()
        answer.partial_success.rejected_log_records = taken.rejected
    elif signal == "traces":
        answer = ExportTraceServiceResponse()
        answer.partial_success.rejected_spans = taken.rejected
    else:
        answer = ExportMetricsServiceResponse()
        answer.partial_success.rejected_data_points = taken.rejected
    if not taken.rejected:
        return b""  # by the specification nothing is said of what is right
    answer.partial_success.error_message = taken.complaint
    body: bytes = answer.SerializeToString()
    return body


_REJECTED = {"logs": "rejectedLogRecords", "traces": "rejectedSpans", "metrics": "rejectedDataPoints"}


def answer(signal: Signal, taken: Taken, *, is_json: bool) -> Response:
    """Return the answer to a request that was taken, whole or in part."""
    if not is_json:
        return Response(message_of(signal, taken), media_type=_PROTOBUF)
    said = {_REJECTED[signal]: str(taken.rejected), "errorMessage": taken.complaint}
    return Response(orjson.dumps({"partialSuccess": said} if taken.rejected else {}), media_type=_JSON)


def answer_refusal(error: RefusedError, *, is_json: bool) -> Response:
    """Return the answer to a request that was not taken."""
    headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    if is_json:
        body = orjson.dumps({"code": error.code, "message": str(error)})
    else:
        from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]  # refusals are rare, and it is heavy

        body = Status(code=error.code, message=str(error)).SerializeToString()
    return Response(body, error.status, headers, media_type=_JSON if is_json else _PROTOBUF)
