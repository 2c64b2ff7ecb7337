"""Answers of the access middleware: a refusal in the form that whoever asks can read."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import TYPE_CHECKING

import orjson
from starlette.responses import HTMLResponse, Response
from starlette.websockets import WebSocketClose

from otel_events.server.access.access import LOGIN, Requested
from otel_events.server.access.login_page import PAGE, STYLE

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from otel_events.server.access.identity import Refusal

# A link on another site opens this page without our cookie, which goes only with requests from our own pages. So this page,
# which is ours, goes there once more. A mere reload would not do: browsers take it for the same request from elsewhere. And
# only a script keeps what stands behind # in the address.
_ONCE_MORE = "const place = new URL(location); place.searchParams.set('from', 'link'); location.replace(place);"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


_POLICY = f"default-src 'none'; style-src {_hash(STYLE)}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


def wants_page(scope: Scope) -> bool:
    """Tell whether a browser asks for something to show as a page."""
    headers = Requested(scope)
    is_read = scope["type"] == "http" and scope["method"] in {"GET", "HEAD", "POST"}
    return is_read and "text/html" in (headers.first("accept") or "")


def answer_refusal(refusal: Refusal, scope: Scope) -> Response:
    """Return the answer to a request that is not let in: a page to log in for people, JSON for programs."""
    if refusal.status == 401 and wants_page(scope):
        return login_page("A login is needed.", scope)
    headers = {"cache-control": "no-store"}
    if refusal.status == 401:
        headers["www-authenticate"] = 'Bearer realm="otel-events"'
    return Response(orjson.dumps(refusal.as_dict()), refusal.status, headers, "application/json")


def login_page(problem: str, scope: Scope) -> Response:
    """Return the page on which to log in, which says first what the *problem* is."""
    came_from_elsewhere = Requested(scope).first("sec-fetch-site") == "cross-site" and scope["path"] != LOGIN
    head = f"<script>{_ONCE_MORE}</script>" if came_from_elsewhere else ""
    policy = f"{_POLICY}; script-src {_hash(_ONCE_MORE)}" if came_from_elsewhere else _POLICY
    page = PAGE.format(head=head, style=STYLE, problem=escape(problem), login=LOGIN)
    return HTMLResponse(page, 401, {"content-security-policy": policy, "cache-control": "no-store"})


async def refuse_websocket(refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    """Refuse the handshake of a WebSocket with an answer that says why, where the server can give one."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await WebSocketClose(1008)(scope, receive, send)
        return
    body = orjson.dumps(refusal.as_dict())
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "websocket.http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})
