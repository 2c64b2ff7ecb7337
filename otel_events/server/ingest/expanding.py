"""Compressed bodies, expanded no further than they may be."""

from __future__ import annotations

import zlib

from otel_events.server.ingest.refusals import malformed, too_large, unsupported

_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 15}


def expand(body: bytes, encoding: str, most: int) -> bytes:
    """Return what *body* holds, or raise RefusedError; of a bomb no more than *most* bytes are ever made.

    Args:
        body: as it came.
        encoding: the request's Content-Encoding.
        most: bytes that it may have.
    """
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        return body
    window = _WINDOWS.get(name)
    if window is None:
        raise unsupported(f"bodies may be compressed by gzip or deflate, not by {name!r:.40}")
    pieces: list[bytes] = []
    left = most
    while body:
        inflater = zlib.decompressobj(wbits=window)
        try:
            piece = inflater.decompress(body, left + 1)
        except zlib.error as error:
            raise malformed(f"the body is not {name}: {error}") from error
        left -= len(piece)
        if left < 0:
            raise too_large(most)
        if not inflater.eof:
            raise malformed(f"the body is not {name}: it ends too early")
        pieces.append(piece)
        body = inflater.unused_data  # one member may follow another
    return b"".join(pieces)
