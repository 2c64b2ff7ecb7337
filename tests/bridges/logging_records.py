"""Log calls that are heard, and what of their events is the program's."""

import logging

from otel_events.bridges import EventHandler
from tests.bridges.logging_state import bare_root, logging_state  # noqa: F401

CODE = {"code.function.name", "code.file.path", "code.line.number"}


def listen(level=logging.ERROR, **arguments):
    """Put a handler on the root logger; return a logger that lets everything through."""
    bare_root().addHandler(EventHandler(level, **arguments))
    log = logging.getLogger("app")
    log.setLevel(1)
    return log


def own(event):
    """Return the attributes of *event* that do not say where in the code it is."""
    return {key: value for key, value in event.attributes.items() if key not in CODE}
