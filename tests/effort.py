"""How hard the tests try: less where they are to be quick, and with how little room in the queue."""

import os

import pytest
from hypothesis import settings

from otel_events.runtime import DEFAULT_QUEUE_BYTES

_DRAFT_BYTES = 640  # what an ordinary event takes of the queue's bound


def little_room():
    """Return what an environment needs for the queue that `pytest --queue-events` asks for."""
    events = os.environ.get("TESTS_QUEUE_EVENTS")
    return {"OTEL_EVENTS_QUEUE_BYTES": str(int(events) * _DRAFT_BYTES)} if events else {}


def usual_room():
    """Return what an environment needs for a queue of the usual size, for programs whose events others are tried with."""
    return {"OTEL_EVENTS_QUEUE_BYTES": str(DEFAULT_QUEUE_BYTES)}


def examples(count):
    """Return *count*, or with the quick profile (`tests/conftest.py`) the same share of it as of the default's."""
    return max(1, count * settings.default.max_examples // 100)


def rest_slow(rows, quick=1):
    """Return *rows* of a parametrised test, all but the first *quick* marked slow: each starts a program or more."""
    values = [row if isinstance(row, tuple) else (row,) for row in rows]
    return [pytest.param(*value, marks=[pytest.mark.slow] * (n >= quick)) for n, value in enumerate(values)]
