"""Variables that contradict each other, and what else on this machine wants to set up OpenTelemetry."""

from __future__ import annotations

from difflib import get_close_matches
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from otel_events.cli.diagnosis.finding import Finding, Situation
from otel_events.entry_points import installed
from otel_events.settings import SETTINGS, SIGNALS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TOPIC = "conflicts"
_CONFIGURATOR = "OTEL_PYTHON_CONFIGURATOR"
# Of OpenTelemetry's own that we do not read, those that are set most often: so that a near miss of them is known as such.
_OTHERS_VARIABLES = (
    *("OTEL_METRICS_EXPORTER", "OTEL_LOG_LEVEL", "OTEL_CONFIG_FILE", "OTEL_PYTHON_DISTRO", _CONFIGURATOR),
    *("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_METRIC_EXPORT_INTERVAL", "OTEL_PYTHON_LOG_LEVEL"),
    *("OTEL_PYTHON_LOG_CORRELATION", "OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED"),
    *("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "OTEL_PYTHON_TRACER_PROVIDER", "OTEL_PYTHON_METER_PROVIDER"),
)


def check_conflicts(situation: Situation) -> Iterator[Finding]:
    """Yield what contradicts what."""
    environ = {name: value.strip() for name, value in situation.environ.items() if value.strip()}
    yield from _check_switches(environ)
    yield from _check_transport(environ)
    yield from _check_misspelt(environ)
    yield from _check_instrumentation(environ)
    yield from _check_providers(environ)


def _check_switches(environ: Mapping[str, str]) -> Iterator[Finding]:
    endpoints = [name for name in environ if name.startswith("OTEL_EXPORTER_OTLP_") and name.endswith("ENDPOINT")]
    if environ.get("OTEL_SDK_DISABLED", "").lower() == "true" and endpoints:
        text = f"OTEL_SDK_DISABLED=true: nothing is sent, though {', '.join(sorted(endpoints))} says where to"
        yield Finding(_TOPIC, "warning", text, "unset OTEL_SDK_DISABLED, unless that is meant")
    for signal in SIGNALS:
        exporter, endpoint = f"OTEL_{signal.upper()}_EXPORTER", f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT"
        if environ.get(exporter, "").lower() in {"none", "console"} and endpoint in environ:
            text = f"{endpoint} is set, and {exporter}={environ[exporter]} keeps {signal} from going there"
            yield Finding(_TOPIC, "warning", text, f"unset one of the two; {exporter}=otlp sends")


def _check_transport(environ: Mapping[str, str]) -> Iterator[Finding]:
    for prefix in ("OTEL_EXPORTER_OTLP_", *(f"OTEL_EXPORTER_OTLP_{signal.upper()}_" for signal in SIGNALS)):
        endpoint = environ.get(f"{prefix}ENDPOINT", "").lower()
        insecure = environ.get(f"{prefix}INSECURE", "").lower()
        if (insecure == "true" and endpoint.startswith("https://")) or (
            insecure == "false" and endpoint.startswith("http://")
        ):
            text = f"{prefix}INSECURE={insecure} is of no effect: the scheme of {prefix}ENDPOINT decides"
            yield Finding(_TOPIC, "warning", text, "write the scheme that is meant, and unset INSECURE")
        if f"{prefix}CERTIFICATE" in environ and endpoint.startswith("http://"):
            text = f"{prefix}CERTIFICATE is of no effect: http:// in {prefix}ENDPOINT means no TLS"
            yield Finding(_TOPIC, "warning", text, "write https:// if the receiver speaks TLS")


def _check_misspelt(environ: Mapping[str, str]) -> Iterator[Finding]:
    known = {each.name for setting in SETTINGS.values() for each in setting.variables("")}
    for signal in SIGNALS:
        known |= {
            each.name for setting in SETTINGS.values() if setting.is_per_signal for each in setting.variables(signal)
        }
    known |= set(_OTHERS_VARIABLES)
    for name in sorted(environ):
        # Near misses of OTEL_EVENTS_* the settings tell themselves.
        if not name.startswith("OTEL_") or name.startswith("OTEL_EVENTS_") or name in known or "METRIC" in name:
            continue
        near = get_close_matches(name, known, 1, cutoff=0.93)
        if near:
            yield Finding(_TOPIC, "warning", f"{name} is no variable of OpenTelemetry", f"{near[0]} may be meant")


def _check_instrumentation(environ: Mapping[str, str]) -> Iterator[Finding]:
    for name in ("OTEL_CONFIG_FILE", "OTEL_EXPERIMENTAL_CONFIG_FILE"):
        if name in environ:
            text = f"{name} is set: the SDK takes its set-up from that file alone, otel_events goes on reading OTEL_*"
            yield Finding(
                _TOPIC, "note", text, "see docs/opentelemetry.md, Exporters: the file names otel_events there"
            )
    chosen = environ.get(_CONFIGURATOR)
    configurators = installed("opentelemetry_configurator")
    if chosen is not None and chosen not in configurators:
        text = f"{_CONFIGURATOR}={chosen} is not installed; there are {', '.join(sorted(configurators))}"
        yield Finding(_TOPIC, "error", text, f"{_CONFIGURATOR}=otel_events sends durably")
    elif chosen not in {None, "otel_events"}:
        text = (
            f"under opentelemetry-instrument the configurator {chosen} sets up the SDK, with batch processors that lose"
        )
        yield Finding(_TOPIC, "note", text, f"{_CONFIGURATOR}=otel_events puts ours in their place")
    elif chosen is None and (found := _version_of("opentelemetry-distro")):
        text = (
            f"opentelemetry-distro {found} is installed: opentelemetry-instrument sets the SDK up with batch processors"
        )
        yield Finding(_TOPIC, "note", text, f"to have ours in their place: {_CONFIGURATOR}=otel_events")
    if environ.get("OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED", "").lower() == "true":
        text = "OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED=true: the SDK takes the program's log records as well"
        yield Finding(_TOPIC, "note", text, "with a handler of otel_events beside it each record would be sent twice")


def _check_providers(environ: Mapping[str, str]) -> Iterator[Finding]:
    for kind in ("tracer", "logger"):
        name = f"OTEL_PYTHON_{kind.upper()}_PROVIDER"
        wanted = environ.get(name)
        if wanted in {None, f"sdk_{kind}_provider"}:
            continue
        if wanted not in installed(f"opentelemetry_{kind}_provider"):
            yield Finding(
                _TOPIC, "error", f"{name}={wanted} is not installed", f"unset it, or install what brings {wanted}"
            )
        else:
            text = f"{name}={wanted}: spans and records go where that provider sends them"
            yield Finding(_TOPIC, "note", text, "see docs/opentelemetry.md for the processors to add to it")


def _version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
