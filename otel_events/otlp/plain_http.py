"""Requests and usual answers of HTTP/1.1 as bytes: a tenth of what the general machinery takes for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_END = b"\r\n\r\n"
_BEGINNINGS = (b"HTTP/1.1 200 ", b"HTTP/1.1 200\r")


@dataclass(frozen=True, slots=True)
class PlainHead:
    """What there is to know of a usual answer's head.

    Attributes:
        length: of the head and the blank line behind it.
        content_type: without parameters, in lower case; empty if it names none.
        body_length: what is to follow.
    """

    length: int
    content_type: str
    body_length: int


def request_head(target: str, headers: Mapping[str, str]) -> bytes:
    """Return a POST up to the length of its body, which is to follow with a blank line and the body."""
    lines = (f"POST {target} HTTP/1.1", "accept-encoding: identity", *map(": ".join, headers.items()))
    return "\r\n".join((*lines, "content-length: ")).encode("latin-1")


def read_head(received: bytes) -> PlainHead | None:
    """Return what the head in *received* says; None if it is not there yet, or not as simple as usual."""
    end = received.find(_END)
    if end < 0 or not received.startswith(_BEGINNINGS):
        return None
    headers: dict[bytes, bytes] = {}
    for line in received[:end].split(b"\r\n")[1:]:
        name, colon, value = line.partition(b":")
        # One that goes on in the next line, or comes twice, or ends in an odd way, is for those who know them all.
        if not colon or not name or name != name.strip() or name.lower() in headers or b"\n" in value:
            return None
        headers[name.lower()] = value.strip()
    length = headers.get(b"content-length", b"")
    if not length.isdigit() or len(length) > 9 or b"transfer-encoding" in headers:
        return None
    if headers.get(b"connection", b"keep-alive").lower() != b"keep-alive":
        return None
    content_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower().decode("latin-1")
    return PlainHead(end + len(_END), content_type, int(length))
