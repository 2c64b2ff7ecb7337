"""What the server does with OTLP, right and wrong: the real process, asked over the real wire."""

import gzip
import json
import zlib

import grpc
import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_events.ledger.read import read_ledger
from tests.program import ledger_events, run_program
from tests.server.served import serving

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("served")) as served:
        yield served


def request(*names, service="program", **attributes):
    """An `ExportLogsServiceRequest` with one record of each name."""
    message = ExportLogsServiceRequest()
    group = message.resource_logs.add()
    group.resource.attributes.add(key="service.name").value.string_value = service
    for number, name in enumerate(names):
        record = group.scope_logs.add().log_records.add(
            event_name=name, time_unix_nano=1_771_095_683_000_000_000 + number
        )
        for key, value in attributes.items():
            record.attributes.add(key=key).value.string_value = value
    return message


def named(served, name):
    return [line for line in ledger_events(served.ledger) if line["event"] == name]


@pytest.mark.room
@pytest.mark.parametrize(
    "env",
    [
        {},
        {"OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"},
        {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
        {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"},
    ],
)
def test_a_program_with_the_sdk_sends_events_and_spans(served, env, tmp_path):
    """Over HTTP and gRPC, compressed or not: what it emitted stands in the ledger, its task's span in the file beside."""
    name = f"page.read_{'_'.join(env.values()).replace('/', '_') or 'plain'}".lower()
    if env.get("OTEL_EXPORTER_OTLP_PROTOCOL") == "grpc":
        env["OTEL_EXPORTER_OTLP_ENDPOINT"] = f"http://127.0.0.1:{served.ports['grpc']}"
    ran = run_program(
        f"""
        import time
        ev.configure(service_name="reader")
        with ev.session("s-1"), ev.task({name!r}, task_id={name!r}):
            for number in range(100):
                ev.emit({name!r}, number=number, odd=[1.5, {{"a": None}}, b"x"])
        ev.flush(timeout=20)
        while any(spool.records for spool in ev.stats().spools):
            time.sleep(0.02)
        print(json.dumps(ev.shutdown(timeout=20)))
        """,
        tmp_path,
        **{**served.senders(), **env},
    )

    assert (ran.said, ran.err) == (True, "")
    lines = named(served, name)
    assert sorted(line["attributes"]["number"] for line in lines) == list(range(100))
    assert {(line["service"], line["task_id"], line["session_id"]) for line in lines} == {("reader", name, "s-1")}
    assert lines[0]["attributes"]["odd"] == [1.5, {"a": None}, {"bytesValue": "eA=="}]
    assert name in served.ledger.with_name("spans.events.jsonl").read_text()


def test_json_is_taken_as_well(served):
    """In OTLP's JSON: ids in hexadecimal, 64-bit integers as text; answered in JSON."""
    body = {
        "resourceLogs": [
            {
                "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "browser"}}]},
                "scopeLogs": [
                    {
                        "scope": {"name": "ui", "version": "2"},
                        "logRecords": [
                            {
                                "timeUnixNano": "1771095683000000001",
                                "severityNumber": 17,
                                "severityText": "ERROR",
                                "eventName": "button.pressed",
                                "body": {"stringValue": "Pressed"},
                                "attributes": [
                                    {"key": "count", "value": {"intValue": "9007199254740993"}},
                                    {"key": "task_id", "value": {"stringValue": "t-9"}},
                                ],
                                "traceId": "5b8efff798038103d269b633813fc60c",
                                "spanId": "eee19b7ec3c1b174",
                                "somethingNew": 1,
                            }
                        ],
                    }
                ],
            }
        ]
    }

    answer = served.post("/v1/logs", json.dumps(body).encode(), content_type="application/json; charset=utf-8")

    assert (answer.status_code, answer.headers["content-type"], answer.json()) == (200, "application/json", {})
    (line,) = named(served, "button.pressed")
    line = {key: line[key] for key in ("time", "severity", "message", "task_id", "trace_id", "span_id", "attributes")}
    assert line == {
        "time": "2026-02-14T19:01:23.000000001Z",
        "severity": "ERROR",
        "message": "Pressed",
        "task_id": "t-9",
        "trace_id": "5b8efff798038103d269b633813fc60c",
        "span_id": "eee19b7ec3c1b174",
        "attributes": {"count": 9_007_199_254_740_993},
    }


def test_spans_in_json_are_taken(served):
    """With their ids as they are."""
    span = {
        "traceId": "5b8efff798038103d269b633813fc60d",
        "spanId": "eee19b7ec3c1b175",
        "name": "click",
        "startTimeUnixNano": "1771095683000000000",
        "endTimeUnixNano": "1771095684000000000",
    }
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}

    assert served.post("/v1/traces", json.dumps(body).encode(), content_type="application/json").status_code == 200
    assert '"traceId":"5b8efff798038103d269b633813fc60d"' in served.ledger.with_name("spans.events.jsonl").read_text()


def test_metrics_are_answered_honestly(served):
    """All points are rejected, with a word on what to do, and nothing is pretended."""
    message = ExportMetricsServiceRequest()
    metric = message.resource_metrics.add().scope_metrics.add().metrics.add(name="x")
    metric.gauge.data_points.add()
    metric.gauge.data_points.add()

    answer = served.post("/v1/metrics", message.SerializeToString())
    said = ExportMetricsServiceResponse.FromString(answer.content).partial_success

    assert (answer.status_code, said.rejected_data_points) == (200, 2)
    assert "OTEL_METRICS_EXPORTER=none" in said.error_message
    assert served.post("/v1/metrics", b"").content == b""


def test_an_event_that_is_too_long_is_rejected_and_the_others_are_kept(served):
    """Partial success says how many and why."""
    message = request("huge.event", text="x" * (1 << 20))
    message.MergeFrom(request("small.event"))

    answer = served.post("/v1/logs", message.SerializeToString())
    said = ExportLogsServiceResponse.FromString(answer.content).partial_success

    assert (answer.status_code, said.rejected_log_records) == (200, 1)
    assert "1,048,576 bytes" in said.error_message
    assert (len(named(served, "huge.event")), len(named(served, "small.event"))) == (0, 1)


def test_a_huge_attribute_below_that_is_kept_whole(served):
    """Nothing is cut in silence."""
    assert served.post("/v1/logs", request("large.event", text="é" * 500_000).SerializeToString()).status_code == 200
    (line,) = named(served, "large.event")
    assert line["attributes"]["text"] == "é" * 500_000


def _deep(depth):
    return b'{"resourceLogs":' + b"[" * depth + b"]" * depth + b"}"


def _request_of(records):
    """An `ExportLogsServiceRequest` whose one scope holds *records*, encoded."""
    return _field(1, _field(2, records))


def _field(number, content):
    length, size = bytearray(), len(content)
    while size > 0x7F:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([number << 3 | 2, *length, size]) + content


def _bomb():
    """Return a gzip of a gigabyte of zeros, without its end, which nobody should come to."""
    packer = zlib.compressobj(9, wbits=31)
    head, block = (packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return head + 999 * block  # after a full flush a block stands for itself


BOMB = _bomb()


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (400, b"\xff\xff\xff", {}),
        (400, request("x.y").SerializeToString()[:-3], {}),
        (400, b"{", {"content_type": "application/json"}),
        (400, b"[]", {"content_type": "application/json"}),
        (400, b'{"resourceLogs": 7}', {"content_type": "application/json"}),
        (
            400,
            b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"traceId":"xyz"}]}]}]}',
            {"content_type": "application/json"},
        ),
        (400, _deep(200), {"content_type": "application/json"}),
        (413, _deep(1_000_000), {"content_type": "application/json"}),
        (400, b"no gzip", {"content_encoding": "gzip"}),
        (400, gzip.compress(b"x" * 100, mtime=0)[:-9], {"content_encoding": "gzip"}),
        (413, BOMB, {"content_encoding": "gzip"}),
        (
            413,
            gzip.compress(bytes(17 << 20), mtime=0),
            {"content_encoding": "gzip", "content_type": "application/json"},
        ),
        (413, bytes((16 << 20) + 1), {}),
        # Of two or three bytes each: millions of resources, of records, of attributes.
        (413, b"\n\0" * 8_000_000, {}),
        (413, _request_of(b"\x12\0" * 8_000_000), {}),
        (413, gzip.compress(_request_of(b"\x12\0" * 8_000_000), mtime=0), {"content_encoding": "gzip"}),
        (413, b'{"resourceLogs":[' + b"{}," * 5_000_000 + b"{}]}", {"content_type": "application/json"}),
        (
            413,
            b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"attributes":[' + b"{}," * 5_000_000 + b"{}]}]}]}]}",
            {"content_type": "application/json"},
        ),
        (415, b"", {"content_encoding": "zstd"}),
        (415, b"x", {"content_type": "text/plain"}),
        (415, b"x", {"content_type": ""}),
    ],
)
def test_what_is_no_request_is_refused_with_a_reason(served, status, body, headers):
    """Malformed, bombs, oversized and unknown forms: a status by the specification, a Status that says why, no harm."""
    answer = served.post("/v1/logs", body, **headers)

    assert answer.status_code == status
    is_json = headers.get("content_type") == "application/json"
    assert answer.json()["message"] if is_json else Status.FromString(answer.content).message
    assert served.post("/v1/logs", request("still.alive").SerializeToString()).status_code == 200


