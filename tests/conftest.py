"""What every test starts from: the process as it was when pytest started."""

import gc
import os
import sys

import pytest
from hypothesis import HealthCheck, settings

from otel_events import catalog, runtime
from otel_events.binding import bind_process
from otel_events.testing import capture_events

# How long anything takes says nothing on a machine that others use too; where CI is set Hypothesis does the same by itself.
_UNHURRIED = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("thorough", **_UNHURRIED)
settings.register_profile("quick", **_UNHURRIED, max_examples=10)
settings.load_profile("thorough")


def pytest_addoption(parser):
    parser.addoption("--queue-events", help="have every program of the tests do with a queue of so many events")


def pytest_configure(config):
    """Keep bytecode in pytest's cache where it may not lie beside the sources.

    Tests start hundreds of programs; to compile everything anew took each of them longer than all else that it does.
    """
    if sys.dont_write_bytecode and getattr(config, "cache", None) is not None:
        sys.dont_write_bytecode = False
        sys.pycache_prefix = os.environ["PYTHONPYCACHEPREFIX"] = str(config.cache.mkdir("bytecode"))
        del os.environ["PYTHONDONTWRITEBYTECODE"]
    if config.option.queue_events:
        os.environ["TESTS_QUEUE_EVENTS"] = config.option.queue_events


def pytest_collection_finish():
    """Leave the tests themselves out of the garbage collector's rounds: thousands of them live until the end anyway."""
    gc.freeze()


@pytest.fixture(autouse=True)
def _same_process_for_every_test():
    """Whatever a test binds, defines or adopts ends with it."""
    before = catalog.current(), runtime.process_attributes, runtime.process_parent
    yield
    defined, attributes, runtime.process_parent = before
    bind_process(attributes)
    catalog.set_current(defined)


@pytest.fixture
def events():
    """All that the test emits, through the usual stages."""
    with capture_events() as captured:
        yield captured
