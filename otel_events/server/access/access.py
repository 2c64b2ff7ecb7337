"""The decision over each request: by host, by origin, by token or cookie."""

from __future__ import annotations

import ipaddress
import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from otel_events.errors import ConfigurationError
from otel_events.server.access.connections import Connections
from otel_events.server.access.identity import Identity, Refusal
from otel_events.server.access.login import Cookies, LoginCodes, cookie_name, mint_code
from otel_events.server.access.origins import Hosts, Origins, Relation, is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Scope

    from otel_events.server.access.settings import AccessSettings
    from otel_events.server.access.token import Token

HEALTH = "/healthz"
LOGIN = "/login"
LOGOUT = "/logout"
SENDING = frozenset({"/v1/logs", "/v1/traces", "/v1/metrics"})
# Who knocks here says the token after the handshake: see `Access.admits_token`.
SOCKET_IO = "/socket.io"
# What proxies add. Where none is trusted, whatever has one of these came from elsewhere.
_FORWARDED = frozenset({b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip"})
_FROM_OURSELVES = frozenset({None, "same-origin", "none"})


class Access:
    """Decide over requests; one for all ports of a server.

    Attributes:
        settings: as given.
        origins: which pages may use the server.
        codes: one-time codes of login links.
        cookies: of browsers that have logged in.
        connections: those that are open, within their limits.

    Args:
        settings: who may come in.
        token: opens everything.
        count: is told the reason of every refusal.
        clock: gives Unix time in seconds.

    Raises:
        ConfigurationError: hosts, origins or proxies that cannot be understood.
    """

    def __init__(
        self,
        settings: AccessSettings,
        token: Token,
        *,
        count: Callable[[str], None] = lambda _reason: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings
        self.origins = Origins(settings.origins)
        self.codes = LoginCodes(token, clock)
        self.cookies = Cookies(token, clock)
        self.connections = Connections(settings.limits, count)
        self.count = count
        self._hosts = Hosts(settings.hosts)
        self._token = token
        self._clock = clock
        _check_proxies(settings.proxies)

    def admits_token(self, token: object) -> bool:
        """Tell whether *token*, given in some other way than a header (Socket.IO's `auth`, gRPC's metadata), is the one."""
        return isinstance(token, str) and self._token.matches(token)

    def login_link(self, base_url: str) -> str:
        """Return an address that logs in once, within the next minutes."""
        return f"{base_url.rstrip('/')}{LOGIN}?code={mint_code(self._token, now=self._clock())}"

    def admits_sender(self, peer: str, authorization: str = "") -> bool:
        """Tell whether a program at the address *peer* may send events, over gRPC or whatever else is no HTTP request."""
        return self._is_open_to(peer) or self.admits_token(_bearer(authorization))

    def admits(self, scope: Scope) -> Identity | Refusal:
        """Return who sends the request of *scope*, or why it is refused."""
        headers = Requested(scope)
        relation = self._relation(scope, headers)
        if isinstance(relation, Refusal):
            return relation
        path: str = scope["path"]
        if path in SENDING and self._is_local(scope):
            return Identity("loopback")
        if self.admits_token(_bearer(headers.first("authorization") or "")) or self.admits_token(token_in_query(scope)):
            return Identity("token")
        if self._has_cookie(scope, headers, relation):
            return Identity("cookie")
        if path in {HEALTH, LOGIN, LOGOUT} or path.startswith(f"{SOCKET_IO}/"):
            return Identity("anyone")
        return _without_token(path)

    def _relation(self, scope: Scope, headers: Requested) -> Relation | Refusal:
        """Return how the page behind the request is related to us, or why no request of its kind is let in."""
        host = headers.only("host")
        if host is None or not self._hosts.admits(host):
            said = f"{host!r:.100} is no name of this server" if host else "the request does not say one Host"
            return Refusal(403, f"{said}; --allow-host lets it be called by another name", "host", "allow_host")
        relation = self.origins.relation(headers.first("origin"), scope["scheme"], host)
        if relation == "foreign":
            origin = headers.first("origin")
            problem = f"pages of {origin!r:.100} may not use this server; --allow-origin lets them"
            return Refusal(403, problem, "origin", "allow_origin")
        return relation

    def _has_cookie(self, scope: Scope, headers: Requested, relation: Relation) -> bool:
        """Tell whether a browser that has logged in sends this, for a page of ours.

        Other ports of a host are the same site to a browser, and get the cookie too: so it counts only where the request
        says that it comes from our own page, or from nobody's.
        """
        is_ours = relation == "same" or (
            relation == "none"
            and (
                headers.first("sec-fetch-site") in _FROM_OURSELVES
                or (headers.first("sec-fetch-mode") == "navigate" and scope.get("method") == "GET")
            )
        )
        cookie = headers.first("cookie")
        return is_ours and cookie is not None and self.cookies.admits(cookie_name(port_of(scope)), cookie)

    def _is_local(self, scope: Scope) -> bool:
        client = scope.get("client")
        if client is None or any(name in _FORWARDED for name, _ in scope["headers"]):
            return False
        return self._is_open_to(client[0])

    def _is_open_to(self, peer: str) -> bool:
        return self.settings.open_to_loopback and not self.settings.proxies and is_loopback(peer)


class Requested:
    """The headers of a request, as far as they are asked for."""

    def __init__(self, scope: Scope) -> None:
        self._headers: list[tuple[bytes, bytes]] = scope["headers"]

    def only(self, name: str) -> str | None:
        """Return the header *name*, None if there is none, or more than one."""
        found = self._all(name)
        return found[0] if len(found) == 1 else None

    def first(self, name: str) -> str | None:
        """Return the header *name*, None if there is none; of a browser's cookies all."""
        found = self._all(name)
        return ("; ".join(found) if name == "cookie" else found[0]) if found else None

    def _all(self, name: str) -> list[str]:
        key = name.encode()
        return [value.decode("latin-1") for given, value in self._headers if given == key]


def token_in_query(scope: Scope) -> str | None:
    """Return the `token` in the query, None if there is none."""
    query: bytes = scope.get("query_string", b"")
    if b"token=" not in query:
        return None
    try:
        return parse_qs(query.decode("latin-1"), max_num_fields=100).get("token", [None])[0]
    except ValueError:  # more fields than anybody sends
        return None


def port_of(scope: Scope) -> int | None:
    """Return the port that the request came in by."""
    server = scope.get("server")
    return server[1] if server is not None else None


def _bearer(header: str) -> str:
    kind, _, token = header.partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _without_token(path: str) -> Refusal:
    if path in SENDING:
        problem = (
            "senders from elsewhere need the server's token:"
            " set OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20<token>"
        )
    else:
        problem = (
            "a login is needed: open the link that `otel-events serve --print-login` prints,"
            " or send the header 'Authorization: Bearer <token>'"
        )
    return Refusal(401, problem, "token")


def _check_proxies(proxies: tuple[str, ...]) -> None:
    bad = [f"{proxy!r:.80}: say '10.0.0.1' or '10.0.0.0/8'" for proxy in proxies if not _is_network(proxy)]
    if bad:
        raise ConfigurationError("trusted proxies are addresses or networks", bad)


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True
