"""A row of the event log as text in columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment

from otel_events.catalog import current
from otel_events.reading.analysis.pairs import part_of
from otel_events.reading.harmless import harmless
from otel_events.reading.texts import own_message, show_local, show_pairs, show_seconds
from otel_events.reading.whereabouts import STACKS
from otel_events.tui.chunk import Heading, RolledUp
from otel_events.tui.look import BOLD, DIM, HEADING, LOSS, PLAIN, Signs, by_severity, named

if TYPE_CHECKING:
    from rich.style import Style

    from otel_events.reading.record import Record
    from otel_events.tui.timeline import Row

_RAISED = ("exception.type", "exception.message")
_LONG = frozenset({*STACKS, *_RAISED, "error.type", "duration", "task_name"})
# From so many cells on: clock, domain, name, persona.
_WIDTHS = ((130, (12, 10, 28, 14)), (104, (12, 9, 22, 10)), (60, (8, 8, 20, 10)), (0, (8, 0, 14, 0)))
_WHOLE_SECONDS = 8  # of the clock
_AGE = 4
_COUNT = 8
_LEAST_MESSAGE = 12
_SEVERAL = "all"  # environments
_MAX_TEXT = 1_000


@dataclass(frozen=True, slots=True)
class Columns:
    """How wide the columns are; 0 for one that is not there.

    Attributes:
        time: of day; with milliseconds if there is room.
        domain: the domain, or the category, of the type.
        name: of the event.
        env: the environment, `env_id`.
        episode: its number.
        who: the persona, where events have one.
        message: message and attributes.
        rate: how many events a second a row stands for, where rows stand for many.
    """

    time: int
    domain: int
    name: int
    env: int
    episode: int
    who: int
    message: int
    rate: int

    @classmethod
    def fitting(cls, width: int, *, has_env: bool, has_persona: bool, has_rates: bool) -> Columns:
        """Return columns for *width* cells."""
        clock, domain, name, who = next(widths for least, widths in _WIDTHS if width >= least)
        env, episode = (3, 4) if has_env and domain else (0, 0)
        who = who if has_persona and (width >= _WIDTHS[0][0] or not has_env) else 0
        widths = (clock, domain, name, env, episode, who)
        rate = _COUNT if has_rates else 0
        taken = sum(each + 1 for each in (*widths, rate) if each) + _AGE + 2  # one for the scrollbar
        return cls(*widths, max(_LEAST_MESSAGE, width - taken), rate)


class RowWriter:
    """Writes rows; what is written does not depend on the time, but for their age.

    Args:
        signs: what the terminal can show.
        is_sparse: one colour a row, its severity's: over a slow line every change of colour costs as much as a word.
    """

    def __init__(self, signs: Signs, *, is_sparse: bool = False) -> None:
        self._is_sparse = is_sparse
        self._signs = signs
        self._domains: dict[str, str] = {}
        self.columns = Columns.fitting(80, has_env=False, has_persona=False, has_rates=False)

    def title(self) -> str:
        """Return the names of the columns, as the rows have them."""
        columns = self.columns
        cells = [("time", columns.time), ("domain", columns.domain), ("event", columns.name), ("env", columns.env)]
        cells += [("ep", columns.episode), ("persona", columns.who), ("message", columns.message)]
        cells += [("age", _AGE), ("rate", columns.rate)]
        return " ".join(_fit(text, width, self._signs) for text, width in cells if width)

    def segments(self, row: Row) -> list[Segment]:
        """Return all of *row* but its age and rate, which `ending` gives."""
        if isinstance(row.extra, Heading):
            return self._heading(row.extra)
        record = row.record
        if record is None:
            return [Segment("  (its file is gone)", DIM)]
        columns, loud = self.columns, by_severity(record.severity)
        rolled = row.extra if isinstance(row.extra, RolledUp) else None
        clock = show_local(record.timestamp, with_date=False)[: _WHOLE_SECONDS if rolled is not None else None] or "-"
        env = record.text("env_id") if rolled is None or rolled.env is not None else _SEVERAL
        said = self._said(record, rolled)
        cells: list[tuple[str, int, Style]] = [
            (clock[: columns.time], columns.time, DIM),
            (self._domain(record.name), columns.domain, named(self._domain(record.name))),
            (record.name or "(log)", columns.name, loud if record.severity >= 13 else BOLD),
            (env, columns.env, named(env)),
            (record.text("episode"), columns.episode, DIM),
            (record.text("persona"), columns.who, named(record.text("persona"))),
            (said, columns.message, loud),
        ]
        segments = [Segment(_fit(text, width, self._signs) + " ", style) for text, width, style in cells if width]
        return [Segment("".join(each.text for each in segments), loud)] if self._is_sparse else segments

    def ending(self, row: Row, now: float) -> Segment:
        """Return the age of *row* at the Unix time *now*, and how many a second it stands for."""
        if isinstance(row.extra, Heading) or row.record is None:
            return Segment("")
        number = row.extra.count if isinstance(row.extra, RolledUp) else 0
        count = f"{self._signs.times}{number:,}/s" if number > 1 else ""
        age = show_age(now - row.record.timestamp / 1e9) if row.record.timestamp else ""
        return Segment(f"{age:>{_AGE}} {count:<{self.columns.rate}}", PLAIN if self._is_sparse else DIM)

    def _heading(self, heading: Heading) -> list[Segment]:
        line = self._signs.line * 3
        return [Segment(f"{line} {harmless(heading.text)} {line}", LOSS if heading.is_loss else HEADING)]

    def _said(self, record: Record, rolled: RolledUp | None) -> str:
        if rolled is not None and rolled.count > 1:
            return " ".join(filter(None, [harmless(own_message(record)), show_means(rolled, record)]))
        took = record.duration
        task = record.text("task_name") if (part := part_of(record.name)) and part.family == "task" else ""
        message = own_message(record) or (record.text("message") if not record.attributes else "")
        parts = [
            harmless(task[:_MAX_TEXT]),
            harmless(message[:_MAX_TEXT]),
            f"({show_seconds(took)})" if took is not None else "",
            harmless(": ".join(filter(None, map(record.text, _RAISED)))[:_MAX_TEXT]),
            show_pairs(record, leave_out=_LONG)[:_MAX_TEXT],
        ]
        return " ".join(filter(None, parts))

    def _domain(self, name: str) -> str:
        found = self._domains.get(name)
        if found is None:
            definition = current().find(name)
            found = (definition.domain or definition.category) if definition is not None else ""
            found = self._domains[name] = harmless(found or name.partition(".")[0])
        return found


def show_means(rolled: RolledUp, record: Record) -> str:
    """Return the mean of each number of events of which *record* is one."""
    # What only counts up is a whole number each time, and tells least.
    means = sorted(rolled.means().items(), key=lambda item: type(record.attributes.get(item[0])) is int)
    return " ".join(f"{harmless(key)}~{value:.4g}" for key, value in means)


def show_age(seconds: float) -> str:
    """Return how long ago something was, in four cells: `now`, `5s`, `3m`, `2h`, `9d`."""
    if seconds < 1:
        return "now"
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{min(int(seconds // size), 999)}{unit}"
    return f"{int(seconds)}s"


def _fit(text: str, width: int, signs: Signs) -> str:
    """Return *text* in exactly *width* cells, harmless."""
    if not text.isascii() or not text.isprintable():
        text = harmless(text[: width * 4])
        if cell_len(text) <= width:
            return set_cell_size(text, width)
        return set_cell_size(text, width - 1) + signs.ellipsis
    return text.ljust(width) if len(text) <= width else text[: width - 1] + signs.ellipsis
