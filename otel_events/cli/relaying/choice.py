"""Which source and which target a relay's options name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from otel_events.cli.endpoints import find_endpoints
from otel_events.cli.replay_run import open_target
from otel_events.errors import ConfigurationError
from otel_events.reading import sources as reading
from otel_events.reading.harmless import harmless
from otel_events.reading.sources import SourceError, ledger_path
from otel_events.sinks.plan import files_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_events.cli.relaying.message import Source
    from otel_events.cli.replaying.targets import Target
    from otel_events.settings import Settings

_USUAL_ENDPOINT = {"http/protobuf": "http://localhost:4318", "grpc": "http://localhost:4317"}


@dataclass(frozen=True, slots=True)
class RelayWish:
    """What is asked for: see the command's options."""

    source: str
    file: str | None
    to: str
    protocol: str | None
    url: str | None
    stream: str | None
    channel: str | None
    subjects: tuple[str, ...]
    service: str
    once: bool
    from_now: bool
    cursor: str | None
    patience: float
    is_json: bool


def choose_source(wish: RelayWish, settings: Settings, learn: Callable[[bytes], None]) -> Source:
    """Return where messages come from, or raise a UsageError with what is wrong with the options."""
    _refuse_others(wish)
    try:
        if wish.source == "redis":
            return _redis(wish, settings)
        if wish.source == "nats":
            return _nats(wish, settings)
        from otel_events.cli.relaying.files import LedgerSource, StandardInput

        if wish.source == "stdin":
            return StandardInput()
        path = ledger_path() if wish.file is None else Path(wish.file)
        return LedgerSource(path, once=wish.once, from_now=wish.from_now, learn=learn)
    except ConfigurationError as error:
        raise click.UsageError("; ".join(map(harmless, error.problems))) from error
    except SourceError as error:
        raise click.UsageError(str(error)) from error


def choose_target(wish: RelayWish) -> Target:
    """Return where events go, or raise a UsageError."""
    to: str | None = wish.to
    if to == "otlp":
        configured = "logs" in find_endpoints(None, wish.protocol)
        to = None if configured else _USUAL_ENDPOINT[wish.protocol or "http/protobuf"]
    read = [reading.Source(Path(wish.file))] if wish.file is not None else []
    if wish.source == "ledger" and wish.file is None:
        read = [reading.Source(ledger_path())]
    return open_target(to, wish.protocol, wish.patience, read)


def _refuse_others(wish: RelayWish) -> None:
    """Raise if an option is of another source."""
    given = {
        "FILE": (wish.file, ("ledger",)),
        "--url": (wish.url, ("redis", "nats")),
        "--stream": (wish.stream, ("redis", "nats")),
        "--channel": (wish.channel, ("redis",)),
        "--subject": (wish.subjects, ("nats",)),
    }
    for option, (value, sources) in given.items():
        if value and wish.source not in sources:
            raise click.UsageError(f"{option} is for --from {' or '.join(sources)}, not for {wish.source}")
    if wish.source == "nats" and not wish.stream and not wish.subjects:
        raise click.UsageError("say --subject 'egos.>' to listen, or --stream NAME to read a stream of JetStream")
    if wish.source == "nats" and wish.once and not wish.stream:
        raise click.UsageError("--once needs --stream: core NATS keeps nothing that could come to an end")


def _redis(wish: RelayWish, settings: Settings) -> Source:
    from otel_events.cli.relaying.redis import RedisSource
    from otel_events.sinks.redis import Redis

    said = settings.redis
    stream = wish.stream or said.stream
    plan = Redis(**_place(wish, said), stream=stream, channel=wish.channel, timeout=said.timeout)
    return RedisSource(plan, once=wish.once, from_now=wish.from_now)


def _nats(wish: RelayWish, settings: Settings) -> Source:
    from otel_events.cli.relaying.nats import NatsSource
    from otel_events.sinks.nats import Nats

    said = settings.nats
    plan = Nats(**_place(wish, said), stream=wish.stream, timeout=said.timeout)
    return NatsSource(plan, wish.subjects, once=wish.once, from_now=wish.from_now)


def _place(wish: RelayWish, said: Any) -> dict[str, Any]:
    url = wish.url or said.url
    return {**({"url": url} if url else {}), **files_of(said)}
