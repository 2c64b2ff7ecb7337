"""`relay`: events of programs that cannot change, sent on as events of OpenTelemetry."""

from __future__ import annotations

from typing import Any

import click

_EPILOG = """\b
Examples:
  otel-events relay --from ledger memory/resonance_ledger.jsonl
  otel-events relay --from redis --url redis://localhost:6379 --to ledger
  otel-events relay --from redis --channel v5:events --service broadcaster
  otel-events relay --from nats --subject 'egos.>' --to http://localhost:4318
  otel-events relay --from nats --stream EVENTS --once --json
  old-program | otel-events relay --from stdin --service old-program
"""


@click.command("relay", epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("file", required=False, type=click.Path())
@click.option(
    "--from",
    "source",
    required=True,
    type=click.Choice(["redis", "nats", "ledger", "stdin"]),
    help="Where the events are said.",
)
@click.option(
    "--to",
    metavar="otlp|ENDPOINT|ledger|FILE",
    default="otlp",
    help="`otlp` is what OTEL_EXPORTER_OTLP_* say, else http://localhost:4318.  [otlp]",
)
@click.option("--protocol", type=click.Choice(["http/protobuf", "grpc"]), help="That the endpoint speaks.")
@click.option("--url", help="Of Redis or NATS.  [OTEL_EVENTS_REDIS_URL, OTEL_EVENTS_NATS_URL, this machine]")
@click.option("--stream", help="Of Redis, or of JetStream.  [redis: v5:stream]")
@click.option("--channel", help="Of Redis, to be listened to beside the stream.")
@click.option("--subject", "subjects", multiple=True, help="Of NATS; may be given several times.")
@click.option("--service", default="relayed", help="service.name of events that do not say it.  [relayed]")
@click.option("--once", is_flag=True, help="End with what is there now.")
@click.option("--new", "from_now", is_flag=True, help="At the first start, begin with what comes.")
@click.option("--cursor", type=click.Path(), help="File that says how far it is.  [in the state directory]")
@click.option("--patience", type=click.FloatRange(min=0), default=30.0, help="Seconds to try one request.  [30]")
@click.option("--json", "is_json", is_flag=True, help="The counts at the end, as one JSON object.")
def command(**options: Any) -> int:
    """Send on what programs say on Redis, on NATS, in a ledger (FILE) or on standard input, until Ctrl-C.

    A message, or a line, is a JSON object with the event's name: {"event": "task_started", "task_id": "t-1", "ts": 1771095683.5,
    "goal": "x"}. Time (ts, timestamp), severity, message and ids are optional; other keys are attributes. Lines of a ledger, OTLP in
    JSON and the broadcaster's {"type", "ts", "data"} are taken too.

    Names, severities and texts follow the catalogue; times, trace ids and uids stay. Secrets are taken out as OTEL_EVENTS_REDACT_*
    say. After a kill it goes on behind the last batch that was accepted; what is sent twice has the same uid. Exit code 1: not
    all was accepted, or nothing was an event; 3: the source cannot be read; 130: Ctrl-C.
    """
    from otel_events.cli.relaying.run import RelayWish, run_relay

    return run_relay(RelayWish(**options))
