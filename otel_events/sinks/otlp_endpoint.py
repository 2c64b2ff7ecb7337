"""The OTLP endpoint that settings describe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_events.otlp.endpoint import Endpoint

if TYPE_CHECKING:
    from otel_events.settings import EndpointSettings


def endpoint_of(settings: EndpointSettings | None, longest: float | None) -> Endpoint | None:
    """Return where *settings* send; None where they are. *longest* bounds the time of a request."""
    if settings is None:
        return None
    timeout = settings.timeout if longest is None else min(settings.timeout, longest)
    return Endpoint(
        url=settings.url,
        protocol="grpc" if settings.protocol == "grpc" else "http/protobuf",
        headers=settings.headers,
        timeout=timeout,
        compression=settings.compression,  # type: ignore[arg-type]  # one of its words, or None
        certificate_file=settings.certificate_file,
        client_certificate_file=settings.client_certificate_file,
        client_key_file=settings.client_key_file,
        insecure=settings.insecure,
    )
