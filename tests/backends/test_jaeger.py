"""What Jaeger shows of the spans that the Collector hands it."""

from __future__ import annotations

import pytest

from tools.backends.jaeger import Jaeger
from tools.backends.waiting import wait_for

pytestmark = pytest.mark.backends


def test_a_span_is_found_by_its_task_with_its_span_events(collector, jaeger, sample):
    """Jaeger finds a span by the tag task_id and shows the events in it, names and values unchanged."""
    sample.send_span(collector)

    (span,) = wait_for(lambda: jaeger.spans(sample.service, {"task_id": sample.task_id}), "the span in Jaeger")
    assert (span["name"], span["trace_id"], span["span_id"]) == ("draft", sample.trace_id, sample.span_id)
    assert span["attributes"]["quality"] == 0.82
    assert span["events"] == [
        {
            "name": "evidence.added",
            "time_unix_micro": (sample.now + 1_000_000) // 1000,
            "attributes": {"task_id": sample.task_id, "quality": 0.82, "source": "paper.pdf"},
        }
    ]


def test_a_number_is_found_by_its_value(collector, jaeger, sample):
    """Tags that are numbers or booleans are found too."""
    sample.send_span(collector, attributes=sample.attributes(cycle={"intValue": "42"}, hit={"boolValue": True}))

    assert wait_for(lambda: jaeger.spans(sample.service, {"cycle": 42, "hit": True}), "the span in Jaeger")
    assert jaeger.spans(sample.service, {"cycle": 43}) == []


def test_jaeger_sends_no_traces_of_its_own(own, tmp_path):
    """Jaeger's default is to trace its own queries to port 4317, which is where programs' events go."""
    jaeger = own(Jaeger(tmp_path))
    jaeger.services()

    jaeger.stop()  # when it would send, or say in its log that it could not

    assert "4317" not in jaeger.log.read_text()
