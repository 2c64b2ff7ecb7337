"""Settings: where a signal is sent, and as whose."""

from __future__ import annotations

from pathlib import Path

import pytest

from otel_events.errors import ConfigurationError
from otel_events.settings import resolve

OTLP = {"OTEL_LOGS_EXPORTER": "otlp", "OTEL_TRACES_EXPORTER": "otlp"}
LONGEST = (2**31 - 1) / 1000


class TestService:
    @pytest.mark.parametrize(
        ("keywords", "environ", "name"),
        [
            ({}, {"OTEL_RESOURCE_ATTRIBUTES": "service.name=env"}, "env"),
            ({}, {"OTEL_RESOURCE_ATTRIBUTES": "service.name=env", "OTEL_SERVICE_NAME": "own"}, "own"),
            ({"resource_attributes": {"service.name": "key"}}, {"OTEL_SERVICE_NAME": "own"}, "key"),
            ({"service_name": "k", "resource_attributes": {"service.name": "key"}}, {"OTEL_SERVICE_NAME": "own"}, "k"),
        ],
    )
    def test_service_name(self, keywords, environ, name):
        """The service's name: keyword, then OTEL_SERVICE_NAME, then OTEL_RESOURCE_ATTRIBUTES."""
        settings, _ = resolve(keywords, environ)

        assert (settings.service_name, settings.resource_attributes["service.name"]) == (name, name)

    def test_keywords_are_laid_over_the_environment(self):
        """A resource attribute, header or bound attribute given in code leaves the environment's others in place."""
        settings, _ = resolve(
            {"resource_attributes": {"b": 2}, "headers": {"B": "2"}, "attributes": {"b": 2}},
            OTLP
            | {
                "OTEL_RESOURCE_ATTRIBUTES": "a=1,b=1",
                "OTEL_EXPORTER_OTLP_HEADERS": "a=1,b=1",
                "OTEL_EVENTS_ATTRIBUTES": "a=1,b=1",
            },
        )

        assert settings.attributes == {"a": "1", "b": 2}
        assert settings.logs.headers == {"a": "1", "b": "2"}
        assert {key: settings.resource_attributes[key] for key in "ab"} == {"a": "1", "b": 2}

    def test_a_pair_that_cannot_be_read_is_left_out(self):
        """The other pairs of a list count, and one warning names the items."""
        settings, warnings = resolve({}, {"OTEL_EVENTS_ATTRIBUTES": "task_id=t,oops,cycle=x,a=%ff,persona=p=q,"})

        assert settings.attributes == {"task_id": "t", "persona": "p=q"}
        assert warnings == [
            "OTEL_EVENTS_ATTRIBUTES: item 2 is not of the form key=value; it is left out, item 3 must be a whole number, not 'x'; it is left out, item 4 is not percent-encoded UTF-8; it is left out"
        ]

    def test_settings_are_frozen(self):
        """What was resolved cannot be changed, mappings included, nor does it share the caller's."""
        mine = {"a": "1"}
        settings, _ = resolve({"attributes": mine}, {})
        mine["b"] = "2"

        assert settings.attributes == {"a": "1"}
        with pytest.raises(TypeError):
            settings.attributes["c"] = "3"
        with pytest.raises(AttributeError):
            settings.strict = True


