"""What `watch` does: a watcher from its options to its account, or what it would tell."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from otel_events.cli import emitting, exit_codes
from otel_events.cli.colours import Palette, palette_for
from otel_events.cli.complaints import InputError
from otel_events.cli.ending import ending_by_signal
from otel_events.cli.row_formats import write_jsonl
from otel_events.errors import ConfigurationError
from otel_events.reading.harmless import harmless
from otel_events.reading.texts import count_of, show_local, show_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_events.watching import Change, FileEvent, Watcher

_LONGEST_VALUE = 60
# What a line says by itself, or has no room for.
_NOT_SHOWN = frozenset(
    {"file.path", "file_path", "file.name", "file.extension", "destination_path", "file.directory", "sample_paths"}
)


@dataclass(frozen=True, slots=True)
class WatchWish:
    """What is asked for: see the command's options."""

    paths: tuple[str, ...]
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    profile: str | None
    rules: str | None
    only_classified: bool
    initial: int
    no_content: bool
    no_ignore: bool
    poll: bool
    poll_interval: float
    debounce: float
    burst: int
    dry_run: bool
    is_json: bool


def run_watch(wish: WatchWish) -> int:
    """Watch until the end, or show what would be told; return the exit code."""
    emitting.name_service()
    view = _View(is_json=wish.is_json)
    watcher = _make_watcher(wish, view)
    if wish.dry_run:
        _show_all(watcher, view)
        return exit_codes.OK
    try:
        with ending_by_signal():
            watcher.start()
            view.begin(watcher)
            watcher.run()
    except ConfigurationError as error:  # a path that has just gone
        raise InputError(str(error)) from error
    except KeyboardInterrupt:
        watcher.stop()
    if view.failure is not None:
        raise view.failure
    view.end(watcher)
    return exit_codes.INTERRUPTED if emitting.tell(emitting.finish(None), None) else exit_codes.NO


def _make_watcher(wish: WatchWish, view: _View) -> Watcher:
    missing = [path for path in wish.paths if not os.path.lexists(path)]
    if missing:
        raise InputError(", ".join(f"{path} does not exist" for path in missing))
    try:
        from otel_events.watching import watch

        return watch(
            *wish.paths,
            include=wish.include,
            exclude=wish.exclude,
            rules=wish.rules,
            profile=wish.profile,
            only_classified=wish.only_classified,
            ignore_files=not wish.no_ignore,
            initial=wish.initial,
            debounce=wish.debounce,
            burst=wish.burst,
            polling=wish.poll,
            poll_interval=wish.poll_interval,
            content=False if wish.no_content else None,
            on_event=view.show,
        )
    except ConfigurationError as error:
        if any("install otel-events" in problem for problem in error.problems):
            raise InputError(str(error)) from error
        raise click.UsageError(harmless(str(error), keep_lines=True)) from error


@dataclass(slots=True)
class _View:
    """Shows events as they are told, without what the guards take out of them."""

    is_json: bool
    failure: OSError | None = None  # nobody reads on
    _palette: Palette = field(default_factory=palette_for)
    _watcher: Watcher | None = None

    def begin(self, watcher: Watcher) -> None:
        """Say that it has begun, to whoever looks on."""
        self._watcher = watcher
        if sys.stderr.isatty() and not self.is_json:
            files = count_of(watcher.known_files, "file")
            click.echo(f"watching {files}; Ctrl-C ends it", err=True)

    def show(self, change: Change | None, event: FileEvent) -> None:
        """Show one event, which may be of many changes, or of none; end the watching where nobody reads on."""
        try:
            if self.is_json:
                write_jsonl([_as_object(change, event)], sys.stdout)
            elif event.name != "watch.interrupted" or not sys.stderr.isatty():  # of which there is a warning, too
                sys.stdout.write(self._line(change, event) + "\n")
            sys.stdout.flush()
        except OSError as error:
            self.failure = self.failure or error
            if self._watcher is not None:
                self._watcher.stop()

    def end(self, watcher: Watcher) -> None:
        """Give the account."""
        counts = watcher.counts
        if self.is_json:
            return
        said = f"{count_of(counts.changes, 'change')}, {count_of(sum(counts.events.values()), 'event')}"
        told_together = f"; {counts.summarised:,} changes told together" if counts.summarised else ""
        click.echo(f"{said}{told_together}", err=True)

    def row(self, change: Change, event: FileEvent | None) -> None:
        """Show what would become of one file."""
        if self.is_json:
            write_jsonl([_as_object(change, event)], sys.stdout)
            return
        path = harmless(change.relative)
        if event is None:
            sys.stdout.write(self._palette.dim(f"{path} -> no rule -> nothing") + "\n")
            return
        rule = harmless(event.rule) or "no rule"
        name = self._palette.named(event.name)
        sys.stdout.write(f"{path} -> {rule} -> {name}{self._attributes(event)}\n")

    def _line(self, change: Change | None, event: FileEvent) -> str:
        when = self._palette.dim(show_local(time.time_ns(), with_date=False))
        return f"{when}  {self._palette.named(event.name)}  {harmless(_place(change, event))}{self._attributes(event)}"

    def _attributes(self, event: FileEvent) -> str:
        shown = []
        for key, value in _guarded(event).items():
            if key not in _NOT_SHOWN and not (key.endswith("_count") and not value):
                text = harmless(show_value(value))
                shown.append(f"{key}={text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + '…'}")
        return self._palette.dim("".join(f"  {each}" for each in shown))


def _show_all(watcher: Watcher, view: _View) -> None:
    files = told = 0
    for change, events in watcher.preview():
        files += 1
        told += any(event.rule for event in events)
        for event in events:
            view.row(change, event)
        if not events:
            view.row(change, None)
    if not view.is_json:
        click.echo(f"{count_of(files, 'file')}, {told:,} by a rule", err=True)


def _place(change: Change | None, event: FileEvent) -> str:
    if change is None:
        return str(event.attributes.get("file.directory", ""))
    path = _from_here(str(change.path))
    return path if change.source is None else f"{_from_here(str(change.source))} -> {path}"


def _from_here(path: str) -> str:
    return path.removeprefix(f"{Path.cwd()}{os.sep}")


def _guarded(event: FileEvent) -> dict[str, Any]:
    """Return the attributes of *event* as the guards would have them: a terminal is a place to leak into, too."""
    from otel_events import process

    guard = process.current().without_secrets
    return {key: guard(key, value) for key, value in event.attributes.items()}


def _as_object(change: Change | None, event: FileEvent | None) -> dict[str, Any]:
    def fields() -> Iterator[tuple[str, Any]]:
        if change is not None:
            yield "change", change.kind
            yield "path", str(change.path)
            if change.source is not None:
                yield "source", str(change.source)
        yield "event", None if event is None else event.name
        if event is not None:
            yield "rule", event.rule
            yield "message", event.message
            yield "attributes", _guarded(event)

    return {key: value for key, value in fields() if key == "event" or (value is not None and value != "")}
