"""The frozen values of the settings of Redis, NATS and webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


def _shown(settings: RedisSettings | NatsSettings | WebhookSettings) -> str:
    """Say whether there is a URL; that may hold a password, and settings get printed."""
    return f"{type(settings).__name__}({'' if settings.url is None else 'url=<given>'})"


class RedisSettings(NamedTuple):
    """What `configure(redis={...})` takes. `url` is None where nobody asked for it."""

    url: str | None
    channel: str | None
    stream: str | None
    stream_max_entries: int | None
    shape: Any
    timeout: float
    certificate: str | None
    client_certificate: str | None
    client_key: str | None

    def __repr__(self) -> str:
        return _shown(self)


class NatsSettings(NamedTuple):
    """What `configure(nats={...})` takes. `url` is None where nobody asked for it."""

    url: str | None
    subject: Any
    stream: str | None
    credentials: str | None
    shape: Any
    timeout: float
    certificate: str | None
    client_certificate: str | None
    client_key: str | None

    def __repr__(self) -> str:
        return _shown(self)


class WebhookSettings(NamedTuple):
    """What `configure(webhook={...})` takes. `url` is None where nobody asked for it."""

    url: str | None
    headers: Mapping[str, str]
    secret: str | None
    batch: int
    shape: Any
    timeout: float
    certificate: str | None
    client_certificate: str | None
    client_key: str | None

    def __repr__(self) -> str:
        return _shown(self)


MESSAGE_SETTINGS: dict[str, type[Any]] = {"redis": RedisSettings, "nats": NatsSettings, "webhook": WebhookSettings}
