"""`OTEL_*` variables for a backend, and the lines that set them, each in the quoting of its reader."""

from __future__ import annotations

import base64
import json
import re
import shlex
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING
from urllib.parse import quote

import click

from otel_events.errors import ConfigurationError
from otel_events.settings import resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_PORTS = {"http/protobuf": 4318, "grpc": 4317}
# No reader of .env files sees more in these than they are; all others stand between quotes.
_BARE = re.compile(r"[A-Za-z0-9_./:%+@,=-]*", re.ASCII)
# To PowerShell the typographic ones end a text between single quotes as well.
_POWERSHELL_QUOTES = re.compile("(['\u2018\u2019\u201a\u201b])")
_INSTEAD = re.compile(r"; (?:it is ignored|using .*)$")
_OPTIONS = {
    "OTEL_EXPORTER_OTLP_ENDPOINT": "--endpoint",
    "OTEL_EXPORTER_OTLP_HEADERS": "--header",
    "OTEL_EXPORTER_OTLP_CERTIFICATE": "--certificate",
    "OTEL_RESOURCE_ATTRIBUTES": "--resource",
    "OTEL_SERVICE_NAME": "--service-name",
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: see the command's options."""

    backend: str
    endpoint: str | None
    protocol: str
    service_name: str | None
    resource: tuple[str, ...]
    headers: tuple[str, ...]
    user: str | None
    token: str
    certificate: str | None
    is_in_container: bool = False


def make_variables(wanted: Wanted) -> dict[str, str]:
    """Return the variables, or raise UsageError for what the library would not take."""
    headers = dict(_pair(text, "--header") for text in wanted.headers)
    if wanted.backend == "gateway":
        if not wanted.user:
            raise click.UsageError("a gateway needs --user: the user or instance that the token belongs to")
        headers["Authorization"] = "Basic " + base64.b64encode(f"{wanted.user}:{wanted.token}".encode()).decode()
    resource = dict(_pair(text, "--resource") for text in wanted.resource)
    variables = {
        "OTEL_SERVICE_NAME": wanted.service_name or "",
        "OTEL_RESOURCE_ATTRIBUTES": _join(resource),
        "OTEL_EXPORTER_OTLP_ENDPOINT": _endpoint(wanted),
        "OTEL_EXPORTER_OTLP_PROTOCOL": wanted.protocol,
        "OTEL_EXPORTER_OTLP_HEADERS": _join(headers),
        "OTEL_EXPORTER_OTLP_CERTIFICATE": wanted.certificate or "",
    }
    given = {name: value for name, value in variables.items() if value}
    _refuse_unusable(given)
    return given


def write_lines(variables: dict[str, str], form: str, out: IO[str]) -> None:
    """Write one line for each of *variables* in *form*."""
    if form == "compose":
        out.write("environment:\n")
    for name, value in variables.items():
        out.write(_FORMS[form](name, value) + "\n")


def _endpoint(wanted: Wanted) -> str:
    if wanted.endpoint:
        return wanted.endpoint
    if wanted.backend != "collector":
        raise click.UsageError(f"the backend {wanted.backend} needs --endpoint")
    # In a container `localhost` is the container: there the Collector has the name of its service.
    host = "collector" if wanted.is_in_container else "localhost"
    return f"http://{host}:{_PORTS[wanted.protocol]}"


def _pair(text: str, option: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise click.UsageError(f"{option} must look like NAME=VALUE")  # not quoted: it may be a secret
    return name.strip(), value.strip()


def _join(pairs: dict[str, str]) -> str:
    """Return *pairs* as OpenTelemetry reads them: percent-encoded, with commas between."""
    return ",".join(f"{quote(name, safe='!#$&*+.^`|~')}={quote(value, safe='')}" for name, value in pairs.items())


def _refuse_unusable(variables: dict[str, str]) -> None:
    """Raise what the library itself would say of *variables*."""
    problems: Iterable[str] = [
        f"{name} holds a control character" for name in variables if _CONTROL.search(variables[name])
    ]
    try:
        _, warnings = resolve({}, variables)
    except ConfigurationError as error:
        warnings = list(error.problems)
    if problems := [*problems, *warnings]:
        raise click.UsageError("; ".join(map(_as_said_here, problems)))


def _as_said_here(problem: str) -> str:
    """Return what the library says of a variable in the words of this command, which ignores nothing."""
    problem = _INSTEAD.sub("", problem)
    for variable, option in _OPTIONS.items():
        problem = problem.replace(f"{variable}=", f"{option} ").replace(variable, option)
    return problem


def _as_dotenv(name: str, value: str) -> str:
    if _BARE.fullmatch(value):
        return f"{name}={value}"
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"{name}='{escaped}'"


def _as_powershell(name: str, value: str) -> str:
    doubled = _POWERSHELL_QUOTES.sub(r"\1\1", value)
    return f"$env:{name} = '{doubled}'"


def _as_compose(name: str, value: str) -> str:
    # JSON is YAML; compose itself takes `$` for the beginning of a variable.
    return f"  {name}: {json.dumps(value).replace('$', '$$')}"


_FORMS: dict[str, Callable[[str, str], str]] = {
    "sh": lambda name, value: f"export {name}={shlex.quote(value)}",
    "powershell": _as_powershell,
    "dotenv": _as_dotenv,
    "compose": _as_compose,
}
