"""The story of a task or a trace as a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.widgets import Tree

from otel_events.reading.analysis.story import Node, build_tree
from otel_events.reading.failure import reason_of
from otel_events.reading.frequent import Frequent
from otel_events.reading.harmless import harmless
from otel_events.reading.texts import own_message, show_local, show_pairs, show_seconds
from otel_events.reading.whereabouts import STACKS
from otel_events.tui.answer import Answer
from otel_events.tui.chunk import RolledUp
from otel_events.tui.look import BOLD, DIM, OLDER, by_severity
from otel_events.tui.row_text import show_means

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.widgets.tree import TreeNode

    from otel_events.reading.record import Record
    from otel_events.tui.errands import Errand

_LONG = frozenset({*STACKS, "duration", "task_name"})
_BAD_ENDINGS = frozenset({"failed", "cancelled"})
_ERROR = 17
_MAX_TEXT = 300
_MOST = 5_000


class Story(Answer):
    """What belongs together, scopes around what happened in them.

    Args:
        errand: that collects it.
    """

    DEFAULT_CSS: ClassVar[str] = """
    Story > Tree { height: 1fr; }
    """

    def __init__(self, errand: Errand) -> None:
        self._tree: Tree[Record] = Tree("story")
        self._tree.show_root = False
        super().__init__(errand, self._tree)

    def tell(self, title: str, records: Sequence[Record], *, is_cut: bool, has_all: bool) -> None:
        """Show a story.

        Args:
            title: what it is the story of.
            records: in the order of time.
            is_cut: there are more.
            has_all: no older events wait to be read, of which some may belong here.
        """
        kept, rolled = _roll_up(records)
        for node in build_tree(kept[:_MOST]):
            _grow(self._tree.root, node, rolled)
        self._tree.root.expand_all()
        said = f"{len(records):,} events" + (", the first of them" if is_cut or len(kept) > _MOST else "")
        self.answer(f"{harmless(title)} · {said}{'' if has_all else OLDER}")

    def on_tree_node_selected(self, event: Tree.NodeSelected[Record]) -> None:
        """Show all of an event; scopes only open and close."""
        from otel_events.tui.detail import Detail

        if event.node.data is not None and not event.node.allow_expand:
            self.app.push_screen(Detail(event.node.data))


def _grow(parent: TreeNode[Record], node: Node, rolled: Mapping[int, RolledUp]) -> None:
    label = _label(node, rolled.get(id(node.record)))
    if not node.children:
        parent.add_leaf(label, data=node.record)
        return
    branch = parent.add(label, data=node.record)
    for child in node.children:
        _grow(branch, child, rolled)


def _roll_up(records: Sequence[Record]) -> tuple[list[Record], dict[int, RolledUp]]:
    """Return *records* with the first of frequent ones alone until something else happens, and what each stands for."""
    is_frequent, kept = Frequent(), []
    rolled: dict[int, RolledUp] = {}
    going_on: dict[str, RolledUp] = {}
    for record in records:
        if not is_frequent(record):
            going_on.clear()
        elif record.name in going_on:
            going_on[record.name].add(0, record)
            continue
        else:
            rolled[id(record)] = going_on[record.name] = RolledUp(0)
            going_on[record.name].add(0, record)
        kept.append(record)
    return kept, rolled


def _label(node: Node, rolled: RolledUp | None) -> Text:
    record, closing = node.record, node.closing
    name = record.text("task_name") or record.name if node.is_scope else record.name
    said = " ".join(filter(None, [harmless(own_message(record)), show_pairs(record, leave_out=_LONG)]))[:_MAX_TEXT]
    if rolled is not None and rolled.count > 1:
        said = f"{rolled.count:,} times  {show_means(rolled, record)}"
    severity = max(record.severity, closing.severity if closing is not None else 0)
    took = show_seconds(node.duration) if node.duration is not None else ("open" if node.is_scope else "")
    return Text.assemble(
        (show_local(record.timestamp, with_date=False), DIM),
        " ",
        (harmless(name), BOLD + by_severity(severity) if node.is_scope else by_severity(severity)),
        f" {took}" if took else "",
        ("" if closing is None else _ending(closing), by_severity(severity)),
        "  ",
        said,
    )


def _ending(closing: Record) -> str:
    """Return how a scope ended, if not well, and why."""
    word = closing.name.rpartition(".")[2]
    if word not in _BAD_ENDINGS and closing.severity < _ERROR:
        return ""
    why = closing.text("exception.message") or reason_of(closing)
    said = ": ".join(filter(None, [closing.text("exception.type"), why]))
    return harmless(f" {word if word in _BAD_ENDINGS else 'failed'} {said}".rstrip()[:_MAX_TEXT])
