"""A story as a tree of lines."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import click

from otel_events.cli.colours import palette_for
from otel_events.pipeline.evaluation import MISSING
from otel_events.reading.analysis.error_groups import is_error
from otel_events.reading.analysis.pairs import part_of
from otel_events.reading.failure import reason_of
from otel_events.reading.harmless import harmless
from otel_events.reading.texts import count_of, own_message, show_local, show_pairs, show_seconds
from otel_events.reading.whereabouts import STACKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.reading.analysis.story import Node
    from otel_events.reading.record import Record

_SAID_ELSEWHERE = frozenset({"duration", "task_name", *STACKS, "exception.message"})
_SAID_OF_SCOPE = _SAID_ELSEWHERE | {"phase"}
_IDENTITY = {"task": "task_name", "cycle": "cycle", "session": "session_id", "phase": "phase"}
_MAX_DEPTH = 60


def write_story(roots: Sequence[Node], records: Sequence[Record], *, with_attributes: bool) -> None:
    """Write the trees, each line with the time since the first record."""
    first, last = min(record.timestamp for record in records), max(record.timestamp for record in records)
    spans = sum(record.kind == "span" for record in records)
    counts = [count_of(number, noun) for number, noun in ((len(records) - spans, "event"), (spans, "span")) if number]
    errors = sum(record.severity >= 17 for record in records if record.kind == "event")
    palette = palette_for()
    click.echo(
        palette.dim(
            f"{' and '.join(counts)} in {show_seconds((last - first) / 1e9)} from {show_local(first)}"
            + (f", {count_of(errors, 'error')}" if errors else "")
        )
    )
    writer = _Tree(first, with_attributes=with_attributes)
    waiting = [(node, "", "", "") for node in reversed(roots)]
    while waiting:
        node, before, mark, inside = waiting.pop()
        writer.write(node, before + mark, before + inside)
        below = before + inside
        is_flat = len(below) > _MAX_DEPTH * 3
        children = [
            (child, below, *(("", "") if is_flat else ("└─ ", "   ") if child is node.children[-1] else ("├─ ", "│  ")))
            for child in node.children
        ]
        waiting.extend(reversed(children))


class _Tree:
    def __init__(self, first: int, *, with_attributes: bool) -> None:
        self._first = first
        self._with_attributes = with_attributes
        self._palette = palette_for()
        self._width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None

    def write(self, node: Node, before: str, below: str) -> None:
        palette, record = self._palette, node.record
        since = f"+{(record.timestamp - self._first) / 1e9:.3f}"
        head = self._head(node)
        said = f"{head}  {self._said(node)}".rstrip()
        if self._width is not None:
            said = _cut(said, self._width - len(before) - 12)
        severity = max(record.severity, node.closing.severity if node.closing is not None else 0)
        shown = palette.by_severity(said, severity)
        if shown == said and node.is_scope:
            shown = palette.bold(said[: len(head)]) + said[len(head) :]
        click.echo(f"{palette.dim(since.rjust(10))}  {palette.dim(before)}{shown}")
        self._write_error(node, below)

    def _head(self, node: Node) -> str:
        record = node.record
        if not node.is_scope:
            return harmless(record.name) or "(log)"
        part = part_of(record.name) if record.kind == "event" else None
        family = part.family if part is not None else record.name
        closing = part_of(node.closing.name) if node.closing is not None else None
        end = node.closing.name.rpartition(".")[2] if node.closing is not None and closing is not None else ""
        identity = record.text(_IDENTITY.get(family, "")) or record.text("task_id") * (family == "task")
        took = show_seconds(node.duration)
        if not end and node.is_failed:
            end = "failed"
        state = "open" if node.closing is None else "" if end in {"end", "stop"} else end
        return harmless(" ".join(filter(None, (family, identity, state, took and f"({took})"))))

    def _said(self, node: Node) -> str:
        record = node.record
        parts = []
        persona, message = record.text("persona"), own_message(record)
        if node.is_scope and persona:
            parts.append(f"[{harmless(persona)}]")
        if message and not node.is_scope:
            parts.append(harmless(message))
        if self._with_attributes:
            said = _SAID_OF_SCOPE if node.is_scope else _SAID_ELSEWHERE
            own = show_pairs(record, leave_out=said | _said_below(record))
            closing = _closing_pairs(node, said)
            task = record.text("task_id") if record.text("task_name") and node.is_scope else ""
            parts += [own, closing, task and f"task_id={harmless(task)}"]
        return " ".join(filter(None, parts))

    def _write_error(self, node: Node, below: str) -> None:
        record = node.closing or node.record
        # A span says in its status why it failed.
        is_failed_span = record.kind == "span" and node.is_failed
        message = record.text("exception.message") or (record.text("message") if is_failed_span else "")
        if not message and is_error(record):
            message = reason_of(record)
        if message:
            bar = "│  " if node.children else "   "
            line = f"{' ' * 12}{below}{bar}"
            click.echo(f"{self._palette.dim(line)}{self._palette.bad('! ' + harmless(message))}")


def _said_below(record: Record) -> frozenset[str]:
    """Return what the line of the error says."""
    return frozenset({"reason"}) if is_error(record) and reason_of(record) else frozenset()


def _closing_pairs(node: Node, leave_out: frozenset[str]) -> str:
    """Return the attributes of what closed *node* that its opening has not said: what is bound around both is on both."""
    opening, closing = node.record, node.closing
    if closing is None or closing is opening:
        return ""
    alike = {key for key, value in closing.attributes.items() if opening.attributes.get(key, MISSING) == value}
    return show_pairs(closing, leave_out=leave_out | _said_below(closing) | alike)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= max(20, width) else text[: max(20, width) - 1] + "…"
