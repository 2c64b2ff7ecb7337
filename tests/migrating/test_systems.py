"""What is known of the five systems is what their drop-ins have."""

import importlib
from importlib.util import find_spec

import pytest

from otel_events.migrating.systems import SYSTEMS

DROP_INS = [system for system in SYSTEMS if system.exports and find_spec(system.path) is not None]


@pytest.mark.parametrize("system", DROP_INS, ids=lambda system: system.drop_in)
def test_every_name_of_a_drop_in_can_be_imported_from_it(system):
    """No more is promised than there is, and nothing public is left behind."""
    module = importlib.import_module(system.path)

    assert [name for name in sorted(system.exports) if not hasattr(module, name)] == []
    assert set(module.__all__) <= system.exports
    assert system.telling | system.makers <= system.exports
