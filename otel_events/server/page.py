"""Serve the page: the files that `make web` built, under a policy that lets no event become markup or script."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from otel_events.server.server import Server

FOLDER = Path(__file__).with_name("page")

# Scripts and styles come from files of ours alone; the page speaks with its own server and nobody else, and is in no
# frame. Trusted types: the browser itself refuses to parse text of an event as markup.
POLICY = (
    "default-src 'none'; "
    "script-src 'self'; "
    "style-src 'self'; "
    "img-src 'self'; "
    "connect-src 'self'; "
    "base-uri 'none'; "
    "form-action 'none'; "
    "frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)
_HEADERS = {"Content-Security-Policy": POLICY, "Permissions-Policy": "camera=(), geolocation=(), microphone=()"}
_TYPES = {".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".svg": "image/svg+xml"}
# The names of built assets hold a digest of their content, so that a browser need never ask for one again.
_FOREVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"


def routes(server: Server) -> list[BaseRoute]:  # noqa: ARG001  # what every part of the server offers
    """Return a route for each file of the page: nothing else of the disk can be asked for."""
    return [Route(_path_of(name), _serve, methods=["GET"], name=name) for name in sorted(_files())] or [
        Route("/", _not_built, methods=["GET"])
    ]


def _path_of(name: str) -> str:
    return "/" if name == "index.html" else f"/{name}"


@cache
def _files() -> dict[str, tuple[bytes, dict[str, str]]]:
    """Return the content of every file of the page and the headers that go with it, by its path in the folder."""
    files = {}
    for path in FOLDER.rglob("*"):
        if path.suffix in _TYPES:
            content = path.read_bytes()
            name = path.relative_to(FOLDER).as_posix()
            files[name] = (content, _headers_of(name, content))
    return files


def _headers_of(name: str, content: bytes) -> dict[str, str]:
    return {
        **_HEADERS,
        "Content-Type": f"{_TYPES[Path(name).suffix]}; charset=utf-8",
        "Cache-Control": _FOREVER if name.startswith("assets/") else _ASK_AGAIN,
        "ETag": f'"{sha256(content).hexdigest()[:32]}"',
    }


async def _serve(request: Request) -> Response:
    content, headers = _files()[request.url.path.removeprefix("/") or "index.html"]
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(
            status_code=304, headers={key: value for key, value in headers.items() if key != "Content-Type"}
        )
    return Response(content, headers=headers)


async def _not_built(_: Request) -> Response:
    return PlainTextResponse("The page was not built. In a checkout say: make web", status_code=503, headers=_HEADERS)
