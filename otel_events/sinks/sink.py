"""What a sink is; see `otel_events.pipeline.sink`."""

from otel_events.pipeline.sink import Sink, SpanSink

__all__ = ["Sink", "SpanSink"]
