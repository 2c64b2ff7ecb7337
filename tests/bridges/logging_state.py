"""Logging as in a program that has just begun, and put back afterwards."""

import logging
import sys
import threading
import warnings

import pytest

from tests.program import ledger_events


def bare_root():
    """Return the root logger without pytest's own handlers, which are put there anew for each test's body."""
    root = logging.getLogger()
    root.handlers[:] = []
    return root


def program_s_own(path):
    """Return the events in a ledger without those that writers tell of themselves."""
    return [line for line in ledger_events(path) if not line["event"].startswith("otel_events.")]


@pytest.fixture(autouse=True)
def logging_state():
    """Levels, records and hooks as Python has them."""
    root = logging.getLogger()
    before = root.handlers[:], root.level, logging.getLogRecordFactory()
    hooks = sys.excepthook, threading.excepthook, warnings.showwarning
    root.setLevel(logging.WARNING)
    yield
    root.handlers[:], _, factory = before
    root.setLevel(before[1])
    logging.setLogRecordFactory(factory)
    logging.captureWarnings(False)
    sys.excepthook, threading.excepthook, warnings.showwarning = hooks
    for logger in list(logging.Logger.manager.loggerDict.values()):
        if isinstance(logger, logging.Logger) and logger.name.startswith("app"):
            logger.handlers[:], logger.level, logger.propagate, logger.disabled = [], 0, True, False
            logger.filters[:] = []
    logging.Logger.manager._clear_cache()
