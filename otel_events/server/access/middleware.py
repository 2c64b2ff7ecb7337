"""Access in front of an application: every request and every handshake passes here, or ends here."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, parse_qsl, urlencode

from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from otel_events.server.access.access import LOGIN, LOGOUT, port_of, token_in_query
from otel_events.server.access.body_limit import BodyLimit
from otel_events.server.access.identity import Identity, Refusal
from otel_events.server.access.login import cookie_name
from otel_events.server.access.refusing import answer_refusal, login_page, refuse_websocket, wants_page
from otel_events.server.access.security_headers import SecurityHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from otel_events.server.access.access import Access

# Where a request's `Identity` is found in its scope.
IDENTITY = "otel_events.identity"
_MOST_LOGIN_BYTES = 16_384
_HEADERS = ("Authorization", "Content-Type", "Content-Encoding", "Last-Event-ID", "Traceparent", "Tracestate")


def guard(app: ASGIApp, access: Access) -> ASGIApp:
    """Return *app* behind *access*.

    From the outside in: security headers; what a trusted proxy says of its client; answers to browsers that ask before
    they send from an allowed page (CORS); the decision; the size of the body.
    """
    settings = access.settings
    guarded: ASGIApp = _Decide(BodyLimit(app, settings.limits, access.count), access)
    if settings.origins:
        guarded = CORSMiddleware(
            guarded,
            allow_origins=access.origins.as_sent(),
            allow_methods=("GET", "POST"),
            allow_headers=_HEADERS,
            allow_private_network=True,
        )
    if settings.proxies:
        guarded = ProxyHeadersMiddleware(guarded, list(settings.proxies))  # type: ignore[arg-type,assignment]
    return SecurityHeaders(guarded, is_shared=bool(settings.origins))


class _Decide:
    """Let in or refuse; log in and out."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        try:
            await self._decide(scope, receive, send)
        except ClientDisconnect:  # in the middle of its request: nobody is there to be answered
            self._access.count("broke_off")

    async def _decide(self, scope: Scope, receive: Receive, send: Send) -> None:
        decision = self._access.admits(scope)
        if isinstance(decision, Refusal):
            self._access.count(decision.reason)
            if scope["type"] == "websocket":
                await refuse_websocket(decision, scope, receive, send)
            else:
                await answer_refusal(decision, scope)(scope, receive, send)
            return
        response = await self._enter(scope, receive, decision) if scope["type"] == "http" else None
        if response is not None:
            await response(scope, receive, send)
            return
        await self._app({**scope, IDENTITY: decision}, receive, send)

    async def _enter(self, scope: Scope, receive: Receive, identity: Identity) -> Response | None:
        """Return the answer to what is about logging in or out, None for everything else."""
        if scope["path"] == LOGIN:
            return await self._log_in(identity, scope, receive)
        if scope["path"] == LOGOUT and scope["method"] == "POST":
            return self._with_cookie(RedirectResponse("/", 303), scope, is_in=False)
        is_first = identity.way == "token" and scope["method"] == "GET" and wants_page(scope)
        if is_first and token_in_query(scope) is not None:
            return self._with_cookie(RedirectResponse(_without_token(scope), 303), scope)
        return None

    async def _log_in(self, identity: Identity, scope: Scope, receive: Receive) -> Response:
        if scope["method"] not in {"GET", "POST"}:
            refusal = Refusal(405, "log in by GET with a code or by POST with the token", "method")
            return answer_refusal(refusal, scope)
        problem = self._judge_code(scope) if scope["method"] == "GET" else await self._judge_form(scope, receive)
        if problem and identity.way == "cookie" and scope["method"] == "GET":
            return RedirectResponse("/", 303)  # who is in already has nothing to gain by a link that is used up
        if problem:
            self._access.count("login")
            if wants_page(scope):
                return login_page(f"{problem[0].upper()}{problem[1:]}.", scope)
            return answer_refusal(Refusal(401, problem, "login"), scope)
        return self._with_cookie(RedirectResponse("/", 303), scope)

    def _judge_code(self, scope: Scope) -> str:
        query = dict(parse_qsl(scope["query_string"].decode("latin-1")[:4_096]))
        if "token" in query:
            return "" if self._access.admits_token(query["token"]) else "this is not the server's token"
        return self._access.codes.redeem(query["code"]) if "code" in query else "a login link has a code"

    async def _judge_form(self, scope: Scope, receive: Receive) -> str:
        body = b""
        async for piece in Request(scope, receive).stream():
            body += piece
            if len(body) > _MOST_LOGIN_BYTES:
                return "this is not the server's token"
        given = parse_qs(body.decode("latin-1")).get("token", [""])[0]
        return "" if self._access.admits_token(given.strip()) else "this is not the server's token"

    def _with_cookie(self, response: Response, scope: Scope, *, is_in: bool = True) -> Response:
        cookies, name = self._access.cookies, cookie_name(port_of(scope))
        make = cookies.make if is_in else cookies.clear
        response.headers["set-cookie"] = make(name, is_secure=scope["scheme"] == "https")
        response.headers["cache-control"] = "no-store"
        return response


def _without_token(scope: Scope) -> str:
    """Return the address without what must not stay in a browser's history."""
    fields = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    query = urlencode([(key, value) for key, value in fields if key != "token"])
    # One slash: `//other.example/` would be an address of somebody else.
    path = "/" + scope["path"].lstrip("/\\")
    return f"{path}?{query}" if query else path
