"""The catalogue that this process uses."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from otel_events.catalog.lookup import Catalog

if TYPE_CHECKING:
    from collections.abc import Iterable

    from otel_events.catalog.event_definition import EventDefinition

# Writers take turns, so that no definition gets lost between two of them; readers take what is there.
_writing = threading.RLock()
# To be read alone. A name of its own for readers that have no time for a call.
in_force = Catalog()


def current() -> Catalog:
    """Return the catalogue as it is now; a definition made later is in a later one."""
    return in_force


def set_current(catalog: Catalog) -> None:
    """Make *catalog* the process's catalogue: to go back to an earlier one, in tests above all."""
    global in_force
    with _writing:
        in_force = catalog


def extend_current(definitions: Iterable[EventDefinition]) -> Catalog:
    """Add *definitions* to the process's catalogue and return it, or raise DefinitionError and change nothing."""
    global in_force
    with _writing:
        in_force = in_force.extended(definitions)
        return in_force


def _forget_parent() -> None:
    """Free the child of a fork from a lock that a thread of its parent may have held."""
    global _writing
    _writing = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_parent)
