"""Bodies of requests within their limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_events.server.access.access import SENDING, Requested
from otel_events.server.access.identity import Refusal
from otel_events.server.access.refusing import answer_refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from otel_events.server.access.settings import Limits


class _TooLargeError(Exception):
    """More has come than may."""


class BodyLimit:
    """Answer 413 to a body that says that it is too large, or turns out to be.

    Args:
        app: what is behind.
        limits: `body_bytes`.
        count: is told the reason of every refusal.
    """

    def __init__(self, app: ASGIApp, limits: Limits, count: Callable[[str], None]) -> None:
        self._app = app
        self._limits = limits
        self._count = count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, its body counted."""
        if scope["type"] != "http" or scope["path"] in SENDING:
            await self._app(scope, receive, send)
            return
        most = self._limits.body_bytes
        said = Requested(scope).first("content-length") or "0"
        if said.isdecimal() and int(said[:20]) > most:
            await self._refuse(most, scope, receive, send)
            return
        has_answered = False
        left = most

        async def count_received() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise _TooLargeError
            return message

        async def note_sent(message: Message) -> None:
            nonlocal has_answered
            if left < 0 and not has_answered:
                return  # what the application makes of it is no answer to the client: ours follows
            has_answered = True
            await send(message)

        try:
            await self._app(scope, count_received, note_sent)
        except _TooLargeError:
            if has_answered:  # then nobody needs the rest
                raise
            await self._refuse(most, scope, receive, send)

    async def _refuse(self, most: int, scope: Scope, receive: Receive, send: Send) -> None:
        self._count("body_too_large")
        refusal = Refusal(413, f"a body here may have {most:,} bytes; send less at a time", "body_too_large")
        await answer_refusal(refusal, scope)(scope, receive, send)
