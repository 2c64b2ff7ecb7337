"""What settings and catalogue say to those who capture: the slots of `runtime` that are no queue."""

from __future__ import annotations

import math
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING

from otel_events import catalog, propagation, runtime
from otel_events.accounting import Accounts
from otel_events.emit import refuse_departures
from otel_events.notices import Notices

# Whatever is imported inside a function here is not needed to emit, and would make `import otel_events` slow.
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from otel_events.settings import Settings

_TASK_CLOSINGS = ("task.completed", "task.failed", "task.cancelled")


def fill_slots(settings: Settings, capture: runtime.Capture) -> None:
    """Tell capture what it needs to know of *settings* and of the catalogue."""
    from otel_events.guards import build_stages
    from otel_events.pipeline.copies import CopyFinisher

    propagation.allowed_keys = settings.baggage_keys
    runtime.is_copied_to_spans = partial(_is_copied, settings.span_events, dict(settings.span_event_overrides))
    # The copies have accounts of their own: what is cut or wrong in them was counted with the record.
    accounts, silent = Accounts(), Notices(quiet_seconds=math.inf)
    stages = build_stages(settings, accounts, silent, may_hold=False)
    runtime.finish_copy = CopyFinisher(stages, capture.writer, accounts, silent)
    capture.be_strict(refuse_departures if settings.strict else None)
    fill_catalogue_slots()


def extend_catalog(entries: Iterable[Any], notices: Notices) -> None:
    """Add definitions, classes of theirs and folders of a registry to the catalogue; say which built-in ones they replace."""
    entries = tuple(entries)
    folders = [entry for entry in entries if not isinstance(entry, (type, catalog.EventDefinition))]
    definitions = [getattr(entry, "__otel_event__", entry) for entry in entries if entry not in folders]
    if folders:
        from otel_events.catalog.registry import load_registry

        definitions.extend(load_registry(*folders))
    if not definitions:
        return
    for name in catalog.extend_current(definitions).replaced:
        notices.warn(f"replaced:{name}", f"your own definition of '{name}' replaces the built-in one")


def fill_catalogue_slots() -> None:
    """Tell capture what it needs to know of the catalogue."""
    known = catalog.current()
    runtime.closing_names = frozenset(
        spelling for name in _TASK_CLOSINGS for spelling in (name, *known.aliases_of(name))
    )
    runtime.is_lifecycle = _is_lifecycle


def _is_lifecycle(name: object) -> bool:
    definition = catalog.current().find(str(name))
    return definition is not None and definition.lifecycle


def _is_copied(default: bool, overrides: Mapping[str, bool], name: object) -> bool:
    for pattern, is_copied in overrides.items():
        if fnmatchcase(str(name), pattern):
            return is_copied
    definition = catalog.current().find(str(name))
    return default and (definition is None or definition.copied_to_spans)
