"""The event names that enum members stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_events.catalog import process_wide
from otel_events.catalog.names import is_name

if TYPE_CHECKING:
    from enum import Enum


def event_name_of(member: Enum) -> str:
    """Return the event name that *member* stands for, canonical where the catalogue knows it.

    That is its value, if the value is a known name or alias or at least looks like a name; else its own name.
    """
    catalog = process_wide.current()
    value = member.value
    if isinstance(value, str):
        text = str.__str__(value)  # a plain string, whatever the enum makes of str()
        if catalog.find(text) is not None:
            return catalog.canonical(text)
        if is_name(text) and catalog.find(member.name) is None:
            return text
    return catalog.canonical(member.name)
