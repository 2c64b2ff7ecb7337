"""What Loki answers about the events that the Collector hands it."""

from __future__ import annotations

import pytest
import yaml

from tools.backends.installed import CONFIGURATION
from tools.backends.waiting import wait_for

pytestmark = pytest.mark.backends


def test_an_event_is_found_by_its_name_and_task(collector, loki, sample):
    """`{event_name="task.completed"} | task_id="..."` finds the event, with its message, time and attributes."""
    persona = {"stringValue": "thesis"}
    sample.send_log(collector, attributes=sample.attributes(persona=persona))

    question = f'{{event_name="task.completed"}} | task_id="{sample.task_id}"'
    (row,) = wait_for(lambda: loki.query(question), "the event in Loki")
    assert (row["time_unix_nano"], row["body"]) == (sample.now, "Task completed")
    expected = {
        "event_name": "task.completed",
        "persona": "thesis",
        "task_id": sample.task_id,
        "quality": "0.82",
        "trace_id": sample.trace_id,
        "span_id": sample.span_id,
        "service_name": sample.service,
        "detected_level": "info",
    }
    assert {key: row["attributes"].get(key) for key in expected} == expected


def test_only_what_has_few_values_is_a_label(collector, loki, sample):
    """Event name, persona and service are labels; ids and attributes are not, or Loki would drown in streams."""
    sample.send_log(collector, attributes=sample.attributes(persona={"stringValue": "thesis"}))
    wait_for(lambda: loki.query(f'{{service_name="{sample.service}"}}'), "the event in Loki")

    assert set(loki.labels()) - {"__stream_shard__"} <= {"event_name", "persona", "service_name"}


def test_what_loki_needs_is_added_for_loki_alone(collector, loki, sample):
    """An event without message and severity gets both on its way to Loki; the file has it as it was sent."""
    sample.send_log(collector, body=None, severityNumber=0, severityText="")

    (row,) = wait_for(lambda: loki.query(f'{{service_name="{sample.service}"}}'), "the event in Loki")
    assert (row["body"], row["attributes"]["detected_level"]) == ("task.completed", "info")
    (kept,) = sample.in_file(collector)
    assert (kept["body"], kept["severity_number"], kept["severity"]) == (None, 0, "")
    assert "event_name" not in kept["attributes"]


def test_a_log_record_that_is_no_event_arrives_too(collector, loki, sample):
    """Ordinary log lines travel the same way, without an event name."""
    sample.send_log(collector, eventName="", body={"stringValue": "just a line"})

    (row,) = wait_for(lambda: loki.query(f'{{service_name="{sample.service}"}}'), "the line in Loki")
    assert row["body"] == "just a line"
    assert "event_name" not in row["attributes"]


def test_an_event_with_very_many_attributes_is_accepted(collector, loki, sample):
    """What the SDK lets through, Loki takes: hundreds of attributes, and a hundred kilobytes of them."""
    many = {f"key_{number}": {"stringValue": "x" * 500} for number in range(300)}
    sample.send_log(collector, attributes=sample.attributes(**many))

    assert wait_for(lambda: loki.query(f'{{service_name="{sample.service}"}} | key_299 != ""'), "the event in Loki")


def test_events_that_come_days_late_are_accepted(collector, loki, sample):
    """What was spooled through six days without a network is still taken, into a stream that has gone on."""
    six_days = 6 * 86_400 * 1_000_000_000
    sample.send_log(collector)
    question = f'{{service_name="{sample.service}"}}'
    wait_for(lambda: loki.query(question), "the newer event in Loki")

    sample.send_log(collector, timeUnixNano=str(sample.now - six_days))

    late = {"start_unix_nano": sample.now - six_days - 1, "end_unix_nano": sample.now - 1}
    assert wait_for(lambda: loki.query(question, **late), "the late event in Loki")


def test_grafanas_link_from_a_trace_finds_its_events(collector, loki, sample):
    """The query that Grafana sends for "logs of this trace" is one that Loki answers with the trace's events."""
    sample.send_log(collector)
    sources = yaml.safe_load((CONFIGURATION / "grafana" / "datasources" / "otel-events.yaml").read_text())
    (jaeger,) = [source for source in sources["datasources"] if source["type"] == "jaeger"]
    link = jaeger["jsonData"]["tracesToLogsV2"]["query"].replace("$${__trace.traceId}", sample.trace_id)

    (row,) = wait_for(lambda: loki.query(link), "the event in Loki")
    assert row["attributes"]["task_id"] == sample.task_id
