"""The few slots that capture needs, filled by configure."""

from __future__ import annotations

import itertools
import math
import os
import time
from collections import deque
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from otel_events.accounting import Accounts
from otel_events.exception_snapshot import weight_of
from otel_events.values import cut_value, estimate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from opentelemetry.trace import Span, TracerProvider

    from otel_events.event import Draft

# What a draft of ordinary size takes in memory; the queue's bound in bytes is kept in units of it.
DRAFT_BYTES = 640
DEFAULT_QUEUE_BYTES = 128 * 1024 * 1024
# The modes of durability in which the threads that emit put events on disk.
JOURNALING = ("journal", "sync")
# Lifecycle and alert events may fill this much beyond the bound, so that they are the last to be dropped.
_RESERVE = 1.125


class Capture:
    """Where the caller's thread puts what it saw. No method takes a lock or waits.

    Signal handlers, `__del__` and log handlers put drafts in the middle of anything. So the items are a deque (its
    `append` cannot be interrupted half-way) and the wake-up is a `SimpleQueue`, which is re-entrant, where
    `Event.set` and `Condition` hang.

    Attributes:
        writer: this process's id (after a fork another), first part of each `log.record.uid`.
        items: the drafts and ended spans that wait, oldest first.
        room: how many ordinary items still fit; heavier ones take more of it.
        span_room: how many spans still fit, where they have a bound of their own.
        asleep: the pipeline thread waits for a wake-up; whoever puts the next item gives it one.
        is_plain: nobody asks to see each draft, so that `append` is all that `put` does with an ordinary one.
        strict: raises on a draft that departs from the catalogue, for tests; or None.
        most_extra_bytes: a draft that weighs more is cut, value by value: one must not take the room of all others. Twice
            what an event may have in the end, so that what follows cuts as it would.
        journal: puts a draft on disk, see `JournalingCapture`.
        preface: called with `journal` before that gets its first event, for what has to be there before; then None.
        taken: how many drafts have left the queue so far.
        own: how many events the writer has added, about itself.
        born: when this writer began, nanoseconds since the Unix epoch.
        open: False once the process is shutting down for good.
    """

    __slots__ = (
        "_extra",
        "_full_room",
        "_full_span_room",
        "accounts",
        "asleep",
        "born",
        "is_plain",
        "items",
        "journal",
        "most_extra_bytes",
        "open",
        "own",
        "preface",
        "room",
        "sequence",
        "span_accounts",
        "span_room",
        "started",
        "strict",
        "taken",
        "wakeups",
        "writer",
    )

    def __init__(self, max_bytes: int = DEFAULT_QUEUE_BYTES) -> None:
        self.writer = os.urandom(8).hex()  # as `secrets` does, which takes long to import
        self.sequence = itertools.count(1)
        self.items: deque[Any] = deque()
        self._extra: dict[int, int] = {}  # by the id of an item that waits: the room it takes beyond its own place
        self.wakeups: SimpleQueue[None] = SimpleQueue()
        self.accounts = Accounts()
        self.span_accounts = Accounts()
        self.taken = self.own = 0
        self.born = time.time_ns()
        self.journal: Callable[[Any], Any] = _as_it_is
        self.most_extra_bytes: float = math.inf
        self.preface: Callable[[Callable[[Any], Any]], None] | None = None
        self.strict: Callable[[Draft], None] | None = None
        self.is_plain = True
        self.asleep = True
        self.open = True
        self.started = False
        self.resize(max_bytes)

    def be_strict(self, check: Callable[[Draft], None] | None) -> None:
        """Have *check* look at each draft first, and raise what it raises; None: nobody."""
        self.strict = check
        self.is_plain = check is None and type(self) is Capture

    def set_journal(
        self,
        journal: Callable[[Any], Any] | None,
        preface: Callable[[Callable[[Any], Any]], None] | None = None,
    ) -> None:
        """Have *journal* put each event on disk, behind what *preface* puts there; None: none."""
        if journal is None:
            self.__class__ = Capture
        else:
            self.journal, self.preface = journal, preface
            self.__class__ = JournalingCapture
        self.be_strict(self.strict)

    def resize(self, max_bytes: int, max_items: int | None = None, max_spans: int | None = None) -> None:
        """Set the bound, in bytes, and where *max_items* is given in items too; *max_spans* is one for spans alone."""
        room = max(1, max_bytes // DRAFT_BYTES)
        self._full_room = room if max_items is None else min(room, max_items)
        self._full_span_room = room if max_spans is None else max_spans
        self.room, self.span_room = self._full_room, self._full_span_room

    def put(self, item: object, name: object, extra_bytes: int = 0) -> None:
        """Append *item*, or drop it and count that, if the queue is full.

        Args:
            item: a draft, or an ended span.
            name: of the event, None for a span: lifecycle and alert events may use the reserve.
            extra_bytes: what it weighs beyond an ordinary draft.
        """
        if extra_bytes:
            if extra_bytes > self.most_extra_bytes:
                item, extra_bytes = _lighten(item, self.most_extra_bytes, extra_bytes)
            self._take_room(item, extra_bytes)
        if len(self.items) >= self.room and not self._may_overflow(name):
            self._give_back(item)
            if name is None:
                self.span_room += 1
            return
        self.items.append(item)
        if self.asleep:
            self.wake()

    def close(self) -> None:
        """Take nothing more: what is put from now on is dropped and counted."""
        self.open = False
        self._full_room = self.room = 0

    def reopen(self) -> None:
        """Take events again, after `close`."""
        # A new one: the thread of before may still wait at the old.
        self.wakeups = SimpleQueue()
        self.open = True
        self.started = False
        self.asleep = True
        self.resize(DEFAULT_QUEUE_BYTES)

    def waiting(self) -> deque[Any]:
        """Return a copy of what waits."""
        return self.items.copy()  # in one step, also without the GIL: others go on appending

    def first(self, count: int) -> list[Any]:
        """Return the oldest *count* of what waits, which must be as many at least. For whose turn it is."""
        try:
            return list(itertools.islice(self.items, count))
        except RuntimeError:  # somebody appended meanwhile, which is possible without the GIL: four times as long
            return list(map(self.items.__getitem__, range(count)))

    def remove(self, count: int) -> int:
        """Remove the oldest *count* of what waits; return how many of these were drafts. For whose turn it is."""
        items = self.items
        is_all = count >= len(items)
        removed = [items.popleft() for _ in itertools.repeat(None, count)]
        drafts = list(map(type, removed)).count(tuple)
        if self._extra:
            for item in removed:
                self._give_back(item)
        self.span_room = min(self._full_span_room, self.span_room + count - drafts)
        if is_all:
            # Races between threads may lose a subtraction, or an addition.
            self.room, self.span_room = self._full_room, self._full_span_room
        return drafts

    def _take_room(self, item: object, extra_bytes: int) -> None:
        self.room -= extra_bytes // DRAFT_BYTES
        self._extra[id(item)] = extra_bytes // DRAFT_BYTES

    def _give_back(self, item: object) -> None:
        self.room = min(self._full_room, self.room + self._extra.pop(id(item), 0))

    def wake(self) -> None:
        """Wake the pipeline thread, which is asleep; start it if it has never run."""
        if not self.started:
            self._start()
        # Together, and last: a Ctrl-C between the two, or inside the start, would leave everybody asleep.
        self.asleep = False
        self.wakeups.put(None)

    def _may_overflow(self, name: object) -> bool:
        # Spans have no name here, and accounts of their own.
        dropped = self.span_accounts.dropped if name is None else self.accounts.dropped
        if not self.open:
            dropped.add("after_shutdown")
            return False
        if len(self.items) < self._full_room * _RESERVE and is_lifecycle(name):
            return True
        dropped.add("queue_full")
        return False

    def _start(self) -> None:
        try:
            starter()
        except RuntimeError:
            # The interpreter is shutting down and starts no more threads: the exit hook takes what waits.
            self.accounts.problems.add("thread_not_started")
        self.started = True


class JournalingCapture(Capture):
    """Puts each event on disk before it goes into the queue, for those who want that when `emit` returns.

    A class, and not a question that every `put` would ask: where nobody wants it, it costs nothing. A capture that is in use
    changes its class.
    """

    __slots__ = ()

    def put(self, item: object, name: object, extra_bytes: int = 0) -> None:
        """Put *item* on disk if it is an event, then do as any capture does."""
        if type(item) is not tuple:
            super().put(item, name, extra_bytes)
            return
        if extra_bytes:
            if extra_bytes > self.most_extra_bytes:
                item, extra_bytes = _lighten(item, self.most_extra_bytes, extra_bytes)
            self.room -= extra_bytes // DRAFT_BYTES
        if len(self.items) >= self.room and not self._may_overflow(name):
            self.room += extra_bytes // DRAFT_BYTES
            return
        if self.preface is not None:
            preface, self.preface = self.preface, None
            preface(self.journal)
        journaled = self.journal(item)
        if extra_bytes:
            self._extra[id(journaled)] = extra_bytes // DRAFT_BYTES
        self.items.append(journaled)
        if self.asleep:
            self.wake()


_MESSAGE, _ATTRIBUTES, _FIELDS, _REST = 3, 4, 5, 6  # where a draft has what may be large
_DRAFT_LENGTH = 9


def _lighten(item: Any, most: float, weight: int) -> tuple[Any, int]:
    """Return *item*, no text or data in it longer than *most*, and what it weighs."""
    if type(item) is not tuple or len(item) != _DRAFT_LENGTH:
        return item, weight
    length = int(most)
    draft = list(item)
    draft[_MESSAGE] = cut_value(draft[_MESSAGE], length)
    for place in (_ATTRIBUTES, _FIELDS):
        if draft[place]:
            draft[place] = {key: cut_value(value, length) for key, value in draft[place].items()}
    values = (draft[_MESSAGE], *(draft[_ATTRIBUTES] or {}).values(), *(draft[_FIELDS] or {}).values())
    exception = draft[_REST][2] if draft[_REST] else None  # within bounds of its own
    return tuple(draft), sum(map(estimate, values)) + (weight_of(exception) if exception is not None else 0)


def _as_it_is(draft: Any) -> Any:
    return draft


def _nothing() -> None:
    """Stand in for a slot that nobody has filled."""


def _no_copy(_span: Any, _draft: Draft) -> None:
    """Stand in for the span-event bridge."""


def _no_flush(_timeout: float) -> bool:
    return True


def _no_provider() -> TracerProvider | None:
    return None


def _no_finish(copies: Sequence[tuple[Draft, str]]) -> list[tuple[str, dict[str, Any]] | None]:
    return [None] * len(copies)


def _always(_name: object) -> bool:
    return True


def _never(_name: object) -> bool:
    return False


capture = Capture()
process_attributes: Mapping[str, Any] = {}
# The span of the parent process, if it left one in the environment: of what has no span of its own.
process_parent: Span | None = None
# Starts the pipeline thread, from the environment if nobody configured. Filled by the package's `__init__`.
starter: Callable[[], None] = _nothing
# The events that close what `task` opened, under every spelling.
closing_names: frozenset[str] = frozenset()
# Whether an event is one that must be the last to be dropped. Filled with the catalogue's knowledge.
is_lifecycle: Callable[[object], bool] = _never
# Whether events of a name are copied to the span they happen in: the catalogue's policy, and `configure`'s.
is_copied_to_spans: Callable[[object], bool] = _always
# Copies an event to the recording span it happened in. Filled by the package's `__init__`.
copy_to_span: Callable[[Any, Draft], None] = _no_copy
# Gives of copies, each a draft and its writer, name and attributes, guarded as the records' are; None for one that a stage
# has held back.
finish_copy: Callable[[Sequence[tuple[Draft, str]]], list[tuple[str, dict[str, Any]] | None]] = _no_finish
# Gives the provider of tasks' spans where the program has set no global one, None if spans go nowhere.
private_tracer_provider: Callable[[], TracerProvider | None] = _no_provider
# Hands all that was captured to the sinks, seconds given: True only if it is safe there.
flush: Callable[[float], bool] = _no_flush
# What a file of OpenTelemetry's declarative configuration says to our exporters; `configure`'s keywords stand above it.
declared: dict[str, Any] = {}


def _forget_parent() -> None:
    """Make the child of a fork a writer of its own: nothing of the parent's queue is the child's to deliver."""
    global capture
    before = capture
    capture = Capture()
    capture._full_room = capture.room = before._full_room
    capture._full_span_room = capture.span_room = before._full_span_room
    capture.most_extra_bytes = before.most_extra_bytes
    capture.open = before.open
    capture.be_strict(before.strict)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_parent)
