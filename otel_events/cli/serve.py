"""`serve`: receive, keep, stream and show events."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from otel_events.cli.catalog_source import extend
from otel_events.cli.complaints import InputError, NotThereError
from otel_events.cli.examples import examples
from otel_events.cli.progress import Progress
from otel_events.errors import ConfigurationError, OtelEventsError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from otel_events.server.settings import ServerSettings

_EPILOG = examples(
    "serve",
    "serve --keep-age 7d   # or OTEL_EVENTS_SERVER_KEEP_AGE=7d",
    "serve --port 8080 --otlp-port 8080",
    "serve --ledger runs/events.jsonl",
    "serve --expect rules.txt",
    "serve --print-login",
    "serve --host 0.0.0.0 --tls-certificate a.pem --tls-key b.pem",
)


@click.command("serve", epilog=_EPILOG)
@click.option("--host", metavar="ADDRESS", help="Address to listen on.  [127.0.0.1]")
@click.option("--port", type=int, help="Port of the page, the streams and the API.  [5001]")
@click.option("--otlp-port", type=int, help="Port of OTLP over HTTP; may be the same.  [4318]")
@click.option("--grpc-port", metavar="PORT", help="Port of OTLP over gRPC; 'off' for none.  [4317]")
@click.option(
    "--ledger",
    metavar="FILE",
    help="File of the events; programs without an endpoint write to it if OTEL_EVENTS_LEDGER_PATH names it.  [the ledger of this user]",
)
@click.option("--fsync", metavar="WHEN", help="When the disk is asked: always, second, never.  [always]")
@click.option("--keep-bytes", metavar="SIZE", help="Size of all files of events together; the oldest go.  [1GiB]")
@click.option("--keep-age", metavar="TIME", help="Age at which files of events are deleted.  [30d]")
@click.option("--expect", metavar="FILE", help="Rules of what is expected; what is missed becomes an event.")
@click.option("--max-request-bytes", metavar="SIZE", help="Longest request, before and after it is expanded.  [16MiB]")
@click.option("--max-connections", type=int, help="Connections at once.  [1000]")
@click.option("--catalog", "folders", type=click.Path(), metavar="FOLDER", multiple=True, help="A registry of yours.")
@click.option("--module", "modules", metavar="NAME", multiple=True, help="A Python module with @define classes.")
@click.option("--token-file", metavar="FILE", help="File that holds the token.")
@click.option("--allow-host", multiple=True, metavar="NAME", help="A name by which the server may be called.")
@click.option("--allow-origin", multiple=True, metavar="ORIGIN", help="Another page that may use streams and API.")
@click.option("--trust-proxy", multiple=True, metavar="ADDRESS", help="A proxy whose X-Forwarded headers are believed.")
@click.option("--tls-certificate", metavar="FILE", help="The server's certificate; then it speaks TLS.")
@click.option("--tls-key", metavar="FILE", help="The certificate's private key.")
@click.option(
    "--print-login",
    is_flag=True,
    help="Print a link that logs in to the server that runs, and end. Exit code 1: none runs, or none that is meant; 2: the"
    " settings cannot be used; 3: it runs with another token, or which servers run cannot be told.",
)
def command(*, print_login: bool, folders: Sequence[str], modules: Sequence[str], **options: Any) -> None:
    """Receive events by OTLP, keep them, and show them live on a page of this machine.

    What programs on this machine write to the ledger without an endpoint is shown as well. An option that is
    not given is taken from its variable, OTEL_EVENTS_SERVER_ and its name (--otlp-port: OTEL_EVENTS_SERVER_OTLP_PORT; values
    with commas between them where it may be given several times); the token itself from OTEL_EVENTS_SERVER_TOKEN. --catalog, --module
    and --print-login have none. Ctrl-C ends it.
    """
    try:
        from otel_events.server.serving import NoServerError, login_link, serve
        from otel_events.server.settings import is_given, resolve_server_settings
    except ImportError as error:
        raise InputError(f"{error.name} is missing: install otel-events[server]") from error
    try:
        settings = resolve_server_settings(options, os.environ)
        if print_login:
            meant = {
                name: getattr(settings, name) for name in ("port", "ledger") if is_given(options, os.environ, name)
            }
            click.echo(login_link(settings, **meant))
            return
        extend(folders, modules)
        _serve(serve, settings)
    except NoServerError as error:
        raise NotThereError(str(error)) from error
    except ConfigurationError as error:
        raise click.UsageError(str(error)) from error
    except OtelEventsError as error:
        raise InputError(str(error)) from error


def _serve(serve: Callable[..., None], settings: ServerSettings) -> None:
    progress = Progress("reading the ledger", unit="MB")

    def advance(done: int, total: int) -> None:
        progress.show(done // 1_000_000, f"of {total // 1_000_000:,}")

    def say(text: str) -> None:
        progress.clear()
        click.echo(text, err=True)

    serve(settings, say, advance)
