"""What the Collector's queues on disk promise: a backend's outage loses nothing, nor does a restart in the middle."""

from __future__ import annotations

import pytest

from tools.backends.collector import Collector
from tools.backends.jaeger import Jaeger
from tools.backends.loki import Loki
from tools.backends.waiting import wait_for

pytestmark = pytest.mark.backends


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_spans_wait_on_disk_for_a_jaeger_that_is_away(own, tmp_path, sample, end):
    """Spans accepted while Jaeger is away reach it later, even when the Collector ended and came back in between."""
    jaeger = Jaeger(tmp_path)
    collector = own(Collector(tmp_path, jaeger))
    sample.send_span(collector)

    getattr(collector, end)()
    own(jaeger)
    collector.start()

    (span,) = wait_for(lambda: jaeger.spans(sample.service, {"task_id": sample.task_id}), "the span in Jaeger")
    assert span["events"][0]["name"] == "evidence.added"


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_events_wait_on_disk_for_a_loki_that_is_away(own, tmp_path, sample, end):
    """Events accepted while Loki is away reach it later, even when the Collector ended and came back in between."""
    loki = Loki(tmp_path)
    collector = own(Collector(tmp_path, loki=loki))
    sample.send_log(collector)

    getattr(collector, end)()
    own(loki)
    collector.start()

    question = f'{{event_name="task.completed"}} | task_id="{sample.task_id}"'
    assert len(wait_for(lambda: loki.query(question), "the event in Loki")) == 1


def test_a_backend_that_is_away_holds_up_nothing_else(own, tmp_path, sample):
    """With Jaeger and Loki both gone, senders get their answer and the files are written."""
    collector = own(Collector(tmp_path, Jaeger(tmp_path), Loki(tmp_path)))

    sample.send_log(collector)
    sample.send_span(collector)

    assert [row["name"] for row in sample.in_file(collector)] == ["task.completed"]
    assert [row["name"] for row in collector.spans()] == ["draft"]


def test_a_full_queue_is_told_to_the_sender(own, tmp_path, sample):
    """When the queue for a backend that is away is full, senders are told to come back later: nothing is dropped."""
    settings = "{queue_size: 20000, batch: {min_size: 1000, max_size: 10000}}"
    small = f"exporters: {{otlp_http/loki: {{sending_queue: {settings}}}}}"
    collector = own(Collector(tmp_path, loki=Loki(tmp_path), overrides=(small,)))

    def send_many():
        for _ in range(100):
            sample.send_log(collector, body={"stringValue": "x" * 1000})

    with pytest.raises(OSError, match="503"):
        send_many()


def test_what_jaeger_has_it_keeps_over_a_restart(own, tmp_path, sample):
    """Jaeger's traces are on disk."""
    jaeger = own(Jaeger(tmp_path))
    collector = own(Collector(tmp_path, jaeger))
    sample.send_span(collector)
    wait_for(lambda: jaeger.spans(sample.service), "the span in Jaeger")

    jaeger.stop()
    jaeger.start()

    assert len(jaeger.spans(sample.service)) == 1


def test_what_loki_has_it_keeps_over_a_restart(own, tmp_path, sample):
    """Loki's records are on disk."""
    loki = own(Loki(tmp_path))
    collector = own(Collector(tmp_path, loki=loki))
    question = f'{{service_name="{sample.service}"}}'
    sample.send_log(collector)
    wait_for(lambda: loki.query(question), "the event in Loki")

    loki.stop()
    loki.start()

    assert len(wait_for(lambda: loki.query(question), "the event in Loki")) == 1
