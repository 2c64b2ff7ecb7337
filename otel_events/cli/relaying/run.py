"""A relay from its options to its account."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from otel_events.accounting import Accounts
from otel_events.cli import exit_codes
from otel_events.cli.complaints import InputError
from otel_events.cli.ending import ending_by_signal
from otel_events.cli.endpoints import read_settings
from otel_events.cli.harmless import harmless
from otel_events.cli.progress import Progress
from otel_events.cli.relaying.choice import RelayWish, choose_source, choose_target
from otel_events.cli.relaying.cursor import Cursor, usual_path
from otel_events.cli.relaying.message import RelayError
from otel_events.cli.relaying.translate import Translator
from otel_events.cli.row_formats import json_text
from otel_events.cli.texts import count_of
from otel_events.guards import build_stages
from otel_events.notices import Notices
from otel_events.pipeline.limit import Limit
from otel_events.pipeline.redact import Redact
from otel_events.sinks.backoff import Backoff

if TYPE_CHECKING:
    from otel_events.cli.relaying.message import Batch, Source
    from otel_events.cli.replaying.targets import Target
    from otel_events.event import Event
    from otel_events.settings import Settings

__all__ = ["RelayWish", "run_relay"]

_AN_EVENT = '{"event": "its.name", ...} on one line: see `otel-events relay --help`'
_BACKOFF = Backoff(initial=0.2, maximum=5.0)


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the messages.

    Attributes:
        messages: that were read.
        accepted: events that the target has.
        rejected: events that it would not keep, or cannot carry.
        unreadable: messages that hold no event.
        why_unreadable: what those were; empty if there are none.
        failure: why it ended before the end; empty if it did not.
        message: what was said of those rejected.
    """

    source: str
    target: str
    messages: int
    accepted: int
    rejected: int
    unreadable: int
    why_unreadable: str
    failure: str
    message: str


def run_relay(wish: RelayWish) -> int:
    """Relay, and tell what became of it; return the exit code."""
    settings = read_settings()
    translator = Translator(wish.service, _guards(settings))
    source, target = choose_source(wish, settings, translator.learn), choose_target(wish)
    relay = _Relay(source, target, translator, is_patient=not wish.once and wish.source != "stdin")
    code, cursor = exit_codes.OK, None
    try:
        with ending_by_signal():
            if wish.source != "stdin":
                path = usual_path(source.name, target.name) if wish.cursor is None else Path(wish.cursor)
                cursor = Cursor(path, source.name)
            relay.run(cursor)
    except KeyboardInterrupt:
        relay.failure, code = "interrupted", exit_codes.INTERRUPTED
    except RelayError as error:
        raise InputError(harmless(str(error))) from error
    finally:
        relay.close()
        if cursor is not None:
            cursor.close()
    account = relay.account()
    _write(account, is_json=wish.is_json)
    is_incomplete = account.failure or account.rejected or (account.unreadable and not account.accepted)
    return code or (exit_codes.NO if is_incomplete else exit_codes.OK)


class _Relay:
    """Takes batches from *source* to *target*, and notes how far it is when a batch is safe."""

    def __init__(self, source: Source, target: Target, translator: Translator, *, is_patient: bool) -> None:
        self.failure = ""
        self._source = source
        self._target = target
        self._translator = translator
        self._is_patient = is_patient
        self._messages = 0
        self._accepted = 0
        self._notices = Notices()
        self._progress = Progress(f"relayed to {harmless(target.name)}")

    def run(self, cursor: Cursor | None) -> None:
        """Go on from *cursor* to the end of the source."""
        for batch in self._source.read(None if cursor is None else cursor.place):
            if not self._take(batch):
                self.failure = self._target.failure or "not all was accepted"
                return
            if cursor is not None:
                cursor.save(batch.place)
            self._progress.show(self._accepted)

    def close(self) -> None:
        """Let go of both ends."""
        self._progress.clear()
        self._source.close()
        self._target.close()

    def account(self) -> Account:
        """Return what became of it all."""
        return Account(
            source=self._source.name.strip(": "),
            target=self._target.name,
            messages=self._messages,
            accepted=self._accepted,
            rejected=self._target.rejected,
            unreadable=self._translator.unreadable,
            why_unreadable=self._translator.why_unreadable(),
            failure=self.failure,
            message=self._target.message,
        )

    def _take(self, batch: Batch) -> bool:
        self._messages += len(batch.messages)
        events = self._translator.events(batch.messages)
        return not events or self._send(events)

    def _send(self, events: list[Event]) -> bool:
        failures, rejected = 0, self._target.rejected
        while not self._target.send(events):
            if not self._is_patient:
                return False
            failures += 1
            self._progress.clear()
            waiting = f"{count_of(len(events), 'event')} wait; trying again"
            self._notices.warn("target", f"{harmless(self._target.name)}: {harmless(self._target.failure)}; {waiting}")
            time.sleep(_BACKOFF.delay(failures))
        self._accepted += len(events) - (self._target.rejected - rejected)
        return True


def _guards(settings: Settings) -> list[Redact | Limit]:
    stages = build_stages(settings, Accounts(), Notices(), may_hold=False)
    return [stage for stage in stages if isinstance(stage, (Redact, Limit))]


def _write(account: Account, *, is_json: bool) -> None:
    if is_json:
        sys.stdout.write(json_text(asdict(account)) + "\n")
        return
    of = f" of {count_of(account.messages, 'message')}" if account.messages != account.accepted else ""
    click.echo(harmless(f"{count_of(account.accepted, 'event')}{of} accepted by {account.target}"))
    notes = {
        f"{account.rejected:,} rejected: {account.message}": account.rejected,
        f"{account.unreadable:,} passed over: {account.why_unreadable}; an event is {_AN_EVENT}": account.unreadable,
        f"stopped: {account.failure}": account.failure,
    }
    for text, holds in notes.items():
        if holds:
            click.echo(f"  {harmless(text)}")
