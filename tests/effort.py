"""How much the quick tests try of what all tests try."""

import pytest
from hypothesis import settings


def examples(count):
    """Return *count*, or with the quick profile (`tests/conftest.py`) the same share of it as of the default's."""
    return max(1, count * settings.default.max_examples // 100)


def rest_slow(rows, quick=1):
    """Return *rows* of a parametrised test, all but the first *quick* marked slow: each starts a program or more."""
    values = [row if isinstance(row, tuple) else (row,) for row in rows]
    return [pytest.param(*value, marks=[pytest.mark.slow] * (n >= quick)) for n, value in enumerate(values)]
