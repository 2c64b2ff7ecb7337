"""What `expect` does: look back over files, or go on with one that is being written."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import click

from otel_events.absence.alert import RESOLVED, RULES_SET, SCOPE, what_matters
from otel_events.absence.claim import ANOTHER, Claim
from otel_events.absence.hindsight import look_back
from otel_events.absence.vigil import Vigil
from otel_events.cli import exit_codes
from otel_events.cli.complaints import InputError
from otel_events.cli.inputs import tell
from otel_events.ledger.read import Recorded
from otel_events.reading.decode import Decoder, as_record
from otel_events.reading.follow import Follower
from otel_events.reading.harmless import harmless, harmless_json
from otel_events.reading.read import read_records
from otel_events.reading.selection import Selection
from otel_events.reading.sources import STANDARD_INPUT, SourceError, find_sources, ledger_path
from otel_events.reading.texts import count_of, show_local, show_recent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from otel_events.absence.rule import Rule
    from otel_events.cli.inputs import Input
    from otel_events.event import Event
    from otel_events.reading.record import Record

_INTERVAL = 0.25
_NAME_WIDTH = len("expectation.missed.resolved")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: see the command's options."""

    rules: tuple[Rule, ...]
    is_json: bool
    is_open: bool
    emits: bool


def look_back_once(read: Input, wanted: Wanted) -> int:
    """Show what was missed in what *read* names; return the exit code."""
    until = read.until if read.until is not None or read.paths else time.time_ns()
    counted = _Counted(read.records())
    events = look_back(wanted.rules, counted, since=read.since, until=until)
    still = _still_missed(events)
    missed = [event for event in events if not event.name.endswith(RESOLVED)]
    shown = still if wanted.is_open else events
    _show(shown, wanted)
    if not wanted.is_json:
        said = f"{len(missed):,} missed, {len(still):,} of them still" if missed else "nothing was missed"
        click.echo(f"{said}: {count_of(len(wanted.rules), 'rule')} over {count_of(counted.count, 'record')}", err=True)
    return exit_codes.NO if shown else exit_codes.OK


def follow_on(read: Input, wanted: Wanted) -> int:
    """Show what is missed, and what is there again, until Ctrl-C."""
    path = _path(read)
    claim = Claim(path)
    if wanted.emits:
        _wait_for(claim, path)
    try:
        _follow(read, path, wanted)
    finally:
        tell(read.report)
        if wanted.emits:
            from otel_events.cli import emitting

            emitting.tell(emitting.finish(None), None)
        claim.let_go()  # by now whoever comes next can read what was told


def _wait_for(claim: Claim, path: Path) -> None:
    """Return when nobody else tells what is missed there."""
    try:
        if claim.take():
            return
        click.echo(f"{harmless(str(path))}: {ANOTHER}", err=True)
        while not claim.take():
            time.sleep(_INTERVAL)
    except OSError as error:  # a folder in which we may not write
        click.echo(f"Warning: who else tells what is missed there cannot be known: {error.strerror}", err=True)


def _follow(read: Input, path: Path, wanted: Wanted) -> NoReturn:
    vigil = Vigil(wanted.rules, tell_pause=_tell_pause)
    matters = Selection(what_matters(wanted.rules))
    follower = Follower(path, Decoder(read.report, matters.compile_for_bytes()))
    follower.last(0)  # first of all: what is appended while the rest is read comes twice, which does no harm
    vigil.restore(_existing(read, matters))
    click.echo(
        f"watching {harmless(str(path))}: {count_of(len(wanted.rules), 'rule')}; what is missing already has a minute of grace at most",
        err=True,
    )
    _tell(vigil.begin(), wanted)
    while True:
        _tell(vigil.turn(follower.poll()), wanted)
        time.sleep(_INTERVAL)


class _Counted:
    """Records that are counted as they go by."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._records = records
        self.count = 0

    def __iter__(self) -> Iterator[Record]:
        for record in self._records:
            self.count += 1
            yield record


def _still_missed(events: Sequence[Event]) -> list[Event]:
    still: dict[tuple[object, ...], Event] = {}
    for event in events:
        said = event.attributes
        key = (said["rule"], *(said.get(each) for each in ("component", "subject", "task_id")))
        if event.name.endswith(RESOLVED):
            still.pop(key, None)
        else:
            still[key] = event
    return list(still.values())


def _path(read: Input) -> Path:
    """Return the one file that is followed."""
    if len(read.paths) > 1 or STANDARD_INPUT in read.paths:
        raise click.UsageError("--follow follows one file, or the ledger")
    from pathlib import Path

    try:
        return Path(read.paths[0]) if read.paths else ledger_path()
    except SourceError as error:
        raise InputError(str(error)) from error


def _existing(read: Input, matters: Selection) -> Iterator[Record]:
    try:
        sources = find_sources(read.paths)
    except SourceError:  # it is yet to come
        return iter(())
    return read_records(
        sources, selection=matters, complain=lambda text: click.echo(f"Warning: {harmless(text)}", err=True)
    )


def _tell(events: Sequence[Event], wanted: Wanted) -> None:
    if wanted.emits:
        _emit(events)
    _show([event for event in events if event.name != RULES_SET], wanted)


def _emit(events: Sequence[Event]) -> None:
    from otel_events.cli import emitting

    emitting.name_service()
    import otel_events as ev

    emitter = ev.get_emitter(SCOPE.name)
    for event in events:
        trace = f"00-{event.trace_id:032x}-{event.span_id:016x}-01" if event.trace_id and event.span_id else ""
        with ev.extract({"traceparent": trace} if trace else {}):
            emitter.emit(event.name, str(event.body), attributes=event.attributes, timestamp=event.timestamp)


def _show(events: Sequence[Event], wanted: Wanted) -> None:
    is_terminal = sys.stdout.isatty()
    for event in events:
        if wanted.is_json:
            text = as_record(Recorded(event, "", {}, "ledger")).line().decode("utf-8", "replace")
            sys.stdout.write(harmless_json(text) if is_terminal else text)
            continue
        when = show_recent(event.timestamp) if is_terminal else show_local(event.timestamp)
        click.echo(f"{when}  {event.name:{_NAME_WIDTH}}  {harmless(str(event.body))}")
    if events:
        sys.stdout.flush()


def _tell_pause(seconds: float) -> None:
    click.echo(f"Nobody looked, or a clock was set, for {seconds:.0f} s: everything has a minute of grace.", err=True)
