"""The proxy on the way to an endpoint, if the environment names one (`http_proxy`, `https_proxy`, `no_proxy`)."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from otel_events.whole_imports import whole_import

if TYPE_CHECKING:
    from otel_events.otlp.endpoint import Endpoint


class Proxy(NamedTuple):
    """Where to connect to instead, and what to show there."""

    host: str
    port: int
    authorization: str | None = None

    def __repr__(self) -> str:
        return f"Proxy({self.host}:{self.port})"  # never what authorises


def find_proxy(endpoint: Endpoint) -> Proxy | None:
    """Return the proxy to go through, None for the direct way, or raise an OSError if it cannot be used.

    The environment alone is asked: the settings of macOS cannot be read safely after a fork.
    """
    if endpoint.is_loopback:
        return None
    # Heavy, and not needed on loopback. Typeshed knows the platform's own variants only.
    with whole_import():
        from urllib.request import getproxies_environment, proxy_bypass_environment  # type: ignore[attr-defined]

    proxies = getproxies_environment()
    url = proxies.get(endpoint.scheme) or proxies.get("all")
    if not url or proxy_bypass_environment(endpoint.authority, proxies):
        return None
    parts = urlsplit(url if "://" in url else f"http://{url}")
    if parts.scheme != "http" or not parts.hostname:
        raise OSError(f"the proxy named by {endpoint.scheme}_proxy must be http://host:port, not {parts.scheme}://")
    authorization = None if parts.username is None else basic(unquote(parts.username), unquote(parts.password or ""))
    return Proxy(parts.hostname, parts.port or 80, authorization)


def basic(user: str, password: str) -> str:
    """Return the value of an (Proxy-)Authorization header for *user* and *password*."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
