"""`env`: the variables that point a program at a backend."""

from __future__ import annotations

import sys
from typing import IO, TYPE_CHECKING

import click

from otel_events.cli import exit_codes

if TYPE_CHECKING:
    from collections.abc import Sequence

_EPILOG = """\b
Examples:
  otel-events env
  eval "$(otel-events env collector --service-name orchestrator)"
  otel-events env collector --format compose
  otel-events env collector --format powershell
  otel-events env otlp --endpoint http://localhost:4317 --protocol grpc

\b
Backends:
  collector   a Collector on this machine (the default)
  gateway     an OTLP gateway of a hosting provider, such as Grafana Cloud's:
              --endpoint https://otlp.example.com/otlp --user 12345
              --token-file token.txt
  otlp        any other receiver of OTLP
"""


@click.command("env", epilog=_EPILOG)
@click.argument("backend", type=click.Choice(["collector", "gateway", "otlp"]), default="collector")
@click.option(
    "--format",
    "-f",
    "form",
    type=click.Choice(["sh", "powershell", "dotenv", "compose"]),
    default="sh",
    help="What reads the lines.  [sh]",
)
@click.option("--endpoint", metavar="URL", help="The base URL; of the Collector on this machine by default.")
@click.option(
    "--protocol", type=click.Choice(["http/protobuf", "grpc"]), default="http/protobuf", help="[http/protobuf]"
)
@click.option("--service-name", metavar="NAME", help="The program's service.name.")
@click.option("--resource", metavar="KEY=VALUE", multiple=True, help="An attribute of the resource.")
@click.option("--header", metavar="NAME=VALUE", multiple=True, help="A header of every request.")
@click.option("--user", metavar="NAME", help="gateway: the user or instance.")
@click.option("--token-file", type=click.File("r", encoding="utf-8"), help="gateway: the token; else it is asked for.")
@click.option("--certificate", metavar="FILE", help="The authorities to trust, in place of the system's.")
def command(
    *,
    backend: str,
    form: str,
    endpoint: str | None,
    protocol: str,
    service_name: str | None,
    resource: Sequence[str],
    header: Sequence[str],
    user: str | None,
    token_file: IO[str] | None,
    certificate: str | None,
) -> int:
    """Print the OTEL_* variables for a BACKEND, quoted for a shell, PowerShell, a .env file or compose.

    What is printed can be used as it stands: it was read by the library's own rules before. A token becomes part of the
    output: keep that out of repositories.
    """
    from otel_events.cli.env_lines import Wanted, make_variables, write_lines

    token = _token(token_file) if backend == "gateway" else ""
    wanted = Wanted(
        backend=backend,
        endpoint=endpoint,
        protocol=protocol,
        service_name=service_name,
        resource=tuple(resource),
        headers=tuple(header),
        user=user,
        token=token,
        certificate=certificate,
        is_in_container=form == "compose",
    )
    write_lines(make_variables(wanted), form, sys.stdout)
    return exit_codes.OK


def _token(file: IO[str] | None) -> str:
    """Return the token, without its being seen in a list of processes or a history."""
    if file is not None:
        token = file.read().strip()
    elif sys.stdin.isatty():
        token = click.prompt("Token", hide_input=True, err=True).strip()
    else:
        raise click.UsageError("a gateway needs a token: name a file with --token-file, - for standard input")
    if not token:
        raise click.UsageError("the token is empty")
    return str(token)
