"""Why nothing was found, as far as it can be told: what was looked at, and what in the question fits none of it."""

from __future__ import annotations

import os
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Protocol

from otel_events.catalog import current
from otel_events.cli.field_watch import KEYS
from otel_events.filter_language import FOREIGN_WORDS, INSTEAD_OF_WORDS
from otel_events.pipeline.evaluation import WILD
from otel_events.reading.analysis.glance import glance_at
from otel_events.reading.decode import Decoder
from otel_events.reading.follow import Follower
from otel_events.reading.harmless import harmless
from otel_events.reading.lines import is_plain
from otel_events.reading.read import read_records
from otel_events.reading.sources import SourceError, find_sources
from otel_events.reading.texts import count_of, show_local
from otel_events.time_spans import parse_span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from otel_events.filter_language import Clause, FilterSettings
    from otel_events.ledger.read import ReadReport
    from otel_events.reading.analysis.glance import Glance


class Asked(Protocol):
    """What was asked for, and what was read: `cli.inputs.Input`."""

    paths: Sequence[str]
    filter: FilterSettings
    filter_words: Sequence[str]
    since: int | None
    until: int | None
    report: ReadReport
    file_count: int


def explain_nothing(read: Asked) -> list[str]:
    """Return lines that say what was looked at, and what is likely to be wrong with the question."""
    seen = _look_again(read)
    files = count_of(read.file_count, "file") if read.file_count else "standard input"
    if not read.report.events:
        return [f"There are no events in {files}.", *hints_on_words(read.filter_words)]
    lines = [f"Nothing found among {count_of(read.report.events, 'record')} in {files}{_span_of(seen)}."]
    lines += hints_on_words(read.filter_words)
    if seen is not None:
        lines += [*_hints_on_times(read, seen), *_hints_on_filter(read, seen)]
        if not lines[1:] and seen.is_whole and seen.own == seen.records:
            lines.append("They are all what writers say of themselves; --all shows those.")
    return lines


def _look_again(read: Asked) -> Glance | None:
    """Look at what was read a second time, for what a search that skips most lines cannot know; None for a pipe."""
    try:
        sources = find_sources(read.paths)
    except SourceError:  # deleted meanwhile
        return None
    if any(source.path is None or not source.path.is_file() for source in sources):
        for source in sources:
            source.close()
        return None
    seen = glance_at(read_records(sources))
    last = sources[-1].path
    if not seen.is_whole and last is not None and is_plain(last):
        seen.last = max(
            [seen.last, *(record.timestamp for record in Follower(last, Decoder()).last(1, with_rest=True))]
        )
    return seen


def _span_of(seen: Glance | None) -> str:
    if seen is None or not seen.last:
        return ""
    return f", {show_local(seen.first)} to {show_local(seen.last)}"


def hints_on_words(words: Sequence[str]) -> Iterator[str]:
    """Yield a line for each of the filter's *words* that is the name of a file or folder here."""
    for word in words:
        if word and os.path.exists(word):  # noqa: PTH110  # a Path would not take every word
            yield harmless(f"{word!r} was taken for a filter; the {_kind(word)} of that name is read as ./{word}")


def _kind(path: str) -> str:
    return "folder" if os.path.isdir(path) else "file"  # noqa: PTH112


def _hints_on_times(read: Asked, seen: Glance) -> Iterator[str]:
    if read.since is not None and 0 < seen.last < read.since:
        yield f"All of it is earlier than --since, {show_local(read.since)}."
    elif read.until is not None and seen.first and seen.first >= read.until:
        yield f"All of it is later than --until, {show_local(read.until)}."


def _hints_on_filter(read: Asked, seen: Glance) -> Iterator[str]:
    for clause in read.filter.clauses:
        if clause.excludes:
            continue
        yield from _hint_on_name(clause, seen)
        for condition in clause.conditions:
            key = condition.key
            if condition.operator == "=" and not condition.value.isdigit() and parse_span(condition.value) is not None:
                yield harmless(f"{key}={condition.value} compares texts; times are compared by >, >=, < and <=.")
            if key not in seen.keys and key not in KEYS and condition.operator != "!=":
                near = get_close_matches(key, sorted(seen.keys | KEYS), n=2)
                yield harmless(f"Nothing there has an attribute {key!r}{_did_you_mean(near)}")


def _hint_on_name(clause: Clause, seen: Glance) -> Iterator[str]:
    pattern, known = clause.pattern, current()
    spellings = {spelling for name in seen.names for spelling in (name, *known.aliases_of(name))}
    if pattern == "*" or any(fnmatchcase(spelling, pattern) for spelling in spellings):
        return
    if pattern.lower() in FOREIGN_WORDS:
        yield harmless(f"{pattern!r} was taken for the name of an event: {INSTEAD_OF_WORDS}.")
        return
    defined = {spelling for each in known.definitions() for spelling in (each.name, *each.aliases)}
    if any(fnmatchcase(spelling, pattern) for spelling in defined):
        yield harmless(f"No event there is called {pattern!r}, though the catalogue has it.")
        return
    near = get_close_matches(
        WILD.sub("", pattern), sorted(seen.names | {each.name for each in known.definitions()}), n=3
    )
    yield harmless(f"No event is called {pattern!r}, neither there nor in the catalogue{_did_you_mean(near)}")
    if not WILD.search(pattern) and "." not in pattern:
        yield harmless(f"As a text it is in quotation marks of its own: '\"{pattern}\"'.")


def _did_you_mean(near: list[str]) -> str:
    return f": did you mean {' or '.join(map(repr, near))}?" if near else "."
