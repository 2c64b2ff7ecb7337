"""`replay`: records arrive again as they were, once, and the counts are true."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from functools import partial

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from otel_events.event import Event, InstrumentationScope, Resource
from otel_events.ledger.read import read_lines
from otel_events.otlp.encode import LogEncoder
from tests import acceptor

MARK = "otel_events.replayed_at"
FIELDS = [name for name in Event.__slots__ if name not in {"attributes", "resource", "context", "bound"}]


def hard_event():
    """An event with everything that an event can have."""
    return Event(
        "evidence.added",
        1_771_095_683_123_456_789,
        1_771_095_684_000_000_001,
        severity=14,
        severity_text="achtung",
        body={"deep": [1, 2.5, None, b"\x00\xff"]},
        attributes={
            "int": 7, "float": 7.0, "big": 2**63 - 1, "negative": -0.0, "inf": math.inf, "bytes": b"\xfe",
            "list": [1, "two", [True]], "map": {"intValue": "3"}, "empty": "", "none": None, "text": "ü\x1b[31m\n",
            "task_id": "t-1", "cycle": 42, "session_id": "s-1",
        },
        trace_id=0x5B8EFFF798038103D269B633813FC60C,
        span_id=0xEEE19B7EC3C1B174,
        trace_flags=0,
        scope=InstrumentationScope("my.lib", "1.2", "https://example.com/schema", (("k", 1),)),
        uid="0f3a0f3a0f3a0f3a-11",
        dropped_attributes=3,
        resource=Resource({"service.name": "elsewhere", "n": 1}, "https://example.com/resource"),
    )  # fmt: skip


@pytest.fixture
def call(invoke):
    return partial(invoke, "replay")


def facts(event):
    attributes = {key: value for key, value in event.attributes.items() if key != MARK}
    resource = (dict(event.resource.attributes), event.resource.schema_url) if event.resource else None
    # By representation: 7 is not 7.0, and -0.0 is not 0.0.
    return repr(([getattr(event, name) for name in FIELDS], sorted(attributes.items()), resource))


def without_mark(request):
    """Return a request as the official classes read it, less the mark."""
    message = ExportLogsServiceRequest.FromString(request)
    for record in (r for g in message.resource_logs for s in g.scope_logs for r in s.log_records):
        kept = [pair for pair in record.attributes if pair.key != MARK]
        assert len(kept) == len(record.attributes) - 1
        del record.attributes[:]
        record.attributes.extend(sorted(kept, key=lambda pair: pair.key))
    return message


def test_a_ledger_gets_every_record_as_it_was(call, ledger, tmp_path):
    """Types, times, ids, scope, resource: all but the mark."""
    ledger(hard_event(), name="source.jsonl")

    replayed = call("source.jsonl", "--to", "copy.jsonl", "--speed", "max")

    assert (replayed.code, replayed.err) == (0, "")
    (before,) = read_lines(tmp_path / "source.jsonl")
    (after,) = read_lines(tmp_path / "copy.jsonl")
    assert facts(after.event) == facts(before.event)
    assert after.resource == before.resource


def test_an_endpoint_gets_the_very_records(call, ledger, tmp_path):
    """What is posted is what the original sender would have posted, but for the mark."""
    ledger(hard_event(), name="source.jsonl")

    with acceptor.HttpAcceptor() as receiver:
        replayed = call("source.jsonl", "--to", f"http://127.0.0.1:{receiver.port}", "--speed", "max")

    assert replayed.code == 0
    original = ExportLogsServiceRequest.FromString(LogEncoder({}).encode([hard_event()]))
    for record in (r for g in original.resource_logs for s in g.scope_logs for r in s.log_records):
        pairs = sorted(record.attributes, key=lambda pair: pair.key)
        del record.attributes[:]
        record.attributes.extend(pairs)
    assert without_mark(receiver.requests[0].posted) == original


def test_the_resource_of_the_writer_comes_along(call, ledger, event):
    """It stands in the header of the file, not in the line."""
    ledger(event("a", number=1), name="source.jsonl")

    with acceptor.HttpAcceptor() as receiver:
        call("source.jsonl", "--to", f"http://127.0.0.1:{receiver.port}", "--speed", "max")

    message = ExportLogsServiceRequest.FromString(receiver.requests[0].posted)
    (resource,) = [group.resource for group in message.resource_logs]
    assert {pair.key: pair.value.string_value for pair in resource.attributes} == {"service.name": "orchestrator"}


def test_grpc_works_as_well(call, ledger, event):
    """By `--protocol`."""
    ledger(event("a", number=1), name="source.jsonl")

    with acceptor.GrpcAcceptor() as receiver:
        replayed = call("source.jsonl", "--to", f"127.0.0.1:{receiver.port}", "--protocol", "grpc", "--speed", "max")
        plain = call(
            *("source.jsonl", "--to", f"http://127.0.0.1:{receiver.port}", "--protocol", "grpc", "--speed", "max")
        )

    assert (replayed.code, plain.code) == (1, 0)  # without a scheme gRPC means TLS
    assert receiver.names == ["a"]


def test_what_was_replayed_is_not_replayed_again(call, ledger, story):
    """So that no loop can come about, over however many files and machines."""
    first = call(story, "--to", "one.jsonl", "--speed", "max")
    second = call("one.jsonl", "--to", "two.jsonl", "--speed", "max", "--json")

    assert first.code == 0
    account = json.loads(second.out)
    assert (account["read"], account["accepted"], account["replayed_before"]) == (0, 0, 11)


@pytest.mark.parametrize("to", ["ledger", "ledger.jsonl", "./ledger.jsonl", "link.jsonl"])
def test_source_and_target_must_not_be_the_same_file(call, story, tmp_path, to):
    """Under whatever name; nothing is written then."""
    (tmp_path / "link.jsonl").symlink_to(story)
    before = story.read_bytes()

    refused = call(story, "--to", to, "--speed", "max")

    assert refused.code == 2
    assert "very ledger" in refused.err
    assert story.read_bytes() == before


def test_a_rotated_file_of_the_target_is_refused_too(call, story, ledger, event):
    """It is part of the same ledger, and would be read with it the next time."""
    ledger(event("old"), name="ledger-20260101T000000Z-000001.jsonl")

    refused = call("ledger-20260101T000000Z-000001.jsonl", "--to", "ledger", "--speed", "max")

    assert refused.code == 2


def test_a_filter_chooses(call, story):
    """Older spellings fit as well; nothing else is sent."""
    with acceptor.HttpAcceptor() as receiver:
        to = f"http://127.0.0.1:{receiver.port}"
        replayed = call("task_failed, alert.*", story, "--to", to, "--speed", "max")

    assert replayed.code == 0, replayed.err
    assert sorted(receiver.names) == ["alert.triggered", "task.failed"]


def test_speed_is_kept(call, ledger, event):
    """A record is not sent before it is due; how much later it may be is no promise."""
    ledger(event("a", 0), event("b", 0.4), event("c", 0.8), name="source.jsonl")

    with acceptor.HttpAcceptor() as receiver:
        began = time.monotonic()
        call("source.jsonl", "--to", f"http://127.0.0.1:{receiver.port}", "--speed", "2")

    at = {name: request.at for request in receiver.requests for name in request.names}  # more at once, if late
    assert receiver.names == ["a", "b", "c"]
    assert at["b"] - began >= 0.15
    assert at["c"] - began >= 0.35


@pytest.mark.parametrize("speed", ["1", "2", "max"])
def test_rebased_times_keep_their_distances_and_end_now(call, ledger, event, tmp_path, speed):
    """None is of the future: backends would refuse it."""
    ledger(event("a", 0), event("b", 0.05), event("c", 0.1), name="source.jsonl")

    begin = time.time_ns()
    call("source.jsonl", "--to", "copy.jsonl", "--speed", speed, "--rebase-time")

    times = [recorded.event.timestamp for recorded in read_lines(tmp_path / "copy.jsonl")]
    assert [at - times[0] for at in times] == [0, 50_000_000, 100_000_000]
    assert begin <= times[-1] <= time.time_ns()


@pytest.mark.slow
def test_a_pipe_can_be_replayed(process, ledger_bytes, event, tmp_path):
    """Unless the end of its times must be known before."""
    given = ledger_bytes([event("a", number=1)]).decode()

    replayed = process("replay", "-", "--to", "copy.jsonl", "--rebase-time", given=given)
    refused = process("replay", "-", "--to", "copy.jsonl", "--rebase-time", "--speed", "2", given=given)

    assert (replayed.returncode, replayed.stdout) == (0, "1 record accepted by copy.jsonl\n")
    assert refused.returncode == 2
    assert "pipe" in refused.stderr


def test_flat_lines_of_others_are_sent_under_the_names_of_the_catalogue(call, tmp_path):
    """An old ledger becomes what new tools know."""
    (tmp_path / "old.jsonl").write_text('{"event": "task_failed", "ts": 1771095683.5, "task_id": "t-1"}\n')

    with acceptor.HttpAcceptor() as receiver:
        call("old.jsonl", "--to", f"http://127.0.0.1:{receiver.port}", "--speed", "max")

    assert receiver.names == ["task.failed"]


def test_a_receiver_that_refuses_ends_it_with_a_true_account(call, ledger, event):
    """What arrived before, why it stopped, and where."""
    ledger(*(event(f"e{number}", number / 1000, number=number) for number in range(600)), name="source.jsonl")

    with acceptor.HttpAcceptor() as receiver:
        receiver.script.extend([acceptor.accept, acceptor.answer_with(401)])
        account = call("source.jsonl", "--to", f"http://127.0.0.1:{receiver.port}", "--speed", "max", "--json")

    told = json.loads(account.out)
    assert account.code == 1
    assert (told["accepted"], told["read"]) == (512, 600)
    assert told["failure"].startswith("HTTP 401")
    assert told["last"] == "2026-02-14T19:01:23.511000000Z"


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_ctrl_c_ends_it_with_a_true_account(ledger, event, environment, tmp_path):
    """In the middle of a wait: what was sent is told, and there is no traceback."""
    ledger(event("a", 0, number=1), event("b", 3600, number=2), name="source.jsonl")

    with acceptor.HttpAcceptor() as receiver:
        command = ["replay", "source.jsonl", "--to", f"http://127.0.0.1:{receiver.port}"]
        replay = subprocess.Popen(
            [sys.executable, "-m", "otel_events", *command],
            cwd=tmp_path,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        receiver.await_names(1)
        replay.send_signal(signal.SIGINT)
        out, err = replay.communicate(timeout=acceptor.PATIENCE)

    assert (replay.returncode, err) == (130, "")
    assert "stopped: interrupted" in out


def test_a_receiver_that_asks_for_time_gets_it(call, ledger, event):
    """As the OTLP specification says."""
    ledger(event("a", number=1), name="source.jsonl")

    with acceptor.HttpAcceptor() as receiver:
        receiver.script.append(acceptor.answer_with(503, Retry_After="0"))
        replayed = call("source.jsonl", "--to", f"http://127.0.0.1:{receiver.port}", "--speed", "max")

    assert replayed.code == 0
    assert receiver.names == ["a"]


def test_nobody_there_is_told_at_once(call, story):
    """With nothing counted as sent."""
    with acceptor.refusing_port() as port:
        refused = call(story, "--to", f"http://127.0.0.1:{port}", "--speed", "max")

    assert refused.code == 1
    assert refused.out.startswith("0 of 11 records accepted")


def test_what_is_no_event_is_counted(call, story):
    """Torn lines, foreign lines, spans: passed over, and told."""
    with story.open("a") as file:
        file.write('{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"x"}]}]}]}\nnonsense\n{"time":"20')

    replayed = call(story, "--to", "copy.jsonl", "--speed", "max")

    assert replayed.code == 0
    assert "1 span passed over" in replayed.out
    assert "2 lines (1 torn, 1 malformed)" in replayed.err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--speed", "0"), 2),
        (("--speed", "fast"), 2),
        (("--to", "nonsense"), 2),
        (("missing.jsonl", "--to", "copy.jsonl"), 3),
        (("--to", "copy.jsonl", "severity>"), 2),
        ((), 2),
    ],
)
def test_what_cannot_be_is_refused(call, story, arguments, code):
    """With a clear message, and no traceback."""
    refused = call(*arguments)

    assert refused.code == code
    assert "Traceback" not in refused.err
    assert refused.err


def test_the_schemas_of_the_collectors_file_come_along(call, tmp_path):
    """Of the resource and of the scope."""
    record = {"timeUnixNano": "1", "eventName": "a.b", "body": {"stringValue": "x"}}
    scope_logs = {"scope": {"name": "lib"}, "schemaUrl": "https://example.com/scope", "logRecords": [record]}
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
    group = {"resource": resource, "schemaUrl": "https://example.com/resource", "scopeLogs": [scope_logs]}
    (tmp_path / "source.json").write_text(json.dumps({"resourceLogs": [group]}) + "\n")

    with acceptor.HttpAcceptor() as receiver:
        call("source.json", "--to", f"http://127.0.0.1:{receiver.port}", "--speed", "max")

    (sent,) = ExportLogsServiceRequest.FromString(receiver.requests[0].posted).resource_logs
    assert (sent.schema_url, sent.scope_logs[0].schema_url) == (
        "https://example.com/resource",
        "https://example.com/scope",
    )
