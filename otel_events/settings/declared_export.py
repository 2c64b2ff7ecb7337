"""The settings of the service, of OTLP and of where events go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_events.settings import kinds, lists, pairs
from otel_events.settings.endpoint import DEFAULT_TIMEOUT, ENDPOINT, HTTP
from otel_events.settings.setting import Setting, variables

if TYPE_CHECKING:
    from otel_events.settings.kinds import Kind

_MIB = 1024 * 1024


def _otlp(name: str, kind: Kind, default: Any, doc: str, **more: Any) -> Setting:
    environment = variables(f"OTEL_EXPORTER_OTLP_{name.upper()}")
    return Setting(name, kind, default, doc, environment, is_per_signal=True, **more)


SERVICE = (
    Setting(
        "service_name",
        kinds.TEXT,
        None,
        "Name of the service; without it the resource attribute `service.name` counts.",
        variables("OTEL_SERVICE_NAME"),
        default_text="`unknown_service:` and the executable's name",
    ),
    Setting(
        "resource_attributes",
        pairs.RESOURCE_ATTRIBUTES,
        {},
        "Attributes of the resource. A pair that cannot be read is left out; the others count.",
        variables("OTEL_RESOURCE_ATTRIBUTES"),
        is_merged=True,
    ),
    Setting(
        "attributes",
        pairs.ATTRIBUTES,
        {},
        "Attributes bound to every event of the process, beneath every scope, as by `bind`.",
        variables("OTEL_EVENTS_ATTRIBUTES"),
        is_merged=True,
    ),
    Setting(
        "disabled",
        kinds.BOOLEAN,
        default=False,
        doc="Nothing is recorded, kept or sent; propagators stay.",
        environment=variables("OTEL_SDK_DISABLED"),
    ),
)

OTLP = (
    _otlp(
        "endpoint",
        ENDPOINT,
        None,
        "Base URL of the OTLP receiver; `v1/logs` and `v1/traces` are appended for http/protobuf. A signal's own is taken as it is.",
        default_text="`http://localhost:4318`, for grpc `http://localhost:4317`, once `otlp` is chosen",
    ),
    _otlp("protocol", kinds.PROTOCOL, HTTP, "`http/protobuf` or `grpc`."),
    _otlp(
        "headers",
        pairs.HEADERS,
        {},
        "Headers or gRPC metadata of every request; in the environment `name=value,name=value`, percent-encoded.",
        is_merged=True,
    ),
    _otlp(
        "timeout",
        kinds.EXPORTER_TIMEOUT,
        DEFAULT_TIMEOUT,
        "Longest time of one request; 0 is no limit. In the environment seconds too, as Python's exporters read it.",
        unit="seconds",
    ),
    _otlp(
        "compression",
        kinds.one_of("gzip", "none"),
        None,
        "`gzip` or `none`.",
        default_text="`gzip`, to a loopback address `none`",
    ),
    _otlp("certificate", kinds.PATH, None, "File of the certificates to trust.", default_text="the system's"),
    _otlp("client_certificate", kinds.PATH, None, "File of the client's certificate, for mutual TLS."),
    _otlp("client_key", kinds.PATH, None, "File of the client's private key."),
    _otlp(
        "insecure",
        kinds.BOOLEAN,
        default=False,
        doc="For a gRPC target without a scheme: speak without TLS. A scheme `http` or `https` decides by itself.",
    ),
)

DESTINATIONS = (
    Setting(
        "logs_exporter",
        lists.NAMES,
        None,
        "Where events go: `otlp`, `console`, `none`, or any installed entry point. `otel_events` means `otlp`.",
        variables("OTEL_LOGS_EXPORTER"),
        default_text="`otlp` if an endpoint is set",
    ),
    Setting(
        "traces_exporter",
        lists.NAMES,
        None,
        "Where spans go: as for `logs_exporter`.",
        variables("OTEL_TRACES_EXPORTER"),
        default_text="`otlp` if an endpoint is set",
    ),
    Setting(
        "sink",
        lists.SINK_LIST,
        None,
        "One or more of `otlp`, `ledger`, `otel`, `memory`, `redis`, `nats`, `webhook`, or [sinks](sinks.md) of your own; decides alone where events go.",
        default_text="by the table of destinations",
    ),
    Setting(
        "routes",
        lists.ROUTES,
        (),
        "`(pattern, sinks)` pairs: events whose name fits go to these sinks. In the environment `pattern=sink+sink,pattern=sink`.",
        variables("OTEL_EVENTS_ROUTES"),
    ),
    Setting(
        "ledger",
        kinds.LEDGER,
        None,
        "Path of the ledger; `True` for the default path, `False` for no ledger.",
        variables("OTEL_EVENTS_LEDGER_PATH"),
        default_text="the default path, if events go nowhere else",
    ),
    Setting(
        "ledger_format",
        kinds.one_of("events", "flat"),
        "events",
        "`events`, or `flat` with attributes beside the other keys.",
        variables("OTEL_EVENTS_LEDGER_FORMAT"),
    ),
    Setting(
        "ledger_max_bytes",
        kinds.SIZE_OR_OFF,
        64 * _MIB,
        "Size at which the ledger is rotated; 0 never.",
        variables("OTEL_EVENTS_LEDGER_MAX_BYTES"),
        "bytes",
        "64 MiB; never for `flat`",
    ),
    Setting(
        "ledger_max_age",
        kinds.AGE_OR_OFF,
        None,
        "Age at which the ledger is rotated; 0 never.",
        variables("OTEL_EVENTS_LEDGER_MAX_AGE"),
        "seconds",
        "never",
    ),
    Setting(
        "ledger_total_bytes",
        kinds.SIZE_OR_OFF,
        1024 * _MIB,
        "Size of all rotated files together; the oldest go first; 0 is no bound.",
        variables("OTEL_EVENTS_LEDGER_TOTAL_BYTES"),
        "bytes",
        "1 GiB; no bound for `flat`",
    ),
)
