"""One event, one record: what goes to an OTLP endpoint by our own encoder, and by a program's LoggerProvider."""

import datetime as dt

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider

import otel_events as ev
from otel_events.accounting import Accounts
from otel_events.notices import Notices
from otel_events.otlp.encode import LogEncoder
from otel_events.sinks.otel import OtelSink
from tests.effort import examples
from tests.fresh import KeepingSink, fresh  # noqa: F401

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())  # half pairs too
    | st.text(min_size=1_000, max_size=3_000)
    | st.binary(max_size=2_000)
    | st.datetimes(timezones=st.just(dt.timezone.utc))
    | st.sampled_from([2**63, -(2**63) - 1, 10**400, "\0", "\ud800", "password=hunter2", {1, 2}, range(3), object])
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(min_size=1) | st.integers(), inner, max_size=4)
    ),
    max_leaves=12,
)
# No empty keys: the SDK leaves them out, as the specification asks of attributes.
payloads = st.dictionaries(st.text(st.characters(), min_size=1, max_size=8), values, max_size=6)
calls = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["evidence.added", "task.failed", "AlertTriggered", "seed planted", ""])
        | st.text(max_size=9),
        "message": st.none() | st.text(),
        "severity": st.none() | st.sampled_from(["debug", "warning", "FATAL", "nonsense"]) | st.integers(-1, 30),
        "timestamp": st.none() | st.integers(0, 2**64),
        "exception": st.none() | st.builds(ValueError, st.text()),
        "attributes": payloads,
        "bound": payloads | st.just({"session_id": "s-1", "task_id": "t-1", "cycle": 7}),
        "in_span": st.booleans(),
        "emitter": st.sampled_from([ev, ev.get_emitter("my.library", "1.2", schema_url="https://example.org/schema")]),
    }
)


def say(call, tracer):
    with ev.context(**{key if key.isidentifier() else "b": value for key, value in call["bound"].items()}):
        span = tracer.start_as_current_span("work") if call["in_span"] else ev.context()
        with span:
            call["emitter"].emit(
                call["name"],
                call["message"],
                severity=call["severity"],
                timestamp=call["timestamp"],
                exception=call["exception"],
                attributes=call["attributes"],
            )


def by_provider(events, resource):
    """Return the request that OpenTelemetry's own exporter makes of what our sink hands to a LoggerProvider."""
    exporter = InMemoryLogRecordExporter()
    provider = LoggerProvider(resource, shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    accounts = Accounts()
    OtelSink(provider, accounts=accounts, notices=Notices()).write(events)
    assert accounts.dropped.counts() == {}
    return encode_logs(exporter.get_finished_logs()).SerializeToString(deterministic=True)


def records(request):
    """Return every record of *request* with its scope, in the order of their uids."""
    found = []
    for group in ExportLogsServiceRequest.FromString(request).resource_logs:
        for scope in group.scope_logs:
            for record in scope.log_records:
                record.ClearField("dropped_attributes_count")  # for which a record of the API has no place
                found.append((scope.scope.name, scope.scope.version, scope.schema_url, record))
    return sorted(map(str, found), key=lambda text: text[text.find("log.record.uid") :])


@pytest.mark.usefixtures("fresh")
def test_our_encoder_and_a_logger_provider_make_the_same_record():
    """Whatever is emitted, and however large, deep or odd: the record is the same by either way."""
    kept = KeepingSink()
    ev.configure(
        service_name="s",
        sink=kept,
        flush_interval=60,
        attribute_value_length_limit=2_000,
        attribute_count_limit=8,
        deduplicate_errors=False,  # the same call may come twice
    )
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("t")
    resource = Resource({"service.name": "s"}, "https://example.org/schema")

    # Not shrunk: that takes minutes, and tells little more.
    @settings(
        deadline=None, max_examples=examples(60), suppress_health_check=list(HealthCheck), phases=[Phase.generate]
    )
    @given(st.lists(calls, min_size=1, max_size=6))
    def make_both(batch):
        kept.events.clear()
        for call in batch:
            say(call, tracer)
        assert ev.flush(10)
        events = list(kept.events)
        ours = LogEncoder(resource.attributes, resource.schema_url).encode(events)

        assert len(events) == len(batch)
        assert records(ours) == records(by_provider(events, resource))

    make_both()
