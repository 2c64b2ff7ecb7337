"""What sends the requests of a spool, to where they were meant to go or elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, cast

from otel_events.cli.courier import Courier
from otel_events.cli.endpoints import find_endpoints, read_settings
from otel_events.errors import ConfigurationError
from otel_events.otlp.endpoint import Endpoint
from otel_events.settings.lists import MESSAGE_SINKS
from otel_events.sinks.messages import halve_messages
from otel_events.sinks.planning import plans_of
from otel_events.spool.places import spool_directory

if TYPE_CHECKING:
    from otel_events.otlp.endpoint import Signal
    from otel_events.sinks.message_sink import SinkPlan
    from otel_events.spool import SpoolInfo

OTLP = ("logs", "traces")
# The courier of a spool and the address, or why there is none.
Found: TypeAlias = "tuple[Courier, str] | str"


class Couriers:
    """Finds the courier of each spool.

    Args:
        to: an endpoint for all requests of OTLP, None for their own.
        protocol: that the endpoint speaks.
        patience: seconds without progress after which a courier gives up.
    """

    def __init__(self, to: str | None, protocol: str | None, patience: float) -> None:
        self._is_given = to is not None
        self._endpoints = find_endpoints(to, protocol)
        self._patience = patience
        self._settings = read_settings()

    def find(self, info: SpoolInfo) -> Found:
        """Return the courier of *info* and its address, or why there is none."""
        if info.signal in OTLP:
            endpoint = self._endpoint(info)
            if endpoint is None:
                return "nothing says where it was to go: name an endpoint with --to"
            return Courier.to(endpoint, cast("Signal", info.signal), patience=self._patience), endpoint.address
        plan = self._plan(info)
        if plan is None and info.signal not in MESSAGE_SINKS:
            return f"of the sink {info.signal!r} in a program's code: run that program again"
        if plan is None:
            return (
                f"of the sink {info.signal!r}: set its OTEL_EVENTS_{info.signal.upper()}_URL, or run its program again"
            )
        return (
            Courier(
                plan.transport(), timeout=plan.timeout, patience=self._patience, name=info.signal, cut=halve_messages
            ),
            info.destination,
        )

    def _endpoint(self, info: SpoolInfo) -> Endpoint | None:
        """Return where the spool goes: what was given, or its own destination, with the settings for it if there are any."""
        endpoint = self._endpoints.get(cast("Signal", info.signal))
        if endpoint is not None and (self._is_given or endpoint.address == info.destination):
            return endpoint
        # An address of gRPC has no path; one of HTTP always has. Headers for another destination must not go there.
        is_http = "/" in info.destination.partition("://")[2]
        try:
            return Endpoint(info.destination, protocol="http/protobuf" if is_http else "grpc")
        except ConfigurationError:  # the file that named it is damaged, or gone
            return None

    def _plan(self, info: SpoolInfo) -> SinkPlan | None:
        """Return the sink whose spool it is, if it is one of the settings: of that place, channel, stream and user."""
        if info.signal not in MESSAGE_SINKS or not getattr(self._settings, info.signal).url:
            return None
        try:
            (plan,) = plans_of(self._settings, [info.signal])
        except ConfigurationError:
            return None
        to = plan.destination()
        place = spool_directory(info.path.parents[2], info.service, to.address, to.name, to.tenant)
        return plan if place.parent.name == info.path.parent.name else None
