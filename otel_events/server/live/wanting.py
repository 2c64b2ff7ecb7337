"""Whether a stored event is for a client: the filter language, asked of the line's bytes first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_events.reading.selection import Selection
from otel_events.server.live.naming import name_of
from otel_events.server.store.own import OWN_PREFIX, asks_for_own, is_own

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_events.filter_language import FilterSettings
    from otel_events.server.store.stored import StoredEvent

_OWN = b'"event":"' + OWN_PREFIX.encode()


def compile_wanted(chosen: FilterSettings | None, *, leaves_record: bool = True) -> Callable[[StoredEvent], bool]:
    """Return what tells whether an event fits *chosen*; what writers say of themselves must be asked for by name.

    Args:
        chosen: the filter; None for everything else.
        leaves_record: what was made of a line stays with the event, for the next who asks. Not for events that stay long.
    """
    if chosen is None or not chosen.clauses:
        return _is_no_own
    selection = Selection(chosen)
    may_fit, fits = selection.compile_for_bytes(), selection.compile()
    shows_own = asks_for_own(chosen)

    def wants(event: StoredEvent) -> bool:
        if may_fit is not None and not may_fit(event.line):
            return False
        return (shows_own or _is_no_own(event)) and (fits is None or fits(event.record))

    def wants_and_forgets(event: StoredEvent) -> bool:
        is_wanted = wants(event)
        event.forget_record()
        return is_wanted

    return wants if leaves_record else wants_and_forgets


def _is_no_own(event: StoredEvent) -> bool:
    # Most lines are told by their bytes; a text of these bytes may stand in any message.
    return _OWN not in event.line or not is_own(name_of(event))
