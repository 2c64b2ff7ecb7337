"""What commands that read have in common: FILTER and FILE, the span of time, progress, and what was passed over."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import click

from otel_events.cli import exit_codes
from otel_events.cli.complaints import InputError, WrongFilterError
from otel_events.cli.harmless import harmless
from otel_events.cli.progress import Progress
from otel_events.filter_language import FilterError, FilterSettings, parse_filter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from otel_events.ledger.read import ReadReport
    from otel_events.reading.record import Record
    from otel_events.reading.sources import Source

Function = TypeVar("Function", bound="Callable[..., Any]")

# `-epoch.*` is a filter and no option: options of one letter are never run together here. `-n5` is one.
_EXCLUSION = re.compile(r"-(?![a-zA-Z]\d+$)[^-\s].+", re.DOTALL)
_CONDITION = re.compile(r"-?(?:[\w.*?\[\]!-]+\s+|,\s*)*[\w.\-]+(?:!=|>=|<=|=|>|<)")
_LEAST_BYTES = 32 << 20  # less is read before a line about it could be


class ReadingCommand(click.Command):
    """A command whose words are filters and files; a filter may begin with `-`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        with_value = {name for each in self.params if not _is_flag(each) for name in each.opts}
        marked, before = [], ""
        for arg in args:
            # The parser takes what begins with a space for a word, and the filter language does not mind it.
            is_filter = _EXCLUSION.fullmatch(arg) is not None and before not in with_value
            marked.append(f" {arg}" if is_filter else arg)
            before = arg
        return super().parse_args(ctx, marked)


def reads(function: Function) -> Function:
    """Give a command the arguments FILTER and FILE and the options `--since` and `--until`, as one `Input`."""

    @click.argument("words", nargs=-1, metavar="[FILTER]... [FILE]...", shell_complete=_complete_word)
    @click.option(
        "--since", metavar="TIME", help="No earlier than this: 10m, 1h30m, 14:30, yesterday, an ISO 8601 time."
    )
    @click.option("--until", metavar="TIME", help="Earlier than this.")
    @functools.wraps(function)
    def with_input(*args: Any, words: Sequence[str], since: str | None, until: str | None, **options: Any) -> Any:
        read = parse_input(words, since, until)
        code = function(*args, read=read, **options)
        # The answer is out; that a part of what was asked for could not be read must not be lost on scripts.
        return exit_codes.INPUT if read.report.unreadable and not code else code

    return with_input  # type: ignore[return-value]  # click wraps it


@dataclass(slots=True)
class Input:
    """What a command reads.

    Attributes:
        paths: what to read; empty for the configured ledger.
        filter: which events are wanted.
        since: nanoseconds since the Unix epoch.
        until: nanoseconds since the Unix epoch.
        report: what was read and passed over so far.
    """

    paths: Sequence[str]
    filter: FilterSettings
    since: int | None
    until: int | None
    report: ReadReport = field(default_factory=lambda: _new_report())  # noqa: PLW0108  # it is defined below

    @property
    def is_everything(self) -> bool:
        """Return whether nothing is left out by a filter or a span of time."""
        return not self.filter.clauses and self.since is None and self.until is None

    def sources(self) -> list[Source]:
        """Return what there is to read, or raise InputError."""
        from otel_events.reading.sources import SourceError, find_sources

        try:
            return find_sources(self.paths)
        except SourceError as error:
            raise InputError(str(error)) from error

    def records(self, *, shows_progress: bool = True) -> Iterator[Record]:
        """Yield what is wanted; tell at the end what was passed over, or raise InputError if nothing could be read.

        Args:
            shows_progress: nothing else is written to the terminal meanwhile.
        """
        from otel_events.reading.read import read_records
        from otel_events.reading.selection import Selection

        sources = self.sources()
        advance, clear = _shown_progress(sources if shows_progress else ())
        try:
            yield from read_records(
                sources,
                selection=Selection(self.filter, self.since, self.until),
                report=self.report,
                advance=advance,
                complain=lambda text: click.echo(f"Warning: {harmless(text)}", err=True),
            )
        finally:
            clear()
        if self.report.unreadable and not self.report.events:
            raise InputError("nothing could be read")
        tell(self.report)


def parse_input(words: Sequence[str], since: str | None, until: str | None) -> Input:
    """Return what *words* and times mean, or raise an error that click shows."""
    paths = [word for word in words if is_path(word)]
    text = " ".join(word.strip() for word in words if not is_path(word))
    try:
        filters = parse_filter(text)
    except FilterError as error:
        raise WrongFilterError(error) from error
    return Input(paths, filters, _instant("--since", since), _instant("--until", until))


def is_path(word: str) -> bool:
    """Tell whether *word* names a file or folder by its form, whatever there is on the disk; else it is a filter."""
    from otel_events.reading.sources import STANDARD_INPUT, SUFFIXES

    if word == STANDARD_INPUT or word in {".", ".."}:
        return True
    if word[:1] in {'"', "'", " "} or _CONDITION.match(word):
        return False
    return "/" in word or "\\" in word or word.endswith(SUFFIXES)


def tell(report: ReadReport) -> None:
    """Say on standard error what was passed over, if anything was."""
    said = passed_over(report)
    if said:
        click.echo(f"Passed over {said}.", err=True)


def passed_over(report: ReadReport) -> str:
    """Return what was passed over, as words; empty if nothing was."""
    kinds = {
        "torn": report.torn,
        "malformed": report.malformed,
        "no event": report.foreign,
        "too long": report.oversized,
    }
    parts = [f"{count:,} {kind}" for kind, count in kinds.items() if count]
    if not parts:
        return ""
    return f"{report.passed_over:,} line{'s' if report.passed_over != 1 else ''} ({', '.join(parts)})"


def _is_flag(parameter: click.Parameter) -> bool:
    return isinstance(parameter, click.Option) and parameter.is_flag


def _instant(option: str, text: str | None) -> int | None:
    if text is None:
        return None
    from otel_events.reading.times import parse_when

    try:
        return parse_when(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=option) from error


def _new_report() -> ReadReport:
    from otel_events.ledger.read import ReadReport

    return ReadReport()


def _complete_word(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[Any]:
    from click.shell_completion import CompletionItem

    from otel_events.catalog import current

    names = [CompletionItem(each.name) for each in current().definitions() if each.name.startswith(incomplete)]
    return [*names, CompletionItem(incomplete, type="file")]


def _shown_progress(sources: Sequence[Source]) -> tuple[Callable[[int], None] | None, Callable[[], None]]:
    """Return what is told of bytes that were read, and what takes the line away; short work shows none."""
    total = sum(source.size for source in sources)
    if total < _LEAST_BYTES:
        return None, lambda: None
    progress, done = Progress("reading", total // 1_000_000, "MB"), 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        progress.show(done // 1_000_000)

    return advance, progress.clear
