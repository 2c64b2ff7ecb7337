"""`doctor`: what is right and wrong with the set-up."""

from __future__ import annotations

import click

_EPILOG = """\b
Examples:
  otel-events doctor
  otel-events doctor --settings --no-probe
  otel-events doctor --json | jq '.findings[] | select(.level == "error")'
  otel-events doctor --strict || echo "not fit to go live"
"""


@click.command("doctor", epilog=_EPILOG)
@click.option("--settings", "shows_all", is_flag=True, help="Show every setting, those with their defaults too.")
@click.option("--no-probe", is_flag=True, help="Look only: send no event.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0.1),
    default=5.0,
    metavar="SECONDS",
    help="For each look at the network.  [5]",
)
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.option("--json", "is_json", is_flag=True, help="As one JSON object.")
def command(*, shows_all: bool, no_probe: bool, timeout: float, strict: bool, is_json: bool) -> int:
    """Look at everything that an event meets on its way, and say what to do about what is wrong.

    Settings and where each came from, contradictions, the endpoint (name, TCP, TLS, an answer), the clock, spool and
    ledger; then one event and one span, traced until they are accepted. It looks at the environment: what a program gives
    to configure() is not known here. Secrets are not shown. Exit code 1: an error was found.
    """
    from otel_events.cli.doctor_output import run_doctor

    return run_doctor(timeout=timeout, with_probe=not no_probe, shows_all=shows_all, is_strict=strict, is_json=is_json)
