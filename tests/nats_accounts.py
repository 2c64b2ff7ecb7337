"""Keys and credentials of NATS, made for a test: what its `nsc` makes."""

from __future__ import annotations

import base64
import json
import secrets

import pytest


def make_keys(kind):
    """Return a pair of keys, and its seed as text."""
    nkeys = pytest.importorskip("nkeys")
    prefix = getattr(nkeys, f"PREFIX_BYTE_{kind.upper()}")
    seed = nkeys.encode_seed(secrets.token_bytes(32), prefix)
    return nkeys.from_seed(bytearray(seed)), seed.decode()


def make_operator():
    """Return the settings of a server that lets in whom an operator vouches for, and the credentials of one user."""
    (operator, _), (account, _), (user, seed) = map(make_keys, ("operator", "account", "user"))
    unlimited = dict.fromkeys(("subs", "data", "payload", "imports", "exports", "conn", "leaf"), -1) | {
        "wildcards": True
    }
    its = _claim(operator, operator, "operator", {})
    accounts = _claim(operator, account, "account", {"limits": unlimited})
    token = _claim(account, user, "user", {"subs": -1, "data": -1, "payload": -1})
    credentials = f"-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n"
    credentials += f"-----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
    preload = {account.public_key.decode(): accounts}
    return {"operator": its, "resolver": "MEMORY", "resolver_preload": preload}, credentials


def _claim(issuer, subject, kind, facts):
    claims = {"jti": secrets.token_hex(16), "iat": 1_771_095_683, "iss": issuer.public_key.decode()}
    claims |= {"name": kind, "sub": subject.public_key.decode(), "nats": {**facts, "type": kind, "version": 2}}
    signed = ".".join(map(_encode, ({"typ": "JWT", "alg": "ed25519-nkey"}, claims)))
    return f"{signed}.{_base64(issuer.sign(signed.encode()))}"


def _encode(said):
    return _base64(json.dumps(said, separators=(",", ":")).encode())


def _base64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
