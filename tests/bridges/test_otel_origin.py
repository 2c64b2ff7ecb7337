"""The resource of a LoggerProvider stays with its records, wherever they go."""

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.sdk.resources import Resource as SdkResource

from otel_events.event import Event, InstrumentationScope, Resource
from otel_events.ledger.line import EventsFormat
from otel_events.ledger.read import LedgerReader
from otel_events.otel_logs import RecordMaker
from otel_events.otlp.encode import LogEncoder

OURS = {"service.name": "ours"}
THEIRS = Resource({"service.name": "theirs", "ports": [1, 2]}, "https://schema")
SCOPE = InstrumentationScope("lib")


def make(name, resource=None, **fields):
    return Event(name=name, timestamp=1, observed_timestamp=1, resource=resource, scope=SCOPE, **fields)


def test_in_otlp_records_stand_under_their_resource():
    """One request holds both, each with its schema; resources that are equal become one."""
    equal = Resource(dict(OURS))
    request = LogEncoder(OURS).encode([make("a"), make("b", THEIRS), make("c", equal), make("d", THEIRS)])
    found = [
        (group.resource.attributes[0].value.string_value, group.schema_url, [record.event_name for record in records])
        for group in ExportLogsServiceRequest.FromString(request).resource_logs
        for records in [[record for scope in group.scope_logs for record in scope.log_records]]
    ]

    assert found == [("ours", "", ["a", "c"]), ("theirs", "https://schema", ["b", "d"])]


@pytest.fixture
def ledger():
    return EventsFormat(service="ours", resource=OURS, writer_id="w")


def read(*lines):
    reader = LedgerReader()
    return [recorded for line in lines for recorded in reader.parse_line(line)]


def test_a_ledger_line_tells_of_another_resource(ledger):
    """And the reader gives it back: service, resource and schema; the next line of our own says nothing of it."""
    theirs, ours = read(
        ledger.header(), ledger.encode(make("a", THEIRS, uid="w-1")), ledger.encode(make("b", uid="w-2"))
    )

    assert (theirs.service, theirs.resource) == ("theirs", THEIRS.attributes)
    assert theirs.event.resource.schema_url == "https://schema"
    assert (ours.service, ours.resource, ours.event.resource) == ("ours", OURS, None)


def test_a_ledger_line_says_nothing_of_a_resource_equal_to_the_writer_s(ledger):
    """The header has said it."""
    assert b"origin" not in ledger.encode(make("a", Resource(dict(OURS))))


def test_a_plain_log_record_is_a_line_as_any_other(ledger):
    """Without a name and a severity it can be written and read again."""
    (recorded,) = read(ledger.encode(make("", THEIRS, severity=0, severity_text="", body={"k": [1, None]})))

    assert (recorded.event.name, recorded.event.severity, recorded.event.body) == ("", 0, {"k": [1, None]})


def test_exporters_of_others_get_it():
    """A record made for them has its own resource, or ours."""
    theirs, ours = RecordMaker(SdkResource(OURS)).make([make("a", THEIRS), make("b")])

    assert dict(theirs.resource.attributes) == {"service.name": "theirs", "ports": (1, 2)}
    assert theirs.resource.schema_url == "https://schema"
    assert dict(ours.resource.attributes) == OURS
