"""From changes to events: what the classifiers say, within what may be told one by one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from otel_events import runtime
from otel_events.emit import emit
from otel_events.notices import Notices
from otel_events.watching.pending import Allowance
from otel_events.watching.plain_events import describe_batch, describe_change, describe_trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from otel_events.watching.change import Change, Classifier, FileEvent
    from otel_events.watching.root import Trouble

# How many of the newest files are looked at for one that means something.
_LOOKED_AT = 50


@dataclass(slots=True)
class Counts:
    """What a watcher has seen and told.

    Attributes:
        changes: of files.
        events: that were emitted for them, by name.
        summarised: changes that were told together.
    """

    changes: int = 0
    events: dict[str, int] = field(default_factory=dict)
    summarised: int = 0


class Teller:
    """Emits what changes mean.

    Args:
        classifiers: each is asked what a change means.
        burst: how many changes may be told one by one at once; 0 for no bound.
        only_classified: leave out what no classifier knows.
        on_event: called with each event after it was emitted; with the change, None for an event that is of none alone.
        emit: takes the events, as `otel_events.emit` does.
    """

    def __init__(
        self,
        classifiers: Sequence[Classifier],
        *,
        burst: int = 0,
        only_classified: bool = False,
        on_event: Callable[[Change | None, FileEvent], None] | None = None,
        emit: Callable[..., None] = emit,
    ) -> None:
        self.counts = Counts()
        self.notices = Notices()
        self.allowance = Allowance(burst)
        self._classifiers = classifiers
        self._only_classified = only_classified
        self._on_event = on_event
        self._emit_event = emit

    def tell(self, changes: Sequence[Change], now: float) -> None:
        """Emit an event for each of *changes*, or one for all if they are too many."""
        if not changes:
            return
        self.counts.changes += len(changes)
        if len(changes) > self.allowance.left(now):
            self.counts.summarised += len(changes)
            self._emit(None, describe_batch(changes))
            return
        self.allowance.use(len(changes))
        for change in changes:
            for event in self.classify(change):
                self._emit(change, event)

    def tell_newest(self, newest: Iterable[Change], count: int) -> None:
        """Emit what the first *count* of *newest* that mean anything mean, the oldest of them first."""
        found: list[tuple[Change, list[FileEvent]]] = []
        for number, change in enumerate(newest):
            if len(found) >= count or number >= count * _LOOKED_AT:
                break
            if events := self.classify(change):
                found.append((change, events))
        for change, events in reversed(found):
            for event in events:
                self._emit(change, event)

    def tell_trouble(self, trouble: Trouble) -> None:
        """Emit that a directory is not watched as it should be, or is again; warn of it too."""
        event = describe_trouble(trouble)
        self._emit(None, event)
        if trouble.reason:
            cure = f"; {trouble.cure}" if trouble.cure else ""
            self.notices.warn(f"watch:{trouble.directory}", f"{trouble.directory}: {trouble.reason}{cure}")

    def classify(self, change: Change) -> list[FileEvent]:
        """Return what *change* means to those who know, else what it is."""
        found = []
        for classifier in self._classifiers:
            try:
                event = classifier(change)
                if event is not None:
                    found.append(event if event.rule else replace(event, rule=name_of(classifier)))
            except Exception as error:  # noqa: PERF203  # the program's own function must not end the watching
                self.count_failure("classifier_failed", f"a classifier of file changes failed: {error!r}")
        if not found and not self._only_classified:
            found.append(describe_change(change))
        return found

    def _emit(self, change: Change | None, event: FileEvent) -> None:
        # The newest files at a start have been changed when they were, not now.
        timestamp = change.modified_at if change is not None and change.is_initial else None
        self._emit_event(
            event.name, event.message, severity=event.severity, timestamp=timestamp, attributes=event.attributes
        )
        self.counts.events[event.name] = self.counts.events.get(event.name, 0) + 1
        if self._on_event is not None:
            try:
                self._on_event(change, event)
            except Exception as error:  # as with a classifier
                self.count_failure("on_event_failed", f"on_event of a watcher failed: {error!r}")

    def count_failure(self, reason: str, message: str) -> None:
        """Count what went wrong, and warn of it."""
        runtime.capture.accounts.problems.add(reason)
        self.notices.warn(reason, message)


def name_of(classifier: Any) -> str:
    """Return what people call *classifier*."""
    while hasattr(classifier, "func"):  # a partial
        classifier = classifier.func
    return str(getattr(classifier, "__name__", type(classifier).__name__))
