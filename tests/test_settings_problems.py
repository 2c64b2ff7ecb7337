"""Settings: what is wrong is told at once, with what was meant, and without secrets."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from otel_events.errors import ConfigurationError
from otel_events.settings import KEYWORDS, SETTINGS, SIGNALS, Settings, resolve

OTLP = {"OTEL_LOGS_EXPORTER": "otlp", "OTEL_TRACES_EXPORTER": "otlp"}


def warnings_of(keywords: dict[str, Any], environ: dict[str, str]) -> list[str]:
    return resolve(keywords, environ)[1]


def problems_of(keywords: dict[str, Any], environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigurationError) as raised:
        resolve(keywords, environ or {})
    return list(raised.value.problems)


class TestProblems:
    def test_all_are_told_at_once_with_suggestions(self):
        """Nobody mends keywords one run at a time, and a slip of the pen is shown the word that was meant."""
        problems = problems_of(
            {"endpont": "x", "durability": "asnyc", "span_limits": {"evnt_count": 1}, "timeout": "soon", "logs": 3}
        )

        assert problems == [
            "unknown keyword 'endpont' (did you mean 'endpoint'?)",
            "span_limits has the unknown key 'evnt_count' (did you mean 'event_count'?)",
            "logs must be a mapping, not 3",
            "durability must be one of 'memory', 'async', 'journal', 'sync', not 'asnyc' (did you mean 'async'?)",
            "timeout must be a number of seconds, 0 (no limit) or more, not 'soon'",
        ]

    def test_a_wrong_variable_names_the_value_used_instead(self):
        """The warning holds the variable, what was wrong, and what is used."""
        warnings = warnings_of({}, {"OTEL_EVENTS_DURABILITY": "asink", "OTEL_SDK_DISABLED": "1"})

        assert warnings == [
            "OTEL_SDK_DISABLED='1' is not 'true' or 'false'; using False, the default",
            "OTEL_EVENTS_DURABILITY='asink' is not one of 'memory', 'async', 'journal', 'sync' (did you mean 'async'?); using 'async', the default",
        ]

    def test_a_wrong_variable_gives_way_to_the_next(self):
        """Where a signal's own variable cannot be used, the general one is, and the warning says so."""
        settings, warnings = resolve(
            {},
            OTLP | {"OTEL_EXPORTER_OTLP_LOGS_TIMEOUT": "soon", "OTEL_EXPORTER_OTLP_TIMEOUT": "3"},
        )

        assert settings.logs.timeout == 3.0
        assert warnings == [
            "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT='soon' is not a number of seconds, 0 (no limit) or more; using 3.0, from OTEL_EXPORTER_OTLP_TIMEOUT"
        ]

    def test_a_variable_that_many_settings_read_is_told_once(self):
        """OTEL_ATTRIBUTE_COUNT_LIMIT serves four limits; its mistake is one warning."""
        assert len(warnings_of({}, {"OTEL_ATTRIBUTE_COUNT_LIMIT": "lots"})) == 1

    def test_a_misspelt_variable_of_ours_is_told(self):
        """A near miss is told; variables of other parts are left alone."""
        warnings = warnings_of({}, {"OTEL_EVENTS_LEGDER_PATH": "x", "OTEL_EVENTS_BACKENDS_DIR": "y", "OTEL_X": "z"})

        assert warnings == [
            "OTEL_EVENTS_LEGDER_PATH is no setting and is ignored (did you mean 'OTEL_EVENTS_LEDGER_PATH'?)"
        ]

    def test_milliseconds_for_seconds_are_doubted(self):
        """The exporter's timeout is read in seconds; ten thousand of them are taken, but not in silence."""
        settings, warnings = resolve({}, OTLP | {"OTEL_EXPORTER_OTLP_TIMEOUT": "10000"})

        assert settings.logs.timeout == 10000.0
        assert "write 10 if milliseconds were meant" in warnings[0]

    def test_http_json_becomes_http_protobuf(self):
        """A protocol of the specification that we do not speak is replaced, with a warning."""
        settings, warnings = resolve({}, OTLP | {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"})

        assert settings.logs.protocol == "http/protobuf"
        assert warnings == ["OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' is not supported; using 'http/protobuf'"]

    @pytest.mark.parametrize(
        ("endpoint", "hint"),
        [("http://c:4318/v1/logs", "appended"), ("http://c:4317", "'grpc' may be meant")],
    )
    def test_endpoints_that_are_likely_mistakes_are_doubted(self, endpoint, hint):
        """A base URL with a signal's path, and gRPC's port under HTTP, are taken as given and told."""
        assert [hint in warning for warning in warnings_of({"endpoint": endpoint}, {})] == [True]

    def test_names_that_are_not_installed_are_refused(self):
        """Given a way to ask, names of exporters, samplers and propagators are checked."""

        def installed(group):
            return {"opentelemetry_logs_exporter": {"mine"}}.get(group, set())

        environ = {
            "OTEL_LOGS_EXPORTER": "mine,yours",
            "OTEL_TRACES_EXPORTER": "zipkin",
            "OTEL_TRACES_SAMPLER": "sometimes",
            "OTEL_PROPAGATORS": "b3,baggage",
        }
        settings, warnings = resolve({}, environ, installed=installed)

        assert (settings.logs_exporter, settings.traces_exporter) == (("mine",), None)
        assert (settings.sampler, settings.propagators) == ("parentbased_always_on", ("baggage",))
        assert sorted(warning.partition(" ")[0] for warning in warnings) == sorted(environ)
        with pytest.raises(ConfigurationError, match="'theirs', which is not installed"):
            resolve({"logs_exporter": "theirs"}, {}, installed=installed)

    def test_secrets_are_never_shown(self):
        """Neither a warning, nor an error, nor the repr of settings holds a header's value or a URL's password."""
        environ = OTLP | {
            "OTEL_EXPORTER_OTLP_HEADERS": "authorization=hush,x=hush%0Ahush,hush",
            "OTEL_EXPORTER_OTLP_ENDPOINT": "https://me:hush@c:4318",
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "ftp://me:hush/hush@c",
        }
        settings, warnings = resolve({}, environ)
        problems = problems_of({"endpoint": "ftp://me:hush@" + "c" * 200, "headers": {"a": "hu\nsh"}, "logs": "hush@c"})

        assert settings.logs.headers == {"authorization": "hush"}
        assert len(warnings) == 2
        assert "hush" not in repr(settings) + repr(warnings) + repr(problems)

    def test_values_with_hostile_methods_are_problems(self):
        """Whatever a value's own methods raise, the answer is a ConfigurationError."""

        class Hostile(dict):
            def __repr__(self):
                raise RuntimeError

            def items(self):
                raise RuntimeError

            def __index__(self):
                raise RuntimeError

        names = ("headers", "queue_bytes", "routes", "span_event_overrides", "queue_events")

        assert len(problems_of(dict.fromkeys(names, Hostile({"a": 1})))) == len(names)


TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["true", "none", "otlp,none", "0", "-1", "1e999", "9" * 400, "http://[", "a=%ff,=", "\udcff", "ﬁ", "٣"]
    ),
)
ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), TEXTS, st.binary(max_size=3), st.lists(TEXTS, max_size=2),
    st.dictionaries(TEXTS, st.one_of(TEXTS, st.integers()), max_size=2), st.just(object()), st.just(int),
)  # fmt: skip
ALL_VARIABLES = sorted(
    {v.name for setting in SETTINGS.values() for signal in ("", *SIGNALS) for v in setting.variables(signal)}
)


