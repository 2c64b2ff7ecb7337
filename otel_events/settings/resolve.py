"""Keywords and environment, resolved into one frozen value."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from otel_events.errors import ConfigurationError
from otel_events.settings.declaration import SETTINGS
from otel_events.settings.declared_guards import GUARDS
from otel_events.settings.destination import KNOWN_EXPORTERS, choose_destination, protocol_of
from otel_events.settings.endpoint import (
    DEFAULT_ENDPOINTS,
    GRPC,
    EndpointSettings,
    doubt,
    endpoint_kind,
    is_insecure,
    signal_url,
)
from otel_events.settings.kinds import show
from otel_events.settings.lists import SINKS
from otel_events.settings.lookup import Found, Lookup
from otel_events.settings.message_settings import MESSAGE_SETTINGS
from otel_events.settings.pairs import is_metadata_name
from otel_events.settings.shape import Settings, SpanBatchSettings, SpanLimitSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

_RATIO_SAMPLERS = ("traceidratio", "parentbased_traceidratio")
_SAMPLERS = ("always_on", "always_off", "parentbased_always_on", "parentbased_always_off", *_RATIO_SAMPLERS)
# What has to be installed beside us.
_PACKAGES = {"redis": "redis", "nats": "nats"}
_PROPAGATORS = ("tracecontext", "baggage")

# Fields that need nothing but being looked up.
_PLAIN = (
    "attributes",
    "disabled",
    "ledger_format",
    "ledger_max_age",
    "flush_interval",
    "queue_bytes",
    "export_timeout",
    "exit_timeout",
    "durability",
    "spool_max_bytes",
    "spool_max_age",
    "attribute_count_limit",
    "attribute_value_length_limit",
    "max_event_bytes",
    "max_body_length",
    "span_events",
    "span_event_overrides",
    "catalog",
    "strict",
    "before_emit",
    "baggage_keys",
    "watch_content",
    *(setting.name for setting in GUARDS),
)


def resolve(
    keywords: Mapping[str, Any],
    environ: Mapping[str, str],
    *,
    installed: Callable[[str], Collection[str]] | None = None,
) -> tuple[Settings, list[str]]:
    """Return the settings and a warning for each wrong environment value, or raise with every wrong keyword at once.

    Args:
        keywords: what code gave; None is unset. They win over *environ*, which wins over the defaults.
        environ: the environment; an empty value is unset.
        installed: returns the names of a group's entry points, asked only for a name that is not built in; without
            it any name is taken.

    Raises:
        ConfigurationError: keywords are unknown, wrong, or contradict each other.
    """
    lookup = Lookup(keywords, environ)
    settings = _Resolver(lookup, environ, installed).settings()
    if lookup.problems:
        raise ConfigurationError("configure() cannot use these keywords", lookup.problems)
    return settings, list(lookup.warnings.values())


class _Resolver:
    """Put the settings together out of what is looked up."""

    def __init__(
        self, lookup: Lookup, environ: Mapping[str, str], installed: Callable[[str], Collection[str]] | None
    ) -> None:
        self._lookup = lookup
        self._environ = environ
        self._installed = installed

    def settings(self) -> Settings:
        """Return the whole; what is wrong with keywords is then in the lookup's problems."""
        values: dict[str, Any] = {name: self._lookup.find(name).value for name in _PLAIN}
        values |= self._service()
        values |= self._batches(values)
        values |= self._ledger(values["ledger_format"])
        values |= self._exporters_and_endpoints(disabled=values["disabled"])
        values |= self._sampler()
        values["propagators"] = self._installed_only("propagators", "opentelemetry_propagator", _PROPAGATORS).value
        values |= self._messages()
        values["span_limits"] = SpanLimitSettings(
            **{field: self._lookup.find(f"span_limits.{field}").value for field in SpanLimitSettings._fields}
        )
        values["spool_dir"] = self._place(self._lookup.find("spool_dir"))
        for name, value in values.items():
            if isinstance(value, dict):  # the rest is frozen already
                values[name] = MappingProxyType(value)
        return Settings(**values)

    def _service(self) -> dict[str, Any]:
        name = self._lookup.find("service_name")
        resource: dict[str, Any] = self._lookup.find("resource_attributes").value
        # A name inside the keyword `resource_attributes` is still a keyword's, so it beats OTEL_SERVICE_NAME.
        by_keyword = self._lookup.given("resource_attributes")
        in_keyword = by_keyword.get("service.name") if isinstance(by_keyword, Mapping) else None
        fallback = f"unknown_service:{os.path.basename(sys.executable)}" if sys.executable else "unknown_service"  # noqa: PTH119 - nothing to gain from a Path
        candidates = (name.keyword and name.value, in_keyword, name.value, resource.get("service.name"), fallback)
        service = str(next(candidate for candidate in candidates if candidate))
        return {"service_name": service, "resource_attributes": {**resource, "service.name": service}}

    def _ledger(self, ledger_format: str) -> dict[str, Any]:
        ledger = self._lookup.find("ledger")
        values = {"ledger": self._place(ledger) if isinstance(ledger.value, str) else ledger.value}
        for name in ("ledger_max_bytes", "ledger_total_bytes"):
            found = self._lookup.find(name)
            # Whoever reads flat lines follows the file with `tail -f`: it is rotated only when asked for.
            values[name] = found.value if found.is_given or ledger_format != "flat" else None
        return values

    def _messages(self) -> dict[str, Any]:
        """Return the settings of the sinks of messages."""
        made: dict[str, Any] = {}
        for sink, kind in MESSAGE_SETTINGS.items():
            found = {field: self._lookup.find(f"{sink}.{field}") for field in kind._fields}
            values = {field: each.value for field, each in found.items()}
            package = _PACKAGES.get(sink)
            if values["url"] and package and importlib.util.find_spec(package) is None:
                self._lookup.refuse(found["url"], f"needs {package}: install otel-events[{sink}]", "it is ignored")
                values["url"] = None
            for file in ("certificate", "client_certificate", "client_key"):
                values[file] = self._expand(values[file])
            made[sink] = kind(**values)
        return made

    def _batches(self, values: Mapping[str, Any]) -> dict[str, Any]:
        batch, queue = self._fit(self._lookup.find("max_export_batch_size"), self._lookup.find("queue_events"))
        spans = {field: self._lookup.find(f"span_batch.{field}") for field in SpanBatchSettings._fields}
        inherited = {**values, "max_export_batch_size": batch, "queue_events": queue}
        for field, found in spans.items():
            if not found.is_given:
                spans[field] = Found(inherited[field])
        span_batch, span_queue = self._fit(spans["max_export_batch_size"], spans["queue_events"])
        return {
            "max_export_batch_size": batch,
            "queue_events": queue,
            "span_batch": SpanBatchSettings(
                flush_interval=spans["flush_interval"].value,
                export_timeout=spans["export_timeout"].value,
                queue_events=span_queue,
                max_export_batch_size=span_batch,
            ),
        }

    def _fit(self, batch: Found, queue: Found) -> tuple[int, int | None]:
        """Return sizes of a batch and of a queue that fit each other; the one that code did not give gives way."""
        if queue.value is None or batch.value <= queue.value:
            return batch.value, queue.value
        reason = f"{batch.value} is more than the queue of {queue.value} holds"
        if batch.keyword and not queue.keyword:
            self._lookup.refuse(queue, f"of {queue.value} is less than one batch of {batch.value}", "it is ignored")
            return batch.value, None
        self._lookup.refuse(batch, reason, f"using {queue.value}")
        return queue.value, queue.value

    def _sampler(self) -> dict[str, Any]:
        sampler, argument = self._lookup.find("sampler"), self._lookup.find("sampler_arg")
        if isinstance(sampler.value, str):
            sampler = self._installed_only("sampler", "opentelemetry_traces_sampler", _SAMPLERS)
        value: float | str | None = argument.value
        if sampler.value in _RATIO_SAMPLERS:
            value = self._ratio(argument)
        elif not isinstance(sampler.value, str) or sampler.value in _SAMPLERS:
            value = None
            if argument.keyword:
                self._lookup.problem(f"sampler_arg is of no use to the sampler {show(sampler.value)}")
        return {"sampler": sampler.value, "sampler_arg": value}

    def _ratio(self, argument: Found) -> float:
        if not argument.is_given:
            return 1.0
        text = str(argument.value)
        if re.fullmatch(r"[0-9]{1,9}(\.[0-9]*)?(e-?[0-9]{1,3})?|\.[0-9]+", text) and float(text) <= 1:
            return float(text)
        self._lookup.refuse(argument, f"must be a number from 0 to 1, not {show(text)}", "using 1.0")
        return 1.0

    def _exporters_and_endpoints(self, *, disabled: bool) -> dict[str, Any]:
        exporters = {
            signal: self._installed_only(f"{signal}_exporter", f"opentelemetry_{signal}_exporter", KNOWN_EXPORTERS)
            for signal in ("logs", "traces")
        }
        sink, routes = self._lookup.find("sink"), self._lookup.find("routes")
        if sink.keyword and exporters["logs"].keyword:
            self._lookup.problem("sink and logs_exporter both say where events go; give one of them")
        kept = self._known_routes(routes, sink.value)
        endpoints = {signal: self._endpoint(signal, exporters[signal].value) for signal in exporters}
        destination = choose_destination(
            disabled=disabled,
            sink=sink.value,
            logs_exporter=exporters["logs"].value,
            traces_exporter=exporters["traces"].value,
            has_logs_endpoint=endpoints["logs"][1],
            has_traces_endpoint=endpoints["traces"][1],
        )
        is_routed = not disabled and any("otlp" in names for _, names in kept)
        return {
            "sink": sink.value,
            "routes": kept,
            "logs_exporter": exporters["logs"].value,
            "traces_exporter": exporters["traces"].value,
            "destination": destination,
            "logs": endpoints["logs"][0] if destination.wants_otlp_logs or is_routed else None,
            "traces": endpoints["traces"][0] if destination.wants_otlp_traces else None,
        }

    def _endpoint(self, signal: str, exporters: Sequence[str] | None) -> tuple[EndpointSettings, bool]:
        """Return where *signal* would be sent, and whether anybody said so."""

        def find(name: str) -> Any:
            return self._lookup.find(name, signal=signal).value

        protocol = self._lookup.find("protocol", signal=signal)
        fixed = protocol_of(exporters)
        spoken = fixed or protocol.value
        endpoint = self._lookup.find("endpoint", signal=signal, kind=endpoint_kind(spoken))
        is_base = endpoint.keyword != f"{signal}.endpoint" and f"_{signal.upper()}_" not in endpoint.variable
        target = endpoint.value or DEFAULT_ENDPOINTS[spoken]
        if endpoint.value:
            why = doubt(target, spoken, is_base=is_base, is_protocol_given=bool(fixed) or protocol.is_given)
            source = endpoint.keyword or endpoint.variable
            if why:
                self._lookup.warn(source, f"{source}={show(target)} {why}")
        settings = EndpointSettings(
            url=signal_url(target, spoken, signal, is_base=is_base or not endpoint.value),
            protocol=spoken,
            headers=MappingProxyType(self._headers(signal, spoken)),
            timeout=find("timeout"),
            compression=find("compression"),
            certificate_file=self._expand(find("certificate")),
            client_certificate_file=self._expand(find("client_certificate")),
            client_key_file=self._expand(find("client_key")),
            insecure=is_insecure(target, insecure=find("insecure")),
        )
        return settings, bool(endpoint.value)

    def _headers(self, signal: str, protocol: str) -> dict[str, str]:
        """Return the headers of requests of *signal*, without those that *protocol* cannot carry: these are refused."""
        found = self._lookup.find("headers", signal=signal)
        unfit = [name for name in found.value if protocol == GRPC and not is_metadata_name(name)]
        if unfit:
            listed = ", ".join(map(show, unfit))
            self._lookup.refuse(found, f"names {listed}, which cannot be metadata of gRPC", "that is left out")
        return {name: value for name, value in found.value.items() if name not in unfit}

    def _known_routes(self, routes: Found, sinks: tuple[Any, ...] | None) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return the routes without sinks that there are not: these are refused."""
        known = {*SINKS, *(sink if isinstance(sink, str) else sink.name for sink in sinks or ())}
        choices = ", ".join(map(repr, sorted(known)))
        for pattern, names in routes.value:
            for name in names:
                if name not in known:
                    reason = f"routes {show(pattern)} to the sink {show(name)}, which is none of {choices}"
                    self._lookup.refuse(routes, reason, "that is left out")
        fit = ((pattern, tuple(name for name in names if name in known)) for pattern, names in routes.value)
        return tuple((pattern, names) for pattern, names in fit if names)

    def _installed_only(self, setting: str, group: str, known: Collection[str]) -> Found:
        """Return the names of *setting* that are built in, in any case, or installed; the others are refused."""
        found = self._lookup.find(setting)
        if found.value is None:
            return found
        is_one = isinstance(found.value, str)
        given = (found.value,) if is_one else found.value
        names = tuple(name.lower() if name.lower() in known else name for name in given)
        missing = [name for name in names if name not in known and not self._is_installed(name, group)]
        left = tuple(name for name in names if name not in missing)
        if not missing:
            return Found(left[0] if is_one else left, found.keyword, found.variable)
        default = SETTINGS[setting].default
        value = left if left and not is_one else default
        listed = ", ".join(map(show, missing))
        instead = "it is ignored" if value is None else f"using {value!r}"
        self._lookup.refuse(found, f"names {listed}, which is not installed (entry points of {group})", instead)
        return Found(value, found.keyword if left else "", found.variable if left else "")

    def _is_installed(self, name: str, group: str) -> bool:
        return self._installed is None or name in self._installed(group)

    def _place(self, found: Found) -> str | None:
        """Return a path to write to, made absolute: a program that changes its directory goes on where it began."""
        path = self._expand(found.value)
        try:
            return None if path is None else os.path.abspath(path)  # noqa: PTH100 - keeps symbolic links to be refused
        except OSError:
            self._lookup.refuse(found, "is relative, and the current directory is gone", "it is ignored")
            return None

    def _expand(self, path: str | None) -> str | None:
        """Return *path* with `~` as the home directory, because not everything that sets variables is a shell."""
        home = self._environ.get("HOME") or self._environ.get("USERPROFILE")
        if path is None or not home or not (path == "~" or path.startswith(("~/", "~\\"))):
            return path
        return home + path[1:]
