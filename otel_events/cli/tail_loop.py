"""What `tail` does: the last events of every file, then those that come, at the rate at which they come."""

from __future__ import annotations

import heapq
import os
import sys
import time
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

from otel_events.cli.complaints import InputError
from otel_events.cli.inputs import tell
from otel_events.cli.tail_view import TailView
from otel_events.ledger.read import ReadReport
from otel_events.reading.decode import Decoder
from otel_events.reading.follow import Follower
from otel_events.reading.harmless import harmless, harmless_json
from otel_events.reading.lines import is_plain
from otel_events.reading.selection import Selection
from otel_events.reading.sources import STANDARD_INPUT, SourceError, find_sources, ledger_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from otel_events.cli.inputs import Input
    from otel_events.reading.record import Record

_INTERVAL = 0.1
_LONGEST_GAP = 0.03  # between two lines that came together
_DEFAULT_LINES = 10


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: see the command's options."""

    follow: bool
    lines: int | None
    is_all: bool
    is_json: bool


class _View(Protocol):
    def show(self, record: Record) -> None: ...
    def tick(self) -> None: ...
    def finish(self) -> None: ...


class _JsonView:
    """Every event as it is."""

    def __init__(self) -> None:
        self._is_terminal = sys.stdout.isatty()

    def show(self, record: Record) -> None:
        text = record.line().decode("utf-8", "replace")
        sys.stdout.write(harmless_json(text) if self._is_terminal else text)

    def tick(self) -> None:
        sys.stdout.flush()

    def finish(self) -> None:
        sys.stdout.flush()


def run_tail(read: Input, wanted: Wanted) -> None:
    """Show what is asked for; with `follow` until Ctrl-C or the end of standard input."""
    view: _View = _JsonView() if wanted.is_json else TailView(rolls_up=not wanted.is_all)
    is_wanted = _compile(read, wanted)
    count = wanted.lines if wanted.lines is not None else _DEFAULT_LINES
    try:
        if wanted.follow and STANDARD_INPUT not in read.paths:
            _follow(read, view, is_wanted, count)
        elif wanted.follow:
            _show_all(filter(is_wanted, read.records(shows_progress=False, hides_own=False)), view)
        else:
            is_bounded = read.since is None or wanted.lines is not None
            last = _last_of_all(read, is_wanted, count) if is_bounded else None
            if last is None:
                found = filter(is_wanted, read.records(hides_own=not wanted.is_all))
                last = _latest_of(found, count) if is_bounded else list(found)
            _show_all(sorted(last, key=_when), view)
    finally:
        view.finish()


def _show_all(records: Iterable[Record], view: _View) -> None:
    for record in records:
        view.show(record)
        view.tick()


def _compile(read: Input, wanted: Wanted) -> Callable[[Record], bool]:
    fits = Selection(read.filter, read.since, read.until, hides_own=not wanted.is_all).compile()
    return fits if fits is not None else lambda _: True


def _follow(read: Input, view: _View, is_wanted: Callable[[Record], bool], count: int) -> None:
    decoder = Decoder(read.report)
    followers = [Follower(path, decoder) for path in _paths(read)]
    found = [record for each in followers for record in filter(is_wanted, each.last(_looked_at(count)))]
    _show_all(_latest(found, count), view)
    tell(read.report)
    is_smooth = sys.stdout.isatty()
    while True:
        began = time.monotonic()
        fresh = list(filter(is_wanted, chain.from_iterable(each.poll() for each in followers)))
        if len(followers) > 1:
            fresh.sort(key=_when)
        for record in fresh:
            view.show(record)
            if is_smooth and len(fresh) * _LONGEST_GAP < 10 * _INTERVAL:
                view.tick()
                time.sleep(min(_LONGEST_GAP, _INTERVAL / len(fresh)))
        view.tick()
        time.sleep(max(0.0, _INTERVAL - (time.monotonic() - began)))


def _last_of_all(read: Input, is_wanted: Callable[[Record], bool], count: int) -> list[Record] | None:
    """Return the last records that are wanted by looking at the ends of the files alone; None if those do not tell."""
    sources = read.sources()
    for source in sources:
        source.close()
    decoder, found = Decoder(ReadReport()), []
    for source in sources:
        if source.path is None or not is_plain(source.path):
            return None
        looked_at = Follower(source.path, decoder).last(_looked_at(count), with_rest=True)
        fitting = list(filter(is_wanted, looked_at))
        if len(fitting) < count and len(looked_at) >= _looked_at(count):
            return None
        found += fitting
    read.report = decoder.report
    tell(read.report)
    if count and not found:
        read.tell_of_nothing()
    return _latest(found, count)


def _looked_at(count: int) -> int:
    # Far more than asked for, since many may not fit; not all of them, since a file may be huge.
    return max(2_000, count * 20) if count else 0


def _latest(records: list[Record], count: int) -> list[Record]:
    return sorted(records, key=_when)[-count:] if count else []


def _latest_of(records: Iterable[Record], count: int) -> list[Record]:
    """Return the same without holding more than *count*; of those of one time the last that were read."""
    numbered = ((record.timestamp, number, record) for number, record in enumerate(records))
    return [record for _, _, record in reversed(heapq.nlargest(count, numbered))]


def _when(record: Record) -> int:
    return record.timestamp


def _paths(read: Input) -> list[Path]:
    try:
        if not read.paths:
            return [ledger_path()]  # which may not exist yet
        there = [path for path in read.paths if os.path.lexists(path) or not Path(path).parent.is_dir()]
        sources = find_sources(there) if there else []
    except SourceError as error:
        raise InputError(str(error)) from error
    to_come = [path for path in read.paths if path not in there]
    for path in to_come:
        click.echo(f"waiting for {harmless(path)}", err=True)
    return [*(source.path for source in sources if source.path is not None), *map(Path, to_come)]
