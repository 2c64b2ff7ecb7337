"""What every test starts from: the process as it was when pytest started."""

import pytest

from otel_events import catalog, runtime
from otel_events.testing import capture_events


@pytest.fixture(autouse=True)
def _same_process_for_every_test():
    """Whatever a test binds, defines or adopts ends with it."""
    before = catalog.current(), runtime.process_attributes, runtime.process_parent
    yield
    defined, runtime.process_attributes, runtime.process_parent = before
    catalog.set_current(defined)


@pytest.fixture
def events():
    """All that the test emits, through the usual stages."""
    with capture_events() as captured:
        yield captured
