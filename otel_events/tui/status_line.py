"""The line that says what is being looked at, and what of it is not seen: loss, lag and filter at any width."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from rich.cells import cell_len
from rich.text import Text
from textual.widgets import Static

from otel_events.reading.harmless import harmless
from otel_events.reading.texts import show_seconds
from otel_events.tui.look import BOLD, DIM, LOSS, PLAIN
from otel_events.tui.panels.lines import fitting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.style import Style
    from textual.events import Resize

    from otel_events.tui.digits import Digits
    from otel_events.tui.errands import Errands
    from otel_events.tui.feed import Feed
    from otel_events.tui.log_view import LogView
    from otel_events.tui.look import Signs
    from otel_events.tui.older_events import OlderEvents
    from otel_events.tui.remaking import Remaking
    from otel_events.tui.source import Condition
    from otel_events.tui.view import View

_LAG = 1.0
_BETWEEN = 2
_LEAST = 8  # cells of a text of somebody's own that are worth being shown
_WORDS = {"starting": "reading", "ended": "end", "away": "AWAY", "refused": "REFUSED"}


class _Log(Protocol):
    """The widget that it speaks of."""

    feed: Feed
    log_view: LogView
    older: OlderEvents
    errands: Errands
    remaking: Remaking
    digits: Digits
    signs: Signs
    problem: str
    marked: str

    @property
    def view(self) -> View: ...
    @property
    def waiting(self) -> int: ...


@dataclass(frozen=True, slots=True)
class _Part:
    """Something to be said.

    Attributes:
        text: what.
        style: how.
        short: the same where there is little room.
        is_free: it is of any length: its end may be left out.
    """

    text: str
    style: Style
    short: str = ""
    is_free: bool = False


class StatusLine(Static):
    """One line; what is said for a moment stands above it, if both are too long for one.

    Args:
        log: that it speaks of.
        open_alerts: tells how many there are.
    """

    DEFAULT_CSS: ClassVar[str] = """
    StatusLine { height: auto; max-height: 4; width: 100%; background: $panel; padding: 0 1; }
    """

    def __init__(self, log: _Log, open_alerts: Callable[[], int] = int) -> None:
        super().__init__(markup=False)
        self._log = log
        self._open_alerts = open_alerts

    def draw(self) -> None:
        """Say how things are now."""
        width = self.content_size.width
        if width > 0:
            self.update(_lines(self._log, self._open_alerts(), width))

    def on_resize(self, _event: Resize) -> None:
        """Say as much as there is room for."""
        self.draw()


def _lines(log: _Log, open_alerts: int, width: int) -> Text:
    ellipsis = log.signs.ellipsis
    lasting = _squeezed(list(_always(log)), width, ellipsis)
    passing = list(_for_a_moment(log))
    has_room = _width([*passing, *lasting]) <= width
    line = [*passing, *lasting] if has_room else lasting
    for part in _if_there_is_room(log, open_alerts):
        left = width - _width(line) - _BETWEEN
        said = part.text if cell_len(part.text) <= left or part.is_free else part.short
        if said and left >= min(_LEAST, cell_len(said)):
            line.append(_Part(fitting(said, left, ellipsis), part.style))
    return _joined(line) if has_room else Text("\n").join([_joined(passing), _joined(line)])


def _joined(parts: Sequence[_Part]) -> Text:
    text = Text()
    for number, part in enumerate(parts):
        text.append((" " * _BETWEEN if number else "") + part.text, part.style)
    return text


def _width(parts: Sequence[_Part]) -> int:
    return sum(cell_len(part.text) + _BETWEEN for part in parts) - _BETWEEN


def _squeezed(parts: list[_Part], width: int, ellipsis: str) -> list[_Part]:
    """Return *parts* in *width* cells: in short if need be, then without the ends of what is of any length."""
    if _width(parts) <= width:
        return parts
    parts = [_Part(part.short or part.text, part.style, is_free=part.is_free) for part in parts]
    free = [part for part in parts if part.is_free]
    left = width - _width(parts) + sum(cell_len(part.text) for part in free)
    share = max(_LEAST, left // max(1, len(free)))
    return [_Part(fitting(part.text, share, ellipsis), part.style) if part.is_free else part for part in parts]


def _always(log: _Log) -> Iterator[_Part]:
    """Yield what must be known to understand what is seen, and what is not."""
    condition, timeline, view = log.feed.source.condition(), log.feed.timeline, log.view
    yield _state(log, condition)
    if lost := max(condition.lost, timeline.lost):
        yield _Part(f"LOST {lost:,}", LOSS)
    if condition.state == "live" and log.feed.behind > _LAG and log.feed.is_moving():
        yield _Part(f"{show_seconds(log.feed.behind)} behind", LOSS)
    if digit := log.digits.saved.digit_of(view):
        yield _Part(f"view {digit}", BOLD)
    if view.text:
        yield _Part(f"filter: {harmless(view.text)}", BOLD, f"/{harmless(view.text)}", is_free=True)
    if log.marked:
        yield _Part(f"marked: {harmless(log.marked)}", BOLD, f"*{harmless(log.marked)}", is_free=True)
    if not view.rolls_up:
        yield _Part("every event (r)", DIM, "each (r)")
    if view.group_by:
        yield _Part(f"by {view.group_by}", DIM)


def _state(log: _Log, condition: Condition) -> _Part:
    if log.log_view.is_paused:
        return _Part(f"PAUSED, {log.waiting:,} waiting", LOSS, f"PAUSED {log.waiting:,}")
    if condition.state == "live":
        if log.log_view.follows:
            return _Part("following", BOLD)
        return _Part("live, not following (f)", BOLD, "not following")
    return _Part(_WORDS[condition.state], LOSS if condition.state in {"away", "refused"} else BOLD)


def _for_a_moment(log: _Log) -> Iterator[_Part]:
    """Yield what calls for somebody: what was just said, what goes on, what has to be done elsewhere."""
    if log.problem:
        yield _Part(harmless(log.problem), LOSS)
    if errand := log.errands.current:
        yield _Part(str(errand), BOLD)
    condition = log.feed.source.condition()
    if condition.state == "refused":
        yield _Part(harmless(condition.text), PLAIN)


def _if_there_is_room(log: _Log, open_alerts: int) -> Iterator[_Part]:
    condition, timeline = log.feed.source.condition(), log.feed.timeline
    if open_alerts:
        count = f"{open_alerts:,} alert{'s' * (open_alerts != 1)} (a)"
        yield _Part(count.replace("alert", "open alert"), LOSS, count)
    if condition.state == "away":
        yield _Part(harmless(condition.text), PLAIN, is_free=True)
    if log.remaking.is_under_way:
        yield _Part(f"{log.remaking.to_go:,} to go ...", DIM)
    elif log.older.is_reading:
        yield _Part("reading older ...", DIM)
    at = f"{log.log_view.cursor + 1:,}/" if len(timeline) and not log.log_view.follows else ""
    rows, more = f"{at}{len(timeline):,}", "" if log.older.has_all else "+"
    yield _Part(f"{rows} rows of {timeline.events:,}{more}", DIM, f"{rows}{more}")
    if condition.passed_over:
        yield _Part(f"{condition.passed_over:,} lines passed over", DIM)
    if condition.state not in {"away", "refused"}:
        yield _Part(harmless(condition.text), DIM, is_free=True)
