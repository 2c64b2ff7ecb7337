"""Access as the server's settings ask for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from otel_events.server.access.access import Access
from otel_events.server.access.settings import AccessSettings, Limits
from otel_events.server.access.token import Token, is_exposed, keep_token, read_token
from otel_events.state_directory import state_directory

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_events.server.settings import ServerSettings


def open_access(settings: ServerSettings, count: Callable[[str], None], clock: Callable[[], float]) -> Access:
    """Return the access to a server of *settings*, or raise ConfigurationError.

    Args:
        settings: of the server.
        count: is told the reason of every refusal.
        clock: gives Unix time in seconds.
    """
    chosen = AccessSettings(
        hosts=(*settings.allow_host, *_own_name(settings.host)),
        origins=settings.allow_origin,
        proxies=settings.trust_proxy,
        limits=Limits(connections=settings.max_connections),
    )
    return Access(chosen, find_token(settings), count=count, clock=clock)


def find_token(settings: ServerSettings) -> Token:
    """Return the token: the one that is set, that of the file that is named, else this user's own, made if need be.

    Raises:
        ConfigurationError: it cannot be read, made, or used.
    """
    if settings.token is not None:
        return Token(settings.token)
    if settings.token_file is not None:
        return Token(read_token(Path(settings.token_file)))
    return Token(keep_token(token_path()))


def token_path() -> Path:
    """Return where this user's token is kept, or raise OSError if there is no place for it."""
    return state_directory() / "server" / "token"


def complaint(settings: ServerSettings) -> str | None:
    """Return what the owner should be told of how the token is kept, None if all is well."""
    path = settings.token_file
    if settings.token is None and path is not None and is_exposed(Path(path)):
        return f"other users of this machine may read the token in {path}: chmod 600 it"
    return None


def _own_name(host: str) -> tuple[str, ...]:
    """Return the name to listen on, if it is one and no address."""
    return () if ":" in host or host == "*" else (host,)
