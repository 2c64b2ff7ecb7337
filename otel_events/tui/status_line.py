"""One line that says what is being looked at, and what of it is not seen: filter, pause, lag, loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from otel_events.reading.harmless import harmless
from otel_events.reading.texts import show_seconds
from otel_events.tui.look import BOLD, DIM, LOSS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.style import Style

    from otel_events.tui.event_log import EventLog
    from otel_events.tui.source import Condition

_LAG = 1.0
_WORDS = {"starting": "reading", "ended": "end", "away": "AWAY", "refused": "REFUSED"}


def status_of(log: EventLog, *, open_alerts: int) -> Text:
    """Return the line, what is most important first: at 80 cells its end may be cut off."""
    text = Text(no_wrap=True, overflow="ellipsis")
    for number, (part, style) in enumerate(_parts(log, open_alerts)):
        text.append(("  " if number else "") + part, style)
    return text


def _parts(log: EventLog, open_alerts: int) -> Iterator[tuple[str, Style]]:
    if log.problem:
        yield harmless(log.problem), LOSS
    condition, timeline = log.feed.source.condition(), log.feed.timeline
    yield _state(log, condition)
    if errand := log.errands.current:
        yield str(errand), BOLD
    if lost := max(condition.lost, timeline.lost):
        yield f"LOST {lost:,}", LOSS
    if open_alerts:
        yield f"{open_alerts:,} open alert{'s' * (open_alerts != 1)} (a)", LOSS
    if condition.state == "live" and log.feed.behind > _LAG and log.feed.is_moving():
        yield f"{show_seconds(log.feed.behind)} behind", LOSS
    yield from _ways_of_looking(log)
    at = f"{log.log_view.cursor + 1:,}/" if len(timeline) and not log.log_view.follows else ""
    yield f"{at}{len(timeline):,} rows of {timeline.events:,}{'' if log.older.has_all else '+'}", DIM
    if condition.passed_over:
        yield f"{condition.passed_over:,} lines passed over", DIM
    yield harmless(condition.text), DIM


def _state(log: EventLog, condition: Condition) -> tuple[str, Style]:
    if log.log_view.is_paused:
        return f"PAUSED, {log.waiting:,} waiting", LOSS
    if condition.state == "live":
        return ("following" if log.log_view.follows else "live, not following (f)"), BOLD
    return _WORDS[condition.state], LOSS if condition.state in {"away", "refused"} else BOLD


def _ways_of_looking(log: EventLog) -> Iterator[tuple[str, Style]]:
    view = log.view
    if digit := log.digits.saved.digit_of(view):
        yield f"view {digit}", BOLD
    if view.text:
        yield f"filter: {harmless(view.text)}", BOLD
    if log.marked:
        yield f"marked: {harmless(log.marked)}", BOLD
    if log.remaking.is_under_way:
        yield f"{log.remaking.to_go:,} to go ...", DIM
    elif log.older.is_reading:
        yield "reading older ...", DIM
    if not view.rolls_up:
        yield "every event (r)", DIM
    if view.group_by:
        yield f"by {view.group_by}", DIM
