"""The story that a ledger tells, as a table for a terminal: when, how long, who, what."""

from __future__ import annotations

import os
import shutil
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, TextIO

from otel_events import catalog

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from otel_events.event import Event

_WIDEST = 100
_NARROWEST = 60
_COLUMNS = "{when:>8}  {took:>7}  {who:<10}  "
_STYLES = {
    "thesis": "36",
    "antithesis": "35",
    "synthesis": "32",
    "dim": "2",
    "bold": "1",
    "warning": "33",
    "failure": "31",
}
_TASK_ENDS = frozenset(("task.started", "task.completed", "task.failed", "task.cancelled"))
_DEEPEST = 10
# Told by the columns, by the indentation, or of interest to machines alone.
_TOLD_ELSEWHERE = frozenset(("task_id", "parent_task_id", "persona", "session_id", "cycle", "day"))
_TOLD_ELSEWHERE |= {"duration", "task_name", "error.type"}


def show_story(events: Sequence[Event]) -> None:
    """Print the table of *events*, as wide as the terminal but no wider than reads well."""
    events = [event for event in events if not is_own(event)]
    width = min(_WIDEST, shutil.get_terminal_size((_WIDEST, 24)).columns)
    print(f"\nWhat happened from {_local_time(events[0])} on, in the program's own words:\n")
    for line in Table(events, width, Paint(sys.stdout)).lines():
        print(line)


def show_totals(events: Sequence[Event], emitted: int) -> None:
    """Print what there was of *events*, and whether these are all that were *emitted*."""
    totals = count(events)
    tasks, failed = totals.events["task.started"], totals.events["task.failed"]
    alerts = totals.events["alert.triggered"]
    print(f"\n{totals.kept} events, {tasks} tasks, {failed} failed, {alerts} alert{'' if alerts == 1 else 's'}")
    is_whole = totals.kept == emitted and not totals.holes
    print(f"emitted {emitted} {'=' if is_whole else 'BUT'} kept {totals.kept}")


class Paint:
    """Colour where somebody looks: on a terminal, unless NO_COLOR says otherwise."""

    def __init__(self, stream: TextIO) -> None:
        is_plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not stream.isatty()
        # The old Windows console shows the codes themselves.
        self._is_on = not is_plain and (sys.platform != "win32" or "WT_SESSION" in os.environ)

    def __call__(self, text: str, style: str) -> str:
        """Return *text* in the colour that *style* has, if any."""
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self._is_on and style in _STYLES else text


@dataclass(slots=True)
class Totals:
    """What there was in a story.

    Attributes:
        events: by name.
        holes: sequence numbers that no event has: what was emitted and is not here.
    """

    events: Counter[str] = field(default_factory=Counter)
    holes: int = 0

    @property
    def kept(self) -> int:
        """The number of the program's events in the ledger."""
        return sum(self.events.values())


def is_own(event: Event) -> bool:
    """Return whether *event* is what the writer says of itself: no part of the story."""
    return event.name.startswith("otel_events.")


def count(events: Sequence[Event]) -> Totals:
    """Return the totals of *events*, all of one writer."""
    # A uid is the writer's id and a number that counts up, in hexadecimal: one that is missing shows.
    numbers = {int(event.uid.rpartition("-")[2], 16) for event in events}
    return Totals(Counter(event.name for event in events if not is_own(event)), max(numbers, default=0) - len(numbers))


class Table:
    """The rows of a story.

    Args:
        events: in the order in which they happened.
        width: characters; no row is wider, save that rows narrower than 60 would say nothing.
        paint: gives each persona its colour.
    """

    def __init__(self, events: Sequence[Event], width: int, paint: Paint) -> None:
        self._events = events
        self._width = max(_NARROWEST, width)
        self._paint = paint
        self._tree = _Tree(events)

    def lines(self) -> Iterator[str]:
        """Yield a heading, and a line for each event."""
        yield self._paint(_COLUMNS.format(when="when", took="took", who="who") + "what", "bold")
        for event in self._events:
            if event.name == "cycle.start":
                yield self._paint(f"-- cycle {event.all_attributes()['cycle']!s} ".ljust(self._width, "-"), "dim")
            yield self._row(event)

    def _row(self, event: Event) -> str:
        known = event.all_attributes()
        persona = str(known.get("persona", ""))
        took = known.get("duration")
        left = _COLUMNS.format(
            when=f"{(event.timestamp - self._events[0].timestamp) / 1e9:.2f} s",
            took=f"{took:.2f} s" if isinstance(took, float) else "",
            who=persona[:10],
        )
        what = "  " * self._tree.depth(event.name, known) + event.name
        details = _cut("; ".join(_details(event, known, self._tree)), self._width - len(left + what) - 2)
        return (
            self._paint(left, persona or "dim") + self._paint(what, _style(event, persona)) + f"  {details}"
        ).rstrip()


def _style(event: Event, persona: str) -> str:
    if event.severity_text.startswith("ERROR"):
        return "failure"
    return "warning" if event.severity_text.startswith("WARN") else persona


def _details(event: Event, known: Mapping[str, Any], tree: _Tree) -> Iterator[str]:
    """Yield what there is to say beyond the name, most important first."""
    if event.name in _TASK_ENDS:
        yield tree.name(known)
    if "exception.message" in known:
        yield ": ".join((str(known["exception.type"]), str(known["exception.message"])))
    # The message of `evidence.added` is "Evidence added": only what the program says in its own words is news.
    elif not _repeats(str(event.body), event.name):
        yield str(event.body)
    facts = {key: value for key, value in event.attributes.items() if key not in _TOLD_ELSEWHERE}
    short = [f"{key}={_quote(value)}" for key, value in facts.items() if not key.startswith("exception.")]
    if short:
        yield " ".join(short)


def _quote(value: object) -> str:
    text = str(value)
    return f'"{text}"' if " " in text else text


def _repeats(message: str, name: str) -> bool:
    definition = catalog.current().find(name)
    is_default = definition is not None and message == definition.message
    return is_default or message.lower() == name.replace(".", " ").replace("_", " ")


def _cut(text: str, room: int) -> str:
    text = text.replace("\n", " ")
    return text if len(text) <= room else text[: max(0, room - 3)] + "..."


class _Tree:
    """What the tasks are called, and how deep each lies inside others."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._parents: dict[str, str] = {}
        self._names: dict[str, str] = {}
        for event in events:
            if event.name == "task.started":
                known = event.all_attributes()
                self._parents[str(known["task_id"])] = str(known.get("parent_task_id"))
                self._names[str(known["task_id"])] = str(known.get("task_name", ""))

    def name(self, known: Mapping[str, Any]) -> str:
        return self._names.get(str(known.get("task_id")), "")

    def depth(self, event_name: str, known: Mapping[str, Any]) -> int:
        depth, task_id = 0, str(known.get("task_id"))
        while task_id in self._parents and depth < _DEEPEST:
            depth, task_id = depth + 1, self._parents[task_id]
        # Beginning and end of a task stand where the events around it do.
        return depth - 1 if depth and event_name in _TASK_ENDS else depth


def _local_time(event: Event) -> str:
    """Return the local time of *event*, for people."""
    return datetime.fromtimestamp(event.timestamp / 1e9, timezone.utc).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
