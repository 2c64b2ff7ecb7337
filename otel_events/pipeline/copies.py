"""The span-event copies of events: the same name and attributes, by the same stages, as the records have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_events.event import UID_ATTRIBUTE
from otel_events.pipeline.batch import Batch
from otel_events.pipeline.normalize import Normalize, uid_of
from otel_events.pipeline.stage import run_stages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_events.accounting import Accounts
    from otel_events.event import Draft
    from otel_events.notices import Notices
    from otel_events.pipeline.stage import Stage


class CopyFinisher:
    """Work out copies when their spans are encoded. What happens to a copy is not counted as happening to the event."""

    def __init__(self, stages: tuple[Stage, ...], writer: str, accounts: Accounts, notices: Notices) -> None:
        self._normalize = Normalize(writer, accounts, notices)
        self._stages = stages
        self._accounts = accounts
        self._notices = notices

    def __call__(self, copies: Sequence[tuple[Draft, str]]) -> list[tuple[str, dict[str, Any]] | None]:
        """Return name and attributes of each copy, or None for one that a stage has held back.

        Args:
            copies: what `emit` captured, and whose draft it is; a span that was begun before a fork may hold drafts of two.
        """
        writer = self._normalize.writer
        batch = Batch.of(self._normalize([draft for draft, _ in copies]))
        if any(of is not writer and of != writer for _, of in copies):
            batch.take_apart(batch.alike)
            for place, event in zip(batch.places, batch.alone, strict=True):
                draft, of = copies[place]
                event.uid = uid_of(of, draft[0])
        passed = run_stages(self._stages, batch, self._accounts, self._notices)
        finished: list[tuple[str, dict[str, Any]] | None] = [None] * len(copies)
        for group in passed.alike:
            name, bound = group.common.name, group.common.bound
            for place, number, own in zip(group.places, group.numbers, group.rows, strict=True):
                finished[place] = (name, {**own, **bound, UID_ATTRIBUTE: uid_of(writer, number)})
        if passed.alone:
            places = {uid_of(of, draft[0]): place for place, (draft, of) in enumerate(copies)}
            for event in passed.alone:
                if event.uid in places:
                    attributes = {**event.attributes, **event.bound, UID_ATTRIBUTE: event.uid}
                    finished[places[event.uid]] = (event.name, attributes)
        return finished
