"""gzip of request bodies, at the level that costs a microsecond a record."""

from __future__ import annotations

import gzip

_LEVEL = 1  # five times smaller already; level 9 costs six times as much (measured)


def compress(body: bytes) -> bytes:
    """Return *body* as gzip; equal bodies give equal bytes."""
    return gzip.compress(body, compresslevel=_LEVEL, mtime=0)


def decompress(body: bytes) -> bytes:
    """Return what `compress` was given."""
    return gzip.decompress(body)
