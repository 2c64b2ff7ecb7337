"""Login links, each good once and for a short time, and the cookies that they end in."""

from __future__ import annotations

import re
import secrets
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_events.server.access.token import Token

CODE_SECONDS = 300
COOKIE_SECONDS = 30 * 86_400
_CODE = re.compile(r"([0-9]{1,15})\.([0-9A-Za-z_-]{22})\.([0-9A-Za-z_-]{43})", re.ASCII)
_COOKIE = re.compile(r"([0-9]{1,12})\.([0-9A-Za-z_-]{43})", re.ASCII)
_FUTURE = 60_000  # milliseconds that clocks may be apart


def mint_code(token: Token, *, now: float | None = None) -> str:
    """Return a code for one login; whoever has the token can make one, the server need not be asked."""
    issued = str(int((time.time() if now is None else now) * 1000))
    nonce = secrets.token_urlsafe(16)
    return f"{issued}.{nonce}.{token.sign('login', (issued, nonce))}"


class LoginCodes:
    """Redeem codes, each once.

    Args:
        token: signed them.
        clock: gives Unix time in seconds.
    """

    def __init__(self, token: Token, clock: Callable[[], float] = time.time) -> None:
        self._token = token
        self._clock = clock
        # Which ones an earlier run has seen is not known any more: so its codes end with it.
        self._started = int(clock() * 1000)
        self._used: dict[str, int] = {}

    def redeem(self, code: str) -> str:
        """Take *code* and return why it is not good, empty if it is."""
        match = _CODE.fullmatch(code)
        if match is None or not self._token.has_signed(match[3], "login", (match[1], match[2])):
            return "this is no login link of this server"
        issued, now = int(match[1]), int(self._clock() * 1000)
        self._forget(now)
        if match[2] in self._used:
            return "this login link was used before"
        if issued < self._started or not now - CODE_SECONDS * 1000 <= issued <= now + _FUTURE:
            return "this login link is too old"
        self._used[match[2]] = issued
        return ""

    def _forget(self, now: int) -> None:
        for nonce, issued in list(self._used.items()):
            if issued < now - CODE_SECONDS * 1000:
                del self._used[nonce]


class Cookies:
    """Make and check the cookie of a browser that has logged in. The server keeps nothing: a restart logs nobody out.

    Args:
        token: signs them; with another token all of them end.
        clock: gives Unix time in seconds.
    """

    def __init__(self, token: Token, clock: Callable[[], float] = time.time) -> None:
        self._token = token
        self._clock = clock

    def make(self, name: str, *, is_secure: bool) -> str:
        """Return the value of a `Set-Cookie` header."""
        expires = str(int(self._clock()) + COOKIE_SECONDS)
        value = f"{expires}.{self._token.sign('cookie', (name, expires))}"
        return _set_cookie(name, value, COOKIE_SECONDS, is_secure=is_secure)

    def clear(self, name: str, *, is_secure: bool) -> str:
        """Return the value of a `Set-Cookie` header that ends it in the browser."""
        return _set_cookie(name, "", 0, is_secure=is_secure)

    def admits(self, name: str, header: str) -> bool:
        """Tell whether the `Cookie` header has one of ours that is good still."""
        for part in header.split(";"):
            key, _, value = part.strip().partition("=")
            match = _COOKIE.fullmatch(value) if key == name else None
            if match is not None and self._token.has_signed(match[2], "cookie", (name, match[1])):
                return int(match[1]) > self._clock()
        return False


def cookie_name(port: int | None) -> str:
    """Return the cookie's name: browsers keep the cookies of all ports of a host together."""
    return f"otel_events_{port or 0}"


def _set_cookie(name: str, value: str, age: int, *, is_secure: bool) -> str:
    secure = "; Secure" if is_secure else ""
    return f"{name}={value}; Max-Age={age}; Path=/; HttpOnly; SameSite=Strict{secure}"