class TestEndpoints:
    @pytest.mark.parametrize(
        ("environ", "logs", "traces"),
        [
            ({"": "http://c:4318"}, "http://c:4318/v1/logs", "http://c:4318/v1/traces"),
            ({"": "http://c:4318/my/"}, "http://c:4318/my/v1/logs", "http://c:4318/my/v1/traces"),
            ({"": "https://c/my?k=1#x"}, "https://c/my/v1/logs?k=1", "https://c/my/v1/traces?k=1"),
            ({"TRACES_": "http://c:4318"}, None, "http://c:4318/"),
            ({"LOGS_": "https://c/v1/logs/"}, "https://c/v1/logs/", None),
            ({"": "http://c:1", "LOGS_": "https://d/x"}, "https://d/x", "http://c:1/v1/traces"),
            ({"": "http://[::1]:4318"}, "http://[::1]:4318/v1/logs", "http://[::1]:4318/v1/traces"),
            ({"": "http://c:99999"}, None, None),
            ({"": "http://"}, None, None),
            ({"": "c:4318"}, None, None),
        ],
    )
    def test_urls(self, environ, logs, traces):
        """URLs are made by the rules of the OTLP exporter specification, its examples included."""
        settings, _ = resolve({}, {f"OTEL_EXPORTER_OTLP_{signal}ENDPOINT": url for signal, url in environ.items()})

        assert (settings.logs and settings.logs.url, settings.traces and settings.traces.url) == (logs, traces)

    @pytest.mark.parametrize(
        ("endpoint", "insecure", "expected_insecure"),
        [
            (None, None, True),
            ("http://c:4317", False, True),
            ("https://c:4317", True, False),
            ("c:4317", None, False),
            ("c:4317", True, True),
        ],
    )
    def test_grpc_targets(self, endpoint, insecure, expected_insecure):
        """For gRPC the endpoint stays as it is; its scheme decides on TLS, and only without one `insecure` does."""
        settings, warnings = resolve(
            {"protocol": "grpc", "endpoint": endpoint, "insecure": insecure, "logs_exporter": "otlp"}, {}
        )

        assert (settings.logs.url, settings.logs.insecure) == (endpoint or "http://localhost:4317", expected_insecure)
        assert warnings == []

    def test_headers_that_grpc_cannot_carry_are_refused(self):
        """From a variable they alone are left out, and told; in code they are an error. Over HTTP they are sent."""
        environ = OTLP | {"OTEL_EXPORTER_OTLP_HEADERS": "authorization=a,x-bin=b,a*b=c"}
        grpc, warnings = resolve({"protocol": "grpc"}, environ)
        http, _ = resolve({}, environ)

        assert grpc.logs.headers == {"authorization": "a"}
        assert warnings == [
            "OTEL_EXPORTER_OTLP_HEADERS names 'x-bin', 'a*b', which cannot be metadata of gRPC; that is left out"
        ]
        assert set(http.logs.headers) == {"authorization", "x-bin", "a*b"}
        with pytest.raises(ConfigurationError, match="'x-bin', which cannot be metadata"):
            resolve({"protocol": "grpc", "headers": {"x-bin": "b"}}, OTLP)

    def test_a_keyword_for_one_signal_leaves_the_other(self):
        """`traces={...}` is the form in code of the TRACES_ variables."""
        settings, _ = resolve(
            {
                "endpoint": "http://c:1",
                "traces": {"endpoint": "jaeger:4317", "protocol": "grpc", "headers": {"a": "1"}},
            },
            {},
        )

        assert (settings.logs.url, settings.logs.headers) == ("http://c:1/v1/logs", {})
        assert (settings.traces.url, settings.traces.headers) == ("jaeger:4317", {"a": "1"})

    def test_zero_is_no_limit(self):
        """A timeout of zero is the longest that every platform can wait, as the specification suggests."""
        by_keyword, _ = resolve({"timeout": 0, "endpoint": "http://c:1"}, {})
        by_variable, _ = resolve({}, OTLP | {"OTEL_EXPORTER_OTLP_TIMEOUT": "0"})

        assert (by_keyword.logs.timeout, by_variable.logs.timeout) == (LONGEST, LONGEST)

    @pytest.mark.parametrize(
        "environ",
        [
            {},
            {"ENDPOINT": "http://c:4318/my/", "HEADERS": "A=b%20c,d=e f"},
            {"ENDPOINT": "http://c:1", "LOGS_ENDPOINT": "https://d/x", "TIMEOUT": "3", "LOGS_TIMEOUT": "0.5"},
            {"HEADERS": "a=1", "LOGS_HEADERS": "b=2"},
        ],
    )
    def test_the_same_as_the_official_exporter(self, environ, monkeypatch):
        """What OpenTelemetry's own HTTP exporter makes of the environment, we make of it too."""
        from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter

        environ = {f"OTEL_EXPORTER_OTLP_{name}": text for name, text in environ.items()}
        for name, text in environ.items():
            monkeypatch.setenv(name, text)
        theirs = OTLPLogExporter()
        ours = resolve({}, OTLP | environ)[0].logs
        their_headers = {k: v for k, v in theirs._client._headers.items() if k in ours.headers}
        theirs.shutdown()

        assert (ours.url, ours.timeout) == (theirs._endpoint, theirs._client._timeout)
        assert ours.headers == their_headers

    def test_home_is_expanded(self):
        """A path that begins with ~ lies at home, for variables that no shell has seen."""
        home = str(Path("/home/me").absolute())
        settings, _ = resolve({}, {"HOME": home, "OTEL_EVENTS_LEDGER_PATH": "~/l.jsonl", "OTEL_EVENTS_SPOOL_DIR": "~x"})

        assert settings.ledger == str(Path(home, "l.jsonl"))
        assert settings.spool_dir == str(Path("~x").absolute())
