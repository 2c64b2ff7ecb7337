"""Settings: what follows from several of them together."""

from __future__ import annotations

from typing import Any

import pytest

from otel_events.errors import ConfigurationError
from otel_events.settings import resolve

MIB = 1024 * 1024


def no_op(*_: object) -> None:
    pass


def problems_of(keywords: dict[str, Any], environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigurationError) as raised:
        resolve(keywords, environ or {})
    return list(raised.value.problems)


class TestDestination:
    @pytest.mark.parametrize(
        ("keywords", "environ", "logs", "traces"),
        [
            ({}, {}, "", ""),
            ({"endpoint": "http://c:1"}, {}, "otlp", "otlp"),
            ({}, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:1"}, "otlp", "otlp"),
            ({}, {"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://c:1"}, "otlp", ""),
            ({}, {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:1"}, "", "otlp"),
            ({}, {"OTEL_LOGS_EXPORTER": "otlp"}, "otlp", ""),
            ({}, {"OTEL_LOGS_EXPORTER": "otel_events", "OTEL_TRACES_EXPORTER": "otel_events"}, "otlp", "otlp"),
            ({}, {"OTEL_LOGS_EXPORTER": "console,mine"}, "console mine", ""),
            ({"endpoint": "http://c:1"}, {"OTEL_LOGS_EXPORTER": "none"}, "none", "otlp"),
            ({"endpoint": "http://c:1"}, {"OTEL_TRACES_EXPORTER": "console"}, "otlp", "console"),
            ({"sink": "ledger"}, {"OTEL_LOGS_EXPORTER": "otlp,console"}, "", ""),
            ({"sink": "otlp"}, {"OTEL_LOGS_EXPORTER": "none"}, "otlp", ""),
            (
                {"endpoint": "http://c:1"},
                {"OTEL_SDK_DISABLED": "true", "OTEL_LOGS_EXPORTER": "console"},
                "none",
                "none",
            ),
        ],
    )
    def test_choices(self, keywords, environ, logs, traces):
        """Exporters that are set decide, else an endpoint; sinks given in code stand above; disabled is nowhere."""
        settings, _ = resolve(keywords, environ)
        chosen = settings.destination

        def words(otlp, others, none):
            return " ".join(["otlp"] * otlp + list(others) + ["none"] * none)

        assert words(chosen.wants_otlp_logs, chosen.other_logs_exporters, chosen.logs_none) == logs
        assert words(chosen.wants_otlp_traces, chosen.other_traces_exporters, chosen.traces_none) == traces
        assert (settings.logs is not None, settings.traces is not None) == ("otlp" in logs, "otlp" in traces)

    def test_endpoint_given_is_known_apart_from_exporters(self):
        """`configure` can tell whether an endpoint for log records was set."""
        given_one = resolve({}, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:1", "OTEL_LOGS_EXPORTER": "none"})[0]
        given_none = resolve({}, {"OTEL_LOGS_EXPORTER": "otlp"})[0]

        assert (given_one.destination.endpoint_given, given_none.destination.endpoint_given) == (True, False)

    @pytest.mark.parametrize(("name", "protocol"), [("otlp_proto_http", "http/protobuf"), ("otlp_proto_grpc", "grpc")])
    def test_the_official_names_of_otlp_fix_the_protocol(self, name, protocol):
        """`otlp_proto_grpc` is `otlp` by gRPC, whatever the protocol's variable says."""
        settings, _ = resolve({}, {"OTEL_LOGS_EXPORTER": name})

        assert (settings.logs.protocol, settings.destination.other_logs_exporters) == (protocol, ())

    def test_a_route_to_otlp_has_an_endpoint(self):
        """Where only a route leads to OTLP, its endpoint is there, and the default way is another."""
        settings, _ = resolve({"sink": "ledger", "routes": {"alert.*": ["otlp"]}}, {})

        assert settings.logs.url == "http://localhost:4318/v1/logs"
        assert not settings.destination.wants_otlp_logs

    def test_sinks_may_be_objects(self):
        """A sink of the program's own is taken, and routes may name it."""

        class Mine:
            name = "mine"
            write = flush = close = no_op

        mine = Mine()
        settings, _ = resolve({"sink": [mine, "ledger"], "routes": [("a.*", "mine")]}, {})

        assert settings.sink == (mine, "ledger")
        assert resolve({"sink": mine}, {})[0].sink == (mine,)

    def test_sink_and_exporter_contradict(self):
        """Two keywords that both say where events go are an error."""
        assert problems_of({"sink": "ledger", "logs_exporter": "otlp"}) == [
            "sink and logs_exporter both say where events go; give one of them"
        ]

    @pytest.mark.parametrize("value", [True, False])
    def test_ledger_wanted_or_not(self, value):
        """`ledger=True` is the default path, `ledger=False` never; neither is the same as unset."""
        assert resolve({"ledger": value}, {"OTEL_EVENTS_LEDGER_PATH": "x"})[0].ledger is value

    def test_the_flat_ledger_is_rotated_only_when_asked(self):
        """Whoever follows the flat file with `tail -f` keeps following it."""
        quiet, _ = resolve({"ledger_format": "flat"}, {})
        asked, _ = resolve({"ledger_format": "flat", "ledger_max_bytes": "1MiB"}, {})

        assert (quiet.ledger_max_bytes, quiet.ledger_total_bytes, asked.ledger_max_bytes) == (None, None, MIB)


class TestBatches:
    @pytest.mark.parametrize(
        ("keywords", "environ", "batch", "queue", "told"),
        [
            ({}, {"OTEL_BLRP_MAX_QUEUE_SIZE": "100"}, 100, 100, []),
            ({"queue_events": 100}, {}, 100, 100, []),
            (
                {},
                {"OTEL_BLRP_MAX_QUEUE_SIZE": "100", "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE": "200"},
                100,
                100,
                ["OTEL_BLRP_MAX_EXPORT_BATCH_SIZE 200 is more than the queue of 100 holds; using 100"],
            ),
            (
                {"max_export_batch_size": 200},
                {"OTEL_BLRP_MAX_QUEUE_SIZE": "100"},
                200,
                None,
                ["OTEL_BLRP_MAX_QUEUE_SIZE of 100 is less than one batch of 200; it is ignored"],
            ),
        ],
    )
    def test_a_batch_fits_its_queue(self, keywords, environ, batch, queue, told):
        """A batch is never larger than the queue; what code gave stays, the environment gives way and is told."""
        settings, warnings = resolve(keywords, environ)

        assert (settings.max_export_batch_size, settings.queue_events, warnings) == (batch, queue, told)

    def test_keywords_that_do_not_fit_are_an_error(self):
        """Given both in code, a batch larger than its queue is a mistake."""
        assert problems_of({"max_export_batch_size": 200, "queue_events": 100}) == [
            "max_export_batch_size 200 is more than the queue of 100 holds"
        ]

    def test_spans_are_batched_like_events_unless_set(self):
        """OTEL_BSP_* count for spans alone; unset, the values of events hold."""
        settings, _ = resolve(
            {"flush_interval": 1}, {"OTEL_BLRP_MAX_QUEUE_SIZE": "4000", "OTEL_BSP_EXPORT_TIMEOUT": "5"}
        )

        assert settings.span_batch.flush_interval == 1.0
        assert (settings.span_batch.queue_events, settings.span_batch.export_timeout) == (4000, 0.005)
        assert settings.export_timeout is None

    def test_limits_are_those_of_the_sdk(self, monkeypatch):
        """What OpenTelemetry's SDK makes of the limits' variables, we make of them too."""
        from opentelemetry.sdk._logs import LogRecordLimits
        from opentelemetry.sdk.trace import SpanLimits

        environ = {
            "OTEL_ATTRIBUTE_COUNT_LIMIT": "11",
            "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "12",
            "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "13",
            "OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT": "14",
            "OTEL_SPAN_EVENT_COUNT_LIMIT": "15",
        }
        for name, text in environ.items():
            monkeypatch.setenv(name, text)
        logs, spans = LogRecordLimits(), SpanLimits()
        ours, _ = resolve({}, environ)
        limits = ours.span_limits

        assert (ours.attribute_count_limit, ours.attribute_value_length_limit) == (
            logs.max_log_record_attributes,
            logs.max_log_record_attribute_length,
        )
        assert (limits.attribute_count, limits.attribute_value_length, limits.event_count, limits.link_count) == (
            spans.max_span_attributes,
            spans.max_span_attribute_length,
            spans.max_events,
            spans.max_links,
        )
        assert (limits.event_attribute_count, limits.link_attribute_count) == (
            spans.max_event_attributes,
            spans.max_link_attributes,
        )


class TestSampler:
    @pytest.mark.parametrize(
        ("environ", "argument"),
        [
            ({"OTEL_TRACES_SAMPLER_ARG": "0.5"}, None),
            ({"OTEL_TRACES_SAMPLER": "parentbased_traceidratio"}, 1.0),
            ({"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "1e-3"}, 0.001),
            ({"OTEL_TRACES_SAMPLER": "jaeger_remote", "OTEL_TRACES_SAMPLER_ARG": "endpoint=x"}, "endpoint=x"),
        ],
    )
    def test_argument(self, environ, argument):
        """The ratio samplers take a part, those of others a text, the rest nothing."""
        settings, warnings = resolve({}, environ)

        assert (settings.sampler_arg, warnings) == (argument, [])

    def test_an_argument_in_code_that_nobody_reads_is_an_error(self):
        """`sampler_arg` without a sampler that takes one would sample nothing in silence."""
        assert problems_of({"sampler_arg": 0.5}) == ["sampler_arg is of no use to the sampler 'parentbased_always_on'"]

    def test_a_sampler_may_be_an_object(self):
        """A Sampler made in code is taken as it is."""
        from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

        assert resolve({"sampler": ALWAYS_OFF}, {})[0].sampler is ALWAYS_OFF
