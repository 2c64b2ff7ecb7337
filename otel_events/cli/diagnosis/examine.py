"""All checks, in the order in which an event meets what they look at."""

from __future__ import annotations

import platform
import re
import sys
import time
from datetime import datetime, timezone
from importlib.metadata import version
from typing import TYPE_CHECKING

from otel_events.cli.diagnosis.conflicts import check_conflicts
from otel_events.cli.diagnosis.disk import check_ledger, check_spool
from otel_events.cli.diagnosis.finding import Finding, Situation
from otel_events.cli.diagnosis.message_sinks import check_message_sinks, message_sinks
from otel_events.cli.diagnosis.network import Look
from otel_events.entry_points import installed
from otel_events.errors import ConfigurationError
from otel_events.otlp.endpoint import Endpoint
from otel_events.settings import EndpointSettings, resolve
from otel_events.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from otel_events.otlp.endpoint import Signal

_LOST_ENDPOINT = re.compile(r"OTEL_EXPORTER_OTLP_\w*ENDPOINT\b.*; it is ignored$", re.DOTALL)
_RELEASED = datetime(2026, 1, 1, tzinfo=timezone.utc)  # a clock that is before this is wrong
_CENTURY_ENDS = datetime(2100, 1, 1, tzinfo=timezone.utc)


def examine(environ: Mapping[str, str], *, timeout: float, with_probe: bool) -> Iterator[Finding]:
    """Yield what every check finds, as soon as it does.

    Args:
        environ: the environment that programs have.
        timeout: seconds for each look at the network.
        with_probe: whether one event may be sent.
    """
    settings, warnings = resolve({}, environ, installed=installed)
    situation = Situation(settings, tuple(warnings), environ, timeout)
    has_failed = False
    for check in _CHECKS:
        for finding in _guarded(check, situation):
            has_failed |= finding.level == "error" and finding.topic == "endpoint"
            yield finding
    if not with_probe:
        return
    if has_failed:
        yield Finding("probe", "note", "no probe was sent, since the endpoint takes nothing")
        return
    from otel_events.cli.diagnosis.probe import send_probe

    yield from _guarded(send_probe, situation)


def _guarded(check: Callable[[Situation], Iterator[Finding]], situation: Situation) -> Iterator[Finding]:
    """Yield what *check* finds; one that fails by a mistake of ours must not keep the others from being made."""
    try:
        yield from check(situation)
    except Exception as error:
        text = f"this could not be looked at: {type(error).__name__}: {error}"
        yield Finding(check.__name__.removeprefix("check_"), "warning", text, "please report it")


def _check_versions(_situation: Situation) -> Iterator[Finding]:
    packages = ", ".join(f"{name} {version(name)}" for name in ("opentelemetry-api", "opentelemetry-sdk"))
    yield Finding(
        "versions", "ok", f"otel-events {VERSION}, Python {platform.python_version()} on {sys.platform}, {packages}"
    )


def _check_settings(situation: Situation) -> Iterator[Finding]:
    for warning in situation.warnings:
        # Whoever names an endpoint wants events there: without it they go elsewhere.
        is_lost = _LOST_ENDPOINT.match(warning) is not None
        yield Finding("variables", "error" if is_lost else "warning", warning, "correct the variable, or unset it")


def _check_destination(situation: Situation) -> Iterator[Finding]:
    settings = situation.settings
    destination = settings.destination
    if settings.disabled:
        yield Finding("destination", "note", "OTEL_SDK_DISABLED=true: nothing is recorded, kept or sent")
        return
    named = [f"OTLP at {_place(settings.logs)}"] if settings.logs is not None else []
    named += [f"the exporter {name}" for name in destination.other_logs_exporters]
    if isinstance(settings.ledger, str):
        named.append(f"the ledger {settings.ledger}")
    elif not named and not destination.logs_none:
        named.append("this user's ledger, or the LoggerProvider that a program has set")
    named += message_sinks(settings)
    yield Finding("destination", "ok" if named else "note", _say("events", named))
    spans = [f"OTLP at {_place(settings.traces)}"] if settings.traces is not None else []
    spans += [f"the exporter {name}" for name in destination.other_traces_exporters]
    if settings.traces is None and settings.logs is not None and not destination.traces_none:
        text, advice = "spans go nowhere, though events are sent", "OTEL_EXPORTER_OTLP_ENDPOINT holds for both"
        yield Finding("destination", "note", text, advice)
    else:
        yield Finding("destination", "ok" if spans else "note", _say("spans", spans))


def _check_endpoints(situation: Situation) -> Iterator[Finding]:
    settings = situation.settings
    wanted: dict[Signal, EndpointSettings | None] = {"logs": settings.logs, "traces": settings.traces}
    seen: set[Finding | tuple[str, int]] = set()
    last: list[Finding] = []  # what is no matter of the endpoint
    for signal, one in wanted.items():
        if one is None:
            continue
        try:
            endpoint = _make(one)
        except ConfigurationError as error:
            for problem in error.problems:
                yield Finding("endpoint", "error", problem, "correct the variable")
            continue
        for finding in Look(endpoint, signal, situation.timeout).findings():
            # Both signals have one receiver, as a rule; of its clock the second look may say a second more or less.
            what = (endpoint.host, endpoint.port) if finding.topic == "clock" else finding
            if seen.isdisjoint((finding, what)):
                seen |= {finding, what}
                if finding.topic == "endpoint":
                    yield finding
                else:
                    last.append(finding)
    yield from last


def _check_clock(_situation: Situation) -> Iterator[Finding]:
    now = time.time()
    if not _RELEASED.timestamp() <= now < _CENTURY_ENDS.timestamp():
        text = f"this machine's clock says {datetime.fromtimestamp(now, timezone.utc):%Y-%m-%d}"
        yield Finding("clock", "error", text, "set it (NTP): times of events would be wrong, and spools expire by it")


def _say(what: str, places: list[str]) -> str:
    return f"{what} go to {' and '.join(places)}" if places else f"{what} go nowhere"


def _make(settings: EndpointSettings) -> Endpoint:
    return Endpoint(**settings._asdict())


def _place(settings: EndpointSettings) -> str:
    try:
        return f"{_make(settings).address} ({settings.protocol})"
    except ConfigurationError:
        return "an address that cannot be used"


_CHECKS: tuple[Callable[[Situation], Iterator[Finding]], ...] = (
    _check_versions,
    _check_settings,
    check_conflicts,
    _check_destination,
    _check_endpoints,
    check_message_sinks,
    _check_clock,
    check_spool,
    check_ledger,
)