def test_a_body_without_length_is_bounded_too(served):
    """Sent in pieces without end, it is refused when it is too long."""
    answer = served.post("/v1/logs", (bytes(1 << 20) for _ in range(40)))

    assert answer.status_code == 413


def test_odd_values_are_stored_and_read_back(served):
    """Ids of no proper length, times beyond any calendar, no time at all, a name with quotes: each a line that is read."""
    message = request("odd.one", "odd.two", 'odd."three"\n')
    one, two, three = (each.log_records[0] for each in message.resource_logs[0].scope_logs)
    one.trace_id, one.span_id = b"x" * 40, b"y" * 20
    two.time_unix_nano = 2**64 - 1
    two.severity_number = 2_000_000
    three.time_unix_nano = 0
    three.attributes.add(key="task_id").value.array_value.values.add().int_value = 7

    assert served.post("/v1/logs", message.SerializeToString()).status_code == 200
    found = [each.event for each in read_ledger(served.ledger) if each.event.name.startswith("odd.")]
    assert [event.name for event in found] == ["odd.one", "odd.two", 'odd."three"\n']
    assert (found[0].trace_id, found[1].timestamp, found[2].attributes["task_id"]) == (0, 2**64 - 1, [7])
    assert found[2].timestamp > 1_700_000_000_000_000_000


