"""The settings of the server: options above the environment above defaults."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from otel_events.errors import ConfigurationError
from otel_events.settings import Setting, kinds, lists
from otel_events.settings.kinds import Partial, UnusableError, show
from otel_events.settings.setting import variables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from otel_events.settings.kinds import Kind

_MIB = 1 << 20
_DAY = 86_400.0


def _port(text: str) -> int:
    if not text.isdigit():
        raise UnusableError
    return _within_ports(int(text))


def _within_ports(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 16:
        raise UnusableError
    return value


def _port_or_off(text: Any) -> int | None:
    return None if isinstance(text, str) and text.lower() == "off" else _port(str(text))


_PORT_OR_OFF = kinds.Kind("a port, 0 to 65535, or 'off'", _port_or_off, _port_or_off)
_PORT = kinds.Kind("a port, 0 to 65535", _port, _within_ports)


def _server(name: str, kind: Kind, default: Any, doc: str, **more: Any) -> Setting:
    return Setting(name, kind, default, doc, variables(f"OTEL_EVENTS_SERVER_{name.upper()}"), **more)


DECLARED = (
    _server("host", kinds.TEXT, "127.0.0.1", "Address to listen on; beyond loopback everything needs the token."),
    _server("port", _PORT, 5001, "Port of the page, the streams and the API; 0 for any that is free."),
    _server("otlp_port", _PORT, 4318, "Port of OTLP over HTTP; may be the same as `port`; 0 for any that is free."),
    _server("grpc_port", _PORT_OR_OFF, 4317, "Port of OTLP over gRPC; `off` for none; 0 for any that is free."),
    _server("ledger", kinds.PATH, None, "File of the events.", default_text="the ledger of this user"),
    _server(
        "fsync",
        kinds.one_of("always", "second", "never"),
        "always",
        "When the disk is asked: `always` (before an event is acknowledged), each `second`, or `never`.",
    ),
    _server(
        "keep_bytes",
        kinds.SIZE_OR_OFF,
        1024 * _MIB,
        "Size of all files of events together; the oldest go first; 0 is no bound.",
        unit="bytes",
    ),
    _server(
        "keep_age", kinds.AGE_OR_OFF, 30 * _DAY, "Age at which files of events are deleted; 0 never.", unit="seconds"
    ),
    _server(
        "max_request_bytes",
        kinds.size(1024),
        16 * _MIB,
        "Longest request, before and after it is expanded.",
        unit="bytes",
    ),
    Setting(
        "expect",
        kinds.PATH,
        None,
        "File of rules of what is expected; see [heartbeats](heartbeats.md). What is missed becomes an event.",
        variables("OTEL_EVENTS_SERVER_EXPECT", "OTEL_EVENTS_EXPECT"),
    ),
    _server("max_connections", kinds.whole_number(1), 1000, "Connections at once; further ones are refused."),
    _server(
        "token",
        kinds.TEXT,
        None,
        "The token that page, streams and API ask for.",
        default_text="made at the first start, kept in the state directory",
    ),
    _server("token_file", kinds.PATH, None, "File that holds the token."),
    _server("allow_host", lists.NAMES, (), "Host names, beside loopback's, by which the server may be called."),
    _server("allow_origin", lists.NAMES, (), "Origins of other pages that may use streams and API."),
    _server(
        "trust_proxy",
        lists.NAMES,
        (),
        "Addresses or networks of proxies in front, whose `X-Forwarded-For` and `-Proto` are believed.",
    ),
    Setting(
        "redis_url",
        kinds.Kind("the URL of a Redis server", kinds.TEXT.read, kinds.TEXT.accept, secret=True),
        None,
        "Redis through which several servers share one live stream.",
        variables("OTEL_EVENTS_SERVER_REDIS_URL", "REDIS_URL"),
    ),
    _server(
        "redis_broadcast",
        kinds.BOOLEAN,
        default=False,
        doc="Publish events to Redis as the event broadcaster did, for its subscribers.",
    ),
    _server("redis_channel", kinds.TEXT, "v5:events", "Channel of the event broadcaster."),
    _server("redis_stream", kinds.TEXT, "v5:stream", "Stream of the event broadcaster."),
    _server(
        "tls_certificate", kinds.PATH, None, "File of the server's certificate, with its chain; then it speaks TLS."
    ),
    _server("tls_key", kinds.PATH, None, "File of the certificate's private key."),
)


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Everything that can be set, resolved; see `DECLARED` for what each means."""

    host: str = "127.0.0.1"
    port: int = 5001
    otlp_port: int = 4318
    grpc_port: int | None = 4317
    ledger: str | None = None
    fsync: str = "always"
    keep_bytes: int | None = 1024 * _MIB
    keep_age: float | None = 30 * _DAY
    max_request_bytes: int = 16 * _MIB
    expect: str | None = None
    max_connections: int = 1000
    token: str | None = None
    token_file: str | None = None
    allow_host: tuple[str, ...] = ()
    allow_origin: tuple[str, ...] = ()
    trust_proxy: tuple[str, ...] = ()
    redis_url: str | None = None
    redis_broadcast: bool = False
    redis_channel: str = "v5:events"
    redis_stream: str = "v5:stream"
    tls_certificate: str | None = None
    tls_key: str | None = None


def resolve_server_settings(options: Mapping[str, Any], environ: Mapping[str, str]) -> ServerSettings:
    """Return what *options*, those that are not None, and *environ* mean; or raise ConfigurationError with all that is wrong."""
    problems: list[str] = []
    values = {each.name: _find(each, options, environ, problems) for each in DECLARED}
    if bool(values["tls_certificate"]) != bool(values["tls_key"]):
        problems.append("TLS needs both: tls_certificate and tls_key")
    if problems:
        raise ConfigurationError("the server's settings cannot be used", problems)
    return ServerSettings(**values)


def is_given(options: Mapping[str, Any], environ: Mapping[str, str], name: str) -> bool:
    """Return whether the setting *name* was said, rather than left to its default."""
    variable = f"OTEL_EVENTS_SERVER_{name.upper()}"
    return options.get(name) is not None or bool(environ.get(variable, "").strip())


def _find(setting: Setting, options: Mapping[str, Any], environ: Mapping[str, str], problems: list[str]) -> Any:
    given, origin, read = options.get(setting.name), f"--{setting.name.replace('_', '-')}", setting.kind.accept
    if given is None or given == ():
        for variable in setting.environment:
            text = environ.get(variable.name, "").strip()
            if text:  # empty is unset, says the specification
                given, origin, read = text, variable.name, setting.kind.read
                break
    if given is None or given == ():
        return setting.default
    try:
        value = read(given)
    except UnusableError as error:
        shown = "what was given" if setting.kind.secret or "token" in setting.name else show(given)
        problems.extend(f"{origin}: {reason}" for reason in error.args)
        if not error.args:
            problems.append(f"{origin} must be {setting.kind.expects}, not {shown}")
        return setting.default
    if isinstance(value, Partial):
        problems.extend(f"{origin}: {complaint}" for complaint in value.complaints)
        return value.value
    return value


assert {each.name for each in DECLARED} == {each.name for each in fields(ServerSettings)}
