"""By which name the server was called, and which page had the browser call it: against DNS rebinding and foreign pages."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from otel_events.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable

Relation: TypeAlias = Literal["same", "allowed", "none", "foreign"]

ANY = "*"
_NONE = "null"  # what browsers say of a file, and of a page in a sandbox
_HOST = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9_.\-]+))(?::(?P<port>[0-9]{1,5}))?", re.ASCII)
_ORIGIN = re.compile(r"(?P<scheme>[a-z][a-z0-9+.\-]*)://(?P<host>[^/?#@\s]+)", re.ASCII)
_PORTS = {"http": 80, "https": 443}
_AS_HTTP = {"ws": "http", "wss": "https"}


class Place(NamedTuple):
    """Where a page or a server is: what browsers call an origin."""

    scheme: str
    host: str
    port: int | None

    def as_sent(self) -> str:
        """Return it as browsers write it: without the port that its scheme has by itself."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        has_port = self.port is not None and self.port != _PORTS.get(self.scheme)
        return f"{self.scheme}://{host}:{self.port}" if has_port else f"{self.scheme}://{host}"


class Hosts:
    """The names by which the server may be called.

    A page of somebody else may have its own name point at this machine (DNS rebinding), and its requests then look like
    those of a page of ours, but for the name in their Host header. Addresses cannot be pointed elsewhere.

    Args:
        allowed: names beside the loopback ones.
    """

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self._allowed = {_normal(host) for host in allowed}
        bad = [host for host in self._allowed if _HOST.fullmatch(host) is None or ":" in host]
        if bad:
            raise ConfigurationError(
                "hosts are names without scheme and port", [f"{host!r:.80}: say 'events.example'" for host in bad]
            )

    def admits(self, header: str) -> bool:
        """Tell whether the Host header says a name that the server goes by."""
        match = _HOST.fullmatch(header)
        if match is None:
            return False
        host = _normal(match["v6"] or match["name"])
        return host == "localhost" or host.endswith(".localhost") or is_address(host) or host in self._allowed


class Origins:
    """The pages that may use the server: its own, and those that were allowed.

    Args:
        allowed: origins such as `https://dashboard.example:8443`; `*` for any; `null` for pages without one.
    """

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        given = [origin.strip() for origin in allowed]
        self.is_any = ANY in given
        self._allowed = {place for origin in given if (place := parse_origin(origin)) is not None}
        self._has_null = _NONE in given
        bad = [origin for origin in given if origin not in {ANY, _NONE} and parse_origin(origin) is None]
        if bad:
            raise ConfigurationError(
                "origins are scheme, host and port", [f"{origin!r:.80}: say 'https://page.example'" for origin in bad]
            )

    def as_sent(self) -> list[str]:
        """Return those that were allowed as browsers write them."""
        named = [place.as_sent() for place in sorted(self._allowed)]
        return [ANY] if self.is_any else named + [_NONE] * self._has_null

    def relation(self, origin: str | None, scheme: str, host: str) -> Relation:
        """Return how the page that a request comes from is related to the server, `none` if no page says so."""
        if origin is None:
            return "none"
        place = parse_origin(origin)
        if place is not None and place == parse_origin(f"{_AS_HTTP.get(scheme, scheme)}://{host}"):
            return "same"
        is_allowed = self.is_any or place in self._allowed or (self._has_null and origin == _NONE)
        return "allowed" if is_allowed else "foreign"


def parse_origin(text: str) -> Place | None:
    """Return the place that *text* names, with the port that its scheme has by itself; None if it names none."""
    match = _ORIGIN.fullmatch(text)
    host = _HOST.fullmatch(match["host"]) if match is not None else None
    if match is None or host is None:
        return None
    port = int(host["port"]) if host["port"] else _PORTS.get(match["scheme"])
    return Place(match["scheme"], _normal(host["v6"] or host["name"]), port)


def is_address(host: str) -> bool:
    """Tell whether *host* is an IP address and no name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Tell whether *host* is an address of this machine that no other one can reach."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def _normal(host: str) -> str:
    return host.strip().lower().rstrip(".")
