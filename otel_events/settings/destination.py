"""Which exporters and sinks follow from what was set; what only the running program knows is left to `configure`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from otel_events.settings.endpoint import GRPC, HTTP

if TYPE_CHECKING:
    from collections.abc import Sequence

# `otel_events` is our own exporter behind the SDK's batch processor; in `configure` there is a better way, the same as
# for `otlp`. The other two are the names under which the official exporters are installed.
_OTLP_PROTOCOLS: dict[str, str | None] = {
    "otlp": None,
    "otel_events": None,
    "otlp_proto_http": HTTP,
    "otlp_proto_grpc": GRPC,
}
KNOWN_EXPORTERS = (*_OTLP_PROTOCOLS, "console")


class Destination(NamedTuple):
    """Where events and spans go, as far as settings decide it.

    Attributes:
        endpoint_given: an OTLP endpoint is set for log records.
        wants_otlp_logs: events go out by OTLP by default.
        wants_otlp_traces: spans go out by OTLP.
        logs_none: it was said that events go nowhere (a ledger whose path is given excepted).
        traces_none: it was said that spans go nowhere.
        other_logs_exporters: names of entry points of `opentelemetry_logs_exporter` that are wanted as well.
        other_traces_exporters: the same of `opentelemetry_traces_exporter`.
    """

    endpoint_given: bool
    wants_otlp_logs: bool
    wants_otlp_traces: bool
    logs_none: bool
    traces_none: bool
    other_logs_exporters: tuple[str, ...]
    other_traces_exporters: tuple[str, ...]


def protocol_of(exporters: Sequence[str] | None) -> str | None:
    """Return the protocol that a name among *exporters* fixes, if any does."""
    return next(filter(None, (_OTLP_PROTOCOLS.get(name) for name in exporters or ())), None)


def _wants_otlp(exporters: Sequence[str] | None, *, has_endpoint: bool) -> bool:
    """Return whether OTLP is wanted: an exporter that is set decides, else an endpoint."""
    return has_endpoint if exporters is None else any(name in _OTLP_PROTOCOLS for name in exporters)


def _others(exporters: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(name for name in exporters or () if name not in _OTLP_PROTOCOLS)


def choose_destination(
    *,
    disabled: bool,
    sink: Sequence[Any] | None,
    logs_exporter: Sequence[str] | None,
    traces_exporter: Sequence[str] | None,
    has_logs_endpoint: bool,
    has_traces_endpoint: bool,
) -> Destination:
    """Return what exporters, endpoints and sinks say together."""
    if sink is not None:  # given in code, it stands above the environment's exporters
        logs_exporter = ["otlp"] if "otlp" in sink else []
    return Destination(
        endpoint_given=has_logs_endpoint,
        wants_otlp_logs=not disabled and _wants_otlp(logs_exporter, has_endpoint=has_logs_endpoint),
        wants_otlp_traces=not disabled and _wants_otlp(traces_exporter, has_endpoint=has_traces_endpoint),
        logs_none=disabled or (sink is None and logs_exporter is not None and not logs_exporter),
        traces_none=disabled or (traces_exporter is not None and not traces_exporter),
        other_logs_exporters=() if disabled else _others(logs_exporter),
        other_traces_exporters=() if disabled else _others(traces_exporter),
    )
