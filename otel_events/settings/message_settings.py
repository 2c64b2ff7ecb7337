"""The frozen values of the settings of Redis, NATS and webhooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class _Secretive:
    """Says whether there is a URL; that may hold a password, and settings get printed."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'' if getattr(self, 'url', None) is None else 'url=<given>'})"


@dataclass(frozen=True, slots=True, repr=False)
class RedisSettings(_Secretive):
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


@dataclass(frozen=True, slots=True, repr=False)
class NatsSettings(_Secretive):
    """What `configure(nats={...})` takes. `url` is None where nobody asked for it."""

    url: str | None
    subject: Any
    stream: str | None
    shape: Any
    timeout: float
    certificate: str | None
    client_certificate: str | None
    client_key: str | None


@dataclass(frozen=True, slots=True, repr=False)
class WebhookSettings(_Secretive):
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


MESSAGE_SETTINGS: dict[str, type[Any]] = {"redis": RedisSettings, "nats": NatsSettings, "webhook": WebhookSettings}
