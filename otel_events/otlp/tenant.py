"""Telling apart whose data goes to one address, without showing who they are."""

from __future__ import annotations

import base64
import binascii
import json
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_events.otlp.endpoint import Endpoint

_ITERATIONS = 100_000  # some 25 ms: a directory's name, which warnings show, must not let anybody try passwords


def tenant_of(endpoint: Endpoint) -> str:
    """Return a hash of all that says whose data goes to *endpoint*; empty if nothing but its address does.

    That is each header, the user's name of basic credentials, and the query. Not the rest of `authorization`: its tokens
    change, and what waits must not be left behind by that.
    """
    headers = {name.lower(): value for name, value in endpoint.headers.items()}
    user = _user_of(endpoint, headers.pop("authorization", None))
    query = endpoint.target.partition("?")[2] if endpoint.protocol == "http/protobuf" else ""
    if not headers and user is None and not query:
        return ""
    return _hash(json.dumps([sorted(headers.items()), user, query]), endpoint.address)


def _user_of(endpoint: Endpoint, authorization: str | None) -> str | None:
    if authorization is None:  # else the header is what is sent
        return None if endpoint.credentials is None else endpoint.credentials[0]
    scheme, _, credentials = authorization.strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(credentials).partition(b":")[0].decode("latin-1") or None
    except binascii.Error:  # the receiver will say what it thinks of it
        return None


@lru_cache(maxsize=16)  # for each signal, at each `configure`, and in each child of a fork
def _hash(text: str, address: str) -> str:
    import hashlib  # with all of OpenSSL

    return hashlib.pbkdf2_hmac("sha256", text.encode(), address.encode(), _ITERATIONS).hex()
