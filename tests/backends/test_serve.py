"""The real Collector as a sender to `otel-events serve`."""

from __future__ import annotations

import pytest

from tests.program import ledger_events
from tests.server.served import serving
from tools.backends.collector import Collector
from tools.backends.waiting import wait_for

pytestmark = pytest.mark.backends

_OVERRIDE = """
exporters:
  otlp_http/events: {{endpoint: "{http}"}}
service:
  pipelines:
    logs/events: {{receivers: [otlp], exporters: [otlp_http/events]}}
    traces/events: {{receivers: [otlp], exporters: [otlp_http/events]}}
"""


def test_a_collector_sends_on_what_it_gets(own, sample, tmp_path):
    """Events and spans by its own exporter, compressed as it does: what came in stands in our files."""
    with serving(tmp_path) as served:
        text = _OVERRIDE.format(http=served.otlp)
        collector = own(Collector(tmp_path, overrides=(text,)))
        sample.send_log(collector)
        sample.send_span(collector)
        spans = served.ledger.with_name("spans.events.jsonl")

        def has_span():
            return spans.exists() and sample.span_id in spans.read_text()

        wait_for(lambda: ledger_events(served.ledger) and has_span(), "event and span in the server's files")
        (line,) = ledger_events(served.ledger)

        assert (line["event"], line["task_id"], line["service"]) == ("task.completed", sample.task_id, sample.service)
        assert (line["trace_id"], line["attributes"]) == (sample.trace_id, {"quality": 0.82})
        assert served.end()[0] == 0
