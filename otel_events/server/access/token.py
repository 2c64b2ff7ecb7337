"""The server's token: where it comes from, what is compared with it, what is signed with it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
from typing import TYPE_CHECKING

from otel_events.errors import ConfigurationError
from otel_events.files import OwnedFile, make_private_directory

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_LEAST = 16  # characters: beyond guessing over a network
_MOST = 4_096
_USABLE = re.compile(r"[\x21-\x7e]+")  # what a header and, percent-encoded, an address can carry
_TAKES = f"a token has {_LEAST} to {_MOST:,} characters, ASCII without spaces"
_BYTES = 32


class Token:
    """The one secret that opens the server; it appears in no message and in no `repr`.

    Args:
        text: as the owner writes it.

    Raises:
        ConfigurationError: it is too short to be a secret, or cannot stand in a header.
    """

    __slots__ = ("_digest", "_key")

    def __init__(self, text: str) -> None:
        if not _LEAST <= len(text) <= _MOST or not _USABLE.fullmatch(text):
            raise ConfigurationError("the server's token cannot be used", [f"{_TAKES}; leave it out to have one made"])
        self._key = text.encode()
        self._digest = hashlib.sha256(self._key).digest()

    def matches(self, given: str) -> bool:
        """Tell whether *given* is the token, in a time that says nothing of either."""
        return hmac.compare_digest(hashlib.sha256(given.encode("utf-8", "replace")).digest(), self._digest)

    def sign(self, purpose: str, parts: Iterable[str]) -> str:
        """Return what only the owner of the token can make of *parts*, for this one *purpose*."""
        text = "\0".join((f"otel-events {purpose}", *parts)).encode("utf-8", "replace")
        return _as_text(hmac.new(self._key, text, hashlib.sha256).digest())

    def has_signed(self, signature: str, purpose: str, parts: Iterable[str]) -> bool:
        """Tell whether *signature* is that of *parts*, in a time that says nothing of it."""
        return hmac.compare_digest(signature.encode("utf-8", "replace"), self.sign(purpose, parts).encode())


def read_token(path: Path) -> str:
    """Return the token in the file at *path*, or raise ConfigurationError."""
    try:
        with path.open("rb") as file:
            text = file.read(_MOST + 3)
    except OSError as error:
        raise ConfigurationError("the token file cannot be read", [f"{path}: {error.strerror}"]) from error
    return text.decode("utf-8", "replace").strip()


def keep_token(path: Path) -> str:
    """Return the token of this user's server, which is kept at *path*; make it if there is none.

    Raises:
        ConfigurationError: it can be neither read nor made, or the file is somebody else's.
    """
    try:
        make_private_directory(path.parent, path.parent)
        return _read_own(path) or _make(path)
    except OSError as error:
        raise ConfigurationError(
            "the server's token cannot be kept",
            [f"{path}: {error.strerror}; set OTEL_EVENTS_SERVER_TOKEN, or name a file with --token-file"],
        ) from error


def is_exposed(path: Path) -> bool:
    """Tell whether other users of this machine may read the file at *path*."""
    try:
        return os.name == "posix" and bool(path.stat().st_mode & 0o077)
    except OSError:
        return False


def _read_own(path: Path) -> str:
    """Return what the private file at *path* holds, empty if there is none, or raise OSError."""
    try:
        file = OwnedFile(str(path), os.O_RDONLY)
    except FileNotFoundError:
        return ""
    try:
        if hasattr(os, "fchmod"):
            os.fchmod(file.fd, 0o600)  # a copy or a restored backup may have lost it
        return os.read(file.fd, _MOST).decode("utf-8", "replace").strip()
    finally:
        file.close()


def _make(path: Path) -> str:
    """Make the file with a new token, or return that of a process that was quicker."""
    text = _as_text(secrets.token_bytes(_BYTES))
    beside = path.with_name(f"{path.name}.{secrets.token_hex(8)}.new")
    file = OwnedFile(str(beside), os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        os.write(file.fd, f"{text}\n".encode())
        os.fsync(file.fd)
    finally:
        file.close()
    try:
        # Neither replaces what is there: two servers that start together must not each have a token of their own.
        (os.link if os.name == "posix" else os.rename)(beside, path)
    except FileExistsError:
        return _read_own(path)
    finally:
        beside.unlink(missing_ok=True)
    return text


def _as_text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
