"""Where OTLP requests of one signal go: a checked address with all that is needed to talk to it."""

from __future__ import annotations

import ipaddress
import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias
from urllib.parse import SplitResult, unquote, urlsplit

from otel_events.errors import ConfigurationError
from otel_events.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Signal: TypeAlias = Literal["logs", "traces"]
Protocol: TypeAlias = Literal["http/protobuf", "grpc"]
Compression: TypeAlias = Literal["none", "gzip"]

_HEADER_NAME = lazy_pattern(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_METADATA_NAME = lazy_pattern(r"[0-9a-z_.-]+(?<!-bin)\Z")  # behind -bin stand bytes, which no text is
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, repr=False)
class Endpoint:
    """Where requests of one signal go.

    Attributes:
        url: the whole URL for http/protobuf, posted to as it is; for grpc a URL or `host:port`.
        protocol: `http/protobuf` or `grpc`.
        headers: sent with every request.
        timeout: seconds that one request may take, all in all.
        compression: None lets us choose: gzip unless the endpoint is on this machine.
        certificate_file: PEM file of the authorities to trust instead of the system's.
        client_certificate_file: PEM file that shows who we are.
        client_key_file: its key, unless the certificate's file holds it.
        insecure: whether grpc to a `host:port` without scheme goes without TLS.

    Raises:
        ConfigurationError: it cannot work; all reasons at once, none showing a credential.
    """

    url: str
    protocol: Protocol = "http/protobuf"
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 10.0
    compression: Compression | None = None
    certificate_file: str | None = None
    client_certificate_file: str | None = None
    client_key_file: str | None = None
    insecure: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot work; files, which are read again with new connections, are held to where they are now."""
        if problems := list(_find_problems(self)):
            raise ConfigurationError("this OTLP endpoint cannot be used", problems)
        for name in ("certificate_file", "client_certificate_file", "client_key_file"):
            path = getattr(self, name)
            if path:
                object.__setattr__(self, name, os.path.abspath(path))  # noqa: PTH100  # symbolic links stay

    def __repr__(self) -> str:
        """Name the place; headers and credentials stay out of logs and tracebacks."""
        return f"Endpoint({self.address!r}, protocol={self.protocol!r})"

    @property
    def address(self) -> str:
        """The URL without credentials and query, fit for warnings."""
        path = self._parts.path if self.protocol == "http/protobuf" else ""
        return f"{self.scheme}://{self.authority}{path}"

    @property
    def authority(self) -> str:
        """`host:port`, an IPv6 address in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def scheme(self) -> str:
        """`http` or `https`: whether TLS is used."""
        return self._parts.scheme

    @property
    def host(self) -> str:
        """The host's name or address."""
        return self._parts.hostname or ""

    @property
    def port(self) -> int:
        """The port, by the scheme's default if none is given."""
        return self._parts.port or _DEFAULT_PORTS[self.scheme]

    @property
    def target(self) -> str:
        """Path and query to post to."""
        parts = self._parts
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    @property
    def credentials(self) -> tuple[str, str] | None:
        """User and password from the URL, if it holds any."""
        parts = self._parts
        return None if parts.username is None else (unquote(parts.username), unquote(parts.password or ""))

    @property
    def is_secure(self) -> bool:
        """Whether TLS is used."""
        return self.scheme == "https"

    @property
    def is_loopback(self) -> bool:
        """Whether the endpoint is on this machine, as far as its name tells."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:  # a name, not an address
            return False

    @property
    def is_compressed(self) -> bool:
        """Whether requests are compressed: as set, else unless the endpoint is on this machine."""
        return not self.is_loopback if self.compression is None else self.compression == "gzip"

    @property
    def _parts(self) -> SplitResult:
        return _split(self.url, self.protocol, insecure=self.insecure)


def _split(url: str, protocol: str, *, insecure: bool) -> SplitResult:
    url = url.strip()
    if protocol == "grpc" and "://" not in url:  # `host:port`, which the specification allows for grpc
        url = f"{'http' if insecure else 'https'}://{url}"
    return urlsplit(url)


def _find_problems(endpoint: Endpoint) -> Iterator[str]:
    if endpoint.protocol not in ("http/protobuf", "grpc"):
        yield f"protocol {endpoint.protocol!r} must be 'http/protobuf' or 'grpc'"
    if endpoint.compression not in (None, "none", "gzip"):
        yield f"compression {endpoint.compression!r} must be 'gzip' or 'none'"
    if not (0 < endpoint.timeout < math.inf):
        yield f"timeout {endpoint.timeout!r} must be a number of seconds above 0"
    yield from _find_url_problems(endpoint)
    for name, value in endpoint.headers.items():
        yield from _find_header_problems(endpoint.protocol, name, value)
    yield from _find_file_problems(endpoint)


def _find_url_problems(endpoint: Endpoint) -> Iterator[str]:
    # The URL itself is not quoted: it may hold a password.
    example = "'http://localhost:4317'" if endpoint.protocol == "grpc" else "'http://localhost:4318/v1/logs'"
    try:
        parts = _split(endpoint.url, endpoint.protocol, insecure=endpoint.insecure)
        port = parts.port
    except ValueError:
        yield f"the URL's host or port cannot be read; it must look like {example}"
        return
    if parts.scheme not in _DEFAULT_PORTS:
        yield f"the URL must start with http:// or https://, like {example}, not with {parts.scheme or 'no scheme'!r}"
    if not parts.hostname:
        yield f"the URL names no host; it must look like {example}"
    if port == 0:
        yield "port 0 cannot be connected to"
    if any(ord(character) <= 32 or ord(character) >= 127 for character in endpoint.url.strip()):
        yield "the URL holds blanks, control or non-ASCII characters: percent-encode them"


def _find_header_problems(protocol: str, name: str, value: str) -> Iterator[str]:
    # Values are never quoted: they are credentials, as a rule.
    pattern, shown = (_METADATA_NAME, name.lower()) if protocol == "grpc" else (_HEADER_NAME, name)
    if not pattern.match(shown):
        yield f"header name {name!r} holds characters that a {protocol} header cannot"
    limit = 127 if protocol == "grpc" else 256
    if any(ord(character) < 32 or ord(character) == 127 or ord(character) >= limit for character in value):
        yield f"the value of header {name!r} holds characters that a {protocol} header cannot"


def _find_file_problems(endpoint: Endpoint) -> Iterator[str]:
    if endpoint.client_key_file and not endpoint.client_certificate_file:
        yield "a client key needs a client certificate beside it"
    for role, path in (
        ("certificate", endpoint.certificate_file),
        ("client certificate", endpoint.client_certificate_file),
        ("client key", endpoint.client_key_file),
    ):
        if path:
            try:
                Path(path).read_bytes()
            except OSError as error:
                yield f"the {role} file {path!r} cannot be read: {error.strerror or type(error).__name__}"
