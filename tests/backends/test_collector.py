"""What the Collector promises: everything it accepted is in its JSONL files."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import LogsServiceStub
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs

from tools.backends.collector import Collector
from tools.backends.fetch import get_json, post_json
from tools.backends.process import BackendError

pytestmark = pytest.mark.backends


def test_an_event_arrives_with_its_name_ids_and_typed_attributes(collector, sample):
    """A log record with an event name is one row of events.jsonl, every value with its own type."""
    sample.send_log(
        collector,
        attributes=sample.attributes(
            cycle={"intValue": "9007199254740993"},
            ok={"boolValue": True},
            tags={"arrayValue": {"values": [{"stringValue": "a"}, {"intValue": "1"}]}},
            payload={"kvlistValue": {"values": [{"key": "a", "value": {"stringValue": "b"}}]}},
            raw={"bytesValue": "aGk="},
            nothing={},
        ),
    )

    assert sample.in_file(collector) == [
        {
            "name": "task.completed",
            "time_unix_nano": sample.now,
            "observed_time_unix_nano": sample.now + 1,
            "severity": "INFO",
            "severity_number": 9,
            "body": "Task completed",
            "attributes": {
                "task_id": sample.task_id,
                "quality": 0.82,
                "cycle": 9007199254740993,
                "ok": True,
                "tags": ["a", 1],
                "payload": {"a": "b"},
                "raw": b"hi",
                "nothing": None,
            },
            "trace_id": sample.trace_id,
            "span_id": sample.span_id,
            "scope": "by.hand",
            "resource": {"service.name": sample.service, "service.instance.id": sample.task_id},
        }
    ]


def test_a_span_arrives_with_its_span_events(collector, sample):
    """A span is one row of traces.jsonl, with the events that happened in it."""
    sample.send_span(collector)

    (row,) = [row for row in collector.spans() if row["span_id"] == sample.span_id]
    assert (row["name"], row["trace_id"], row["attributes"]["task_id"]) == ("draft", sample.trace_id, sample.task_id)
    assert row["events"] == [
        {
            "name": "evidence.added",
            "time_unix_nano": sample.now + 1_000_000,
            "attributes": {"task_id": sample.task_id, "quality": 0.82, "source": "paper.pdf"},
        }
    ]


def test_grpc_is_served_as_well(collector, sample):
    """The same file is filled over gRPC."""
    record = LogRecord(event_name="seed.germinated", time_unix_nano=sample.now)
    request = ExportLogsServiceRequest(
        resource_logs=[ResourceLogs(scope_logs=[ScopeLogs(log_records=[record])])],
    )
    with grpc.insecure_channel(collector.grpc_endpoint.removeprefix("http://")) as channel:
        LogsServiceStub(channel).Export(request, timeout=30)

    assert ("seed.germinated", sample.now) in {(row["name"], row["time_unix_nano"]) for row in collector.events()}


def test_what_was_answered_survives_a_crash_of_the_collector(own, tmp_path, sample):
    """A record is in the file once its sender has an answer; a restart appends to the file."""
    collector = own(Collector(tmp_path))
    sample.send_log(collector, eventName="task.started")

    collector.kill()
    collector.start()
    sample.send_log(collector, eventName="task.completed")

    assert [row["name"] for row in sample.in_file(collector)] == ["task.started", "task.completed"]


def test_many_senders_at_once_tear_no_lines(own, tmp_path, sample):
    """Lines of concurrent requests stay whole, and none is missing."""
    collector = own(Collector(tmp_path))
    names = [f"step.{number}" for number in range(200)]

    with ThreadPoolExecutor(max_workers=8) as senders:
        list(senders.map(lambda name: sample.send_log(collector, eventName=name), names))

    assert sorted(row["name"] for row in sample.in_file(collector)) == sorted(names)


def test_a_full_file_is_rotated_and_nothing_is_lost(own, tmp_path, sample):
    """Over its size limit the file is put aside under another name, which readers of ours read too."""
    small = "exporters: {file/events: {rotation: {max_megabytes: 1}}}"
    collector = own(Collector(tmp_path, overrides=(small,)))
    names = [f"step.{number}" for number in range(5)]

    for name in names:
        sample.send_log(collector, eventName=name, body={"stringValue": "x" * 400_000})

    assert len(list(collector.data_directory.glob("events-*.jsonl"))) == 2
    assert [row["name"] for row in sample.in_file(collector)] == names


def test_the_files_are_for_their_owner_only(own, tmp_path, sample):
    """Nobody else on the machine can enter the directory of the files, nor that of the queues."""
    collector = own(Collector(tmp_path))
    sample.send_log(collector)

    directories = (collector.data_directory, collector.data_directory / "queue")
    assert [path.stat().st_mode & 0o777 for path in directories] == [0o700, 0o700]


def test_garbage_is_refused_with_an_explanation(collector):
    """A request that is not OTLP gets an error status, and the Collector goes on."""
    with pytest.raises(OSError, match="400"):
        post_json(f"{collector.http_endpoint}/v1/logs", {"resourceLogs": "no list"})

    assert post_json(f"{collector.http_endpoint}/v1/logs", {}) == {"partialSuccess": {}}


def test_a_backend_that_cannot_start_says_why(own, tmp_path):
    """The error of a Collector with a broken setting holds what the Collector said about it."""
    with pytest.raises(BackendError, match="no_such_exporter"):
        own(Collector(tmp_path, overrides=("exporters: {no_such_exporter: {}}",)))


def test_a_question_that_fails_says_what_the_server_answered(jaeger):
    """An error status becomes an error that holds the server's own words."""
    with pytest.raises(OSError, match="service"):
        get_json(f"{jaeger.query_endpoint}/api/traces")
