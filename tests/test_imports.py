"""What can be imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.program import PATIENCE

EVERYTHING = """
import importlib, pkgutil, otel_events
for module in pkgutil.walk_packages(otel_events.__path__, "otel_events."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""


@pytest.mark.slow
def test_every_module_can_be_imported():
    """With each Python that is promised, and where every extra is installed."""
    subprocess.run([sys.executable, "-W", "error", "-c", EVERYTHING], check=True, timeout=PATIENCE)
