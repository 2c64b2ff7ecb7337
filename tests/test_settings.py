"""Settings: keywords above the environment above defaults, everything wrong told at once."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from otel_events.errors import ConfigurationError
from otel_events.filter_language import FilterSettings, parse_filter
from otel_events.settings import KEYWORDS, SETTINGS, SIGNALS, Settings, resolve

MIB = 1024 * 1024
LONGEST = (2**31 - 1) / 1000
OTLP = {"OTEL_LOGS_EXPORTER": "otlp", "OTEL_TRACES_EXPORTER": "otlp"}


@dataclass(frozen=True)
class Row:
    """What the row of one setting promises. `environment`: for each variable a text and the value that it makes."""

    default: Any
    keyword: tuple[Any, Any]
    wrong_keyword: Any
    environment: dict[str, tuple[str, Any]] = field(default_factory=dict)
    wrong_text: str = ""
    beside: dict[str, Any] = field(default_factory=dict)


def otlp_row(name: str, default: Any, keyword: tuple[Any, Any], wrong: Any, text: tuple[str, Any], bad: str) -> Row:
    return Row(default, keyword, wrong, {f"OTEL_EXPORTER_OTLP_{name.upper()}": text}, bad)


def absolute(path: str) -> str:
    return str(Path.cwd() / path)


def no_op(*_: object) -> None:
    pass


def message_rows(sink: str, url: str, wrong: str, timeout: float) -> dict[str, Any]:
    start = f"{EVENTS}{sink.upper()}_"
    files = {
        f"{sink}.{name}": Row(None, (Path("a.pem"), "a.pem"), 3, {start + name.upper(): ("b.pem", "b.pem")}, "\0")
        for name in ("certificate", "client_certificate", "client_key")
    }
    return {
        f"{sink}.url": Row(None, (url, url), wrong, {start + "URL": (url, url)}, wrong),
        f"{sink}.shape": Row("line", (no_op, no_op), "xml", {start + "SHAPE": ("Flat", "flat")}, "xml"),
        f"{sink}.timeout": Row(timeout, ("500ms", 0.5), -1, {start + "TIMEOUT": ("2s", 2.0)}, "soon"),
        **files,
    }


EVENTS = "OTEL_EVENTS_"
COUNT = {"OTEL_ATTRIBUTE_COUNT_LIMIT": ("7", 7)}
LENGTH = {"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": ("7", 7)}
ROWS: dict[str, Row] = {
    "service_name": Row(
        f"unknown_service:{Path(sys.executable).name}", ("a", "a"), 3, {"OTEL_SERVICE_NAME": ("b", "b")}
    ),
    "resource_attributes": Row(
        {},
        ({"team": "x", "n": 1}, {"team": "x", "n": 1}),
        {"team": object()},
        {"OTEL_RESOURCE_ATTRIBUTES": ("team=a%2Cb, tier = 1", {"team": "a,b", "tier": "1"})},
        "team",
    ),
    "attributes": Row(
        {},
        ({"task_id": "t", "cycle": 4}, {"task_id": "t", "cycle": 4}),
        {"cycle": "four"},
        {EVENTS + "ATTRIBUTES": ("task_id=t%201,cycle=4,site=4", {"task_id": "t 1", "cycle": 4, "site": "4"})},
        "cycle=four",
    ),
    "disabled": Row(False, (True, True), "true", {"OTEL_SDK_DISABLED": ("TRUE", True)}, "1"),
    "endpoint": otlp_row(
        "endpoint",
        "http://localhost:4318/v1/SIGNAL",
        ("https://c:1/x", "https://c:1/x/v1/SIGNAL"),
        "c:1",
        ("http://c:2/", "http://c:2/v1/SIGNAL"),
        "c:2",
    ),
    "protocol": otlp_row("protocol", "http/protobuf", ("grpc", "grpc"), "http/json", ("GRPC", "grpc"), "http/jason"),
    "headers": otlp_row(
        "headers", {}, ({"X-Key": "a b"}, {"x-key": "a b"}), {"x": "a\nb"}, ("X-Key=a%20b", {"x-key": "a b"}), "x"
    ),
    "timeout": otlp_row("timeout", 10.0, ("500ms", 0.5), -1, ("2.5", 2.5), "2s"),
    "compression": otlp_row("compression", None, ("gzip", "gzip"), "br", ("Gzip", "gzip"), "deflate"),
    "certificate": otlp_row("certificate", None, (Path("a.pem"), "a.pem"), 3, ("b.pem", "b.pem"), "\0"),
    "client_certificate": otlp_row("client_certificate", None, ("a.pem", "a.pem"), b"", ("b.pem", "b.pem"), "\0"),
    "client_key": otlp_row("client_key", None, ("a.key", "a.key"), "", ("b.key", "b.key"), "\0"),
    "insecure": Row(False, (True, True), 1, {"OTEL_EXPORTER_OTLP_INSECURE": ("true", True)}, "yes"),
    "logs_exporter": Row(
        None, (["otlp", "console"], ("otlp", "console")), "a b", {"OTEL_LOGS_EXPORTER": ("none", ())}, "none,otlp"
    ),
    "traces_exporter": Row(
        None, ("none", ()), [3], {"OTEL_TRACES_EXPORTER": ("console, otlp,otlp", ("console", "otlp"))}, ", ,"
    ),
    "sink": Row(None, (["ledger", "memory"], ("ledger", "memory")), "leger"),
    "routes": Row(
        (),
        ([("alert.*", "ledger,otlp")], (("alert.*", ("ledger", "otlp")),)),
        [("alert.*", ["leger"])],
        {EVENTS + "ROUTES": ("task.*=redis+ledger, *=otlp", (("task.*", ("redis", "ledger")), ("*", ("otlp",))))},
        "task.*",
    ),
    **message_rows("redis", "rediss://h:1/2", "http://h", 5.0),
    "redis.channel": Row("v5:events", (False, None), 3, {EVENTS + "REDIS_CHANNEL": ("off", None)}),
    "redis.stream": Row("v5:stream", ("s", "s"), 3, {EVENTS + "REDIS_STREAM": ("OFF", None)}),
    "redis.stream_max_entries": Row(10_000, (5, 5), -1, {EVENTS + "REDIS_STREAM_MAX_ENTRIES": ("0", None)}, "few"),
    **message_rows("nats", "tls://h:1,nats://i:2", "http://h", 5.0),
    "nats.subject": Row("events.{event}", (no_op, no_op), 3, {EVENTS + "NATS_SUBJECT": ("a.{event}", "a.{event}")}),
    "nats.credentials": Row(
        None, (Path("a.creds"), "a.creds"), 3, {EVENTS + "NATS_CREDENTIALS": ("b.nk", "b.nk")}, "\0"
    ),
    "nats.stream": Row(None, ("S", "S"), 3, {EVENTS + "NATS_STREAM": ("EVENTS", "EVENTS")}),
    **message_rows("webhook", "https://h/x", "redis://h", 10.0),
    "webhook.headers": Row(
        {},
        ({"X-Key": "a"}, {"x-key": "a"}),
        {"x": "a\nb"},
        {EVENTS + "WEBHOOK_HEADERS": ("X=a%20b", {"x": "a b"})},
        "x",
    ),
    "webhook.secret": Row(None, ("s", "s"), 3, {EVENTS + "WEBHOOK_SECRET": ("t", "t")}),
    "webhook.batch": Row(1, (50, 50), 0, {EVENTS + "WEBHOOK_BATCH": ("100", 100)}, "0"),
    "ledger": Row(
        None,
        (Path("a.jsonl"), absolute("a.jsonl")),
        3,
        {EVENTS + "LEDGER_PATH": ("b.jsonl", absolute("b.jsonl"))},
        "\0",
    ),
    "ledger_format": Row("events", ("flat", "flat"), "csv", {EVENTS + "LEDGER_FORMAT": ("Flat", "flat")}, "flatt"),
    "ledger_max_bytes": Row(64 * MIB, ("1KiB", 1024), "big", {EVENTS + "LEDGER_MAX_BYTES": ("0", None)}, "-1"),
    "ledger_max_age": Row(None, (timedelta(days=1), 86400.0), -1, {EVENTS + "LEDGER_MAX_AGE": ("7d", 604800.0)}, "7y"),
    "ledger_total_bytes": Row(
        1024 * MIB, (10**9, 10**9), 1.5, {EVENTS + "LEDGER_TOTAL_BYTES": ("1.5GiB", 1536 * MIB)}, "1,5GiB"
    ),
    "flush_interval": Row(
        0.05,
        (0.1, 0.1),
        float("nan"),
        {EVENTS + "FLUSH_INTERVAL": ("20ms", 0.02), "OTEL_BLRP_SCHEDULE_DELAY": ("1000", 1.0)},
        "soon",
    ),
    "max_export_batch_size": Row(512, (100, 100), 0, {"OTEL_BLRP_MAX_EXPORT_BATCH_SIZE": ("64", 64)}, "0"),
    "queue_bytes": Row(128 * MIB, ("1MB", 10**6), True, {EVENTS + "QUEUE_BYTES": ("64MiB", 64 * MIB)}, "64 parsecs"),
    "queue_events": Row(None, (5000, 5000), 10.0, {"OTEL_BLRP_MAX_QUEUE_SIZE": ("2048", 2048)}, "-5"),
    "export_timeout": Row(None, (3, 3.0), "3 weeks", {"OTEL_BLRP_EXPORT_TIMEOUT": ("0", LONGEST)}, "3s"),
    "exit_timeout": Row(2.0, (0, 0.0), float("inf"), {EVENTS + "EXIT_TIMEOUT": ("1m", 60.0)}, "-1"),
    "durability": Row("async", ("sync", "sync"), "asnyc", {EVENTS + "DURABILITY": ("Journal", "journal")}, "disk"),
    "spool_dir": Row(None, (Path("spool"), absolute("spool")), 1, {EVENTS + "SPOOL_DIR": ("s", absolute("s"))}, "\0"),
    "spool_max_bytes": Row(512 * MIB, (MIB, MIB), 0, {EVENTS + "SPOOL_MAX_BYTES": ("1 GB", 10**9)}, "0"),
    "spool_max_age": Row(604800.0, ("12h", 43200.0), [], {EVENTS + "SPOOL_MAX_AGE": ("1d", 86400.0)}, "1e9"),
    "span_batch.flush_interval": Row(0.05, (1, 1.0), "x", {"OTEL_BSP_SCHEDULE_DELAY": ("5000", 5.0)}, "5s"),
    "span_batch.max_export_batch_size": Row(512, (9, 9), -1, {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE": ("8", 8)}, "8.0"),
    "span_batch.queue_events": Row(None, (999, 999), 0, {"OTEL_BSP_MAX_QUEUE_SIZE": ("4096", 4096)}, "many"),
    "span_batch.export_timeout": Row(None, (1.5, 1.5), "?", {"OTEL_BSP_EXPORT_TIMEOUT": ("30000", 30.0)}, "1.5"),
    "attribute_count_limit": Row(128, (5, 5), -1, {"OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT": ("0", 0)} | COUNT, "-1"),
    "attribute_value_length_limit": Row(
        None, (5, 5), "5", {"OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT": ("9", 9)} | LENGTH, "1_0"
    ),
    "max_event_bytes": Row(256 * 1024, ("64KiB", 65536), 10, {EVENTS + "MAX_EVENT_BYTES": ("1MiB", MIB)}, "0"),
    "max_body_length": Row(65536, (100, 100), -1, {EVENTS + "MAX_BODY_LENGTH": ("1000", 1000)}, "9" * 5000),
    "span_limits.attribute_count": Row(128, (5, 5), -1, {"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": ("6", 6)} | COUNT, "x"),
    "span_limits.attribute_value_length": Row(
        None, (5, 5), -1, {"OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT": ("6", 6)} | LENGTH, "x"
    ),
    "span_limits.event_count": Row(128, (5, 5), -1, {"OTEL_SPAN_EVENT_COUNT_LIMIT": ("6", 6)}, "x"),
    "span_limits.link_count": Row(128, (5, 5), -1, {"OTEL_SPAN_LINK_COUNT_LIMIT": ("6", 6)}, "x"),
    "span_limits.event_attribute_count": Row(
        128, (5, 5), -1, {"OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT": ("6", 6)} | COUNT, "x"
    ),
    "span_limits.link_attribute_count": Row(
        128, (5, 5), -1, {"OTEL_LINK_ATTRIBUTE_COUNT_LIMIT": ("6", 6)} | COUNT, "x"
    ),
    "redact": Row(True, (False, False), "off", {EVENTS + "REDACT": ("false", False)}, "no"),
    "redact_keys": Row((), (["badge"], ("badge",)), [3], {EVENTS + "REDACT_KEYS": ("pin,code", ("pin", "code"))}),
    "redact_innocent_keys": Row((), ("pin", ("pin",)), [3], {EVENTS + "REDACT_INNOCENT_KEYS": ("a", ("a",))}),
    "redact_patterns": Row((), ([("a+b", "x")], (("a+b", "x"),)), [("a", "b", "c")]),
    "redact_allow": Row((), (["a+"], ("a+",)), [3]),
    "redact_without": Row((), (["card"], ("card",)), [3], {EVENTS + "REDACT_WITHOUT": ("card,iban", ("card", "iban"))}),
    "redact_marker": Row("<REDACTED:{kind}>", ("***", "***"), 3, {EVENTS + "REDACT_MARKER": ("<X>", "<X>")}),
    "redact_max_scanned": Row(65536, (2048, 2048), 10, {EVENTS + "REDACT_MAX_SCANNED": ("4096", 4096)}, "10"),
    "filter": Row(
        FilterSettings(),
        ("task.*", parse_filter("task.*")),
        "severity>=loud",
        {EVENTS + "FILTER": ("-epoch.*", parse_filter("-epoch.*"))},
        "severity>=loud",
    ),
    "deduplicate": Row((), (["health.*"], (("health.*", None),)), [("a", "b", "c")]),
    "deduplicate_errors": Row(True, (False, False), "no", {EVENTS + "DEDUPLICATE_ERRORS": ("false", False)}, "no"),
    "deduplicate_window": Row(10.0, (5, 5.0), -1, {EVENTS + "DEDUPLICATE_WINDOW": ("30s", 30.0)}, "soon"),
    "rate_limits": Row((), ({"a.*": 2.0}, (("a.*", 2.0),)), [("a", "b", "c")]),
    "rate_limit_window": Row(10.0, (5, 5.0), -1, {EVENTS + "RATE_LIMIT_WINDOW": ("30s", 30.0)}, "soon"),
    "roll_up": Row((), (["epoch.*"], ("epoch.*",)), [3], {EVENTS + "ROLL_UP": ("a.*,b.*", ("a.*", "b.*"))}),
    "roll_up_window": Row(1.0, (5, 5.0), -1, {EVENTS + "ROLL_UP_WINDOW": ("30s", 30.0)}, "soon"),
    "propagators": Row(
        ("tracecontext", "baggage"),
        (["b3"], ("b3",)),
        [],
        {"OTEL_PROPAGATORS": ("b3,b3,baggage", ("b3", "baggage"))},
        ",",
    ),
    "sampler": Row(
        "parentbased_always_on", ("always_off", "always_off"), 3, {"OTEL_TRACES_SAMPLER": ("Always_On", "always_on")}
    ),
    "sampler_arg": Row(
        1.0, (0.5, 0.5), 2, {"OTEL_TRACES_SAMPLER_ARG": ("0.25", 0.25)}, "1.5", {"sampler": "traceidratio"}
    ),
    "span_events": Row(True, (False, False), 0, {EVENTS + "SPAN_EVENTS": ("False", False)}, "no"),
    "span_event_overrides": Row({}, ({"a.*": True}, {"a.*": True}), {"a.*": "yes"}),
    "catalog": Row((), ([Path("registry"), Row], ("registry", Row)), [3]),
    "watch_content": Row(True, (False, False), "yes", {EVENTS + "WATCH_CONTENT": ("false", False)}, "off-ish"),
    "strict": Row(False, (True, True), "yes", {EVENTS + "STRICT": ("true", True)}, "on"),
    "before_emit": Row((), (no_op, (no_op,)), [no_op, 3]),
    "baggage_keys": Row(
        ("task_id", "parent_task_id", "persona", "session_id", "cycle", "day", "env_id", "episode"),
        (["task_id", "tenant"], ("task_id", "tenant")),
        [3],
    ),
}
ENDPOINT_FIELDS = {
    "endpoint": "url",
    "certificate": "certificate_file",
    "client_certificate": "client_certificate_file",
    "client_key": "client_key_file",
}
VARIABLES = [
    (name, variable, signal)
    for name, row in ROWS.items()
    for variable in row.environment
    for signal in (("", *SIGNALS) if SETTINGS[name].is_per_signal else ("",))
]
WITH_KEYWORD = [
    (name, signal) for name in ROWS for signal in (("", *SIGNALS) if SETTINGS[name].is_per_signal else ("",))
]


def keywords_for(name: str, value: Any, signal: str = "") -> dict[str, Any]:
    outer, _, inner = (f"{signal}.{name}" if signal else name).partition(".")
    return {**ROWS[name].beside, outer: {inner: value} if inner else value}


def environ_for(name: str) -> dict[str, str]:
    if not SETTINGS[name].is_per_signal:
        return {}
    # `insecure` speaks of targets without a scheme alone.
    target = {"OTEL_EXPORTER_OTLP_ENDPOINT": "c:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
    return OTLP | (target if name == "insecure" else {})


def variable_for(variable: str, signal: str) -> str:
    return variable.replace("OTLP_", f"OTLP_{signal.upper()}_") if signal else variable


def expected(name: str, value: Any, signal: str, *, own: bool = False) -> Any:
    if name == "resource_attributes":
        return {**value, "service.name": ROWS["service_name"].default}
    if name != "endpoint":
        return value
    # A signal's own endpoint is used as it is.
    return (
        value.replace("/v1/SIGNAL", "" if not value.startswith("http://c:2") else "/")
        if own
        else value.replace("SIGNAL", signal)
    )


def view(settings: Settings, name: str, signal: str = "logs") -> Any:
    if SETTINGS[name].is_per_signal:
        return getattr(getattr(settings, signal), ENDPOINT_FIELDS.get(name, name))
    value: Any = settings
    for part in name.split("."):
        value = getattr(value, part)
    return value


def problems_of(keywords: dict[str, Any], environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigurationError) as raised:
        resolve(keywords, environ or {})
    return list(raised.value.problems)


class TestRows:
    def test_every_setting_has_a_row_here(self):
        """No setting is added without its keyword, variables, default and bad values being shown."""
        variables = {name: {v.name for v in setting.environment} for name, setting in SETTINGS.items()}

        assert {name: set(row.environment) for name, row in ROWS.items()} == variables

    def test_every_field_is_a_keyword(self):
        """A field of Settings bears the name of its keyword; `destination` alone is computed."""
        endpoint_parts = {name for name, setting in SETTINGS.items() if setting.is_per_signal}

        assert set(Settings._fields) - {"destination"} == KEYWORDS - endpoint_parts

    @pytest.mark.parametrize("name", ROWS)
    def test_default(self, name):
        """With nothing set the documented default holds, without a warning."""
        settings, warnings = resolve(ROWS[name].beside, environ_for(name))

        assert (view(settings, name), warnings) == (expected(name, ROWS[name].default, "logs"), [])

    @pytest.mark.parametrize(("name", "signal"), WITH_KEYWORD)
    def test_keyword_wins(self, name, signal):
        """A keyword, the signal's own before the general one, wins over every variable."""
        given_value, value = ROWS[name].keyword
        environ = environ_for(name) | {
            variable_for(v, s): text for n, v, s in VARIABLES if n == name for text in [ROWS[name].environment[v][0]]
        }
        settings, warnings = resolve(keywords_for(name, given_value, signal), environ)
        seen = view(settings, name, signal or "logs")
        wanted = expected(name, value, signal or "logs", own=bool(signal))

        if SETTINGS[name].is_merged:
            seen = {key: item for key, item in seen.items() if key in wanted}
        assert (seen, warnings) == (wanted, [])

    @pytest.mark.parametrize(("name", "variable", "signal"), VARIABLES)
    def test_variable_is_read(self, name, variable, signal):
        """Each variable alone sets its setting; the signal's own form sets it for that signal."""
        text, value = ROWS[name].environment[variable]
        environ = environ_for(name) | {variable_for(variable, signal): f" {text} "}
        settings, warnings = resolve(ROWS[name].beside, environ)

        assert (view(settings, name, signal or "logs"), warnings) == (
            expected(name, value, signal or "logs", own=bool(signal)),
            [],
        )

    @pytest.mark.parametrize("name", [name for name, row in ROWS.items() if len(row.environment) > 1])
    def test_first_variable_wins(self, name):
        """Of several variables the first of the row counts."""
        row = ROWS[name]
        settings, _ = resolve(row.beside, {variable: text for variable, (text, _) in row.environment.items()})

        assert view(settings, name) == next(iter(row.environment.values()))[1]

    @pytest.mark.parametrize(("name", "variable", "signal"), VARIABLES)
    def test_empty_variable_is_unset(self, name, variable, signal):
        """An empty variable is the same as none, by the specification."""
        settings, warnings = resolve(ROWS[name].beside, environ_for(name) | {variable_for(variable, signal): "  "})

        if name not in {"logs_exporter", "traces_exporter"}:
            assert view(settings, name, signal or "logs") == expected(name, ROWS[name].default, signal or "logs")
        assert warnings == []

    @pytest.mark.parametrize(("name", "variable", "signal"), [v for v in VARIABLES if ROWS[v[0]].wrong_text])
    def test_wrong_variable_is_told_once_and_the_default_used(self, name, variable, signal):
        """A wrong value is named in one warning and never stops the program."""
        key = variable_for(variable, signal)
        settings, warnings = resolve(ROWS[name].beside, environ_for(name) | {key: ROWS[name].wrong_text})

        assert [warning.startswith(key) for warning in warnings] == [True]
        assert view(settings, name, signal or "logs") == expected(name, ROWS[name].default, signal or "logs")

    @pytest.mark.parametrize(("name", "signal"), WITH_KEYWORD)
    def test_wrong_keyword_is_an_error_that_names_it(self, name, signal):
        """A wrong keyword is one problem, which begins with the keyword's name."""
        problems = problems_of(keywords_for(name, ROWS[name].wrong_keyword, signal))

        assert [problem.partition(" ")[0].rstrip(":") for problem in problems] == [
            f"{signal}.{name}" if signal else name
        ]

    @pytest.mark.parametrize("name", ROWS)
    def test_none_is_unset(self, name):
        """A keyword that is None does not hide the environment."""
        settings, _ = resolve(keywords_for(name, None), environ_for(name))

        assert view(settings, name) == expected(name, ROWS[name].default, "logs")