def test_the_same_batch_is_stored_once(served):
    """A sender that got no answer sends again."""
    message = request("twice.sent", **{"log.record.uid": "0123456789abcdef-1"})
    for _ in range(2):
        assert served.post("/v1/logs", message.SerializeToString()).status_code == 200

    assert len(named(served, "twice.sent")) == 1


@pytest.mark.parametrize(
    ("method", "body", "code"),
    [
        ("logs.v1.LogsService", b"\xff\xff", grpc.StatusCode.INVALID_ARGUMENT),
        ("trace.v1.TraceService", b"\xff\xff", grpc.StatusCode.INVALID_ARGUMENT),
        ("logs.v1.LogsService", bytes((16 << 20) + 1), grpc.StatusCode.RESOURCE_EXHAUSTED),
    ],
)
def test_grpc_refuses_by_its_own_codes(served, method, body, code):
    """Malformed and oversized messages end their call, not the server."""
    with grpc.insecure_channel(f"127.0.0.1:{served.ports['grpc']}") as channel:
        export = channel.unary_unary(f"/opentelemetry.proto.collector.{method}/Export")
        with pytest.raises(grpc.RpcError) as caught:
            export(body, timeout=30)
        assert caught.value.code() == code
        assert export(ExportTraceServiceRequest().SerializeToString(), timeout=30) == b""
