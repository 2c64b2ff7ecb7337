"""Where one signal is sent, by the rules of the OTLP exporter specification."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import SplitResult, urlsplit, urlunsplit

from otel_events.settings.kinds import Kind, UnusableError, show

if TYPE_CHECKING:
    from collections.abc import Mapping

HTTP = "http/protobuf"
GRPC = "grpc"
DEFAULT_ENDPOINTS = {HTTP: "http://localhost:4318", GRPC: "http://localhost:4317"}
DEFAULT_TIMEOUT = 10.0


class EndpointSettings(NamedTuple):
    """Where and how one signal is sent.

    Attributes:
        url: for http/protobuf the whole URL of the signal; for grpc the target, with or without a scheme.
        protocol: `http/protobuf` or `grpc`.
        headers: names in lower case; their values are secrets.
        timeout: seconds that one export may take.
        compression: `gzip`, `none`, or None where nobody has said.
        certificate_file: the certificates to trust, or None for the system's.
        client_certificate_file: our own certificate, for mutual TLS.
        client_key_file: its private key.
        insecure: the connection is not encrypted: by the URL's scheme, and only without one by the setting.
    """

    url: str
    protocol: str
    headers: Mapping[str, str]
    timeout: float
    compression: str | None
    certificate_file: str | None
    client_certificate_file: str | None
    client_key_file: str | None
    insecure: bool

    def __repr__(self) -> str:
        # Settings get printed and logged; credentials must not.
        names = ", ".join(self.headers)
        return (
            f"EndpointSettings(url={show(self.url)}, protocol={self.protocol!r}, headers=<{names}>,"
            f" timeout={self.timeout!r}, compression={self.compression!r}, certificate_file={self.certificate_file!r},"
            f" client_certificate_file={self.client_certificate_file!r}, insecure={self.insecure!r})"
        )


def _split(text: str) -> SplitResult:
    """Return the parts of a URL, or raise if it has no host or an impossible port."""
    try:
        parts = urlsplit(text)
        is_whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise UnusableError from None
    if not is_whole:
        raise UnusableError
    return parts


def _is_url(text: str) -> bool:
    return text.lower().startswith(("http://", "https://"))


def _accept_target(value: object) -> str:
    """Return what can be an endpoint of either protocol."""
    text = value.strip() if isinstance(value, str) else ""
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise UnusableError
    _split(text if "://" in text else f"//{text}")
    return text


def _accept_url(value: object) -> str:
    text = _accept_target(value)
    if not _is_url(text):
        raise UnusableError
    return text


_URL = Kind("a URL such as 'http://localhost:4318'", _accept_url, _accept_url)
_TARGET = Kind("a target such as 'http://localhost:4317' or 'localhost:4317'", _accept_target, _accept_target)
ENDPOINT = Kind("a URL such as 'http://localhost:4318', or a gRPC target", _accept_target, _accept_target)


def endpoint_kind(protocol: str) -> Kind:
    """Return the kind of endpoint that *protocol* needs."""
    return _TARGET if protocol == GRPC else _URL


def signal_url(endpoint: str, protocol: str, signal: str, *, is_base: bool) -> str:
    """Return the URL or target to which *signal* goes.

    Args:
        endpoint: as it was given.
        protocol: `grpc` leaves the endpoint as it is.
        signal: `logs` or `traces`.
        is_base: it was given for all signals, so the signal's path is appended; else only a missing path becomes `/`.
    """
    if protocol == GRPC:
        return endpoint
    parts = _split(endpoint)
    path = parts.path or "/"
    if is_base:
        path = f"{path if path.endswith('/') else path + '/'}v1/{signal}"
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


def is_insecure(url: str, *, insecure: bool) -> bool:
    """Return whether the connection to *url* is plain: its scheme decides, and only without one *insecure*."""
    scheme = url.partition("://")[0].lower() if "://" in url else ""
    return {"http": True, "https": False}.get(scheme, insecure)


def doubt(endpoint: str, protocol: str, *, is_base: bool, is_protocol_given: bool) -> str:
    """Return a clause that says why *endpoint*, though valid, is likely a mistake; empty if it is not."""
    if protocol != HTTP:
        return ""
    parts = urlsplit(endpoint)
    if is_base and parts.path.removesuffix("/").endswith(("/v1/logs", "/v1/traces", "/v1/metrics")):
        return f"ends in {parts.path[parts.path.rindex('/v1/') :]!r}, and the signal's path is appended to it once more"
    if parts.port == 4317 and not is_protocol_given:
        return (
            "has the port of gRPC by convention, and 'http/protobuf' is spoken to it; the protocol 'grpc' may be meant"
        )
    return ""
