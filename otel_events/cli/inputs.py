"""What commands that read have in common: FILTER and FILE, the span of time, progress, and what was passed over."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import click

from otel_events.cli import exit_codes
from otel_events.cli.complaints import InputError, WrongFilterError
from otel_events.cli.progress import Progress
from otel_events.filter_language import FilterError, FilterSettings, parse_filter
from otel_events.reading.harmless import harmless

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from otel_events.ledger.read import ReadReport
    from otel_events.reading.record import Record
    from otel_events.reading.sources import Source

Function = TypeVar("Function", bound="Callable[..., Any]")

# `-epoch.*` is a filter and no option: options of one letter are never run together here. `-n5` is one.
_EXCLUSION = re.compile(r"-(?![a-zA-Z]\d+$)[^-\s].+", re.DOTALL)
_CONDITION = re.compile(r"-?(?:[\w.*?\[\]!-]+\s+|,\s*)*[\w.\-]+(?:!=|>=|<=|=|>|<)")
_LANGUAGE = (
    ("task.*", "Events of that name; *, ? and [...] as in names of files."),
    ("persona=thesis", "An attribute, or a fact such as service or trace_id; = and != take patterns."),
    ("quality>0.8", "A number, with > >= < <=; or a time: duration>50ms, 2s, 1h30m."),
    ("severity>=warn", "trace, debug, info, warn, error, fatal, or a number of OpenTelemetry's."),
    ('"timed out"', "A text anywhere in it, in quotation marks of its own."),
    ("a b, c", "Spaces: all of it must fit. Commas: one of the clauses must."),
    ("-a", "What fits this clause is out."),
)
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

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what a FILTER may say, and the examples."""
        with formatter.section("FILTER, quoted in a shell"):
            formatter.write_dl(_LANGUAGE)
        super().format_epilog(ctx, formatter)


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
        filter_words: what the filter was written as, on the command line.
        report: what was read and passed over so far.
        file_count: how many files that was; 0 if one of them is standard input.
    """

    paths: Sequence[str]
    filter: FilterSettings
    since: int | None
    until: int | None
    filter_words: Sequence[str] = ()
    report: ReadReport = field(default_factory=lambda: _new_report())  # noqa: PLW0108  # it is defined below

    file_count: int = 0

    @property
    def is_everything(self) -> bool:
        """Return whether nothing is left out by a filter or a span of time."""
        return not self.filter.clauses and self.since is None and self.until is None

    def sources(self) -> list[Source]:
        """Return what there is to read, or raise InputError."""
        from otel_events.reading.sources import SourceError, find_sources

        try:
            found = find_sources(self.paths)
        except SourceError as error:
            from otel_events.cli.nothing_found import hints_on_words

            raise InputError("\n".join([str(error), *hints_on_words(self.filter_words)])) from error
        self.file_count = len(found) if all(source.path is not None for source in found) else 0
        return found

    def records(self, *, shows_progress: bool = True, hides_own: bool = True) -> Iterator[Record]:
        """Yield what is wanted; tell at the end what was passed over and why nothing was found, or raise InputError.

        Args:
            shows_progress: nothing else is written to the terminal meanwhile.
            hides_own: what writers say of themselves is left out, unless the filter names it.
        """
        from otel_events.reading.read import read_records
        from otel_events.reading.selection import Selection

        sources = self.sources()
        advance, clear = _shown_progress(sources if shows_progress else ())
        found = read_records(
            sources,
            selection=Selection(self.filter, self.since, self.until, hides_own),
            report=self.report,
            advance=advance,
            complain=lambda text: click.echo(f"Warning: {harmless(text)}", err=True),
        )
        first = None
        try:
            first = next(found, None)
            if first is not None:
                yield first
                yield from found
        finally:
            clear()
        if self.report.unreadable and not self.report.events:
            raise InputError("nothing could be read")
        tell(self.report)
        if first is None:
            self.tell_of_nothing()

    def tell_of_nothing(self) -> None:
        """Say on standard error what was looked at, and why nothing of it may have been found."""
        from otel_events.cli.nothing_found import explain_nothing

        for line in explain_nothing(self):
            click.echo(line, err=True)


def parse_input(words: Sequence[str], since: str | None, until: str | None) -> Input:
    """Return what *words* and times mean, or raise an error that click shows."""
    paths = [word for word in words if is_path(word)]
    filter_words = [word.strip() for word in words if not is_path(word)]
    try:
        filters = parse_filter(" ".join(filter_words))
    except FilterError as error:
        raise WrongFilterError(error) from error
    first, last = _instant("--since", since), _instant("--until", until)
    if first is not None and last is not None and first >= last:
        raise click.UsageError(f"--since {since} is not earlier than --until {until}: the other way round?")
    return Input(paths, filters, first, last, filter_words)


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
    from otel_events.reading.texts import count_of

    return f"{count_of(report.passed_over, 'line')} ({', '.join(parts)})"


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