# Hypothesis builds its tables of characters at first use; neither that nor a busy machine is a failure.
unhurried = hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_a_route_of_the_environment_to_a_sink_that_there_is_not_is_left_out():
    """The others hold."""
    settings, warnings = resolve({}, {"OTEL_EVENTS_ROUTES": "alert.*=nowhere,seed.*=ledger"})

    assert settings.routes == (("seed.*", ("ledger",)),)
    assert any("'nowhere', which is none of" in warning for warning in warnings)


class TestAnyInput:
    @unhurried
    @given(st.dictionaries(st.sampled_from(ALL_VARIABLES), TEXTS, max_size=6))
    def test_no_environment_stops_a_program(self, environ):
        """Whatever the variables hold, settings come out, and every warning names a variable that is set."""
        settings, warnings = resolve({}, environ)

        assert isinstance(settings, Settings)
        assert all(re.split(r"[=: ]", warning, maxsplit=1)[0] in environ for warning in warnings)

    @unhurried
    @given(st.dictionaries(st.one_of(st.sampled_from(sorted(KEYWORDS)), TEXTS), ANYTHING, max_size=5))
    def test_wrong_keywords_are_one_error(self, keywords):
        """Whatever is given as keywords, the only error is ConfigurationError."""
        try:
            resolve(keywords, {})
        except ConfigurationError as error:
            assert error.problems  # noqa: PT017 - most keywords are right, and then nothing is raised
