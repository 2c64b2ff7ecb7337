"""What a stage is, and how a row of them is run so that none can stop the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from otel_events.interrupts import is_interrupt
from otel_events.notices import told
from otel_events.pipeline.batch import Batch

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from otel_events.accounting import Accounts
    from otel_events.event import Event
    from otel_events.notices import Notices
    from otel_events.pipeline.batch import Alike


class Stage(Protocol):
    """One step over a whole batch: may change events, drop them (and count that), or add some.

    One without which no event may go on has `fails_closed`, true: where it raises, the batch is dropped.

    One that holds events back has `held`, how many these are; `due() -> float | None`, when some of them want to go on
    (`time.monotonic()`); and `release(until: float) -> list[Event]`, which gives those that are due by then, all of them for
    `math.inf`.

    One that has nothing to do with most events may have `unaffected(groups: list[Alike]) -> list[Alike]`: those groups of
    which it would let every event go on as it is. These it does not see as events.
    """

    def __call__(self, events: list[Event]) -> list[Event]:
        """Return the events that go on."""


def run_stages(
    stages: Sequence[Stage], events: Sequence[Event], accounts: Accounts, notices: Notices, until: float | None = None
) -> Batch:
    """Run *events* through *stages* in order; one that raises is passed over for this batch, counted and told once.

    What a signal handler raises meanwhile passes.

    With *until*, what stages hold back and is due by then goes on as well.
    """
    batch = Batch.of(events)
    for stage in stages:
        if batch.alike:
            batch.take_apart(_affected(stage, batch.alike))
        alone = batch.alone
        if not alone and until is None:
            continue
        try:
            if alone:
                alone = stage(alone)
            if until is not None and (release := getattr(stage, "release", None)) is not None:
                alone = [*alone, *release(until)]
        except BaseException as error:  # each stage for itself; one that calls `sys.exit`, too
            if is_interrupt(error):
                raise
            alone = _without(stage, alone, accounts, notices, error)
        batch.replace_alone(alone)
    return batch


def _affected(stage: Any, groups: list[Alike]) -> list[Alike]:
    """Return the *groups* that *stage* has to see event by event: all, if it does not say."""
    unaffected = getattr(stage, "unaffected", None)
    if unaffected is None:
        return groups
    try:
        passing = unaffected(groups)
    except Exception as error:
        if is_interrupt(error):
            raise
        return groups  # it will raise again, where that is counted
    return [group for group in groups if group not in passing]


def _without(
    stage: Stage, events: list[Event], accounts: Accounts, notices: Notices, error: BaseException
) -> list[Event]:
    """Return what goes on of *events*, for which *stage* has failed with *error*."""
    name = type(stage).__name__
    if getattr(stage, "fails_closed", False):
        accounts.dropped.add("guard_failed", len(events))
        # Not the error's own words: they may quote what it was to guard.
        notices.warn(
            f"guard_failed:{name}", f"{len(events)} events were dropped: {name} failed: {type(error).__name__}"
        )
        return []
    accounts.problems.add(f"stage_failed:{name}", len(events))
    notices.warn(f"stage_failed:{name}", f"stage {name} failed and was passed over for a batch: {told(error)}")
    return events


def count_held(stages: Iterable[Any]) -> int:
    """Return how many events *stages* hold back."""
    return sum(getattr(stage, "held", 0) for stage in stages)


def next_due(stages: Iterable[Any]) -> float | None:
    """Return when the first of *stages* wants to let something go on, on the monotonic clock; None if none does."""
    dues = [due for stage in stages if hasattr(stage, "due") and (due := stage.due()) is not None]
    return min(dues, default=None)
