"""Work over a connection to Redis that goes away and comes back."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from otel_events.errors import ConfigurationError
from otel_events.notices import Notices
from otel_events.server.live.beginning import UNAVAILABLE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from redis.asyncio import Redis

_TIMEOUT = 10.0  # seconds for any answer; a Redis that takes longer is treated as one that is away
_LONGEST_PAUSE = 5.0
BLOCK = 5_000  # milliseconds for which Redis holds a question back until there is something


class RedisLink:
    """One Redis, and what is done over and over with it.

    Args:
        url: `redis://`, `rediss://` or `unix://`; may hold a password, which is never told.

    Raises:
        ConfigurationError: the URL is none, or the extra is missing.
    """

    def __init__(self, url: str, notices: Notices | None = None) -> None:
        try:
            from redis.asyncio import Redis
            from redis.asyncio.retry import Retry
            from redis.backoff import NoBackoff
        except ImportError as error:
            raise ConfigurationError(
                "the bridge to Redis cannot begin", ["redis is missing: install otel-events[redis]"]
            ) from error
        try:
            self.client: Redis = Redis.from_url(
                url,
                socket_timeout=_TIMEOUT,
                socket_connect_timeout=_TIMEOUT,
                health_check_interval=30,
                retry=Retry(NoBackoff(), 0),  # trying again is done here, where it is told and bounded
            )
        except ValueError as error:
            raise ConfigurationError("the bridge to Redis cannot begin", [f"redis_url: {error}"]) from None
        self._where = _without_password(url)
        self._notices = notices or Notices()
        self.is_connected = False

    async def keep(
        self, what: str, work: Callable[[], Awaitable[Any]], begin: Callable[[], Awaitable[Any]] | None = None
    ) -> None:
        """Do *work* forever; when Redis fails, tell it once a minute, wait, and begin again with *begin*."""
        from redis.exceptions import RedisError

        pause, has_begun = 0.1, begin is None
        while True:
            try:
                if begin is not None and not has_begun:
                    await begin()
                    has_begun = True
                await work()
                pause, self.is_connected = 0.1, True
            except (RedisError, OSError, asyncio.TimeoutError, *UNAVAILABLE) as error:  # noqa: PERF203  # it is the loop's work
                self.is_connected, has_begun = False, begin is None
                self._tell(what, error)
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311  # several servers, not at once
                pause = min(pause * 2, _LONGEST_PAUSE)

    def _tell(self, what: str, error: Exception) -> None:
        who = "the store" if isinstance(error, UNAVAILABLE) else f"Redis at {self._where}"
        told = str(error) or type(error).__name__
        self._notices.warn(f"redis {what}", f"{what}: {who} fails ({told:.200}); trying again")

    def warn(self, cause: str, message: str) -> None:
        """Tell *message* once a minute at most."""
        self._notices.warn(f"redis {cause}", message)

    async def close(self) -> None:
        """Let go of the connections."""
        await self.client.aclose()


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 6379}" if parts.hostname else parts.path
