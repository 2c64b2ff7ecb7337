"""What sinks need to turn events and spans into OTLP bytes."""

from otel_events.otlp.encode_logs import LogEncoder
from otel_events.otlp.encode_spans import SpanEncoder
from otel_events.otlp.encode_values import EncodeError
from otel_events.otlp.request import MAX_REQUEST_BYTES, count_records, split
from otel_events.otlp.wire import WireError

__all__ = ["MAX_REQUEST_BYTES", "EncodeError", "LogEncoder", "SpanEncoder", "WireError", "count_records", "split"]
