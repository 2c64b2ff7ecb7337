"""The story of one task, trace, cycle or session: what belongs to it, as a tree."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from otel_events.reading.analysis.pairs import part_of
from otel_events.reading.own_words import BEGINNING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from otel_events.reading.record import Record

_MAX_RECORDS = 200_000
_MAX_NAMES = 10_000
_STARTED = "task.started"


@dataclass(slots=True)
class Node:
    """A scope (task, phase, cycle, session, span) with what happened in it, or one event.

    Attributes:
        record: the event, or what opened the scope (its closing event or span, if the opening one was not read).
        closing: what closed it, None for an event and for what is open still.
        is_scope: it has an inside.
        children: in the order of time.
    """

    record: Record
    closing: Record | None = None
    is_scope: bool = False
    children: list[Node] = field(default_factory=list)

    @property
    def duration(self) -> float | None:
        """Return its seconds, None if it is an event or open still."""
        said = self.closing.duration if self.closing is not None else None
        return said if said is not None else self.record.duration

    @property
    def is_failed(self) -> bool:
        """Return whether it ended in an error."""
        return max(self.record.severity, self.closing.severity if self.closing is not None else 0) >= 17


class OfTask:
    """Tell whether a record belongs to a task or to one of its children, known by their opening events.

    Attributes:
        names: of the tasks that were seen, each with the id of the one that began last and how many there were.
    """

    def __init__(self, task_id: str) -> None:
        self.names: dict[str, tuple[str, int]] = {}
        self._ids = {task_id}
        self._latest: dict[str, int] = {}

    def __call__(self, record: Record) -> bool:
        """Return whether *record* belongs to it."""
        own = record.lookup("task_id")
        if record.name == _STARTED:
            self._note_name(record, str(own))
        if str(own) in self._ids:
            return True
        if record.text("parent_task_id") in self._ids:
            self._ids.add(str(own))
            return True
        return False

    def _note_name(self, record: Record, task_id: str) -> None:
        name = record.text("task_name")
        if not name or (name not in self.names and len(self.names) >= _MAX_NAMES):
            return
        latest, count = self.names.get(name, (task_id, 0))
        if record.timestamp >= self._latest.get(name, 0):
            self._latest[name], latest = record.timestamp, task_id
        self.names[name] = latest, count + 1


def of_trace(trace_id: str) -> Callable[[Record], bool]:
    """Return what tells whether a record belongs to the trace whose id begins with *trace_id*."""
    return lambda record: record.text("trace_id").startswith(trace_id)


def of_session(session_id: str) -> Callable[[Record], bool]:
    """Return what tells whether a record belongs to the session *session_id*."""
    return lambda record: record.text("session_id") == session_id


def of_cycle(number: str) -> Callable[[Record], bool]:
    """Return what tells whether a record belongs to the cycle *number*."""
    return lambda record: record.text("cycle") == number


def collect(
    records: Iterable[Record], belongs: Callable[[Record], bool], *, with_inner: bool = False
) -> tuple[list[Record], bool]:
    """Return what belongs, in the order in which it comes and each once; and whether there is more than one tree can show.

    Args:
        records: events and spans in any order.
        belongs: tells of one record by itself.
        with_inner: what belongs brings the spans inside it, which need not say that they belong.
    """
    found: list[Record] = []
    seen: set[str] = set()
    others: list[Record] = []
    for record in records:
        if not belongs(record) or record.name.startswith(BEGINNING):
            if with_inner and record.kind == "span" and len(others) < _MAX_RECORDS:
                others.append(record)
            continue
        uid = record.text("uid")
        if uid and uid in seen:
            continue
        if len(found) >= _MAX_RECORDS:
            return found, True
        seen.add(uid)
        found.append(record)
    found += _inside(found, others)
    return found, False


def in_time(records: Iterable[Record]) -> list[Record]:
    """Return *records* in the order of time."""
    return sorted(records, key=_order)


def _inside(found: Iterable[Record], spans: Iterable[Record]) -> list[Record]:
    """Return those of *spans* that are inside *found*, at any depth; files have inner spans first."""
    children: dict[str, list[Record]] = {}
    for span in spans:
        children.setdefault(span.text("parent_span_id"), []).append(span)
    children.pop("", None)
    inside: list[Record] = []
    waiting = [record.text("span_id") for record in found if record.kind == "span" or part_of(record.name)]
    while waiting and children:
        inner = children.pop(waiting.pop(), [])
        inside += inner
        waiting += [span.text("span_id") for span in inner]
    return inside


def build_tree(records: Iterable[Record]) -> list[Node]:
    """Return *records*, in the order of time, as trees: scopes by their spans and task ids, events inside them."""
    builder = _Builder()
    for record in records:
        builder.add(record)
    return builder.roots()


def _order(record: Record) -> tuple[int, int]:
    # Of one instant the outer one opens first and closes last; a span says nothing that its opening event does not.
    part = part_of(record.name) if record.kind == "event" else None
    return record.timestamp, {None: 1, "opens": 0, "closes": 2}[part.role if part else None]


class _Builder:
    """Put records, in the order of time, where they belong.

    The parent of a scope is what its span says; without spans the task that it names; else the scope that was open last in
    the same trace or session.
    """

    def __init__(self) -> None:
        self._nodes: list[Node] = []
        self._by_span: dict[str, Node] = {}
        self._by_task: dict[str, Node] = {}
        self._parent_spans: dict[str, str] = {}
        self._open: dict[tuple[str, str], Node] = {}
        self._around: dict[int, Node | None] = {}

    def add(self, record: Record) -> None:
        """Take *record* in."""
        if record.kind == "span":
            self._add_span(record)
            return
        part = part_of(record.name)
        if part is None:
            self._nodes.append(Node(record))
            return
        key = (part.family, record.text("task_id" if part.family == "task" else "span_id") or record.text("session_id"))
        if part.role == "closes" and key in self._open:
            self._open.pop(key).closing = record
            return
        node = self._add_scope(record)
        if part.family == "task":
            self._by_task.setdefault(key[1], node)
        if part.role == "opens":
            self._open[key] = node
        else:
            node.closing = record

    def _add_span(self, record: Record) -> None:
        span_id = record.text("span_id")
        self._parent_spans[span_id] = record.text("parent_span_id")
        if span_id not in self._by_span:
            self._add_scope(record).closing = record

    def _add_scope(self, record: Record) -> Node:
        span_id = record.text("span_id")
        node = self._by_span.get(span_id)
        if node is not None and node.record.kind == "span":
            node.record = record  # the span came first; the event says more
            return node
        node = Node(record, is_scope=True)
        if span_id:
            self._by_span.setdefault(span_id, node)
        self._around[id(node)] = self._innermost_open(record)
        self._nodes.append(node)
        return node

    def _innermost_open(self, record: Record) -> Node | None:
        trace, session = record.text("trace_id"), record.text("session_id")
        for (family, _), node in reversed(self._open.items()):
            is_near = trace and node.record.text("trace_id") == trace
            is_session = family == "session" and session and node.record.text("session_id") == session
            if (is_near and family != "task") or is_session:
                return node
        return None

    def roots(self) -> list[Node]:
        """Return the trees."""
        parents: dict[int, Node] = {}
        roots: list[Node] = []
        for node in self._nodes:
            parent = self._parent_of(node)
            if parent is None or _is_circle(node, parent, parents):
                roots.append(node)
                continue
            parents[id(node)] = parent
            parent.children.append(node)
        return roots

    def _parent_of(self, node: Node) -> Node | None:
        record = node.record
        if not node.is_scope:
            return self._by_span.get(record.text("span_id")) or self._by_task.get(record.text("task_id"))
        parent = self._by_span.get(self._parent_spans.get(record.text("span_id"), ""))
        if parent is not None:
            return parent
        part, around = part_of(record.name), self._around[id(node)]
        task_id = record.text("parent_task_id" if part is not None and part.family == "task" else "task_id")
        task = self._by_task.get(task_id)
        # A phase that is open in that very task is nearer than the task.
        is_nearer = around is not None and around.record.text("task_id") == task_id
        return around if is_nearer or task is None or task is node else task


def _is_circle(node: Node, parent: Node, parents: dict[int, Node]) -> bool:
    """Tell whether *parent* is *node* or beneath it: a file may say anything."""
    above: Node | None = parent
    while above is not None:
        if above is node:
            return True
        above = parents.get(id(above))
    return False
