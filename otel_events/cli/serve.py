"""`serve`: receive, keep, stream and show events."""

from __future__ import annotations

import os
from typing import Any

import click

from otel_events.cli.complaints import InputError
from otel_events.cli.examples import examples
from otel_events.errors import ConfigurationError

_EPILOG = examples(
    "serve",
    "serve --port 8080 --otlp-port 8080",
    "serve --ledger runs/events.jsonl --keep-age 7d",
    "serve --host 0.0.0.0 --allow-host events.example.org --tls-certificate cert.pem --tls-key key.pem",
)


@click.command("serve", epilog=_EPILOG)
@click.option("--host", metavar="ADDRESS", help="Address to listen on.  [127.0.0.1]")
@click.option("--port", type=int, help="Port of the page, the streams and the API.  [5001]")
@click.option("--otlp-port", type=int, help="Port of OTLP over HTTP; may be the same.  [4318]")
@click.option("--ledger", metavar="FILE", help="File of the events.  [the ledger of this user]")
@click.option("--fsync", metavar="WHEN", help="When the disk is asked: always, second, never.  [always]")
@click.option("--keep-bytes", metavar="SIZE", help="Size of all files of events together; the oldest go.  [1GiB]")
@click.option("--keep-age", metavar="TIME", help="Age at which files of events are deleted.  [30d]")
@click.option("--token-file", metavar="FILE", help="File that holds the token.")
@click.option("--allow-host", multiple=True, metavar="NAME", help="A name by which the server may be called.")
@click.option("--allow-origin", multiple=True, metavar="ORIGIN", help="Another page that may use streams and API.")
@click.option("--trust-proxy", multiple=True, metavar="ADDRESS", help="A proxy whose X-Forwarded headers are believed.")
@click.option("--tls-certificate", metavar="FILE", help="The server's certificate; then it speaks TLS.")
@click.option("--tls-key", metavar="FILE", help="The certificate's private key.")
def command(**options: Any) -> None:
    """Receive events by OTLP, keep them, and show them live on a page of this machine.

    Every option is a variable OTEL_EVENTS_SERVER_* too. Ctrl-C ends it.
    """
    try:
        from otel_events.server.serving import serve
        from otel_events.server.settings import resolve_server_settings
    except ImportError as error:
        raise InputError(f"{error.name} is missing: install otel-events[server]") from error
    try:
        settings = resolve_server_settings(options, os.environ)
    except ConfigurationError as error:
        raise click.UsageError(str(error)) from error
    serve(settings, lambda text: click.echo(text, err=True))
