"""`emit`: one event from a shell."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from otel_events.cli import exit_codes
from otel_events.cli.complaints import InputError
from otel_events.event import CORRELATION, SEVERITY_WORDS, parse_severity, parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_EPILOG = """\b
Examples:
  otel-events emit evidence.added source=a.pdf quality:=0.82 --task-id t-1
  otel-events emit alert.triggered -m "Port silent" -s warning port:=18091
  otel-events emit eval --payload '{"quality": 0.85, "tags": ["a", "b"]}'
  jq '{free: .disk.free}' facts.json | otel-events emit disk.checked -p -
"""


def _correlation_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for key, kind in reversed(CORRELATION.items()):
        function = click.option(f"--{key.replace('_', '-')}", key, type=kind, help="Correlation attribute.")(function)
    return function


def _complete_name(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    from otel_events.catalog import current

    return [each.name for each in current().definitions() if each.name.startswith(incomplete)]


@click.command("emit", epilog=_EPILOG)
@click.argument("name", shell_complete=_complete_name)
@click.argument("pairs", nargs=-1, metavar="[KEY=TEXT | KEY:=JSON]...")
@click.option("--message", "-m", help="What to show people; else what the catalogue says.")
@click.option("--severity", "-s", help="A name or number of OpenTelemetry's, or a word such as warning, critical.")
@click.option("--timestamp", "-t", metavar="TIME", help="When it happened, if not now: ISO 8601.")
@click.option(
    "--payload", "-p", metavar="JSON", help="An object of attributes; @FILE reads it from a file, - from stdin."
)
@_correlation_options
@click.option("--wait", is_flag=True, help="Until it is accepted.")
@click.option("--timeout", type=click.FloatRange(min=0), default=10.0, metavar="SECONDS", help="To --wait.  [10]")
def command(
    *,
    name: str,
    pairs: Sequence[str],
    message: str | None,
    severity: str | None,
    timestamp: str | None,
    payload: str | None,
    wait: bool,
    timeout: float,
    **correlation: Any,
) -> int:
    """Emit the event NAME, by the same settings, guards and sinks as the library, from OTEL_* and OTEL_EVENTS_*.

    Trace and bound attributes are taken from TRACEPARENT, TRACESTATE and BAGGAGE. The event is on disk or delivered when
    the command ends; a Collector that is away does not hold it up. With --wait it must have been accepted.
    """
    if not name.strip():
        raise click.UsageError("an event has a name, such as evidence.added")
    if severity is not None and parse_severity(severity) is None:
        raise click.BadParameter(f"{severity!r} is no severity; {SEVERITY_WORDS}", param_hint="--severity")
    instant = parse_timestamp(timestamp) if timestamp is not None else None
    if timestamp is not None and instant is None:
        raise click.BadParameter(f"{timestamp!r} is no ISO 8601 time", param_hint="--timestamp")
    attributes = {**(_payload(payload) if payload is not None else {}), **dict(map(_pair, pairs))}
    attributes |= {key: value for key, value in correlation.items() if value is not None}

    from otel_events.cli import emitting

    emitting.name_service()
    import otel_events as ev

    ev.emit(name, message, attributes=attributes, severity=severity, timestamp=instant)
    seconds = timeout if wait else None
    return exit_codes.OK if emitting.tell(emitting.finish(seconds, is_quick=not wait), seconds) else exit_codes.NO


def _pair(text: str) -> tuple[str, Any]:
    key, sign, value = text.partition("=")
    if not sign or not key.strip(":"):
        raise click.UsageError(f"{text!r:.80} is neither KEY=TEXT nor KEY:=JSON")
    if key.endswith(":"):
        return key[:-1], _json(value, f"the value of {key[:-1]!r:.40}")
    kind = CORRELATION.get(key)
    if kind is int:
        try:
            return key, int(value)
        except ValueError:
            raise click.UsageError(f"{key} is a whole number, and {value!r:.40} is none") from None
    return key, value


def _payload(text: str) -> dict[str, Any]:
    what = "the payload"
    if text == "-":
        text, what = sys.stdin.read(), "standard input"
    elif text.startswith("@"):
        what = text[1:]
        try:
            text = Path(what).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeError) as error:
            raise InputError(f"{what} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    value = _json(text, what)
    if not isinstance(value, dict):
        raise click.UsageError(f"{what} is no JSON object, but {type(value).__name__}")
    return value


def _json(text: str, what: str) -> Any:
    import json

    try:
        return json.loads(text)
    except ValueError as error:
        raise click.UsageError(f"{what} is no JSON: {error}") from error
    except RecursionError as error:
        raise click.UsageError(f"{what} is nested too deep") from error
