"""What a stage is, and how a row of them is run so that none can stop the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from otel_events.accounting import Accounts
    from otel_events.event import Event
    from otel_events.notices import Notices


class Stage(Protocol):
    """One step over a whole batch: may change events, drop them (and count that), or add some.

    One that holds events back has `held`, how many these are; `due() -> float | None`, when some of them want to go on
    (`time.monotonic()`); and `release(until: float) -> list[Event]`, which gives those that are due by then, all of them for
    `math.inf`.
    """

    def __call__(self, events: list[Event]) -> list[Event]:
        """Return the events that go on."""


def run_stages(
    stages: Sequence[Stage], events: list[Event], accounts: Accounts, notices: Notices, until: float | None = None
) -> list[Event]:
    """Run *events* through *stages* in order; one that raises is passed over for this batch, counted and told once.

    With *until*, what stages hold back and is due by then goes on as well.
    """
    for stage in stages:
        try:
            if events:
                events = stage(events)
            if until is not None and (release := getattr(stage, "release", None)) is not None:
                events = [*events, *release(until)]
        except KeyboardInterrupt:  # noqa: PERF203  # each stage for itself
            raise
        except BaseException as error:  # a stage that calls `sys.exit` must not end the thread either
            name = type(stage).__name__
            accounts.problems.add(f"stage_failed:{name}", len(events))
            notices.warn(f"stage_failed:{name}", f"stage {name} failed and was passed over for a batch: {error!r}")
    return events


def count_held(stages: Iterable[Any]) -> int:
    """Return how many events *stages* hold back."""
    return sum(getattr(stage, "held", 0) for stage in stages)


def next_due(stages: Iterable[Any]) -> float | None:
    """Return when the first of *stages* wants to let something go on, on the monotonic clock; None if none does."""
    dues = [due for stage in stages if hasattr(stage, "due") and (due := stage.due()) is not None]
    return min(dues, default=None)
