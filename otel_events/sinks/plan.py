"""What plans of sinks have in common: names that fit everywhere, addresses without credentials, TLS."""

from __future__ import annotations

import importlib.util
import re
import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from otel_events.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from otel_events.settings.message_settings import NatsSettings, RedisSettings

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,30}")
_NOT_SPOKEN = {
    **dict.fromkeys(("redis+sentinel", "rediss+sentinel", "redis-sentinel", "sentinel"), "Redis Sentinel"),
    **dict.fromkeys(("redis+cluster", "rediss+cluster", "redis-cluster"), "Redis Cluster"),
    **dict.fromkeys(("ws", "wss"), "NATS over WebSocket"),
}
_FILES = ("certificate", "client_certificate", "client_key", "credentials")
_TAKEN = frozenset({"otlp", "ledger", "otel", "memory", "logs", "traces", "journal"})


def check_plan(kind: str, name: str, problems: Iterator[str], package: str = "") -> None:
    """Raise with all that is wrong with a plan.

    Args:
        kind: the plan's class.
        name: of the sink.
        problems: what else is wrong.
        package: that has to be installed.
    """
    found = list(problems)
    if not _NAME.fullmatch(name) or name in _TAKEN:
        found.append(f"name {name!r} must be like 'orders' or 'orders-2', and none of the built-in sinks'")
    spec = importlib.util.find_spec(package) if package else None
    if package and (spec is None or spec.origin is None):  # a folder of that name is no package
        found.append(f"{package} is missing: install otel-events[{package}]")
    if found:
        raise ConfigurationError(f"this {kind} sink cannot be used", found)


def url_problems(url: str, schemes: Sequence[str]) -> Iterator[str]:
    """Yield what is wrong with *url*, without a word of it: it may hold a password."""
    scheme = url.partition("://")[0].lower()
    if scheme in _NOT_SPOKEN:
        yield f"{_NOT_SPOKEN[scheme]} is not spoken: the URL must name one server, as {schemes[0]}://HOST:PORT"
        return
    try:
        parts = urlsplit(url)
        is_whole = bool(parts.hostname or (parts.scheme == "unix" and parts.path)) and parts.port != 0
    except ValueError:
        is_whole, parts = False, urlsplit("")
    if not is_whole or parts.scheme not in schemes:
        yield f"the URL must begin with {' or '.join(f'{scheme}://' for scheme in schemes)} and name a host"


def address_of(url: str, default_port: int) -> str:
    """Return *url* without credentials and query."""
    parts = urlsplit(url)
    if not parts.hostname:
        return f"{parts.scheme}://{parts.path}"
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}:{parts.port or default_port}{parts.path.rstrip('/')}"


def files_of(said: RedisSettings | NatsSettings) -> dict[str, Any]:
    """Return the files that the settings of a sink name: whom to trust, and who we are."""
    return {name: file for name in _FILES if (file := getattr(said, name, None)) is not None}


def tls_context(certificate: str | None, client_certificate: str | None, client_key: str | None) -> ssl.SSLContext:
    """Return a context that trusts *certificate*, or the system's, and shows who we are; or raise OSError."""
    context = ssl.create_default_context(cafile=certificate)
    if client_certificate:
        context.load_cert_chain(client_certificate, client_key)
    return context
