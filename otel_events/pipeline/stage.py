"""What a stage is, and how a row of them is run so that none can stop the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.accounting import Accounts
    from otel_events.event import Event
    from otel_events.notices import Notices


class Stage(Protocol):
    """One step over a whole batch: may change events, drop them (and count that), or add some."""

    def __call__(self, events: list[Event]) -> list[Event]:
        """Return the events that go on."""


def run_stages(stages: Sequence[Stage], events: list[Event], accounts: Accounts, notices: Notices) -> list[Event]:
    """Run *events* through *stages* in order; one that raises is passed over for this batch, counted and told once."""
    for stage in stages:
        try:
            events = stage(events)
        except KeyboardInterrupt:  # noqa: PERF203  # each stage for itself
            raise
        except BaseException as error:  # a stage that calls `sys.exit` must not end the thread either
            name = type(stage).__name__
            accounts.problems.add(f"stage_failed:{name}", len(events))
            notices.warn(f"stage_failed:{name}", f"stage {name} failed and was passed over for a batch: {error!r}")
    return events
